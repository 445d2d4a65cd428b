"""The state of one run, as its records in the ledger leave it. It is replayed, never edited."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.job import JobPhase
from gitorch.model.needs import dependency_order
from gitorch.model.question import HOLDING, QuestionKind
from gitorch.model.review import ACCEPTING
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value, field
from gitorch.model.workflow import CHECKED, REVIEWING, UNCLAIMED, Commits, JobKind, ReviewMode, Timeouts, WorktreeMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.artifact import Artifact
    from gitorch.model.decision import Decision
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
    from gitorch.model.job import JobState
    from gitorch.model.late_handoff import LateHandoff
    from gitorch.model.message import Message
    from gitorch.model.question import Question
    from gitorch.model.report import Approval, Merged, Report
    from gitorch.model.review import Verdict
    from gitorch.model.session import Session
    from gitorch.model.workflow import JobSpec, Settings, Workflow


class RunPhase(StrEnum):
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
        """Whether the run has ended, with or without its result."""
        return self in OVER


OVER = frozenset({RunPhase.COMPLETED, RunPhase.FAILED, RunPhase.CANCELED})

RESUMABLE_ENDS = frozenset({"exited", "killed", "server-gone"})
"""How a session may have ended for the next one to take up its conversation: unasked, and at work."""


class Run(Value):
    """One run. Mappings keep the order in which their entries were created."""

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
    prepared_by: str = ""
    started_at: Moment | None = None
    ended_at: Moment | None = None
    sessions: Mapping[SessionId, Session] = field(default_factory=dict)
    questions: Mapping[QuestionId, Question] = field(default_factory=dict)
    messages: Mapping[MessageId, Message] = field(default_factory=dict)
    prompts: int = 0
    """How many prompts were written to sessions so far."""
    report: Report | None = None
    """The merge report that stands."""
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

    def reviews_of(self, subject: JobId) -> tuple[JobState, ...]:
        """The reviews that judge a job, by stage."""
        found = [j for j in self.jobs.values() if j.spec.subject == subject and j.spec.kind in REVIEWING]
        if len(found) > 1:
            found.sort(key=lambda j: (j.spec.stage, j.spec.id))

        return tuple(found)

    def rounds_of(self, job: JobState) -> int:
        """The last round before a human is asked; a review has the rounds of the job that it judges."""
        if job.spec.subject is None:
            return job.rounds_allowed

        return self.jobs[job.spec.subject].rounds_allowed

    def open_questions(self, job: JobId | None = None) -> tuple[Question, ...]:
        """Questions without an answer: all of them, or those about one job."""
        return tuple(q for q in self.questions.values() if q.answer is None and job in {None, q.job})

    def is_asked_about(self, session: Session) -> bool:
        """Whether an open escalation asks a human to look at this session."""
        for question in self.open_questions(session.job):
            if question.kind is QuestionKind.ESCALATION and question.session == session.id:
                return True

        return False

    @property
    def is_settled(self) -> bool:
        """Whether the run is over, all its sessions have ended, and nothing is left to clean up."""
        if not self.phase.is_over:
            return False

        for session in self.sessions.values():
            if session.phase is not SessionPhase.ENDED:
                return False

        return self.cleaned or self.cleanup_choice not in {"worktrees", "branches"}

    @property
    def cleanup_choice(self) -> str:
        """What should be removed after the run; empty while the principal has not chosen."""
        if self.cleanup:
            return self.cleanup

        if self.settings.cleanup == "ask":
            return ""

        return self.settings.cleanup

    def living_session(self, job: JobState) -> Session | None:
        """The session that worked on this job before, if it has not ended."""
        if job.session is None:
            return None

        session = self.sessions.get(job.session)
        if session is None or session.phase is SessionPhase.ENDED:
            return None

        return session

    def is_held(self, job: JobId) -> bool:
        """Whether an open question keeps this job from being worked on."""
        for question in self.questions.values():
            if question.answer is None and question.job == job and question.kind in HOLDING:
                return True

        return False

    def limits_of(self, lane: str) -> Timeouts:
        """How long sessions of a lane may take: the lane's own limits, else the run's. Work without a limit has 0."""
        settings = self.settings
        own = self.workflow.lanes[lane].timeouts
        return Timeouts(
            own.start_seconds or settings.start_wait_seconds,
            own.silence_seconds or settings.silence_seconds,
            own.lease_seconds or settings.lease_seconds,
            own.work_seconds or settings.job_seconds_max,
        )

    def needs_check(self, job: JobState) -> bool:
        """Whether the project's test command must be run on this job's work."""
        return bool(self.settings.test_command) and job.spec.kind in CHECKED

    def check_is_settled(self, job: JobState) -> bool:
        """Whether the job needs no test, or the commit that was handed in was tested."""
        if not self.needs_check(job):
            return True

        if job.check is None or job.handoff is None:
            return False

        return job.check.commit == job.handoff.commit

    def lets_through(self, verdict: Verdict) -> bool:
        """Whether the gate may open in spite of this verdict: it accepts, or its review is advisory."""
        return verdict.choice in ACCEPTING or self.jobs[verdict.review].spec.advisory

    def judges_of(self, job: JobState) -> tuple[JobState, ...]:
        """The jobs whose verdicts open the gate of a job: its reviews; the synthesis of a phase judges itself."""
        if job.spec.kind is JobKind.PHASE_SYNTHESIS:
            return (job,)

        return self.reviews_of(job.spec.id)

    def judged_commit(self, review: JobState) -> CommitId | None:
        """The commit that a review is about: its subject's handoff, or the base of a phase's synthesis. None before."""
        if review.spec.kind is JobKind.PHASE_SYNTHESIS:
            return review.base

        subject = review if review.spec.subject is None else self.jobs[review.spec.subject]
        if subject.handoff is None:
            return None

        return subject.handoff.commit

    def is_reviewable(self, job: JobState) -> bool:
        """Whether reviewers may look at this job now: it was handed in, and its test passed where it needs one."""
        return job.phase is JobPhase.SUBMITTED and self.check_is_settled(job) and not job.check_failed

    def needs_are_met(self, job: JobId) -> bool:
        """Whether every need of a blocked job is met."""
        spec = self.jobs[job].spec
        if spec.kind in REVIEWING and spec.subject is not None:
            return self._review_may_begin(spec)

        if spec.kind is JobKind.CHECKPOINT:
            return self._checkpoint_may_ask(spec)

        return self._all_needs_done(spec.needs)

    def producer(self, job: JobId) -> JobState:
        """The job whose work a need stands for: a review stands for its subject."""
        subject = self.jobs[job].spec.subject
        if subject is None:
            return self.jobs[job]

        return self.jobs[subject]

    def need_is_done(self, need: JobId) -> bool:
        """Whether a need is met: the work is completed; for a review, its subject passed the gate."""
        return self.producer(need).phase is JobPhase.COMPLETED

    def _all_needs_done(self, needs: tuple[JobId, ...]) -> bool:
        return all(self.need_is_done(need) for need in needs)

    def _checkpoint_may_ask(self, spec: JobSpec) -> bool:
        """A checkpoint asks when every need is over and at least one was completed."""
        completed = False
        for need in spec.needs:
            # A review ends with its verdict; its subject may still be at its gate, or wait for a human.
            if not self.jobs[need].phase.is_over or not self.producer(need).phase.is_over:
                return False

            completed = completed or self.need_is_done(need)

        return completed

    def _review_may_begin(self, spec: JobSpec) -> bool:
        """A review begins when its subject can be reviewed and the reviews before it let this round through."""
        if spec.subject is None:
            return False

        subject = self.jobs[spec.subject]
        if not self.is_reviewable(subject):
            return False

        let_through = {verdict.review for verdict in subject.round_verdicts if self.lets_through(verdict)}
        for need in spec.needs:
            if need != spec.subject and not self._review_need_is_met(spec, need, let_through):
                return False

        if self.settings.review_mode is ReviewMode.PARALLEL:
            return True

        return self._earlier_stages(spec, spec.subject) <= let_through

    def _review_need_is_met(self, spec: JobSpec, need: JobId, let_through: set[JobId]) -> bool:
        # The gate waits for this review too, so a review of the same work counts as done when it let this round through.
        if self.jobs[need].spec.subject == spec.subject:
            return need in let_through

        return self.need_is_done(need)

    def _earlier_stages(self, spec: JobSpec, subject: JobId) -> set[JobId]:
        return {review.spec.id for review in self.reviews_of(subject) if review.spec.stage < spec.stage}

    def merge_behind(self, checkpoint: JobId) -> JobId | None:
        """The merge that waits for this checkpoint, if any."""
        for job in self.jobs.values():
            if job.spec.kind is JobKind.MERGE and checkpoint in job.spec.needs:
                return job.spec.id

        return None

    def base_parents(self, job: JobId) -> tuple[CommitId, ...]:
        """The commits that a job's work stands on: the cleared work that it needs, or else the target's commit."""
        parents = self._cleared_before(job)
        if not parents:
            return (self.target_commit,)

        return tuple(dict.fromkeys(parents))

    def _cleared_before(self, job: JobId) -> list[CommitId]:
        """The cleared commits of a job's needs; a checkpoint stands for its own needs."""
        cleared: list[CommitId] = []
        for need in self.jobs[job].spec.needs:
            producer = self.producer(need)
            if producer.spec.kind is JobKind.CHECKPOINT:
                cleared += self._cleared_before(need)
            elif producer.cleared is not None:
                cleared.append(producer.cleared)

        return cleared

    def branch_of(self, job: JobId) -> str:
        """The work branch of a job."""
        return f"gitorch/{self.id}/{job}"

    def shares_worktree(self, job: JobState) -> bool:
        """Whether a job takes its turn in the one worktree that the jobs of its lane share."""
        if not job.writes or job.spec.kind in UNCLAIMED:
            return False

        return self.workflow.lanes[job.spec.lane].worktree is WorktreeMode.SHARED

    def missing_reviews(self, job: JobState) -> tuple[JobId, ...]:
        """Reviews that never judged this job, in any round."""
        judged = {verdict.review for verdict in job.verdicts}
        return tuple(r.spec.id for r in self.reviews_of(job.spec.id) if r.spec.id not in judged)

    @property
    def unmerged_jobs(self) -> tuple[JobState, ...]:
        """Failed and skipped work, which the run ends without."""
        lost = {JobPhase.FAILED, JobPhase.SKIPPED}
        return tuple(j for j in self.jobs.values() if j.phase in lost and not j.spec.subject)

    def reportable_commit(self, job: JobState) -> CommitId | None:
        """The commit that an epic's report is about: one that passed its gate, or waits for the principal alone."""
        if job.spec.kind is not JobKind.BUILD or job.handoff is None or job.demands:
            return None

        if job.phase is JobPhase.COMPLETED:
            return job.cleared

        if job.phase is not JobPhase.SUBMITTED:
            return None

        for question in self.open_questions(job.spec.id):
            if question.kind is QuestionKind.CHECKPOINT:
                return job.handoff.commit

        return None

    @property
    def push_is_owed(self) -> bool:
        """Whether the merge has still to reach the remote that the run's settings name, or to be undone."""
        if not self.settings.push_remote or self.merged is None:
            return False

        return self.merged.push in {"", "back"}

    def is_claimed_manually(self, job: JobState) -> bool:
        """Whether somebody holds this job by a manual claim, so that gitorch has no session to observe."""
        return job.lease is not None and bool(self.sessions[job.lease.session].holder)

    def late_handoffs_of(self, job: JobState) -> tuple[LateHandoff, ...]:
        """Late handoffs of the attempt under way that nobody has adopted."""
        kept = [late for late in self.late_handoffs.values() if late.job == job.spec.id and not late.adopted]
        return tuple(late for late in kept if late.attempt == job.attempt)

    def conversation_to_resume(self, session: Session) -> str:
        """The conversation that a new session of a job takes up: that of the session before it, if that ended unasked.

        Empty after a failed launch, which the conversation may have caused. Reviewers always begin anew. So do one-shot
        agents: their brief is complete, and few programs resume a conversation without a terminal.
        """
        job = self.jobs[session.job]
        if not job.writes or job.launch_failures or self.workflow.lanes[session.lane].one_shot:
            return ""

        last: Session | None = None
        for other in self.sessions.values():
            if other.job == session.job and other.id != session.id:
                last = other

        if last is None or last.runtime != session.runtime or last.ended not in RESUMABLE_ENDS:
            return ""

        return last.conversation

    def is_committed_by_host(self, job: JobState) -> bool:
        """Whether gitorch commits the work of this job when its agent reports."""
        return job.writes and self.workflow.lanes[job.spec.lane].commits is Commits.HOST

    @property
    def merge_jobs(self) -> tuple[JobState, ...]:
        """The jobs whose cleared work goes into the merge: dependencies first, else in the order of the workflow."""
        needs: dict[JobId, list[JobId]] = {}
        for job, state in self.jobs.items():
            if state.cleared is not None and state.writes:
                needs[job] = [self.producer(need).spec.id for need in state.spec.needs]

        return tuple(self.jobs[job] for job in dependency_order(needs))
