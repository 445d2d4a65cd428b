"""The facts of one run, as recorded in the ledger: its fields, and the questions that these fields answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import CHECKED, UNCLAIMED, Commits, Timeouts, WorktreeMode
from gitorch.model.values import Value, field
from gitorch.model.words import Words
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import HOLDING, QuestionKind
from gitorch.model.work.session import SessionPhase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.model.ids import (
        CommitId,
        Digest,
        JobId,
        LateHandoffId,
        MessageId,
        Moment,
        QuestionId,
        RunId,
        SessionId,
    )
    from gitorch.model.plans.workflow import Settings, Workflow
    from gitorch.model.work.artifact import Artifact
    from gitorch.model.work.decision import Decision
    from gitorch.model.work.fault import Fault
    from gitorch.model.work.job import JobState
    from gitorch.model.work.late_handoff import LateHandoff
    from gitorch.model.work.message import Message
    from gitorch.model.work.proposal import Proposal
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import Approval, Merged, Report
    from gitorch.model.work.review import Check
    from gitorch.model.work.session import Session


class RunPhase(Words):
    """The phase of a run; `blocked` is derived, never recorded."""

    PREPARED = "prepared"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, with or without its result.

        Nothing begins in such a run any more; only its sessions end and its worktrees are cleaned up.
        """
        return self in OVER


OVER = frozenset({RunPhase.COMPLETED, RunPhase.FAILED, RunPhase.CANCELED})


class RunFacts(Value):
    """The facts of one run. Mappings keep the order in which their entries were created."""

    id: RunId
    title: str
    phase: RunPhase
    workflow: Workflow
    settings: Settings
    target: str
    """The branch that the run merges to."""
    target_commit: CommitId
    """The target's commit when the run was prepared."""
    plan: str
    """The path of the plan or workflow file."""
    plan_digest: Digest
    prepared_at: Moment
    jobs: Mapping[JobId, JobState]
    started_at: Moment | None = None
    host: str = ""
    """The host that prepared it, and that makes its reports and merges while it is seen."""
    sessions: Mapping[SessionId, Session] = field(default_factory=dict)
    questions: Mapping[QuestionId, Question] = field(default_factory=dict)
    messages: Mapping[MessageId, Message] = field(default_factory=dict)
    prompts: int = 0
    """How many prompts were written to sessions so far."""
    report: Report | None = None
    """The merge report that stands."""
    proposal: Proposal | None = None
    approval: Approval | None = None
    merged: Merged | None = None
    reason: str = ""
    """Why the run is paused or over."""
    cleanup: str = ""
    """The answer to the cleanup question; empty before it."""
    cleaned: bool = False
    overlaps: tuple[str, ...] = ()
    """Keys of the overlaps that were noted."""
    artifacts: tuple[Artifact, ...] = ()
    decisions: tuple[Decision, ...] = ()
    late_handoffs: Mapping[LateHandoffId, LateHandoff] = field(default_factory=dict)
    records: int = 0
    """How many records the run has."""
    changed_at: Moment | None = None
    """The time of the newest record."""
    strangers: int = 0
    """Refused calls of agents that belong to no session of the run."""
    git_settings: Mapping[str, str] | None = None
    """Digests of git settings, hooks and attributes at the start of the run; None in a run that recorded none."""
    settings_taken: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same of each other host that works on it, as of its first session, by the host's name."""
    repository: Digest | None = None
    """The digest of `repository.json`, which has refs, settings and hooks at the start; None in a run that recorded none."""
    faults: Mapping[str, Fault] = field(default_factory=dict)
    """Steps that failed and have not succeeded since, by their names."""
    budgets_noted: tuple[str, ...] = ()
    """The budgets that were nearly used up, each with how often it had been granted by then."""
    target_check: Check | None = None
    """The newest run of the test command on the target's commit; None before it, and when it is to be run again."""
    target_accepted: bool = False
    """Whether the principal lets agents begin although the tests do not pass on the target."""

    @property
    def is_target_ready(self) -> bool:
        """Whether agents may begin: the tests passed on the target's commit, or nobody asked for that.

        People who claim jobs by hand wait for nothing.
        """
        settings = self.settings
        if not settings.test_target or not settings.test_command or settings.manual:
            return True

        if self.target_accepted:
            return True

        return self.target_check is not None and self.target_check.passed

    @property
    def living_sessions(self) -> Iterator[Session]:
        """The sessions that have not ended, in the order in which they were created.

        Manual claims are among them.
        """
        for session in self.sessions.values():
            if session.phase is not SessionPhase.ENDED:
                yield session

    def jobs_in(self, phase: JobPhase) -> Iterator[JobState]:
        """The jobs that are in this phase, in the order of the workflow.

        Each call walks all jobs of the run once.
        """
        for job in self.jobs.values():
            if job.phase is phase:
                yield job

    def open_questions(self, job: JobId | None = None) -> tuple[Question, ...]:
        """Questions without an answer, in the order in which they were asked.

        All of the run without an argument; with one, only those about that job.
        """
        found: list[Question] = []
        for question in self.questions.values():
            if question.answer is not None:
                continue

            if job is None or question.job == job:
                found.append(question)

        return tuple(found)

    def is_asked_about(self, session: Session) -> bool:
        """Whether an open escalation asks a human to look at this session.

        While it is open, gitorch neither nudges the session nor asks about it again.
        """
        for question in self.open_questions(session.job):
            if question.kind is QuestionKind.ESCALATION and question.session == session.id:
                return True

        return False

    def asked_until(self, session: Session) -> int:
        """When the last question about this session was closed; 0 without one."""
        closed = [0]
        for question in self.questions.values():
            if question.session == session.id and question.answer is not None:
                closed.append(question.answer.at)

        return max(closed)

    def is_escalated(self, trigger: str) -> bool:
        """Whether an escalation with this trigger is open.

        While it is, the same cause is not escalated again.
        """
        for question in self.open_questions():
            if question.trigger == trigger:
                return True

        return False

    def was_escalated(self, trigger: str) -> bool:
        """Whether there ever was an escalation with this trigger, open or answered; one that was withdrawn does not count."""
        for question in self.questions.values():
            if question.trigger == trigger and not question.is_withdrawn:
                return True

        return False

    @property
    def is_settled(self) -> bool:
        """Whether the run is over, all its sessions have ended, nothing fails, and nothing is left to clean up.

        Nothing is left, too, while the cleanup question waits for its answer.
        """
        if not self.phase.is_over:
            return False

        if any(self.living_sessions) or self.faults:
            return False

        return self.cleaned or not self.cleanup_removes

    @property
    def cleanup_removes(self) -> bool:
        """Whether the cleanup removes anything: worktrees alone, or branches too."""
        return self.cleanup_choice in {"worktrees", "branches"}

    @property
    def cleanup_choice(self) -> str:
        """The answer to the cleanup question, else what the run's settings say: `worktrees`, `branches`, `no` or `keep`.

        Empty while the settings say `ask` and the principal has not answered.
        """
        if self.cleanup:
            return self.cleanup

        if self.settings.cleanup == "ask":
            return ""

        return self.settings.cleanup

    def living_session(self, job: JobState) -> Session | None:
        """The session that holds this job's lease or held it last.

        None before the first session, and once that session has ended or was given up.
        """
        if job.session is None:
            return None

        session = self.sessions.get(job.session)
        if session is None or session.phase is SessionPhase.ENDED:
            return None

        return session

    def is_held(self, job: JobId) -> bool:
        """Whether an open question keeps this job from being worked on.

        An agent's own question and an escalation do; a concern about work that was handed in does not.
        """
        return any(self.questions_holding(job))

    def fault_of(self, job: JobId) -> Fault | None:
        """The oldest fault of a step for this job; None without one."""
        for fault in self.faults.values():
            if fault.step.job == job:
                return fault

        return None

    def is_held_by_people(self, job: JobId) -> bool:
        """The same without questions about faults: what fails is tried again while they are open."""
        return not all(question.is_fault for question in self.questions_holding(job))

    def questions_holding(self, job: JobId) -> Iterator[Question]:
        """The open questions that hold a job."""
        for question in self.questions.values():
            if question.job != job or question.answer is not None:
                continue

            if question.kind in HOLDING:
                yield question

    def limits_of(self, lane: str) -> Timeouts:
        """How long sessions of a lane may take, in seconds: the lane's own limits, else the run's. Work without a limit has 0.

        Raises KeyError if the lane is unknown.
        """
        settings = self.settings
        own = self.workflow.lanes[lane].timeouts
        return Timeouts(
            start_seconds=own.start_seconds or settings.start_wait_seconds,
            silence_seconds=own.silence_seconds or settings.silence_seconds,
            lease_seconds=own.lease_seconds or settings.lease_seconds,
            work_seconds=own.work_seconds or settings.job_seconds_max,
        )

    def needs_check(self, job: JobState) -> bool:
        """Whether the project's test command must be run on this job's work.

        False without a test command, and for a kind of job whose work is not tested.
        """
        if not self.settings.test_command:
            return False

        return job.spec.kind in CHECKED

    def check_is_settled(self, job: JobState) -> bool:
        """Whether the job needs no test, or the commit that was handed in was tested.

        A test that failed settles the check too.
        """
        if not self.needs_check(job):
            return True

        if job.check is None or job.handoff is None:
            return False

        return job.check.commit == job.handoff.commit

    def untested_handoffs(self) -> Iterator[tuple[JobState, CommitId]]:
        """The jobs whose work was handed in and must still be tested, each with the commit to test.

        In the order of the workflow. Jobs whose work is not tested at all are not among them.
        """
        for job in self.jobs_in(JobPhase.SUBMITTED):
            if job.handoff is None:
                continue

            if not self.check_is_settled(job):
                yield job, job.handoff.commit

    def branch_of(self, job: JobId) -> str:
        """The work branch of a job, without `refs/heads/`: `gitorch/auth-7f3a/api`."""
        return f"gitorch/{self.id}/{job}"

    def shares_worktree(self, job: JobState) -> bool:
        """Whether a job takes its turn in the one worktree that the jobs of its lane share.

        Reviews and jobs without an agent never do.
        """
        if not job.writes or job.spec.kind in UNCLAIMED:
            return False

        return self.workflow.lanes[job.spec.lane].worktree is WorktreeMode.SHARED

    @property
    def push_is_owed(self) -> bool:
        """Whether the merge has still to reach the remote that the run's settings name, or to be undone.

        False before the merge, and in a run without a remote.
        """
        if not self.settings.push_remote or self.merged is None:
            return False

        return self.merged.push in {"", "back"}

    def is_claimed_manually(self, job: JobState) -> bool:
        """Whether somebody holds this job by a manual claim.

        gitorch has no process of such a session to observe.
        """
        return bool(self.holder_of(job))

    def holder_of(self, job: JobState) -> str:
        """Who holds this job by a manual claim; empty where nobody does."""
        if job.lease is None:
            return ""

        return self.sessions[job.lease.session].holder

    def late_handoffs_of(self, job: JobState) -> tuple[LateHandoff, ...]:
        """Late handoffs of the attempt under way that nobody has adopted, oldest first."""
        kept: list[LateHandoff] = []
        for late in self.late_handoffs.values():
            if late.adopted or late.job != job.spec.id:
                continue

            if late.attempt == job.attempt:
                kept.append(late)

        return tuple(kept)

    def is_committed_by_host(self, job: JobState) -> bool:
        """Whether gitorch commits the work of this job when its agent reports.

        A lane asks for it when its agents run in a sandbox and cannot commit.
        """
        if not job.writes:
            return False

        return self.workflow.lanes[job.spec.lane].commits is Commits.HOST
