"""Worktrees that became a person's: gitorch made them, and somebody uses them now. They are never removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.world import processes
from gitorch.world.open_files import inhabitants
from gitorch.world.origin import is_ours

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INITIALIZING = "initializing"
"""The reason of the lock that `git worktree add` holds while it runs."""

OUR_BRANCHES = "refs/heads/gitorch/"
COMMAND_SHOWN_MAX = 60


def claim(path: Path, entry: Mapping[str, str]) -> str:
    """Why a worktree belongs to a person, as a sentence; empty when it is gitorch's. `entry` is what git lists about it."""
    if is_locked(entry):
        reason = f": {entry['locked']}" if entry["locked"] else ""
        return f"{path} was locked by a person{reason}"
    branch = entry.get("branch", OUR_BRANCHES)
    if not branch.startswith(OUR_BRANCHES):
        return f"{path} has the branch {branch.removeprefix('refs/heads/')} checked out, which is not gitorch's"
    for pid in inhabitants(path):
        if not is_ours(pid):
            return f"process {pid} ({processes.command(pid)[:COMMAND_SHOWN_MAX]}) works in {path}"
    return ""


def is_locked(entry: Mapping[str, str]) -> bool:
    """Whether a person locked the worktree with `git worktree lock`."""
    return entry.get("locked", INITIALIZING) != INITIALIZING
