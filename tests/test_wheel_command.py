"""The command of the installed wheel: it starts, says which version it is, and offers its demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from built_wheel import run

import gitorch

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("wheel")


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    assert gitorch.__version__ in run(installed / "gitorch", "--version", cwd=tmp_path)


def test_the_installed_command_offers_its_demo(installed: Path, tmp_path: Path) -> None:
    assert "--yes" in run(installed / "gitorch", "demo", "--help", cwd=tmp_path)
