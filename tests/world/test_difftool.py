"""The user's difftool sees both sides of each changed file, and no setting of a repository chooses it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.world import difftool

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "src/a file.py": (b"old\n", b"new\n"),
    "new.py": (None, b"whole\n"),
    "../../outside": (b"x", b"y"),
    "/anchored": (b"1", b"2"),
}


def settings(path: Path, script: Path, out: Path) -> Path:
    """Settings of git in which the difftool writes what it gets to a file."""
    script.write_text(f'#!/bin/sh\necho "$1|$2" >> {out}; cat "$1" "$2" >> {out}\n', encoding="utf-8")
    script.chmod(0o755)
    path.write_text(
        f'[diff]\n tool = t\n[difftool "t"]\n cmd = {script} \\"$LOCAL\\" \\"$REMOTE\\"\n', encoding="utf-8"
    )
    return path


def test_the_tool_of_the_user_gets_both_sides_and_that_of_the_repository_is_never_started(tmp_path):
    forged = tmp_path / "repo"
    forged.mkdir()
    settings(forged / "config", tmp_path / "forged.sh", tmp_path / "forged.out")
    (forged / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (forged / "objects").mkdir()
    (forged / "refs").mkdir()
    own = settings(tmp_path / "own", tmp_path / "own.sh", tmp_path / "own.out")
    difftool.show(FILES, {**os.environ, "GIT_CONFIG_GLOBAL": str(own), "GIT_DIR": str(forged)})
    shown = (tmp_path / "own.out").read_text(encoding="utf-8")
    assert "before/src/a file.py|after/src/a file.py\nold\nnew\n" in shown
    assert "/dev/null|after/new.py\nwhole\n" in shown
    assert "before/anchored|after/anchored\n12" in shown
    assert "outside" not in shown
    assert not (tmp_path / "forged.out").exists()
    assert not (tmp_path / "outside").exists()
