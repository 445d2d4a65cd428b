"""What the ledger knows beside the runs, and the state that a decision sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Digest, JobId, MessageId, Moment, QuestionId, RunId
    from gitorch.model.message import Message
    from gitorch.model.run import Run, RunPhase


class RunLine(Value):
    """A run in one line: all that other runs need to know of it, and whether a look into it is worth while.

    `asked` counts its open questions, of which `cleanup` is the one about what to remove, `unread` what it holds for people to read; `settled` says that nothing is owed to it.
    """

    id: RunId
    title: str
    phase: RunPhase
    target: str
    plan_digest: Digest
    epics: tuple[JobId, ...]
    prepared_at: Moment
    cleaned: bool
    month: str
    asked: int = 0
    unread: int = 0
    settled: bool = False
    cleanup: QuestionId | None = None
    cleanup_asked_at: Moment | None = None


class Board(Value):
    """What the ledger knows beside the runs: which runs there are, and which merge targets were confirmed, the last one last.

    `messages` are those of no run that somebody has still to read, or to start; `sent` counts all that were ever sent.
    """

    ledger: str = ""
    runs: Mapping[RunId, RunLine] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    messages: Mapping[MessageId, Message] = field(default_factory=dict)
    sent: int = 0

    def confirms_target(self, target: str) -> bool:
        """Whether the principal confirmed this merge target and no other one since."""
        return self.targets[-1:] == (target,)


class State(Value):
    """What a decision sees: the board, and the one run that it is about, if any."""

    board: Board
    run: Run | None = None
