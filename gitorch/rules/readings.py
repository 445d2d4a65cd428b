"""Questions that every rule asks of a run: who reviews what, what is open, what is still missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.review import ACCEPTING
from gitorch.model.run import ENDED, OVER, JobPhase, QuestionKind, SessionPhase
from gitorch.model.workflow import REVIEWING, UNCLAIMED, Commits, JobKind, ReviewMode, Timeouts, WorktreeMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId, JobId, QuestionId
    from gitorch.model.review import Verdict
    from gitorch.model.run import Board, JobState, LateHandoff, Question, Run, Session

CHECKED = frozenset({JobKind.BUILD, JobKind.TEST})
"""Kinds whose work is run through the project's test command."""

HOLDING = frozenset({QuestionKind.CONTEXT, QuestionKind.ESCALATION})
"""Open questions of these kinds keep a job from being given to a session."""

GATING = frozenset({QuestionKind.CONCERN, QuestionKind.DEFERRED, QuestionKind.CHECKPOINT, QuestionKind.ESCALATION})
"""Open questions of these kinds keep a gate shut."""


CLEANUP_OPTIONS = ("worktrees", "branches", "no")
"""Remove worktrees and keep branches; remove merged branches too; leave everything as it is."""

CLEANUP_TEXT = "What should be removed: the run's worktrees, its merged branches too, or nothing?"


def reviews_of(run: Run, subject: JobId) -> tuple[JobState, ...]:
    """The reviews that judge a job, by stage."""
    found = [j for j in run.jobs.values() if j.spec.kind in REVIEWING and j.spec.subject == subject]
    return tuple(sorted(found, key=lambda j: (j.spec.stage, j.spec.id)))


def rounds_of(run: Run, job: JobState) -> int:
    """The last round before a human is asked: for a review, that of what it judges."""
    return run.jobs[job.spec.subject].rounds_allowed if job.spec.subject is not None else job.rounds_allowed


def open_questions(run: Run, job: JobId | None = None) -> tuple[Question, ...]:
    """Questions without an answer, of one job where one is named."""
    return tuple(q for q in run.questions.values() if q.answer is None and job in {None, q.job})


def asked_about(run: Run, session: Session) -> bool:
    """Whether a human was asked to look at this session, and has not answered."""
    asked = open_questions(run, session.job)
    return any(q.kind is QuestionKind.ESCALATION and q.session == session.id for q in asked)


def target_confirmed(board: Board, target: str) -> bool:
    """Whether the principal confirmed this merge target and no other one since."""
    return board.targets[-1:] == (target,)


def is_settled(run: Run) -> bool:
    """Whether a run is over and nothing is owed to it any more: no session lives, and nothing is to be cleaned up."""
    if run.phase not in OVER or any(s.phase is not SessionPhase.ENDED for s in run.sessions.values()):
        return False
    return run.cleaned or cleanup_choice(run) not in {"worktrees", "branches"}


def cleanup_choice(run: Run) -> str:
    """What is to be removed of a run that is over; empty while nobody has said it."""
    return run.cleanup or ("" if run.settings.cleanup == "ask" else run.settings.cleanup)


def living_session(run: Run, job: JobState) -> Session | None:
    """The session that worked on this job before and is still there."""
    session = run.sessions.get(job.session) if job.session is not None else None
    return session if session is not None and session.phase is not SessionPhase.ENDED else None


def unanswered_trigger(question: QuestionId) -> str:
    """What the escalation of a question that nobody answered is raised by."""
    return f"unanswered:{question}"


def held(run: Run, job: JobId) -> bool:
    """Whether an open question keeps this job from being worked on."""
    return any(q.kind in HOLDING for q in open_questions(run, job))


def limits_of(run: Run, lane: str) -> Timeouts:
    """How long sessions of a lane may take: what the lane says, else what the run says. Work without a limit says 0."""
    settings, own = run.settings, run.workflow.lanes[lane].timeouts
    return Timeouts(
        own.start_seconds or settings.start_wait_seconds,
        own.silence_seconds or settings.silence_seconds,
        own.lease_seconds or settings.lease_seconds,
        own.work_seconds or settings.job_seconds_max,
    )


def check_needed(run: Run, job: JobState) -> bool:
    """Whether the project's test command must be run on this job's work."""
    return bool(run.settings.test_command) and job.spec.kind in CHECKED


def check_settled(run: Run, job: JobState) -> bool:
    """Whether nothing is left to learn from the test command about the commit handed in."""
    return not check_needed(run, job) or (
        job.check is not None and job.handoff is not None and job.check.commit == job.handoff.commit
    )


def check_failed(job: JobState) -> bool:
    """Whether the test command said no to the commit handed in."""
    return job.check is not None and job.check.outcome != "passed"


def round_verdicts(job: JobState) -> tuple[Verdict, ...]:
    """The verdicts on exactly the commit handed in, of the round under way."""
    if job.handoff is None:
        return ()
    return tuple(v for v in job.verdicts if v.round == job.attempt and v.commit == job.handoff.commit)


def lets_through(run: Run, verdict: Verdict) -> bool:
    """Whether a verdict keeps no gate shut: it accepts, or its review is advice."""
    return verdict.choice in ACCEPTING or run.jobs[verdict.review].spec.advisory


def judges_of(run: Run, job: JobState) -> tuple[JobState, ...]:
    """Whose verdicts open the gate of a job: its reviews'; the synthesis of a phase gives its own."""
    return (job,) if job.spec.kind is JobKind.PHASE_SYNTHESIS else reviews_of(run, job.spec.id)


def judged_commit(run: Run, review: JobState) -> CommitId | None:
    """The commit that a review is about: what its subject handed in; for a synthesis, all that its phase came to."""
    if review.spec.kind is JobKind.PHASE_SYNTHESIS:
        return review.base
    subject = run.jobs[review.spec.subject] if review.spec.subject is not None else review
    return subject.handoff.commit if subject.handoff is not None else None


def reviewable(run: Run, job: JobState) -> bool:
    """Whether reviewers may look at this job now: handed in, tested, and the test passed."""
    return job.phase is JobPhase.SUBMITTED and check_settled(run, job) and not check_failed(job)


def needs_met(run: Run, job: JobId) -> bool:
    """Whether everything that must come before a blocked job is done."""
    spec = run.jobs[job].spec
    if spec.kind in REVIEWING and spec.subject is not None:
        return _review_may_begin(run, job)
    if spec.kind is JobKind.CHECKPOINT:
        # A review has ended with its verdict; what it judged may still be at its gate, or wait for a human's word.
        ended = all({run.jobs[need].phase, producer(run, need).phase} <= ENDED for need in spec.needs)
        return ended and any(need_done(run, need) for need in spec.needs)
    return all(need_done(run, need) for need in spec.needs)


def producer(run: Run, job: JobId) -> JobState:
    """The job whose work a need stands for: a review stands for its subject."""
    subject = run.jobs[job].spec.subject
    return run.jobs[subject] if subject is not None else run.jobs[job]


def need_done(run: Run, need: JobId) -> bool:
    """Whether a need is met: the work is completed; for a review, its subject passed the gate."""
    return producer(run, need).phase is JobPhase.COMPLETED


def _review_may_begin(run: Run, job: JobId) -> bool:
    spec = run.jobs[job].spec
    subject = run.jobs[spec.subject] if spec.subject is not None else None
    if subject is None or not reviewable(run, subject):
        return False
    let_through = {v.review for v in round_verdicts(subject) if lets_through(run, v)}
    beside = {need for need in spec.needs if run.jobs[need].spec.subject == spec.subject}
    others = (need for need in spec.needs if need != spec.subject and need not in beside)
    # A review of the same work is done when it let this round through: the gate itself waits for this review as well.
    if not beside <= let_through or not all(need_done(run, need) for need in others):
        return False
    if run.settings.review_mode is ReviewMode.PARALLEL:
        return True
    return all(r.spec.id in let_through for r in reviews_of(run, subject.spec.id) if r.spec.stage < spec.stage)


def feeds_merge(run: Run, checkpoint: JobId) -> JobId | None:
    """The merge that waits for this checkpoint, if any."""
    merges = (j for j in run.jobs.values() if j.spec.kind is JobKind.MERGE and checkpoint in j.spec.needs)
    return next((j.spec.id for j in merges), None)


def base_parents(run: Run, job: JobId) -> tuple[CommitId, ...]:
    """The commits that a job's work stands on: the cleared work it needs, or else the target's commit."""
    return tuple(dict.fromkeys(_cleared_before(run, job))) or (run.target_commit,)


def _cleared_before(run: Run, job: JobId) -> Iterator[CommitId]:
    """What a job needs, as commits; a checkpoint stands for what it needs itself."""
    for need in run.jobs[job].spec.needs:
        done = producer(run, need)
        if done.spec.kind is JobKind.CHECKPOINT:
            yield from _cleared_before(run, need)
        elif done.cleared is not None:
            yield done.cleared


def branch_name(run: Run, job: JobId) -> str:
    """The work branch of a job."""
    return f"gitorch/{run.id}/{job}"


def writes(job: JobState) -> bool:
    """Whether a job changes files, and so has a branch of its own."""
    return job.spec.kind not in REVIEWING


def shares_worktree(run: Run, job: JobState) -> bool:
    """Whether a job works, one after the other, in the one worktree that its lane's jobs share."""
    if not writes(job) or job.spec.kind in UNCLAIMED:
        return False
    return run.workflow.lanes[job.spec.lane].worktree is WorktreeMode.SHARED


def missing_reviews(run: Run, job: JobState) -> tuple[JobId, ...]:
    """Reviews that never judged this job, in whatever round."""
    judged = {v.review for v in job.verdicts}
    return tuple(r.spec.id for r in reviews_of(run, job.spec.id) if r.spec.id not in judged)


def unmerged(run: Run) -> tuple[JobState, ...]:
    """Work that the run ends without."""
    ended = {JobPhase.FAILED, JobPhase.SKIPPED}
    return tuple(j for j in run.jobs.values() if j.phase in ended and not j.spec.subject)


def reportable(run: Run, job: JobState) -> CommitId | None:
    """The commit that passed its gate, or waits for the principal alone: what an epic's report is about. None before."""
    if job.spec.kind is not JobKind.BUILD or job.handoff is None or job.demands:
        return None
    if job.phase is JobPhase.COMPLETED:
        return job.cleared
    asked = any(q.kind is QuestionKind.CHECKPOINT for q in open_questions(run, job.spec.id))
    return job.handoff.commit if job.phase is JobPhase.SUBMITTED and asked else None


def push_owed(run: Run) -> bool:
    """Whether a merge that was made has still to reach the remote that the run's settings name."""
    return bool(run.settings.push_remote) and run.merged is not None and run.merged.push in {"", "back"}


def by_hand(run: Run, job: JobState) -> bool:
    """Whether somebody works on this job by hand, so that there is no session of ours to be seen or waited for."""
    return job.lease is not None and bool(run.sessions[job.lease.session].holder)


def left_behind(run: Run, job: JobState) -> tuple[LateHandoff, ...]:
    """Late handoffs of the attempt under way that nobody has adopted."""
    return tuple(
        k for k in run.late_handoffs.values() if k.job == job.spec.id and k.attempt == job.attempt and not k.adopted
    )


def resumes(run: Run, session: Session) -> str:
    """The conversation that a new session of a job goes on with: that of the one before it, if it ended unasked; else empty.

    Not after a launch that failed, which may have been for the conversation's sake; and a reviewer always begins anew, as does an
    agent that runs one-shot: its brief says everything, and few programs take up a conversation headless.
    """
    job = run.jobs[session.job]
    if not writes(job) or job.launch_failures or run.workflow.lanes[session.lane].one_shot:
        return ""
    before = [s for s in run.sessions.values() if s.job == session.job and s.id != session.id]
    last = before[-1] if before else None
    same = last is not None and last.runtime == session.runtime and last.ended in {"exited", "killed", "server-gone"}
    return last.conversation if last is not None and same else ""


def committed_by_host(run: Run, job: JobState) -> bool:
    """Whether gitorch commits what the agent of this job writes, when it reports."""
    return writes(job) and run.workflow.lanes[job.spec.lane].commits is Commits.HOST


def merge_jobs(run: Run) -> tuple[JobState, ...]:
    """The jobs whose cleared work goes into the merge, dependencies first, else in the order of the workflow."""
    left = [j for j in run.jobs.values() if j.cleared is not None and writes(j)]
    done: list[JobState] = []
    names = {j.spec.id for j in left}
    while left:
        placed = {j.spec.id for j in done}
        ready = next(j for j in left if all(n in placed or n not in names for n in _producers(run, j)))
        done.append(ready)
        left.remove(ready)
    return tuple(done)


def _producers(run: Run, job: JobState) -> tuple[JobId, ...]:
    return tuple(producer(run, need).spec.id for need in job.spec.needs)


def overlap_key(jobs: tuple[JobId, ...], conflict: bool) -> str:
    """One text for one pair of jobs, and another once they conflict."""
    return f"{' '.join(jobs)}{' conflict' if conflict else ''}"
