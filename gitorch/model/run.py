"""The state of one run: what is true after its records. It is replayed from the ledger, never edited."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.job import ENDED, JobPhase
from gitorch.model.question import HOLDING, QuestionKind
from gitorch.model.review import ACCEPTING
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value, field
from gitorch.model.workflow import CHECKED, REVIEWING, UNCLAIMED, Commits, JobKind, ReviewMode, Timeouts, WorktreeMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    from gitorch.model.workflow import Settings, Workflow


class RunPhase(StrEnum):
    """Where a run stands; `blocked` is derived, never recorded."""

    PREPARED = "prepared"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


OVER = frozenset({RunPhase.COMPLETED, RunPhase.FAILED, RunPhase.CANCELED})


class Run(Value):
    """One run. Mappings keep the order in which things came to be. `strangers` counts refused calls that are no session's."""

    id: RunId
    title: str
    phase: RunPhase
    workflow: Workflow
    settings: Settings
    target: str
    target_commit: CommitId
    plan: str
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
    report: Report | None = None
    approval: Approval | None = None
    merged: Merged | None = None
    reason: str = ""
    cleanup: str = ""
    cleaned: bool = False
    overlaps: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    decisions: tuple[Decision, ...] = ()
    late_handoffs: Mapping[LateHandoffId, LateHandoff] = field(default_factory=dict)
    records: int = 0
    changed_at: Moment | None = None
    strangers: int = 0

    def reviews_of(self, subject: JobId) -> tuple[JobState, ...]:
        """The reviews that judge a job, by stage."""
        found = [j for j in self.jobs.values() if j.spec.kind in REVIEWING and j.spec.subject == subject]
        return tuple(sorted(found, key=lambda j: (j.spec.stage, j.spec.id)))

    def rounds_of(self, job: JobState) -> int:
        """The last round before a human is asked: for a review, that of what it judges."""
        return self.jobs[job.spec.subject].rounds_allowed if job.spec.subject is not None else job.rounds_allowed

    def open_questions(self, job: JobId | None = None) -> tuple[Question, ...]:
        """Questions without an answer, of one job where one is named."""
        return tuple(q for q in self.questions.values() if q.answer is None and job in {None, q.job})

    def is_asked_about(self, session: Session) -> bool:
        """Whether a human was asked to look at this session, and has not answered."""
        asked = self.open_questions(session.job)
        return any(q.kind is QuestionKind.ESCALATION and q.session == session.id for q in asked)

    @property
    def is_settled(self) -> bool:
        """Whether a run is over and nothing is owed to it any more: no session lives, and nothing is to be cleaned up."""
        if self.phase not in OVER or any(s.phase is not SessionPhase.ENDED for s in self.sessions.values()):
            return False
        return self.cleaned or self.cleanup_choice not in {"worktrees", "branches"}

    @property
    def cleanup_choice(self) -> str:
        """What is to be removed of a run that is over; empty while nobody has said it."""
        return self.cleanup or ("" if self.settings.cleanup == "ask" else self.settings.cleanup)

    def living_session(self, job: JobState) -> Session | None:
        """The session that worked on this job before and is still there."""
        session = self.sessions.get(job.session) if job.session is not None else None
        return session if session is not None and session.phase is not SessionPhase.ENDED else None

    def is_held(self, job: JobId) -> bool:
        """Whether an open question keeps this job from being worked on."""
        return any(q.kind in HOLDING for q in self.open_questions(job))

    def limits_of(self, lane: str) -> Timeouts:
        """How long sessions of a lane may take: what the lane says, else what the run says. Work without a limit says 0."""
        settings, own = self.settings, self.workflow.lanes[lane].timeouts
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
        """Whether nothing is left to learn from the test command about the commit handed in."""
        return not self.needs_check(job) or (
            job.check is not None and job.handoff is not None and job.check.commit == job.handoff.commit
        )

    def lets_through(self, verdict: Verdict) -> bool:
        """Whether a verdict keeps no gate shut: it accepts, or its review is advice."""
        return verdict.choice in ACCEPTING or self.jobs[verdict.review].spec.advisory

    def judges_of(self, job: JobState) -> tuple[JobState, ...]:
        """Whose verdicts open the gate of a job: its reviews'; the synthesis of a phase gives its own."""
        return (job,) if job.spec.kind is JobKind.PHASE_SYNTHESIS else self.reviews_of(job.spec.id)

    def judged_commit(self, review: JobState) -> CommitId | None:
        """The commit that a review is about: what its subject handed in; for a synthesis, all that its phase came to."""
        if review.spec.kind is JobKind.PHASE_SYNTHESIS:
            return review.base
        subject = self.jobs[review.spec.subject] if review.spec.subject is not None else review
        return subject.handoff.commit if subject.handoff is not None else None

    def is_reviewable(self, job: JobState) -> bool:
        """Whether reviewers may look at this job now: handed in, tested, and the test passed."""
        return job.phase is JobPhase.SUBMITTED and self.check_is_settled(job) and not job.check_failed

    def needs_are_met(self, job: JobId) -> bool:
        """Whether everything that must come before a blocked job is done."""
        spec = self.jobs[job].spec
        if spec.kind in REVIEWING and spec.subject is not None:
            return self._review_may_begin(job)
        if spec.kind is JobKind.CHECKPOINT:
            # A review has ended with its verdict; what it judged may still be at its gate, or wait for a human's word.
            ended = all({self.jobs[need].phase, self.producer(need).phase} <= ENDED for need in spec.needs)
            return ended and any(self.need_is_done(need) for need in spec.needs)
        return all(self.need_is_done(need) for need in spec.needs)

    def producer(self, job: JobId) -> JobState:
        """The job whose work a need stands for: a review stands for its subject."""
        subject = self.jobs[job].spec.subject
        return self.jobs[subject] if subject is not None else self.jobs[job]

    def need_is_done(self, need: JobId) -> bool:
        """Whether a need is met: the work is completed; for a review, its subject passed the gate."""
        return self.producer(need).phase is JobPhase.COMPLETED

    def _review_may_begin(self, job: JobId) -> bool:
        spec = self.jobs[job].spec
        subject = self.jobs[spec.subject] if spec.subject is not None else None
        if subject is None or not self.is_reviewable(subject):
            return False
        let_through = {v.review for v in subject.round_verdicts if self.lets_through(v)}
        beside = {need for need in spec.needs if self.jobs[need].spec.subject == spec.subject}
        others = (need for need in spec.needs if need != spec.subject and need not in beside)
        # A review of the same work is done when it let this round through: the gate itself waits for this review as well.
        if not beside <= let_through or not all(self.need_is_done(need) for need in others):
            return False
        if self.settings.review_mode is ReviewMode.PARALLEL:
            return True
        return all(r.spec.id in let_through for r in self.reviews_of(subject.spec.id) if r.spec.stage < spec.stage)

    def merge_behind(self, checkpoint: JobId) -> JobId | None:
        """The merge that waits for this checkpoint, if any."""
        merges = (j for j in self.jobs.values() if j.spec.kind is JobKind.MERGE and checkpoint in j.spec.needs)
        return next((j.spec.id for j in merges), None)

    def base_parents(self, job: JobId) -> tuple[CommitId, ...]:
        """The commits that a job's work stands on: the cleared work it needs, or else the target's commit."""
        return tuple(dict.fromkeys(self._cleared_before(job))) or (self.target_commit,)

    def _cleared_before(self, job: JobId) -> Iterator[CommitId]:
        """What a job needs, as commits; a checkpoint stands for what it needs itself."""
        for need in self.jobs[job].spec.needs:
            done = self.producer(need)
            if done.spec.kind is JobKind.CHECKPOINT:
                yield from self._cleared_before(need)
            elif done.cleared is not None:
                yield done.cleared

    def branch_of(self, job: JobId) -> str:
        """The work branch of a job."""
        return f"gitorch/{self.id}/{job}"

    def shares_worktree(self, job: JobState) -> bool:
        """Whether a job works, one after the other, in the one worktree that its lane's jobs share."""
        if not job.writes or job.spec.kind in UNCLAIMED:
            return False
        return self.workflow.lanes[job.spec.lane].worktree is WorktreeMode.SHARED

    def missing_reviews(self, job: JobState) -> tuple[JobId, ...]:
        """Reviews that never judged this job, in whatever round."""
        judged = {v.review for v in job.verdicts}
        return tuple(r.spec.id for r in self.reviews_of(job.spec.id) if r.spec.id not in judged)

    @property
    def unmerged_jobs(self) -> tuple[JobState, ...]:
        """Work that the run ends without."""
        ended = {JobPhase.FAILED, JobPhase.SKIPPED}
        return tuple(j for j in self.jobs.values() if j.phase in ended and not j.spec.subject)

    def reportable_commit(self, job: JobState) -> CommitId | None:
        """The commit that passed its gate, or waits for the principal alone: what an epic's report is about. None before."""
        if job.spec.kind is not JobKind.BUILD or job.handoff is None or job.demands:
            return None
        if job.phase is JobPhase.COMPLETED:
            return job.cleared
        asked = any(q.kind is QuestionKind.CHECKPOINT for q in self.open_questions(job.spec.id))
        return job.handoff.commit if job.phase is JobPhase.SUBMITTED and asked else None

    @property
    def push_is_owed(self) -> bool:
        """Whether a merge that was made has still to reach the remote that the run's settings name."""
        return bool(self.settings.push_remote) and self.merged is not None and self.merged.push in {"", "back"}

    def is_claimed_manually(self, job: JobState) -> bool:
        """Whether somebody works on this job by hand, so that there is no session of ours to be seen or waited for."""
        return job.lease is not None and bool(self.sessions[job.lease.session].holder)

    def late_handoffs_of(self, job: JobState) -> tuple[LateHandoff, ...]:
        """Late handoffs of the attempt under way that nobody has adopted."""
        return tuple(
            k
            for k in self.late_handoffs.values()
            if k.job == job.spec.id and k.attempt == job.attempt and not k.adopted
        )

    def conversation_to_resume(self, session: Session) -> str:
        """The conversation that a new session of a job goes on with: that of the one before it, if it ended unasked; else empty.

        Not after a launch that failed, which may have been for the conversation's sake; and a reviewer always begins anew, as does an
        agent that runs one-shot: its brief says everything, and few programs take up a conversation headless.
        """
        job = self.jobs[session.job]
        if not job.writes or job.launch_failures or self.workflow.lanes[session.lane].one_shot:
            return ""
        before = [s for s in self.sessions.values() if s.job == session.job and s.id != session.id]
        last = before[-1] if before else None
        same = (
            last is not None and last.runtime == session.runtime and last.ended in {"exited", "killed", "server-gone"}
        )
        return last.conversation if last is not None and same else ""

    def is_committed_by_host(self, job: JobState) -> bool:
        """Whether gitorch commits what the agent of this job writes, when it reports."""
        return job.writes and self.workflow.lanes[job.spec.lane].commits is Commits.HOST

    @property
    def merge_jobs(self) -> tuple[JobState, ...]:
        """The jobs whose cleared work goes into the merge, dependencies first, else in the order of the workflow."""
        left = [j for j in self.jobs.values() if j.cleared is not None and j.writes]
        done: list[JobState] = []
        names = {j.spec.id for j in left}
        while left:
            placed = {j.spec.id for j in done}
            ready = next(j for j in left if all(n in placed or n not in names for n in self._producers_needed_by(j)))
            done.append(ready)
            left.remove(ready)
        return tuple(done)

    def _producers_needed_by(self, job: JobState) -> tuple[JobId, ...]:
        return tuple(self.producer(need).spec.id for need in job.spec.needs)
