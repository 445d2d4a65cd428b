"""A workflow: jobs, the lanes that do them, and their order. A plan is compiled into a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.allowance import Allowance
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.forge import PushAs
from gitorch.model.plans.preparation import Preparation
from gitorch.model.values import Value, field
from gitorch.model.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.model.ids import Digest, JobId
    from gitorch.model.plans.permission import Rule


class JobKind(Words):
    """The purpose of a job. Only reviews give verdicts; a checkpoint belongs to the principal; a merge to the host."""

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


class Autonomy(Words):
    """How often the principal is asked."""

    PER_EPIC = "per_epic"
    END_ONLY = "end_only"


class ReviewMode(Words):
    """Whether the stages of one round follow each other or run side by side."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"


class Independence(Words):
    """Who may not judge a job: the author's own session, anybody with the author's runtime, or anybody who held its lease."""

    SESSION = "session"
    RUNTIME = "runtime"
    HOLDER = "holder"


class Recovery(Words):
    """What happens to stale work: the principal is asked, or it is queued again a limited number of times."""

    ASK = "ask"
    REQUEUE = "requeue"


class WorktreeMode(Words):
    """Whether each job gets a worktree of its own."""

    PER_JOB = "per_job"
    SHARED = "shared"


class Commits(Words):
    """Who commits the work of a lane's agents: the agents, or gitorch when they report, for agents in a sandbox."""

    AGENT = "agent"
    HOST = "host"


class Sandbox(Words):
    """What holds the agents of a lane."""

    NONE = "none"
    BWRAP = "bwrap"
    """bubblewrap: an agent writes its worktree, its own branch and its program's files, nothing else."""


class Timeouts(Value):
    """Limits of a lane's sessions in seconds; 0 means the run's own limit."""

    start_seconds: int = 0
    silence_seconds: int = 0
    lease_seconds: int = 0
    work_seconds: int = 0
    """How long one session may hold a lease before a human is asked. A run has no such limit by default."""


class Lane(Value):
    """Who does a kind of work: a runtime preset by name, or a command."""

    name: str
    runtime: str
    command: tuple[str, ...] = ()
    model: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    worktree: WorktreeMode = WorktreeMode.PER_JOB
    capacity: int = 0
    """How many of its jobs may be under work at once; 0 means as many as the run allows."""
    commits: Commits = Commits.AGENT
    constraints: tuple[str, ...] = ()
    """Sentences that every brief of the lane contains."""
    timeouts: Timeouts = Timeouts()
    one_shot: bool = False
    permissions: tuple[Rule, ...] = ()
    trust: bool = False
    """Whether gitorch may press the key by which the program trusts its folder."""
    sandbox: Sandbox = Sandbox.NONE
    network: bool = True
    """Whether an agent in a sandbox reaches the network."""
    writable: tuple[str, ...] = ()
    """Files and folders that an agent in a sandbox may write besides, such as `~/.cache`."""
    memory_mib: int = 0
    """How much memory one of its agents may hold; 0 means the run's own limit."""
    budget: Allowance = Allowance()
    """What all its agents of a run may use together; 0 means the run's own limit for each lane."""
    takeover: str = ""
    """The lane that takes over while this one's program waits for the end of a usage limit; empty for none."""
    host_labels: tuple[str, ...] = ()
    """The labels that a host must have to start its agents; a ledger of one host asks for none."""


class Scope(Value):
    """Globs of paths that a job may change, and of those it must not. Empty `allowed` means all."""

    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


class ExpectedArtifact(Value):
    """A file that a job must produce: if `required`, `path` must exist at the commit handed in."""

    name: str
    kind: str
    path: str
    required: bool = True


class JobSpec(Value):
    """One job as the workflow declares it."""

    id: JobId
    title: str
    kind: JobKind
    lane: str
    needs: tuple[JobId, ...] = ()
    brief: Digest | None = None
    """The digest of the text that the agent works from."""
    role: str = ""
    scope: Scope = Scope()
    artifacts: tuple[ExpectedArtifact, ...] = ()
    tasks: tuple[str, ...] = ()
    attempts_max: int = 0
    """The last attempt before a human is asked; 0 leaves it to the cycles."""
    priority: int = 0
    posture: str = "neutral"
    subject: JobId | None = None
    """The job that a review judges."""
    stage: int = 0
    """The order of the reviews of one subject: with sequential review, stage 2 waits for stage 1."""
    on_continue: tuple[JobId, ...] = ()
    """The jobs that follow a checkpoint's `continue`; empty means the jobs that need it."""
    on_cancel: tuple[JobId, ...] = ()
    """The jobs that follow a checkpoint's `cancel`."""
    issue: str = ""
    """The job's id in the tracker."""
    issue_tasks: tuple[str, ...] = ()
    """The issues below it that are to be closed, in this order."""
    phase: str = ""
    group: str = ""
    """Jobs of one group may not depend on each other, and their scopes share no path. It does not change when they start."""
    fresh: bool = False
    """Whether every attempt gets a new session."""
    advisory: bool = False
    """Whether the verdict of this review is required but cannot keep the gate closed."""
    host_labels: tuple[str, ...] = ()
    """The labels that a host must have besides those of its lane."""


class Cycle(Value):
    """A declared way back: on `needs_revision`, `review` returns the work to `back_to`, at most `rounds` times."""

    review: JobId
    back_to: JobId
    rounds: int


class Workflow(Value):
    """A frozen plan of work. Needs are acyclic; the declared cycles are the only ways back."""

    name: str
    version: str
    source: str
    lanes: Mapping[str, Lane]
    jobs: Mapping[JobId, JobSpec]
    cycles: tuple[Cycle, ...] = ()
    phases: tuple[str, ...] = ()
    """In their order."""

    @property
    def merges(self) -> bool:
        """Whether it has a merge at its end.

        The results of a workflow without one stay on its work branches.
        """
        for spec in self.jobs.values():
            if spec.kind is JobKind.MERGE:
                return True

        return False

    def destination(self, target: str) -> str:
        """Where the work goes, as it follows a title: `→ main`, or that nothing is merged."""
        if self.merges:
            return f"→ {target}"

        return "(merges nothing)"

    def labels_of(self, spec: JobSpec, lane_name: str) -> tuple[str, ...]:
        """The labels that a host must have to take a job in this lane, each once."""
        labels = spec.host_labels
        lane = self.lanes.get(lane_name)
        if lane is not None:
            labels += lane.host_labels

        return tuple(dict.fromkeys(labels))


class Settings(Value):
    """What was answered and configured for one run; later changes of the file do not reach it, `gitorch config set` does."""

    autonomy: Autonomy = Autonomy.END_ONLY
    review_mode: ReviewMode = ReviewMode.SEQUENTIAL
    rounds_max: int = 3
    max_agents: int = 4
    test_command: str = ""
    allowed_commands: tuple[str, ...] = ()
    """What agents may run without a question; `:*` at the end stands for any arguments."""
    test_wait_seconds: int = 900
    test_target: bool = False
    """Whether the test command must pass on the target's commit before an agent is started."""
    preparation: Preparation = Preparation()
    """How new worktrees and tested checkouts are made ready."""
    start_wait_seconds: int = 60
    silence_seconds: int = 900
    lease_seconds: int = 900
    restarts_max: int = 3
    remind_first_seconds: int = 300
    remind_cap_seconds: int = 14400
    worktrees: str = ""
    """The folder of the worktrees."""
    cleanup: str = "ask"
    """`ask`, `keep`, `no`, `worktrees` or `branches`."""
    reject_fails_run: bool = False
    """Whether a verdict of `reject` ends the run; else the principal is asked."""
    push_remote: str = ""
    push_ledger: bool = False
    push_as: PushAs = PushAs.BRANCH
    """How approved work reaches the remote."""
    approval_at_least: Grade = Grade.TYPED
    """The least grade of proof that the approval of this run's merge must have."""
    approval_unattended: bool = False
    """Whether the merge may be approved with `--yes`, without asking anybody."""
    approval_signers: str = ""
    """Whose keys may sign approvals: lines of an allowed signers file, as they stood when the run was prepared."""
    forge_keys: str = ""
    """The keys by which a forge signs merges: lines of an allowed signers file, or OpenPGP public keys, at the same time."""
    tracker: str = ""
    """The kind of tracker that the plan's epics live in; empty where they live in the plan."""
    close_template: str = "close {issue} in the tracker"
    """How a person closes issues in that tracker: a command line, or advice, with `{issue}`."""
    manual: bool = False
    """Whether people and programs outside of gitorch claim the jobs, so that it starts no sessions."""
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
    run_budget: Allowance = Allowance()
    epic_budget: Allowance = Allowance()
    """Of each epic with its reviews."""
    lane_budget: Allowance = Allowance()
    """Of each lane."""

    def close_issues(self, issues: Sequence[str]) -> str:
        """The command line, or the advice, by which a person closes these issues in the run's tracker, in this order."""
        return self.close_template.format(issue=" ".join(issues))


class Remark(Value):
    """One weakness of a workflow."""

    name: str
    place: str
    """The key that it is about, such as `jobs.api`."""
    message: str
    fix: str
    costs: int
    """How much it takes from the score."""
    strong: bool
    """Whether it fails `lint --strict`."""


class Lint(Value):
    """The result of linting a workflow."""

    score: int
    """What is left of 100."""
    remarks: tuple[Remark, ...]
    """Strong ones first."""
    postures: dict[str, tuple[str, ...]]
    """By job of work, the postures in which it is judged."""


class WorkflowSource(Value):
    """A workflow file as it was read."""

    workflow: Workflow
    briefs: Mapping[JobId, str]
    """For every job that an agent works on: role, objective, reading list and posture from the file."""
    settings: Settings
    """The given defaults, overridden by the file's policies."""
    target: str = ""
    """Empty when the file names none."""
    context: tuple[str, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Line and column of `jobs.x` and `lanes.x`."""
