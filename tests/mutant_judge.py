"""A pytest plugin that judges mutants: `mutants.py` loads it with `-p mutant_judge`.

Every test runs once while mutmut's trampolines write down which functions it reaches. Then a child is forked for each mutant,
in which it is switched on, and runs the tests that reach its function, the quickest first, until one fails. So modules are
imported and tests collected once for all mutants. A function that runs while modules are imported is judged by a new pytest.
Python processes that a test starts reach functions for it, and run the mutant, too; see `mutant_child`.
"""

from __future__ import annotations

import functools
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mutmut.mutation.trampoline as trampolines
import waiting
from mutmut.utils.format_utils import mangled_name_from_mutant_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

PROCESSOR_SECONDS = 120
"""How much of the processor a mutant may take before it counts as one that never ends."""
JUDGING_SECONDS = 40
"""How much of the processor the tests of one mutant may take together, without it. A mutant that survives the quickest ones up to
this sum counts as a survivor: the figures say too little rather than too much."""
WAIT_SECONDS = 300
"""How long a mutant may take, waiting included, before it counts as one that never ends."""

HITS = Path(os.environ["MUTANTS_HITS"])
"""Where processes that a test starts write down the functions that they reach."""

UNTIL_SECONDS = 20.0
"""How long a test waits for a condition while a mutant is switched on, which may be why it never comes."""

reached: set[str] = set()
"""The functions that were called since it was emptied."""


def record(name: str, caller: str | None = None) -> None:
    """Stand in for mutmut's own function, which writes down the callers too."""
    reached.add(name)


trampolines.record_trampoline_hit = record


class Failures:
    """Counts the phases of tests that failed."""

    def __init__(self) -> None:
        self.count = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.count += report.failed


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Judge what is asked for instead of running the tests once; `mutants.py` reads one line of JSON for each mutant."""
    at_import = frozenset(reached)
    failures = Failures()
    session.config.pluginmanager.register(failures)
    tests = tests_by_function(session.items, failures)
    failures.count = 0
    with Path(os.environ["MUTANTS_ENDS"]).open("a", encoding="utf-8") as ends:
        for name in json.loads(Path(os.environ["MUTANTS_ASKED"]).read_text(encoding="utf-8")):
            ends.write(json.dumps([name, judged(name, tests, at_import, failures)]) + "\n")
            ends.flush()
    return True


def judged(name: str, tests: dict[str, list[pytest.Item]], at_import: frozenset[str], failures: Failures) -> str:
    """What becomes of one mutant."""
    function = mangled_name_from_mutant_name(name)
    if function in at_import:
        return in_new_process(name, tests.get(function, []))
    if function in tests:
        return in_fork(name, tests[function], failures)
    return "no test reaches it"


def tests_by_function(items: list[pytest.Item], failures: Failures) -> dict[str, list[pytest.Item]]:
    """Run every test once: the tests that reach each function, the quickest first.

    A test that fails without any mutant cannot judge one, and is left out.
    """
    seconds: dict[pytest.Item, float] = {}
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        forget()
        reached.clear()
        HITS.write_text("")
        before = processor_seconds()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        seconds[item] = processor_seconds() - before
        if failures.count:
            failures.count = 0
            continue
        for function in reached.union(HITS.read_text(encoding="utf-8").split()):
            tests.setdefault(function, []).append(item)
    return {function: quickest(found, seconds) for function, found in tests.items()}


def quickest(items: Iterable[pytest.Item], seconds: dict[pytest.Item, float]) -> list[pytest.Item]:
    """The tests that take `JUDGING_SECONDS` together, the quickest first."""
    chosen: list[pytest.Item] = []
    left = float(JUDGING_SECONDS)
    for item in sorted(items, key=seconds.__getitem__):
        left -= seconds[item]
        if chosen and left < 0:
            break
        chosen.append(item)
    return chosen


def forget() -> None:
    """Empty the caches of gitorch and its tests: what was kept from another test would hide a mutant."""
    for module in list(sys.modules.values()):
        if not (getattr(module, "__file__", None) or "").startswith(str(Path.cwd())):
            continue
        for value in list(vars(module).values()):
            if isinstance(value, functools._lru_cache_wrapper):
                value.cache_clear()


def processor_seconds() -> float:
    """What this process and its children have used."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def in_fork(name: str, items: Iterable[pytest.Item], failures: Failures) -> str:
    """Run the tests in a child that has the mutant switched on."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = run_until_failure(name, items, failures)
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return verdict(os.waitstatus_to_exitcode(status))


def run_until_failure(name: str, items: Iterable[pytest.Item], failures: Failures) -> int:
    """1 as soon as a test fails, 0 when none does; a process that takes too long is ended by the system."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 5))
    signal.alarm(WAIT_SECONDS)
    trampolines.set_mutant_under_test(name)
    waiting.until.__defaults__ = (UNTIL_SECONDS, *waiting.until.__defaults__[1:])
    forget()
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    for item in items:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if failures.count:
            return 1
    return 0


def in_new_process(name: str, items: Iterable[pytest.Item]) -> str:
    """Run the tests by a pytest of its own, so that the mutant is there when modules are imported."""
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *(item.nodeid for item in items)),
        env={**os.environ, "MUTANT_UNDER_TEST": name},
        capture_output=True,
        check=False,
    )
    return verdict(done.returncode)


def verdict(status: int) -> str:
    """What an exit status says about a mutant: killed by a failed test, or by never ending, or not at all."""
    if status == 0:
        return "survived"
    return "killed"
