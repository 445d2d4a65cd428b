"""A place where a fault of the machine is provoked for real.

Where the machine cannot be made to fail (a disk, a process that survives SIGKILL), a program that fails takes the place of the
real one on PATH, or the one answer of the system is replaced.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gitorch.errors import GitorchError
from gitorch.model.ids import CommitId
from gitorch.world.terminal.tmux import Tmux

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import Moment


@dataclass
class Place:
    """A folder with a repository, and a PATH that a fault may change."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    repo: object

    @property
    def common(self) -> Path:
        return self.repo.path / ".git"

    @property
    def head(self) -> CommitId:
        return CommitId(self.repo.git("rev-parse", "HEAD"))

    def program(self, name: str, script: str) -> dict[str, str]:
        """The environment with this shell script in place of a program."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return {**self.repo.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

    def git(self, pattern: str, script: str) -> dict[str, str]:
        """The environment with a git that does this for the calls that match, and everything else as always."""
        real = shutil.which("git")
        return self.program("git", f'case "$*" in {pattern}) {script};; esac\nexec {real} "$@"')

    def nothing(self) -> dict[str, str]:
        """An environment without any program."""
        empty = self.folder / "no programs"
        empty.mkdir(exist_ok=True)
        return {**self.repo.environ, "PATH": str(empty)}

    def tmux(self, script: str) -> Tmux:
        """A server whose tmux is this script."""
        return Tmux("gitorch-test-fault", self.program("tmux", script), StillClock())

    def detached(self) -> Path:
        """A worktree on no branch that holds a file which no commit holds."""
        path = self.folder / "trees" / "shared"
        self.repo.git("worktree", "add", "-q", "--detach", str(path))
        (path / "left.txt").write_text("work\n")
        return path


class StillClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0

    def now(self) -> Moment:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += max(1, int(seconds * 1000))


def assert_fault(place: Place, fault, cls: type[GitorchError], message: str, hint: str) -> None:
    """The fault raises exactly this error, whose texts name the place."""
    with pytest.raises(GitorchError) as found:
        fault(place)
    named = {"folder": place.folder, "head": place.head, "tag": place.repo.git("rev-parse", "marked", check=False)}
    assert type(found.value) is cls
    assert (found.value.message, found.value.hint) == (message.format(**named), hint.format(**named))
