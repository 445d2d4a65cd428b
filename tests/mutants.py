"""How many random mutants of a floor its own tests kill: `make mutants FLOOR=rules SAMPLE=150`.

mutmut makes the mutants and chooses for each the tests that reach it. All mutants of a floor take hours, so a sample is
drawn with a fixed seed, in proportion to the mutants of each module. Survivors are printed: each is a missing assertion, or equivalent.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
SEED = 11

TESTS = {
    "rules": ["tests/rules/"],
    "text": ["tests/text/", "tests/ledger/test_record_codec.py", "tests/ledger/test_story.py"],
    "ledger": ["tests/ledger/"],
    "model": ["tests/model/", "tests/rules/"],
    "app": ["tests/app/", "tests/cli/"],
    "cli": ["tests/cli/"],
    "world": ["tests/world/"],
}
"""The tests that judge each floor."""


def main(floor: str, sample: int) -> int:
    """Mutate a copy of the checkout, run the sample, print the figures and the survivors; 0 even with survivors."""
    with tempfile.TemporaryDirectory(prefix="gitorch-mutants-") as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(TOP, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".cache", ".mypy_cache", "mutants"))
        configure(copy, floor)
        names = made(copy)
        chosen = random.Random(SEED).sample(names, min(sample, len(names)))
        mutmut(copy, "run", *chosen)
        report(floor, names, chosen, results(copy))
    return 0


def configure(copy: Path, floor: str) -> None:
    """Name the floor and its tests in the copy's configuration."""
    path = copy / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    given = tomllib.loads(text)["tool"]["mutmut"]
    for key, value in (("paths_to_mutate", [f"gitorch/{floor}/"]), ("tests_dir", TESTS[floor])):
        old = f"{key} = {given[key]!r}".replace("'", '"')
        text = text.replace(old, f"{key} = {value!r}".replace("'", '"'))
    path.write_text(text, encoding="utf-8")


def mutmut(copy: Path, *words: str) -> str:
    """What mutmut prints in the copy."""
    program = Path(sys.executable).with_name("mutmut")
    done = subprocess.run((str(program), *words), cwd=copy, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def made(copy: Path) -> list[str]:
    """The names of all mutants, made by a run of none of them."""
    mutmut(copy, "run", "no mutant has this name")
    return sorted(
        line.split(":")[0].strip()
        for line in mutmut(copy, "results", "--all", "true").splitlines()
        if "__mutmut_" in line
    )


def results(copy: Path) -> dict[str, str]:
    """What became of each mutant, by name."""
    lines = (line for line in mutmut(copy, "results", "--all", "true").splitlines() if "__mutmut_" in line)
    return {name.strip(): end.strip() for name, _, end in (line.partition(":") for line in lines)}


def report(floor: str, names: list[str], chosen: list[str], ends: dict[str, str]) -> None:
    """Print how many of the sample were killed, and every other one."""
    killed = [name for name in chosen if ends.get(name) in {"killed", "timeout", "segfault"}]
    sys.stdout.write(f"{floor}: {len(killed)} of {len(chosen)} mutants killed, of {len(names)} made\n")
    for name in sorted(set(chosen) - set(killed)):
        sys.stdout.write(f"  {ends.get(name, 'not run')}: {name}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
