"""A session: one agent process on one job, and the prompts that it is owed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import Digest, JobId, Moment, PromptId, SessionId


class SessionPhase(StrEnum):
    """A session as the ledger knows it; what its screen shows is not the ledger's business."""

    STARTING = "starting"
    ALIVE = "alive"
    ENDED = "ended"


class PromptKind(StrEnum):
    """What a text to a session is for."""

    BRIEF = "brief"
    FINDINGS = "findings"
    ANSWER = "answer"
    CLEARED = "cleared"
    NUDGE = "nudge"
    MESSAGE = "message"


class Prompt(Value):
    """A text owed to a session, in order. `about` is a question's or message's id, or a finding list's round."""

    id: PromptId
    kind: PromptKind
    about: str = ""
    receipt: str = ""


class Session(Value):
    """One agent process in one terminal, in one worktree, working on one job.

    With a `holder` there is no process of ours: somebody took the job by hand, and `holder` is who alone may use the lease.
    `entries` are those of its outbox that count.
    """

    id: SessionId
    job: JobId
    lane: str
    runtime: str
    token: Digest
    phase: SessionPhase
    started_at: Moment
    alive_at: Moment | None = None
    ended: str = ""
    conversation: str = ""
    permissions_answered: int = 0
    prompts: tuple[Prompt, ...] = ()
    refusals: int = 0
    holder: str = ""
    fence: int = 0
    entries: tuple[Digest, ...] = ()
