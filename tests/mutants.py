"""How many random mutants of a floor its own tests kill: `make mutants FLOOR=rules SAMPLE=150 SEED=11`.

mutmut makes the mutants; `mutant_judge` runs, for each of them, the tests that reach its function, until one fails. All
mutants of a floor take an hour, so a sample is drawn; another seed draws another one. Survivors are printed with what they
change: each is a missing assertion, or equivalent. `equivalent-mutants.toml` lists the equivalent ones with the reason.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TOP = Path(__file__).resolve().parents[1]
EQUIVALENT = TOP / "tests/equivalent-mutants.toml"
UNWANTED = (".git", ".venv", ".cache", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__")

TESTS = {
    "rules": ["tests/rules/"],
    "text": [
        "tests/text/",
        "tests/ledger/test_record_codec.py",
        "tests/ledger/test_story.py",
        "tests/app/test_skills.py",
        "tests/app/test_redaction.py",
        "tests/world/test_presets.py",
        "tests/world/test_ssh_keys.py",
    ],
    "ledger": ["tests/ledger/", "tests/contract/test_ledger_port.py", "tests/contract/test_store.py"],
    "model": ["tests/model/", "tests/rules/"],
    "app": ["tests/app/", "tests/cli/"],
    "cli": ["tests/cli/"],
    "verbs": ["tests/cli/", "tests/mcp/"],
    "web": ["tests/web/"],
    "mcp": ["tests/mcp/"],
    "world": ["tests/world/", "tests/contract/", "tests/app/test_doctor_programs.py"],
    "wiring": ["tests/wiring/", "tests/cli/"],
    "errors": ["tests/model/", "tests/cli/"],
}
"""The tests that judge each floor; of a floor without an entry, those of all floors."""

UNFIT = "not every_guard_is_in_the_table and not without_a_forged_record and not the_source"
"""Which tests can judge: not those that read the source, since they would see mutmut's own functions in it."""


@dataclass(frozen=True)
class Mutant:
    """One change of one function."""

    name: str
    """As the trampoline knows it: `gitorch.rules.evolving.phases.x_ends__mutmut_3`."""
    where: str
    """The function: `gitorch.rules.evolving.phases.ends`."""
    before: str
    """The lines that the mutant changes, joined by one space."""
    after: str


def main() -> int:
    """Mutate a copy of the checkout, judge a sample, print the figures and the survivors; 0 even with survivors."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="gitorch-mutants-") as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(TOP, copy, ignore=shutil.ignore_patterns(*UNWANTED))
        made = mutate(copy, asked.floor)
        equivalent = {(entry["where"], entry["before"], entry["after"]) for entry in listed_equivalents()}
        wanted = [mutant for mutant in made if asked.only in mutant.name]
        chosen = random.Random(asked.seed).sample(wanted, min(asked.sample, len(wanted)))
        judged = [mutant for mutant in chosen if (mutant.where, mutant.before, mutant.after) not in equivalent]
        ends = judge(copy, asked.tests or TESTS.get(asked.floor, ["tests/"]), judged)
    report(asked, chosen, judged, ends)
    return 0


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("floor")
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--only", default="", help="only mutants whose name contains this, such as `review.gates`")
    parser.add_argument("--tests", nargs="+", help="the tests that judge, in place of the floor's own")
    return parser.parse_args()


def listed_equivalents() -> list[dict[str, str]]:
    """The mutants that change nothing which anybody could see: where, before, after, why."""
    entries: list[dict[str, str]] = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return entries


def mutate(copy: Path, floor: str) -> list[Mutant]:
    """Put every mutant of the floor into the copy, behind its function, and list them by name."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    (copy / "sitecustomize.py").write_text(CHILD, encoding="utf-8")

    made: list[Mutant] = []
    for path in sorted((copy / "gitorch").glob(f"{floor}.py")) + sorted((copy / "gitorch" / floor).rglob("*.py")):
        short = path.relative_to(copy)
        mutated = mutate_file_contents(str(short), path.read_text(encoding="utf-8"))
        if not mutated.mutant_names:
            continue
        path.write_text(as_script(path.read_text(encoding="utf-8"), mutated.code), encoding="utf-8")
        module = ".".join(short.with_suffix("").parts).removesuffix(".__init__")
        made += mutants_of(module, mutated.code, mutated.mutant_names)
    return made


CHILD = """
import os
if os.environ.get("MUTANT_UNDER_TEST") == "stats":
    import mutant_child
"""
"""What every Python runs first that the tests start, so that it says which functions it reaches."""

SCRIPT = """
if __name__ == "__main__":
    exec(compile({source!r}, __file__, "exec"))
    raise SystemExit

"""


def as_script(source: str, code: str) -> str:
    """The mutated code of a module, which is the source itself when it is run as a script.

    gitorch starts some of its modules by their path and without site-packages, so that they could not import mutmut.
    """
    if '__name__ == "__main__"' not in source:
        return code
    head, mutmuts, rest = code.partition("\nfrom mutmut.mutation.trampoline import ")
    return head + SCRIPT.format(source=source) + mutmuts.lstrip("\n") + rest


def mutants_of(module: str, code: str, names: Iterable[str]) -> list[Mutant]:
    """The mutants of one module, each with the lines that it changes."""
    lines = code.splitlines()
    bodies: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "__mutmut_" in node.name:
            bodies[node.name] = [
                line.split("  # type: ignore # mutmut")[0] for line in lines[node.lineno : node.end_lineno]
            ]
    made = []
    for name in names:
        mangled = name.partition("__mutmut_")[0]
        before, after = changed(bodies[mangled + "__mutmut_orig"], bodies[name])
        shown = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        made.append(Mutant(f"{module}.{name}", f"{module}.{shown}", before, after))
    return made


def changed(original: list[str], mutant: list[str]) -> tuple[str, str]:
    """The lines that differ: those of the original, and those in their place."""
    found = list(difflib.ndiff(original, mutant))
    removed = " ".join(line[2:].strip() for line in found if line.startswith("- "))
    added = " ".join(line[2:].strip() for line in found if line.startswith("+ "))
    return removed, added


def judge(copy: Path, tests: list[str], mutants: list[Mutant]) -> dict[str, str]:
    """What became of each mutant, by name; see `mutant_judge`."""
    if not mutants:
        return {}
    asked = copy.parent / "asked.json"
    ends = copy.parent / "ends.json"
    asked.write_text(json.dumps([mutant.name for mutant in mutants]), encoding="utf-8")
    words = (*tests, "-q", "-k", UNFIT, "-p", "mutant_judge", "-p", "no:cacheprovider")
    names = {
        "PYTHONPATH": os.pathsep.join((str(copy), str(copy / "tests"))),
        "MUTANTS_ASKED": str(asked),
        "MUTANTS_ENDS": str(ends),
        "MUTANTS_HITS": str(copy.parent / "hits"),
        "MUTANT_UNDER_TEST": "stats",
    }
    base = f"--basetemp={copy.parent / 'temporary'}"
    done = subprocess.run(
        (sys.executable, "-m", "pytest", *words, base),
        cwd=copy,
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=False,
    )
    if not ends.exists():
        sys.exit(
            f"pytest ended with status {done.returncode} before it judged a mutant\n{done.stdout[-4000:]}{done.stderr}"
        )
    return dict(json.loads(line) for line in ends.read_text(encoding="utf-8").splitlines())


def report(asked: argparse.Namespace, chosen: list[Mutant], judged: list[Mutant], ends: dict[str, str]) -> None:
    """Print how many of the sample were killed, and every other one."""
    killed = [mutant for mutant in judged if ends[mutant.name] == "killed"]
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN)
    share = 100 * len(killed) / max(1, len(judged))
    sys.stdout.write(
        f"{asked.floor}, seed {asked.seed}: {len(killed)} of {len(judged)} mutants killed ({share:.1f} %), "
        f"{len(chosen) - len(judged)} more are equivalent; {seconds.ru_utime + seconds.ru_stime:.0f} s of the processor\n"
    )
    for mutant in sorted(judged, key=lambda mutant: mutant.name):
        if ends[mutant.name] != "killed":
            sys.stdout.write(f"  {ends[mutant.name]}: {mutant.name}\n    - {mutant.before}\n    + {mutant.after}\n")


if __name__ == "__main__":
    sys.exit(main())
