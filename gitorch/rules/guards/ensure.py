"""Guards: each checks one thing and returns what it found.

`Refused` names what would be legal now, `Denied` who may do it, and `NotFound` what exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Denied, NotFound, Refused
from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.record import ActorKind
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import WITHDRAWN
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import SessionPhase
from gitorch.rules.guards.capabilities import described

if TYPE_CHECKING:
    from gitorch.model.ids import Digest, JobId, QuestionId, SessionId
    from gitorch.model.record import Actor
    from gitorch.model.work.board import Board, State
    from gitorch.model.work.job import JobState, Lease
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import Report
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def run_there(state: State) -> Run:
    """The run that the command is about.

    Raises NotFound without one.
    """
    if state.run is None:
        message = "there is no run to do this in"
        raise NotFound(message, "gitorch list")

    return state.run


def not_begun(board: Board, plan: Digest) -> None:
    """Raises Refused while a run works on exactly this plan, with the command that goes on with it."""
    for line in board.runs.values():
        if line.plan_digest != plan or line.phase.is_over:
            continue

        hint = f"gitorch status {line.id}"
        if line.phase is RunPhase.READY:
            hint = "gitorch up"

        message = f"run {line.id} already works on exactly this plan and is {line.phase}"
        raise Refused(message, hint)


def run_open(run: Run) -> Run:
    """The run, unless it is over.

    Raises Refused for a run that has ended, since nothing in it can change any more.
    """
    if run.phase.is_over:
        message = f"run {run.id} is {run.phase}; nothing in it can change any more"
        raise Refused(message, f"gitorch log {run.id}")

    return run


def not_merged(run: Run) -> Run:
    """The run, unless its merge is recorded. Raises Refused then: what is merged is not canceled any more."""
    if run.merged is not None:
        message = f"run {run.id} was merged to {run.target} at {run.merged.new[:12]} and cannot be canceled"
        raise Refused(message, f"gitorch status {run.id}")

    return run


def run_under_way(run: Run) -> Run:
    """The run, if it is running or paused, so that agents may hand in.

    Raises Refused before its start and after its end.
    """
    run_open(run)
    if run.phase not in {RunPhase.RUNNING, RunPhase.PAUSED}:
        message = f"run {run.id} is {run.phase}, not running"
        raise Refused(message, "gitorch up")

    return run


def principal(actor: Actor, verb: str) -> Actor:
    """The actor, if it is the principal. Raises Denied for any other."""
    if actor.kind is ActorKind.PRINCIPAL:
        return actor

    message = f"{described(actor)} and may not {verb}; only the principal may, from a terminal of their own"
    raise Denied(message, f"gitorch {verb}")


def host(actor: Actor, what: str) -> Actor:
    """The actor, if it is the reconciler, which alone records what it observes. Raises Denied for any other."""
    if actor.kind is not ActorKind.HOST:
        message = f"only gitorch itself records {what}"
        raise Denied(message, "gitorch up")

    return actor


def session_of(run: Run, token: Digest) -> Session:
    """The session with this token, ended or not.

    Raises Denied for an unknown token.
    """
    for session in run.sessions.values():
        if session.token == token:
            return session

    message = f"this token belongs to no session of run {run.id}"
    raise Denied(message, "gitorch status")


def session_there(run: Run, session: SessionId) -> Session:
    """A session by its id, ended or not.

    Raises NotFound for an unknown one.
    """
    found = run.sessions.get(session)
    if found is None:
        message = f"run {run.id} has no session {session}"
        raise NotFound(message, "gitorch status")

    return found


def own_job(run: Run, session: Session, named: JobId | None) -> JobState:
    """The job of the session. Raises Denied when the caller named another one."""
    if named is not None and named != session.job:
        message = f"session {session.id} works on {session.job} and may not report for {named}"
        raise Denied(message, f"gitorch handoff DONE --job {session.job}")

    return run.jobs[session.job]


def acts_as(actor: Actor, session: Session) -> Session:
    """The session, if it is the actor's own: the agent's, or the holder's of a manual claim.

    Raises Denied otherwise, with the owner of the session.
    """
    if session.is_manual:
        own = actor.holder == session.holder
        owner = session.holder
    else:
        own = actor.session == session.id
        owner = f"its agent on {session.job}"

    if not own:
        message = f"session {session.id} belongs to {owner}; {actor.holder} may not act for it"
        raise Denied(message, f"gitorch why {session.job}")

    return session


def fence_stands(job: JobState, fence: int) -> None:
    """Raises Refused when the caller named another lease than the newest; 0 names none."""
    if fence not in {0, job.fence}:
        message = f"lease {fence} of {job.spec.id} is over; the newest is {job.fence}"
        raise Refused(message, f"gitorch why {job.spec.id}")


def lease_held(run: Run, session: Session, job: JobState) -> Lease:
    """The lease of this session on its job.

    Raises Refused without it, and names the commit where the work was reported already.
    """
    lease = job.lease
    if lease is not None and lease.session == session.id and session.phase is not SessionPhase.ENDED:
        return lease

    name = job.spec.id
    if job.handoff is not None and job.phase in {JobPhase.SUBMITTED, JobPhase.COMPLETED}:
        message = f"{name} was already reported at {job.handoff.commit[:12]}; it is {job.phase}"
        raise Refused(message, f"gitorch why {name}")

    message = f"session {session.id} holds no lease on {name}, which is {job.phase} in run {run.id}"
    raise Refused(message, f"gitorch why {name}")


def working(job: JobState) -> JobState:
    """The job, if its agent may report now.

    Raises Refused while the job waits for an answer.
    """
    if job.phase is JobPhase.WAITING_HUMAN:
        message = f"{job.spec.id} waits for an answer; report when it has arrived"
        raise Refused(message, f"gitorch why {job.spec.id}")

    return job


def reviewing(session: Session, job: JobState) -> JobState:
    """The job, if it is a review. Raises Denied for any other, since no author judges its own work."""
    if job.spec.kind not in REVIEWING:
        message = f"session {session.id} works on {job.spec.id} and cannot judge its own work; its reviewers can"
        raise Denied(message, "gitorch handoff DONE")

    return job


def job_there(run: Run, job: JobId) -> JobState:
    """A job by its id. Raises NotFound with the jobs that exist."""
    found = run.jobs.get(job)
    if found is None:
        message = f"run {run.id} has no job {job}; it has {', '.join(run.jobs)}"
        raise NotFound(message, "gitorch status")

    return found


def question_open(run: Run, question: QuestionId) -> Question:
    """A question that is open.

    Raises NotFound for an unknown one, and Refused for one that was answered or withdrawn.
    """
    found = run.questions.get(question)
    if found is None:
        message = f"run {run.id} has no question {question}"
        raise NotFound(message, "gitorch inbox")

    answer = found.answer
    if answer is None:
        return found

    message = f"{question} was already answered by {answer.by}: {answer.option or answer.text}"
    if answer.option == WITHDRAWN:
        message = f"{question} was withdrawn: {answer.text or 'its subject has changed'}"

    raise Refused(message, "gitorch inbox")


def report_there(run: Run) -> Report:
    """The merge report that stands. Raises Refused before there is one."""
    if run.report is None:
        message = f"run {run.id} has no merge report yet"
        raise Refused(message, f"gitorch status {run.id}")

    return run.report


def ensure_sound(fault: Corrupt | None, hint: str) -> None:
    """Raises the fault that was found, if any, with the command that leads on."""
    if fault is not None:
        raise Corrupt(fault.message, hint, fault.where)
