"""A step of gitorch's own work that failed: what was to be done for which job, and why it could not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, Moment, SessionId

CLEANUP_STEP = "clean-up"
"""The name of the step that cleans up after a run; people may leave that undone."""


class Step(Value):
    """One thing that gitorch does for a run, which can fail by itself."""

    name: str
    """The same at every try: `start-session:s3`."""
    doing: str
    """What it is, for people, as the subject of a sentence: `starting session s3 of api`."""
    job: JobId | None = None
    session: SessionId | None = None


TRY = "try: "
"""What stands before the command that may help, in the last line of a fault's reason."""


class Fault(Value):
    """A step that failed, and has not succeeded since."""

    step: Step
    code: str
    """The class of the error, as in JSON: `failed`, `unavailable`, `bug`."""
    reason: str
    """The error's own words; a command that may help is the last line."""
    times: int
    """How often it has failed since the first time, or since a person asked for another try."""
    failed_at: Moment | None
    """When it failed last; None if it is to be tried again at once."""
    host: str = ""
    """The host on which it failed."""

    @property
    def sentence(self) -> str:
        """What failed, how often and why, in one line."""
        times = ""
        if self.times > 1:
            times = f" {counted(self.times, 'time')}"

        return f"{self.step.doing} failed{times}: {self.first_line}"

    @property
    def cure(self) -> str:
        """The command that may help, as its error named it; empty without one."""
        last = self.reason.rstrip().rpartition("\n")[2]
        if last.startswith(TRY):
            return last.removeprefix(TRY)
        return ""

    @property
    def first_line(self) -> str:
        """The first line of the reason that is not blank, and the last words of git if it says more.

        The class of the error if there is no reason.
        """
        lines = [line.strip() for line in self.reason.splitlines() if line.strip()]
        if not lines:
            return self.code

        for line in lines[1:]:
            if line.startswith("fatal:"):
                return f"{lines[0]}; {line}"

        return lines[0]
