"""A workflow: what is to be done, by which lane, after what. A plan is compiled into one of these."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Digest, JobId
    from gitorch.model.permission import Rule


class JobKind(StrEnum):
    """What a job is for. Only reviews give verdicts; a checkpoint belongs to the principal; a merge to the host."""

    DRAFT = "draft"
    BUILD = "build"
    TEST = "test"
    LEDGER = "ledger"
    SYNTHESIS = "synthesis"
    REVIEW = "review"
    CHECKPOINT = "checkpoint"
    MERGE = "merge"
    GENERIC = "generic"
    PHASE_SYNTHESIS = "phase_synthesis"


REVIEWING = frozenset({JobKind.REVIEW, JobKind.PHASE_SYNTHESIS})
"""Kinds that end with a verdict."""

CHECKED = frozenset({JobKind.BUILD, JobKind.TEST})
"""Kinds whose work is tested with the project's test command."""

UNCLAIMED = frozenset({JobKind.CHECKPOINT, JobKind.MERGE})
"""Kinds that no agent works on."""


class Autonomy(StrEnum):
    """How often the principal is asked. There is no third value, on purpose."""

    PER_EPIC = "per_epic"
    END_ONLY = "end_only"


class ReviewMode(StrEnum):
    """Whether the stages of one round follow each other or run side by side."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"


class Independence(StrEnum):
    """Who may not judge a job: the author's own session, anybody with the author's runtime, or whoever held its lease."""

    SESSION = "session"
    RUNTIME = "runtime"
    HOLDER = "holder"


class Recovery(StrEnum):
    """What happens to stale work by itself: the principal is asked, or it is queued again, a limited number of times."""

    ASK = "ask"
    REQUEUE = "requeue"


class WorktreeMode(StrEnum):
    """Whether each job gets a worktree of its own."""

    PER_JOB = "per_job"
    SHARED = "shared"


class Commits(StrEnum):
    """Who commits what a lane's agents write: they themselves, or gitorch when they report, for agents in a sandbox."""

    AGENT = "agent"
    HOST = "host"


class Timeouts(Value):
    """What a lane allows its sessions, where it is not what the run allows; 0 means the run's own. Work has no limit of its own.

    `work_seconds` is how long one session may hold a lease before a human is asked.
    """

    start_seconds: int = 0
    silence_seconds: int = 0
    lease_seconds: int = 0
    work_seconds: int = 0


class Lane(Value):
    """Who does a kind of work: a runtime preset by name, or a command of one's own.

    `capacity` is how many of its jobs may be at work at once, 0 as many as the run allows. `constraints` are sentences that
    every brief of the lane holds. `trust` lets the key be pressed by which its program's preset trusts the folder it works in.
    `memory_mib` is what one of its agents may hold, 0 what the run allows.
    """

    name: str
    runtime: str
    command: tuple[str, ...] = ()
    model: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    worktree: WorktreeMode = WorktreeMode.PER_JOB
    capacity: int = 0
    commits: Commits = Commits.AGENT
    constraints: tuple[str, ...] = ()
    timeouts: Timeouts = Timeouts()
    one_shot: bool = False
    permissions: tuple[Rule, ...] = ()
    trust: bool = False
    memory_mib: int = 0


class Scope(Value):
    """Globs of paths that a job may change, and of those it must not. Empty `allowed` means all."""

    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


class ExpectedArtifact(Value):
    """A file that a job owes: `path` must exist at the commit handed in when `required`."""

    name: str
    kind: str
    path: str
    required: bool = True


class JobSpec(Value):
    """One job as the workflow states it.

    `brief` is the digest of the text the agent works from. `subject` is the job that a review judges.
    `stage` orders reviews of one subject: with sequential review, stage 2 waits for stage 1. A review that is `advisory` has to
    be given, but neither opens nor shuts the gate.
    `attempts_max` is the last attempt before a human is asked, 0 what the cycles say. `fresh` work gets a new session for every
    attempt. Jobs of one `group` run side by side, in scopes that share no path.
    `issue` is what the tracker calls the job, `issue_tasks` what is to be closed below it there, in this order.
    `on_continue` and `on_cancel` name what a checkpoint leads to; empty means the jobs that need it.
    """

    id: JobId
    title: str
    kind: JobKind
    lane: str
    needs: tuple[JobId, ...] = ()
    brief: Digest | None = None
    role: str = ""
    scope: Scope = Scope()
    artifacts: tuple[ExpectedArtifact, ...] = ()
    tasks: tuple[str, ...] = ()
    attempts_max: int = 0
    priority: int = 0
    posture: str = "neutral"
    subject: JobId | None = None
    stage: int = 0
    on_continue: tuple[JobId, ...] = ()
    on_cancel: tuple[JobId, ...] = ()
    issue: str = ""
    issue_tasks: tuple[str, ...] = ()
    phase: str = ""
    group: str = ""
    fresh: bool = False
    advisory: bool = False


class Cycle(Value):
    """The declared way back: on `needs_revision`, `review` returns the work to `back_to`, at most `rounds` times."""

    review: JobId
    back_to: JobId
    rounds: int


class Workflow(Value):
    """A frozen plan of work. Needs are acyclic; the only ways back are the declared cycles. `phases` are in their order."""

    name: str
    version: str
    source: str
    lanes: Mapping[str, Lane]
    jobs: Mapping[JobId, JobSpec]
    cycles: tuple[Cycle, ...] = ()
    phases: tuple[str, ...] = ()


class Settings(Value):
    """What was answered and configured for one run; later changes of configuration do not reach it."""

    autonomy: Autonomy = Autonomy.END_ONLY
    review_mode: ReviewMode = ReviewMode.SEQUENTIAL
    rounds_max: int = 3
    max_agents: int = 4
    test_command: str = ""
    test_wait_seconds: int = 900
    start_wait_seconds: int = 60
    silence_seconds: int = 900
    lease_seconds: int = 900
    restarts_max: int = 3
    remind_first_seconds: int = 300
    remind_cap_seconds: int = 14400
    worktrees: str = ""
    cleanup: str = "ask"
    reject_fails_run: bool = False
    push_remote: str = ""
    push_ledger: bool = False
    approval_signers: str = ""
    tracker: str = ""
    by_hand: bool = False
    independence: Independence = Independence.SESSION
    recovery: Recovery = Recovery.ASK
    requeues_max: int = 3
    artifact_bytes_max: int = 1_000_000
    escalate_seconds: int = 0
    run_seconds_max: int = 0
    job_seconds_max: int = 0
    memory_mib_max: int = 0
    requests_max: int = 0
    sessions_max: int = 0


class Remark(Value):
    """One thing to think about. `costs` is what it takes from the score; a strong one fails `lint --strict`.

    `place` is the key that it is about, such as `jobs.api`.
    """

    name: str
    place: str
    message: str
    fix: str
    costs: int
    strong: bool


class Lint(Value):
    """All remarks, strong ones first, what is left of 100, and in which postures each job of work is judged."""

    score: int
    remarks: tuple[Remark, ...]
    postures: dict[str, tuple[str, ...]]


class WorkflowSource(Value):
    """`briefs` hold, for every job that an agent works on, what the file tells it: role, objective, what to read, posture.

    `places` tells line and column of `jobs.x` and `lanes.x`.
    `settings` are the given defaults with what the file's policies set instead. `target` is empty where the file names none.
    """

    workflow: Workflow
    briefs: Mapping[JobId, str]
    settings: Settings
    target: str = ""
    context: tuple[str, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
