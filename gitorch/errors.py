"""Everything gitorch can refuse or fail with, sorted by who must act (exit codes of docs/cli.md).

Raise the class for whoever must act. The message is one sentence that names the thing; the hint is a
command that helps. Only the doors turn these into exit statuses.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One defect in a file that somebody wrote: where it stands, what is wrong, what to do."""

    path: str
    line: int
    column: int
    message: str
    fix: str

    @property
    def where(self) -> str:
        """`path:line:column`, as editors and compilers print it."""
        return f"{self.path}:{self.line}:{self.column}"


class GitorchError(Exception):
    """An expected failure: `code` and `exit_status` say who must act, `hint` is a command to type."""

    code: ClassVar[str] = "bug"
    exit_status: ClassVar[int] = 70

    def __init__(self, message: str, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where


class Failed(GitorchError):
    """Something that gitorch ran failed: tests, a merge."""

    code = "failed"
    exit_status = 1


class Usage(GitorchError):
    """The caller's words make no sense."""

    code = "usage"
    exit_status = 2


class NotFound(GitorchError):
    """The caller named something that does not exist."""

    code = "not-found"
    exit_status = 3


class Refused(GitorchError):
    """The rules do not allow this now; the message names what would be legal."""

    code = "refused"
    exit_status = 4


class Denied(GitorchError):
    """Whoever is calling may not do this; the message names who may."""

    code = "denied"
    exit_status = 5


class Malformed(GitorchError):
    """A file that somebody wrote is wrong; `problems` holds every defect found, in file order."""

    code = "malformed"
    exit_status = 6

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint, problems[0].where if problems else "")
        self.problems = problems


class Corrupt(GitorchError):
    """The ledger is not what it should be; an investigator must look."""

    code = "corrupt"
    exit_status = 7


class Unavailable(GitorchError):
    """tmux, git, a program or a remote is missing or silent; nothing may be concluded from it."""

    code = "unavailable"
    exit_status = 8


class Busy(GitorchError):
    """Somebody else is at it; trying again is enough."""

    code = "busy"
    exit_status = 9


class Waiting(GitorchError):
    """Nothing can go on before a human answers."""

    code = "waiting"
    exit_status = 10
