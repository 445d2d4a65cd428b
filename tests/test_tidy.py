"""Taste as a test: a list of exceptions that only shrinks, and rules that are seen to fail."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tidy import FILE_LINES_MAX, FUNCTION_LINES_MAX, RULES, File, faults

TOP = Path(__file__).resolve().parents[1]

# What may stand although a rule is against it: the rule and the file (or `file::function`), how much of it at most, and
# why. Take lines out and lower the numbers as the code improves; a line that nothing needs any more fails the suite.
EXCEPTIONS: dict[tuple[str, str], tuple[int, str]] = {
    ("long-file", "gitorch/model/events.py"): (900, "one short class for each type of record: a list, read by name"),
    ("long-file", "gitorch/model/commands.py"): (900, "one short class for each command: a list, read by name"),
    ("long-file", "tests/rules/test_workflow_runs.py"): (402, "stories of whole workflows, told one by one"),
    ("short-limit", "tests/test_isolation.py"): (0, "the end of the limit is what it tests"),
    ("short-limit", "tests/world/test_attach_any_moment.py"): (0, "a client that may stay is given a moment to go"),
    ("sleep", "tests/waiting.py"): (0, "this is where waiting happens"),
    ("sleep", "tests/bench/hosts.py"): (0, "the delay of a network is what it makes"),
}


@dataclass(frozen=True, order=True)
class Found:
    """A fault in the repository, with the key under which it might be excepted."""

    where: str
    rule: str
    what: str
    key: tuple[str, str]
    amount: int


@pytest.fixture(scope="module")
def found() -> list[Found]:
    """Every fault of every file, excepted or not."""
    return sorted(
        Found(
            f"{file.name}:{fault.line}",
            rule,
            fault.what,
            (rule, "::".join(filter(None, (file.name, fault.name)))),
            fault.amount,
        )
        for file in repository_files()
        for rule, fault in faults(file)
    )


def repository_files() -> list[File]:
    """Every text file that git would commit."""
    listed = subprocess.run(
        ("git", "-C", str(TOP), "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        capture_output=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
    paths = [TOP / name.decode() for name in listed.stdout.split(b"\0") if name]
    return [File(path.relative_to(TOP).as_posix(), text) for path in paths if (text := read(path)) is not None]


def read(path: Path) -> str | None:
    """A file's text; None for one that is not text, is gone or is a link."""
    try:
        return None if path.is_symlink() else path.read_bytes().decode()
    except (UnicodeDecodeError, OSError):
        return None


def test_every_file_is_tidy(found: list[Found]) -> None:
    untidy = [fault for fault in found if fault.key not in EXCEPTIONS or fault.amount > EXCEPTIONS[fault.key][0]]
    assert untidy == [], "\n".join(f"{fault.where}: {fault.what} ({fault.rule})" for fault in untidy)


def test_every_exception_is_still_needed_and_has_a_reason(found: list[Found]) -> None:
    assert EXCEPTIONS.keys() - {fault.key for fault in found} == set()
    assert [key for key, (_, reason) in EXCEPTIONS.items() if len(reason.split()) < 4] == []


LONG_BODY = "    pass\n" * FUNCTION_LINES_MAX
DOC = '"""Says."""\n'

PLANTED = {
    "long-function": ("gitorch/rules/a.py", f"{DOC}def f():\n{LONG_BODY}"),
    "long-file": ("tests/test_a.py", DOC + "x = 1\n" * FILE_LINES_MAX),
    "complex-function": ("gitorch/rules/a.py", f"{DOC}def f():\n    return {' and '.join('abcdefghijk')}\n"),
    "riddle": ("gitorch/rules/a.py", f"{DOC}def f(said):\n    return said\n"),
    "silent-package": ("gitorch/rules/__init__.py", ""),
    "vague-name": ("gitorch/app/session_manager.py", DOC),
    "no-docstring": ("gitorch/rules/a.py", "x = 1\n"),
    "unfinished": ("docs/a.sh", "# TO" + "DO later\n"),
    "registry-host": ("Makefile", "x := https://pypi." + "org/simple\n"),
    "machine-path": ("gitorch/world/a.py", f"{DOC}x = '/home/ada/x'\n"),
    "print": ("gitorch/app/a.py", f"{DOC}print(1)\n"),
    "short-limit": ("tests/a.py", f"{DOC}def f(process):\n    process.communicate(timeout=5)\n"),
    "sleep": ("tests/a.py", f"{DOC}import time\ntime.sleep(1)\n"),
    "silent-test": ("tests/a.py", f"{DOC}def test_x():\n    f()\n"),
    "bare-count": ("gitorch/app/a.py", f"{DOC}def f(n):\n    return f'has {{n}} files'\n"),
    "bare-count-of-page": ("gitorch/web/html/a.html", "<p>{{ n }} more runs</p>\n"),
    "unreasoned": ("gitorch/app/a.py", f"{DOC}x = 1  # noqa: E501\n"),
    "loose-line": ("docs/a.md", "words \n"),
    "wide-prose": ("docs/a.md", "word " * 30 + "word\n"),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_notices_a_planted_violation(rule: str) -> None:
    name, text = PLANTED[rule]
    assert [noticed for noticed, _ in faults(File(name, text))] == [rule]


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        ("registry-host", "README.md", "see crates." + "io\n"),
        ("unfinished", "gitorch/app/a.py", f"{DOC}# FIX" + "ME\n"),
        ("unfinished", "docs/a.md", "XX" + "X\n"),
        ("no-docstring", "tests/a.py", "import os\n"),
        ("sleep", "tests/a.py", f"{DOC}from time import sleep\n"),
        ("machine-path", "gitorch/app/a.py", f"{DOC}x = f'see /tmp/{{y}}'\n"),
        ("unreasoned", "tests/a.py", f"{DOC}x = 1  # type: ignore\n"),
        ("unreasoned", "tests/a.py", f"{DOC}x = 1  # type: ignore[misc]\n"),
        ("unreasoned", "tests/a.py", f"{DOC}x = 1  # noqa\n"),
        ("riddle", "gitorch/app/a.py", f"{DOC}told = 1\n"),
        ("riddle", "gitorch/app/a.py", f"{DOC}def heard():\n    pass\n"),
        ("riddle", "gitorch/app/a.py", f"{DOC}try:\n    pass\nexcept OSError as gone:\n    pass\n"),
        ("bare-count", "gitorch/app/a.py", f"{DOC}x = f'{{len(a)}} more lines: {{b}}'\n"),
        ("bare-count", "gitorch/app/a.py", f"{DOC}x = f'{{a}} {{b.rounds_max}} rounds'\n"),
        ("loose-line", "docs/a.md", "no line end"),
        ("loose-line", "docs/a.md", "two line ends\n\n"),
        ("silent-test", "tests/a.py", f"{DOC}def g():\n    pass\nclass TestA:\n    def test_x(self):\n        g()\n"),
    ],
)
def test_other_forms_of_a_violation_are_noticed(rule: str, name: str, text: str) -> None:
    assert [noticed for noticed, _ in faults(File(name, text))] == [rule]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gitorch/rules/a.py", f"{DOC}def f():\n{LONG_BODY.removesuffix('    pass' + chr(10))}"),
        ("gitorch/cli/a.py", f"{DOC}print(1)\n"),
        ("gitorch/app/a.py", f"{DOC}x = 1  # noqa: PLC0415, S603 cold start pays\n"),
        ("gitorch/app/a.py", f"{DOC}x = 1  # type: ignore[misc]  # dulwich has no types\n"),
        ("gitorch/database.py", DOC),
        ("gitorch/app/a.py", f"{DOC}x = f'{{BYTES_MAX}} bytes, {{n:,}} bytes, {{a}} of {{b}} checks, −{{c}} lines'\n"),
        ("gitorch/app/a.py", f"{DOC}x = f'{{counted(n, file)}} in {{name}} is'\n"),
        ("gitorch/scripted/a.py", f"{DOC}x = f'{{n}} places'\n"),
        ("gitorch/web/html/a.html", '<p>{{ n | counted("file") }} runs, {{ n }}</p> runs\n'),
        ("gitorch/rules/base_commit.py", DOC),
        ("gitorch/app/a.py", f"{DOC}x = 'repo/tmp/x'\n"),
        ("tests/a.py", f"{DOC}x = '/tmp/x'\n"),
        ("tests/a.py", f"{DOC}def check(x):\n    assert x\ndef test_x():\n    check(1)\n"),
        ("tests/a.py", f"{DOC}def test_x():\n    with pytest.raises(E):\n        f()\n"),
        ("tests/__init__.py", ""),
        ("docs/a.md", "| " + "word " * 40 + "|\n```\n" + "word " * 40 + "word\n```\n"),
    ],
)
def test_what_is_allowed_passes(name: str, text: str) -> None:
    assert list(faults(File(name, text))) == []


def test_every_rule_has_a_planted_violation() -> None:
    assert PLANTED.keys() == RULES.keys()
