"""Observations of the world at one moment. None always means "could not be observed", never "there is none"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field
from gitorch.model.words import Words
from gitorch.model.work.usage import NOTHING_READ, UsageReading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gitorch.model.dialog import PermissionRequest, ShownDialog
    from gitorch.model.ids import CommitId, JobId, Moment, PromptId, SessionId
    from gitorch.model.plans.permission import PermissionAnswer
    from gitorch.model.work.code_merge import CodeMerges
    from gitorch.model.work.proposal import ProposalSeen
    from gitorch.model.work.review import Check
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


class AgentState(Words):
    """The state of an agent. It is safe to type into `waiting`, and not into `dialog`."""

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
"""States in which a program shows its prompt. After an error a text is typed too, if the input line is empty.

So the one nudge after a silence retries a service that failed for a moment, before a person is asked.
"""


class SessionObservation(Value):
    """One session of ours as tmux, its hooks, its process and its screen show it."""

    present: bool
    """False when tmux was asked and has no such session."""
    started: bool
    """Whether its launch mark exists, which tells a session that has not started from one that ended."""
    state: AgentState
    pid: int = 0
    exit_status: int | None = None
    server_gone: bool = False
    """Whether the tmux server that it was launched on has ended."""
    started_at: Moment | None = None
    changed_at: Moment | None = None
    """When its output last moved."""
    evidence: str = ""
    """The sign that `state` was read from."""
    screen: str = ""
    was_ready: bool = False
    """Whether its program has ever shown its prompt."""
    conversation: str = ""
    dialog: str = ""
    """The name of the dialog that it shows, if it is a known one."""
    asked: str = ""
    """What a permission request asks to do, or which folder a trust dialog names, if its whole structure is known."""
    offered: ShownDialog | None = None
    """The dialog that it shows, if its choices are known."""
    on_screen: ShownDialog | None = None
    """The same dialog as its screen shows it, where a channel told `offered`."""
    failure: str = ""
    """What its screen says of the error, in one line, if it shows one."""
    answered: tuple[PermissionAnswer, ...] = ()
    """The permission requests that rules have answered so far."""
    answered_at: Moment | None = None
    resets_at: Moment | None = None
    """When a usage limit ends, if the screen names the time."""
    progress_at: Moment | None = None
    """When more of its output moved than spinners and counters."""
    memory_mib: int = 0
    """The memory of the agent and of all processes that it started; 0 when unknown."""
    requests: int = 0
    """Hook events or transcript lines within the last minute, whichever are more; 0 when unknown."""
    broken_hooks: int = 0
    """Lines of its file of hook events that no hook wrote; they were passed over."""
    broken_lines: int = 0
    """Lines of its program's transcript that no program wrote; they were passed over."""
    channel: str = ""
    """The control channel that told its state; empty for a session without a program that runs."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """The control channels that do not answer, with the reasons."""
    request: PermissionRequest | None = None
    """The permission request that it shows, if a control channel told it whole."""
    asking_since: Moment | None = None
    """When this process saw first that it shows a dialog; None while it shows none."""
    usage: UsageReading = NOTHING_READ
    """What it has used since it began, as far as that was read; only loops read it."""

    @property
    def dialogs(self) -> tuple[ShownDialog, ...]:
        """The dialog that it shows, as its channel tells it and as its screen does; empty while its choices are not known."""
        return tuple(one for one in (self.offered, self.on_screen) if one is not None)

    @property
    def was_launched(self) -> bool:
        """Whether its program was ever launched: its terminal exists, or its launch mark does.

        The terminal of a session that has ended may be gone while its mark is still there.
        """
        return self.present or self.started

    @property
    def is_alive(self) -> bool:
        """Whether its program works or has ever shown its prompt.

        A program that is still starting, or shows a dialog of its first run, is not alive yet.
        """
        if self.was_ready or self.state in READY:
            return True

        return self.state is AgentState.WORKING

    @property
    def moved_at(self) -> Moment | None:
        """When more of its output moved than spinners and counters; when any of it moved, if that is not known.

        None before the first output.
        """
        if self.progress_at is None:
            return self.changed_at

        return self.progress_at

    @property
    def asking_at(self) -> Moment | None:
        """When the dialog that it shows came up, as far as that is known. A screen that goes on moving above the dialog does not make it new."""
        if self.asking_since is None or self.moved_at is None:
            return self.moved_at

        return min(self.moved_at, self.asking_since)

    @property
    def word(self) -> str:
        """Its state as people read it, with the name of a known dialog.

        `working`, `dialog`, or `dialog: trust`.
        """
        if self.state is AgentState.DIALOG and self.dialog:
            return f"{self.state}: {self.dialog}"

        return str(self.state)

    @property
    def shown(self) -> str:
        """The best evidence of its state for people; never empty.

        It is the screen, else the sign that the state was read from, else the name of the state.
        """
        if self.screen:
            return self.screen

        if self.evidence:
            return self.evidence

        return f"its state is {self.state}"


class CheckPhase(Words):
    """The phase of a run of the test command."""

    ABSENT = "absent"
    RUNNING = "running"
    FINISHED = "finished"
    UNKNOWN = "unknown"
    """It could not be asked for, so that nothing may be concluded, and nothing be started beside it."""


class CheckObservation(Value):
    """A run of the test command at one commit."""

    phase: CheckPhase
    check: Check | None = None
    """The result of a finished run."""
    log_path: str = ""
    """The file that holds its output."""


class SetupPhase(Words):
    """How far a new worktree has been set up."""

    ABSENT = "absent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SetupObservation(Value):
    """How a worktree is being made ready for work."""

    phase: SetupPhase
    exit_status: int | None = None
    """Of a failed command; None when its time limit ended it, or a file could not be copied."""
    tail: str = ""
    """The last lines of its output."""
    log_path: str = ""
    """The file that holds its output."""


class Overlap(Value):
    """Two branches under work that change the same files."""

    jobs: tuple[JobId, JobId]
    paths: tuple[str, ...]
    conflict: bool
    """Whether the branches do not merge as they are now."""


class Observed(Value):
    """Everything that one tick observed."""

    now: Moment
    sessions: Mapping[SessionId, SessionObservation] | None
    heads: Mapping[str, CommitId] | None
    """The commits of work branches and of the target, by ref name."""
    checks: Mapping[CommitId, CheckObservation] = field(default_factory=dict)
    setups: Mapping[SessionId, SetupObservation] = field(default_factory=dict)
    """Of sessions that are about to be launched, in a run whose worktrees are set up."""
    sent: Mapping[tuple[SessionId, PromptId], str] = field(default_factory=dict)
    """Receipts of prompts that were typed and are not in the ledger yet."""
    merges_found: bool = False
    """Whether the approved merge commit is already part of the target."""
    overlaps: tuple[Overlap, ...] | None = None
    """Pairs of branches at work that change the same files; None while git cannot be asked, and once there is a report."""
    programs_found: frozenset[JobId] | None = None
    """The jobs whose program was missing when their agent should start, and is there now."""
    closed: Mapping[str, str] | None = None
    """Issues that the tracker shows as closed, of jobs before their gate, each with the reason given."""
    proposal: ProposalSeen | None = None
    """What became of the pull request that proposes the report; None where there is none, and while its remote cannot be asked."""
    code_merges: CodeMerges | None = None
    """Where the approved branches were merged on the forge; None while one was not, and while its remote cannot be asked."""
    notified: frozenset[str] | None = None
    """The notices that people were sent; None when no notifications are configured."""
    host: str = ""
    """This host's name where several share the ledger; empty where every session is here."""
    leads: bool = True
    """Whether this host does what belongs to the whole run: its reports and merges, reminders, questions about stale work."""
    unseen: frozenset[JobId] = frozenset()
    """Jobs of other hosts that did not change here for as long as their lease lasts."""
    lanes: frozenset[str] | None = None
    """The lanes whose agents can be started here; None for all."""
    places: int | None = None
    """How many sessions may still be started here; None for no limit of this host's own."""
    labels: frozenset[str] | None = None
    """This host's labels; None where no job asks for any."""

    def has(self, session: Session) -> bool:
        """Whether a session lives on this host."""
        return not self.host or session.host in {"", self.host}

    def takes(self, lane: str, labels: Collection[str], started: int) -> bool:
        """Whether this host has these labels and can start an agent of this lane, beside those that it is about to start."""
        if self.places is not None and started >= self.places:
            return False

        if self.labels is not None and not self.labels.issuperset(labels):
            return False

        return self.lanes is None or lane in self.lanes

    def sessions_here(self, run: Run) -> Iterator[Session]:
        """The sessions on this host that have not ended."""
        return filter(self.has, run.living_sessions)


def overlap_key(jobs: tuple[JobId, ...], conflict: bool) -> str:
    """The key under which an overlap of these jobs is noted.

    A pair of jobs has two: one for the paths that both change, and one for a conflict between their branches.
    """
    pair = " ".join(jobs)
    if conflict:
        return f"{pair} conflict"

    return pair
