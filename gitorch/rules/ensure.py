"""Guards: each asks one thing and hands back what it found, or raises whoever's error it is.

`Refused` says what would be legal now; `Denied` says who may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied, NotFound, Refused
from gitorch.model.job import JobPhase
from gitorch.model.record import ActorKind
from gitorch.model.run import OVER, RunPhase
from gitorch.model.session import SessionPhase
from gitorch.model.workflow import REVIEWING
from gitorch.rules.capabilities import holder_of
from gitorch.rules.transitions import WITHDRAWN

if TYPE_CHECKING:
    from gitorch.model.board import Board, State
    from gitorch.model.ids import Digest, JobId, QuestionId, SessionId
    from gitorch.model.job import JobState, Lease
    from gitorch.model.question import Question
    from gitorch.model.record import Actor
    from gitorch.model.report import Report
    from gitorch.model.run import Run
    from gitorch.model.session import Session


def run_there(state: State) -> Run:
    """The run that the command is about."""
    if state.run is None:
        message = "there is no run to do this in"
        raise NotFound(message, "gitorch status")
    return state.run


def not_begun(board: Board, plan: Digest) -> None:
    """Raises Refused where a run that is not over works on exactly this plan."""
    for line in board.runs.values():
        if line.plan_digest == plan and line.phase not in OVER:
            message = f"run {line.id} already works on exactly this plan and is {line.phase}"
            raise Refused(message, "gitorch up" if line.phase is RunPhase.READY else f"gitorch status {line.id}")


def run_open(run: Run) -> Run:
    """A run that is not over."""
    if run.phase in OVER:
        message = f"run {run.id} is {run.phase}; nothing in it can change any more"
        raise Refused(message, f"gitorch log {run.id}")
    return run


def run_under_way(run: Run) -> Run:
    """A run that is running or paused: agents may still hand in."""
    run_open(run)
    if run.phase not in {RunPhase.RUNNING, RunPhase.PAUSED}:
        message = f"run {run.id} is {run.phase}, not running"
        raise Refused(message, "gitorch up")
    return run


def principal(actor: Actor, verb: str) -> Actor:
    """The human. An agent's session is never one."""
    if actor.kind is not ActorKind.PRINCIPAL:
        who = f"session {actor.session}" if actor.session else actor.name
        article = "a" if actor.kind is ActorKind.HOST else "an"
        message = (
            f"{who} is {article} {actor.kind} and may not {verb}; only the principal may, from a terminal of their own"
        )
        raise Denied(message, f"gitorch {verb}")
    return actor


def host(actor: Actor, what: str) -> Actor:
    """The reconciler, which alone writes what it observed."""
    if actor.kind is not ActorKind.HOST:
        message = f"only gitorch itself records {what}"
        raise Denied(message, "gitorch up")
    return actor


def session_of(run: Run, token: Digest) -> Session:
    """The session that holds this token."""
    for session in run.sessions.values():
        if session.token == token:
            return session
    message = f"this token belongs to no session of run {run.id}"
    raise Denied(message, "gitorch status")


def session_there(run: Run, session: SessionId) -> Session:
    """A session by its id."""
    found = run.sessions.get(session)
    if found is None:
        message = f"run {run.id} has no session {session}"
        raise NotFound(message, "gitorch status")
    return found


def own_job(run: Run, session: Session, named: JobId | None) -> JobState:
    """The job of the session; another one than its own is refused."""
    if named is not None and named != session.job:
        message = f"session {session.id} works on {session.job} and may not report for {named}"
        raise Denied(message, f"gitorch handoff DONE --job {session.job}")
    return run.jobs[session.job]


def acts_as(actor: Actor, session: Session) -> Session:
    """The caller's own session. One that was taken by hand belongs to whoever took it, any other to its agent."""
    mine = actor.session == session.id if not session.holder else holder_of(actor) == session.holder
    if not mine:
        owner = session.holder or f"its agent on {session.job}"
        message = f"session {session.id} belongs to {owner}; {holder_of(actor)} may not act for it"
        raise Denied(message, f"gitorch why {session.job}")
    return session


def fence_stands(job: JobState, fence: int) -> None:
    """Whether the number that was said is that of the lease; 0 says none."""
    if fence not in {0, job.fence}:
        message = f"lease {fence} of {job.spec.id} is over; the newest is {job.fence}"
        raise Refused(message, f"gitorch why {job.spec.id}")


def lease_held(run: Run, session: Session, job: JobState) -> Lease:
    """The lease of this very session on its job. A report that was made already is refused by name."""
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
    """A job that its agent may report on now."""
    if job.phase is JobPhase.WAITING_HUMAN:
        message = f"{job.spec.id} waits for an answer; report when it has arrived"
        raise Refused(message, f"gitorch why {job.spec.id}")
    return job


def reviewing(session: Session, job: JobState) -> JobState:
    """A review: no other job is ended by a verdict, least of all the author's own."""
    if job.spec.kind not in REVIEWING:
        message = f"session {session.id} works on {job.spec.id} and cannot judge its own work; its reviewers can"
        raise Denied(message, "gitorch handoff DONE")
    return job


def job_there(run: Run, job: JobId) -> JobState:
    """A job by its id."""
    found = run.jobs.get(job)
    if found is None:
        message = f"run {run.id} has no job {job}; it has {', '.join(run.jobs)}"
        raise NotFound(message, "gitorch status")
    return found


def question_open(run: Run, question: QuestionId) -> Question:
    """A question that still waits for its answer."""
    found = run.questions.get(question)
    if found is None:
        message = f"run {run.id} has no question {question}"
        raise NotFound(message, "gitorch inbox")
    if found.answer is not None and found.answer.option == WITHDRAWN:
        message = f"{question} is not asked any more: what it was about has changed"
        raise Refused(message, "gitorch inbox")
    if found.answer is not None:
        said = found.answer.option or found.answer.text
        message = f"{question} was already answered by {found.answer.by}: {said}"
        raise Refused(message, "gitorch inbox")
    return found


def report_there(run: Run) -> Report:
    """The merge report that stands."""
    if run.report is None:
        message = f"run {run.id} has no merge report yet"
        raise Refused(message, f"gitorch status {run.id}")
    return run.report
