"""The errors that gitorch expects, sorted by who must act. `docs/cli.md` lists their exit statuses.

Raise the class of the person or program that must act. The message is one sentence that names the thing; the hint is a
command that helps. Only `cli` turns errors into exit statuses.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

REPLACED = "gitorch was installed anew while this ran, so leave this and start it again"
"""What is said of an error that nobody expected in a process whose files are not those that it began with."""


class Problem(NamedTuple):
    """One defect in a file that a person or agent wrote. A tuple, since `--help` need not import the model's library."""

    path: str
    line: int
    column: int
    message: str
    fix: str
    """What to change, as an imperative sentence or the text to write; may be empty."""

    @property
    def where(self) -> str:
        """`path:line:column`, as editors and compilers print it."""
        return f"{self.path}:{self.line}:{self.column}"


class GitorchError(Exception):
    """An expected failure. Its class says who must act."""

    code: ClassVar[str] = "bug"
    """The name of the class in JSON."""

    exit_status: ClassVar[int] = 70

    def __init__(self, message: str, hint: str = "", where: str = "") -> None:
        if not message.strip():
            message = f"{self.code}: no reason was given"
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    @property
    def sentence(self) -> str:
        """The message as one sentence, for a place that shows one line."""
        return self.message


class Bug(GitorchError):
    """Gitorch did what its authors did not expect; they must mend it."""


class Failed(GitorchError):
    """Tests, a merge, or another thing that gitorch ran failed."""

    code = "failed"
    exit_status = 1


class Usage(GitorchError):
    """The arguments of a call are wrong; the caller corrects them."""

    code = "usage"
    exit_status = 2

    def __init__(self, message: str, hint: str = "", meant: str = "", typed: str = "") -> None:
        super().__init__(message, hint)
        self.meant = meant
        """One of several things that the call could mean; empty where it is wrong in another way."""
        self.typed = typed
        """The word that could mean any of them; empty where a run must be named, and none was."""


class NotFound(GitorchError):
    """The caller named a thing that does not exist."""

    code = "not-found"
    exit_status = 3


class Refused(GitorchError):
    """The rules do not allow this now; the message names what would be legal."""

    code = "refused"
    exit_status = 4


class Denied(GitorchError):
    """The caller may not do this; the message names who may."""

    code = "denied"
    exit_status = 5


class Malformed(GitorchError):
    """A file has defects that its author must fix; `problems` are all of them, in file order."""

    code = "malformed"
    exit_status = 6

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint, problems[0].where if problems else "")
        self.problems = problems

    @property
    def sentence(self) -> str:
        """The message with the first defect, its place and its fix."""
        if not self.problems:
            return self.message

        first = self.problems[0]
        return f"{self.message.rstrip('.')}: {first.where}: {first.message} {first.fix}".rstrip()


class Corrupt(GitorchError):
    """The ledger was damaged or forged; somebody must investigate."""

    code = "corrupt"
    exit_status = 7


class Unavailable(GitorchError):
    """tmux, git, a program or a remote is missing or does not answer. Nothing may be concluded from that."""

    code = "unavailable"
    exit_status = 8


class Away(Unavailable):
    """The remote over which hosts share the ledger does not answer: nothing can be recorded, and everything is kept for later."""


class Busy(GitorchError):
    """Another process holds the lock; the caller tries again."""

    code = "busy"
    exit_status = 9


class Waiting(GitorchError):
    """Everything waits for the answer of a human."""

    code = "waiting"
    exit_status = 10
