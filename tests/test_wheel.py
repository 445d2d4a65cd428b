"""What users get is the built wheel, so that is what is tested here: alone in an empty environment.

One file, so that one worker builds and installs it, once.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from built_wheel import run

import gitorch

TOP = Path(__file__).resolve().parents[1]


def test_the_wheel_holds_the_package_the_templates_and_the_license(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [path for folder in ("gitorch", "templates") for path in (TOP / folder).rglob("*") if path.is_file()]
    owed = {path.relative_to(TOP).as_posix() for path in files if "__pycache__" not in path.parts}
    assert {name.replace("templates/", "gitorch/templates/", 1) for name in owed} - names == set()
    assert [name for name in names if name.endswith("/LICENSE")]


def test_the_wheel_holds_nothing_else(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    release = f"gitorch-{gitorch.__version__}"
    assert {name.split("/")[0] for name in names} == {"gitorch", f"{release}.data", f"{release}.dist-info"}
    assert [name for name in names if name.startswith(f"{release}.data")] == [
        f"{release}.data/data/share/man/man1/gitorch.1"
    ]


@pytest.mark.slow
def test_the_installed_package_is_the_wheels_own_and_finds_its_templates(installed: Path, tmp_path: Path) -> None:
    ask = "import gitorch, gitorch.world.resources as r; print(gitorch.__file__); print(r.template_path())"
    package, templates = run(installed / "python", "-c", ask, cwd=tmp_path).splitlines()
    assert Path(package).is_relative_to(installed.parent)
    assert Path(templates) == Path(package).parent / "templates"
    assert (Path(templates) / "README.md").is_file()


@pytest.mark.slow
def test_every_module_of_the_wheel_can_be_imported(installed: Path, tmp_path: Path) -> None:
    ask = (
        "import gitorch, pkgutil, importlib\n"
        "for module in pkgutil.walk_packages(gitorch.__path__, 'gitorch.'):\n"
        "    if not module.name.endswith('__main__'): print(importlib.import_module(module.name).__name__)\n"
    )
    assert "gitorch.model.work.run" in run(installed / "python", "-c", ask, cwd=tmp_path).split()


@pytest.mark.slow
def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    assert gitorch.__version__ in run(installed / "gitorch", "--version", cwd=tmp_path)


@pytest.mark.slow
def test_the_installed_command_offers_its_demo(installed: Path, tmp_path: Path) -> None:
    assert "--yes" in run(installed / "gitorch", "demo", "--help", cwd=tmp_path)
