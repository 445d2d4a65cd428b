"""The import contracts hold, cover every package, and each of them really notices a violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
CONTRACTS = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
ALONE = {"scripted"}

# One planted line for each contract, in the order of pyproject.toml.
VIOLATIONS = {
    "gitorch/model/planted.py": "import gitorch.wiring",
    "gitorch/app/planted.py": "import dulwich",
    "gitorch/ledger/planted.py": "import subprocess",
    "gitorch/world/planted.py": "import ruamel.yaml",
    "gitorch/ports/planted.py": "import msgspec",
    "gitorch/rules/drawn.py": "import rich",
    "gitorch/cli/planted.py": "import starlette",
    "gitorch/cli/pages/planted.py": "import textual",
    "gitorch/rules/planted.py": "import pathlib",
    "gitorch/scripted/planted.py": "import gitorch.errors",
}


def lint(folder: Path) -> str:
    """What import-linter says of the package in this folder."""
    command = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        (sys.executable, "-c", command), cwd=folder, capture_output=True, text=True, check=False
    ).stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package with its contracts."""
    shutil.copytree(TOP / "gitorch", tmp_path / "gitorch", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_holds(copy: Path) -> None:
    report = lint(copy)
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in report, report


def test_every_contract_notices_a_planted_violation(copy: Path) -> None:
    for name, line in VIOLATIONS.items():
        (copy / name).write_text(f'"""Planted."""\n\n{line}\n', encoding="utf-8")
    report = lint(copy)
    broken = [contract["name"] for contract in CONTRACTS if f"{contract['name']} BROKEN" in report]
    assert broken == [contract["name"] for contract in CONTRACTS], report


def test_every_package_stands_on_a_floor() -> None:
    [floors] = [contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"]
    named = {word.strip(" ()").removeprefix("gitorch.") for floor in floors for word in floor.split("|")}
    found = {
        path.stem for path in (TOP / "gitorch").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert found - {"__init__"} - named == ALONE
