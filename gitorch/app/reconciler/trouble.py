"""Whatever is raised while one step is done, as an error with words for people."""

from __future__ import annotations

import errno
import os
import time
import traceback
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from gitorch.errors import REPLACED, Bug, GitorchError, Unavailable
from gitorch.model.work.fault import TRY

if TYPE_CHECKING:
    from gitorch.model.work.fault import Step

BEGAN = time.time()
"""When this process loaded gitorch, in seconds; read at import, since only then the files are surely those that it runs."""

FRAMES_MAX = 3
"""How many calls a fault names for an error that nobody expected."""


WORDS_MAX = 4_000
"""How much of an error's words is kept."""


def trouble(error: Exception) -> GitorchError:
    """The error itself where it is expected; a refusal of the operating system as Unavailable; a bug with its place."""
    if isinstance(error, GitorchError):
        return error

    if isinstance(error, OSError):
        return Unavailable(_refusal(error), _disk_command(error))

    return Bug(bug_sentence(f"{type(error).__name__}: {error} (in {_place(error)})"))


def bug_sentence(named: str, began: float | None = None) -> str:
    """What is said of an error that nobody expected. Files of two versions may not fit together, which is no bug.

    `named` is the error in words; `began` is when the process began, in seconds, where that was before this module was loaded.
    """
    if began is None:
        began = BEGAN

    if _is_replaced(began):
        return f"{REPLACED} ({named})"

    return f"gitorch has a bug: {named}"


def _is_replaced(began: float) -> bool:
    """Whether this file was written, or removed, after a moment in seconds."""
    try:
        return Path(__file__).stat().st_ctime > began
    except OSError:
        return True


def _refusal(error: OSError) -> str:
    """The operating system's own words, and the file that they are about."""
    words = str(error.strerror or error).lower()
    if error.filename is None:
        return f"the operating system refused: {words}"

    return f"{os.fsdecode(error.filename)}: {words}"


def _disk_command(error: OSError) -> str:
    """A command that shows more, for a disk that is full; empty for any other refusal."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "df -h"

    return ""


def _place(error: Exception) -> str:
    """The innermost calls of an error as `file:line`, the last one first, without the folders of this machine."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    places = [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)]
    return " < ".join(places)


def words_of(error: GitorchError) -> str:
    """The message of an error and, in a line of its own, the command that may help; short, and without bytes of no character."""
    words = error.message
    if error.hint:
        words = f"{words}\n{TRY}{error.hint}"

    return words.encode("utf-8", "backslashreplace").decode()[:WORDS_MAX]


def sentence(step: Step, error: GitorchError) -> str:
    """What failed and why, in one line."""
    lines = words_of(error).splitlines() or [error.code]
    return f"{step.doing} failed: {lines[0]}"
