"""Templates are found by name, and nothing else is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitorch.errors import NotFound
from gitorch.world.resources import template_bytes, template_names, template_path

TOP = Path(__file__).resolve().parents[2]


def test_a_checkout_serves_the_templates_at_its_top() -> None:
    assert template_path() == TOP / "templates"
    assert template_bytes("README.md") == (TOP / "templates/README.md").read_bytes()


def test_an_installed_package_serves_its_own(tmp_path: Path) -> None:
    shutil.copytree(TOP / "gitorch", tmp_path / "gitorch", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "gitorch/templates/presets").mkdir(parents=True)
    (tmp_path / "gitorch/templates/presets/one.yaml").write_text("1")
    ask = "from gitorch.world.resources import template_bytes; print(template_bytes('presets', 'one.yaml').decode())"
    answer = subprocess.run(
        (sys.executable, "-c", ask), cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "1\n"


@pytest.mark.parametrize(
    "parts", [("no-such",), ("..", "pyproject.toml"), ("../pyproject.toml",), ("/etc/passwd",), ("README.md", "x")]
)
def test_a_name_that_is_not_a_template_is_not_found(parts: tuple[str, ...]) -> None:
    with pytest.raises(NotFound, match="no template"):
        template_path(*parts)


def test_a_folder_is_listed_and_a_file_is_read_but_not_the_other_way_round() -> None:
    assert "README.md" in template_names()
    with pytest.raises(NotFound, match="is a file"):
        template_names("README.md")
    with pytest.raises(NotFound, match="is a folder"):
        template_bytes()
