"""Each mutant that shows a rule applies, and its test notices it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mutants import as_script
from rule_mutants import MUTANTS

TOP = Path(__file__).resolve().parents[1]
COPIED = (
    "gitorch",
    "tests",
    "templates",
    "examples",
    "docs",
    "pyproject.toml",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_text_that_a_mutant_changes_stands_in_its_file_exactly_once(name):
    mutant = MUTANTS[name]
    assert (TOP / "gitorch" / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1
    assert mutant.new != mutant.old


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the checkout, which each mutant changes and leaves as it was."""
    folder = tmp_path_factory.mktemp("mutants")
    for name in COPIED:
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(TOP / name, folder / name)
    return folder


def judged(copy: Path, test: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of one test in the copy."""
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/{test}")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_the_test_of_a_rule_passes_with_it_and_fails_without(name, copy):
    mutant = MUTANTS[name]
    sound = judged(copy, mutant.test)
    assert sound.returncode == 0, sound.stdout
    path = copy / "gitorch" / mutant.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        broken = judged(copy, mutant.test)
    finally:
        path.write_text(text, encoding="utf-8")
    assert broken.returncode == 1, broken.stdout


def test_a_mutated_module_that_is_run_as_a_script_is_the_module_itself(tmp_path):
    source = 'import sys\nif __name__ == "__main__":\n    sys.exit(3)\n'
    path = tmp_path / "script.py"
    path.write_text(as_script(source, "import sys\n\nfrom mutmut.mutation.trampoline import wrap\nsys.exit(4)\n"))
    assert subprocess.run((sys.executable, "-I", "-S", path), check=False).returncode == 3
    assert "mutmut" not in as_script("import sys\n", "import sys\n")
