"""Lock files of git that stay taken: their path, their age, and who has them open."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Busy
from gitorch.model.counts import counted
from gitorch.world import processes
from gitorch.world.open_files import holders

if TYPE_CHECKING:
    from gitorch.world.program_result import ProgramResult

LOCKED = (
    r"(?i)Unable to create '(?P<path>.*\.lock)'|could not lock config file (?P<config>.*): File exists"
    r"|index file.*lock|another git process seems to be running"
)
FORBIDDEN = r"(?i)Permission denied|Read-only file system|No space left on device"
"""Why a lock file cannot be created although no process holds it: waiting would not help."""

LEFT_BEHIND_SECONDS = 30
"""From this age on a lock that no process has open is taken for one that a killed git left. git itself holds one for less
than a second, or has it open."""


def failed_on_lock(result: ProgramResult) -> bool:
    """Whether git failed because another process held a lock, so that a later try may succeed."""
    if result.status == 0 or re.search(FORBIDDEN, result.err):
        return False
    return re.search(LOCKED, result.err) is not None


def busy(verb: str, message: str, directory: Path) -> Busy:
    """The error for a lock that stayed taken; `message` is what git printed."""
    path = lock_path(message)
    if path is None:
        return Busy(f"git {verb} found a lock that stayed taken for {directory}", hint="git status")
    return Busy(f"git {verb} cannot go on: {describe(path)}", hint=remedy(path))


def lock_path(message: str) -> Path | None:
    """The lock file that git's message names; None where it names none."""
    match = re.search(LOCKED, message)
    if match is None:
        return None
    if match["path"]:
        return Path(match["path"])
    if match["config"]:
        return Path(f"{match['config']}.lock")
    return None


def describe(path: Path) -> str:
    """A clause about a lock file: its path, its age, and its owner where the kernel knows one."""
    age = _age_seconds(path)
    if age is None:
        return f"{path} was taken by another process, which has given it back since"
    owners = holders(path)
    if owners:
        return f"{path} is {_duration(age)} old and held by process {owners[0]} ({processes.command(owners[0])[:80]})"
    return f"{path} is {_duration(age)} old, and no process has it open"


def remedy(path: Path) -> str:
    """The command that helps: it shows the owner of a lock, or removes what a killed git left."""
    owners = holders(path)
    if owners:
        return f"ps -fp {owners[0]}"
    age = _age_seconds(path)
    if age is None:
        return "git status"
    quoted = shlex.quote(str(path))
    if age < LEFT_BEHIND_SECONDS:
        return f"ls -l {quoted}"
    return f"rm -f {quoted}"


def _age_seconds(path: Path) -> int | None:
    """How long ago the file was last written; None when there is none."""
    try:
        return max(0, int(time.time() - path.lstat().st_mtime))
    except OSError:
        return None


def _duration(seconds: int) -> str:
    """A length of time in its largest whole unit."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return counted(seconds, "second")
