"""The ledger's state beside the runs, and the state that a decision sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Digest, JobId, MessageId, Moment, QuestionId, RunId
    from gitorch.model.work.message import Message
    from gitorch.model.work.run import Run, RunPhase


class RunLine(Value):
    """A run in one line: what other runs and the inbox need to know without replaying it."""

    id: RunId
    title: str
    phase: RunPhase
    target: str
    plan_digest: Digest
    epics: tuple[JobId, ...]
    prepared_at: Moment
    cleaned: bool
    month: str
    """`yyyy-mm` of its preparation: the folder of its records."""
    asked: int = 0
    """How many questions are open."""
    unread: int = 0
    """How many messages people have not read."""
    settled: bool = False
    """Whether nothing remains to be done for the run."""
    cleanup: QuestionId | None = None
    """The open question about what to remove."""
    cleanup_asked_at: Moment | None = None
    destination: str = ""
    """Where its work goes, as it follows a title: `→ main`, or that nothing is merged."""


class Board(Value):
    """What the ledger knows beside the runs."""

    ledger: str = ""
    runs: Mapping[RunId, RunLine] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    """Merge targets in the order of their confirmation."""
    messages: Mapping[MessageId, Message] = field(default_factory=dict)
    """Messages of no run that somebody has still to read, or whose plan has still to be started."""
    sent: int = 0
    """How many messages were ever sent, in and outside of runs."""
    strangers: int = 0
    """How many refused attempts of agents are recorded that belong to no run."""
    stranger_at: Moment | None = None
    """When the newest of them was recorded."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """The public key of each host that may write records, by its name; while there is none, no record is signed."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The labels that each host says it has, by its name."""

    def confirms_target(self, target: str) -> bool:
        """Whether the principal confirmed this merge target, and no other one since.

        A target is confirmed again when the principal comes back to it.
        """
        return self.targets[-1:] == (target,)


class State(Value):
    """What a decision sees: the board, and the run that the command is about, if any."""

    board: Board
    run: Run | None = None
