"""Breaks one place of the package in a copy of the repository and runs the one test that must then fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TABLES = (HERE / "plans.toml", HERE / "workflows.toml", HERE / "terminals.toml")
"""Where rules are broken: one file for each letter that rules begin with."""
ROOT = HERE.parents[1]
COPIED = (
    "gitorch",
    "templates",
    "tests",
    "docs",
    "examples",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "Makefile",
)
TESTS_FAILED = 1
"""pytest's exit status when tests ran and some failed; nothing else proves anything."""


@dataclass(frozen=True)
class Mutant:
    """One rule broken in one place, and the test that must see it."""

    rule: str
    file: str
    text: str
    broken: str
    test: str

    @property
    def name(self) -> str:
        return f"{self.rule} {self.file.removeprefix('gitorch/')}: {self.text}"[:110]


def table() -> list[Mutant]:
    """Every mutant of every table, in their order."""
    return [
        Mutant(**entry)
        for path in TABLES
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    ]


def copied(folder: Path) -> Path:
    """A copy of the repository that a mutant is made in."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, folder / name)
    return folder


def outcome(mutant: Mutant, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the mutant's test on a copy that holds it."""
    copy = copied(folder)
    path = copy / mutant.file
    path.write_text(path.read_text(encoding="utf-8").replace(mutant.text, mutant.broken), encoding="utf-8")
    words = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=line", mutant.test)
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(words, cwd=copy, env=env, check=False, capture_output=True, text=True, timeout=600)
