"""What a program may do without a question: change files of its worktree, and run gitorch and git commands that read or commit.

The presets of other programs say the same in the settings of the program itself.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.text.acp.permission import Request

COMMANDS = (
    ("gitorch",),
    *(("git", verb) for verb in ("add", "commit", "status", "diff", "log", "show", "rev-parse")),
    ("cat",),
    ("ls",),
)
"""The first words of the commands."""

WORD = r"""(?:[^\s'"\\;&|<>`$()#]|'[^']*'|"[^"`$\\]*")+"""
"""A word that a shell takes as it stands: nothing in it is expanded, redirected or run."""

SIMPLE = rf"{WORD}(?: +{WORD})*"
CHAIN = rf"{SIMPLE}(?: +&& +{SIMPLE})*"
"""Commands of which each runs only if the one before succeeded."""

FORBIDDEN = r"--output\b|--ext-diff|--textconv|-c\b"
"""Options with which a reading git command writes a file or runs a program."""


def may(request: Request, folder: str) -> bool:
    """Whether a program whose worktree is `folder` may do this without a question."""
    if request.changes_files:
        return _all_inside(request.paths, folder)

    if request.kind != "execute":
        return False

    return is_harmless(request.asked)


def _all_inside(paths: tuple[str, ...], folder: str) -> bool:
    """Whether all of these paths lie in the worktree, wherever links lead, and none is a file of git's."""
    top = Path(os.path.realpath(folder))
    for path in paths:
        real = Path(os.path.realpath(top / path))
        if not real.is_relative_to(top) or real == top:
            return False

        if ".git" in real.relative_to(top).parts:
            return False

    return True


def is_harmless(command: str) -> bool:
    """Whether a shell takes this for commands of `COMMANDS`, one after the other, and nothing else."""
    if re.fullmatch(CHAIN, command) is None or re.search(FORBIDDEN, command):
        return False

    for found in re.finditer(SIMPLE, command):
        if not _is_known(tuple(found.group().split())):
            return False

    return True


def _is_known(words: tuple[str, ...]) -> bool:
    for first in COMMANDS:
        if words[: len(first)] == first:
            return True

    return False
