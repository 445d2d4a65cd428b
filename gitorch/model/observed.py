"""What the world shows at one moment. None always means "could not be asked", never "there is none"."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import CommitId, JobId, Moment, PromptId, SessionId
    from gitorch.model.permission import PermissionAnswer
    from gitorch.model.review import Check


class AgentState(StrEnum):
    """What an agent is doing. `waiting` is safe to type into; `dialog` is not."""

    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"
    DIALOG = "dialog"
    LIMITED = "limited"
    ERROR = "error"
    EXITED = "exited"
    UNKNOWN = "unknown"


READY = frozenset({AgentState.IDLE, AgentState.WAITING})
"""States in which a text may be typed."""

AT_PROMPT = READY | {AgentState.ERROR}
"""States in which a program shows its prompt. After an error a text is typed too, where its input is seen to be empty.

A service that failed for a moment is then asked again by the one nudge that silence leads to, before a person is.
"""


class SessionObservation(Value):
    """One session of ours as tmux, its hooks, its process and its screen show it.

    `present` is false when tmux was asked and has no such session. `started` says that its launch mark exists,
    so that "not yet started" and "gone" differ. `server_gone` says that the whole server of its launch is no more.
    `changed_at` is when its output last moved, `progress_at` when more of it did than spinners and counters, as far as that was seen.
    `evidence` names the sign that `state` was read from. `dialog` names the dialog that it shows, where it is a known one. `asked` is
    what a permission prompt asks to do, or which folder is to be trusted, where the whole structure is known; `answered` are those
    that rules answered so far.
    `resets_at` is when a usage limit ends, where the screen says so. `memory_mib` is what the agent and all that it started hold,
    `requests` how many hook events or lines of its transcript came within a minute, whichever are more; 0 where nobody can tell.
    """

    present: bool
    started: bool
    state: AgentState
    pid: int = 0
    exit_status: int | None = None
    server_gone: bool = False
    started_at: Moment | None = None
    changed_at: Moment | None = None
    evidence: str = ""
    screen: str = ""
    ready_seen: bool = False
    conversation: str = ""
    dialog: str = ""
    asked: str = ""
    answered: tuple[PermissionAnswer, ...] = ()
    answered_at: Moment | None = None
    resets_at: Moment | None = None
    progress_at: Moment | None = None
    memory_mib: int = 0
    requests: int = 0

    @property
    def word(self) -> str:
        """Its state as people are told: `dialog: trust` where it is known which dialog it shows."""
        return f"{self.state}: {self.dialog}" if self.state is AgentState.DIALOG and self.dialog else str(self.state)


class CheckPhase(StrEnum):
    """Where a run of the test command stands."""

    ABSENT = "absent"
    RUNNING = "running"
    FINISHED = "finished"


class CheckObservation(Value):
    """A run of the test command at one commit; `check` is there when it finished. `log_path` holds its output."""

    phase: CheckPhase
    check: Check | None = None
    log_path: str = ""


class Overlap(Value):
    """Two branches at work that change the same files; `conflict` says that they would not merge as they are now."""

    jobs: tuple[JobId, JobId]
    paths: tuple[str, ...]
    conflict: bool


class Observed(Value):
    """Everything one tick looked at. `heads` are the commits of work branches and of the target, by ref name.

    `merges_found` says that the approved merge commit is already part of the target.
    `closed` are issues that the tracker shows as closed, of jobs before their gate, each with the reason given.
    `sent` are the receipts of texts that were typed and are not in the ledger yet. `told` are the notices that people
    got; None where nobody wants any.
    """

    now: Moment
    sessions: Mapping[SessionId, SessionObservation] | None
    heads: Mapping[str, CommitId] | None
    checks: Mapping[CommitId, CheckObservation] = field(default_factory=dict)
    sent: Mapping[tuple[SessionId, PromptId], str] = field(default_factory=dict)
    merges_found: bool = False
    overlaps: tuple[Overlap, ...] = ()
    closed: Mapping[str, str] | None = None
    told: frozenset[str] | None = None


def overlap_key(jobs: tuple[JobId, ...], conflict: bool) -> str:
    """One text for one pair of jobs, and another once they conflict."""
    return f"{' '.join(jobs)}{' conflict' if conflict else ''}"
