"""Manual claims: claiming a job, keeping its lease, giving it back, and choosing among several leases of one holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute, execute_verb
from gitorch.app.query.host_settings import settings_to_take
from gitorch.app.query.lookup import find_job, find_run, find_run_with, run_at
from gitorch.app.work.context import brief_of, ensure_worktree, token_digest
from gitorch.errors import Denied, Failed, Refused, Usage
from gitorch.model import commands
from gitorch.model.values import Value
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import SessionKey, SessionPhase
from gitorch.rules.deciding import late
from gitorch.rules.guards import ensure

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import Digest, JobId, SessionId
    from gitorch.model.record import Actor
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


class ManualClaim(Value):
    """A manual worker, and the evidence for which of their leases a verb is about."""

    caller: Caller
    folder: Path
    """Where the caller stands: a worktree names its lease."""
    job: str | None = None
    """The job, or a unique prefix of it."""
    run: str | None = None
    fence: int = 0
    """The fence that the caller got with the lease; 0 for none."""


class ClaimResult(Value):
    """A job that was claimed: where to work, and what to do."""

    run: Run
    session: Session
    worktree: Path
    brief: str
    """The brief for reading."""
    values: dict[str, object]
    """The brief for programs."""


def claim(
    services: Services,
    caller: Caller,
    job_name: str | None,
    run_name: str | None,
    runtime: str = "",
) -> ClaimResult:
    """Take the lease of a job, without a name of the first in the queue, and make its worktree and brief ready.

    Raises NotFound, Usage, Refused, Denied; and Failed where the worktree cannot be made, after the lease was given back.
    """
    run = _started(services, _run_meant(services, run_name, job_name))
    job = None if job_name is None else find_job(run, job_name)

    def token_of(session: SessionId) -> Digest:
        return token_digest(services.secrets.token(SessionKey(run.id, session)))

    for first in settings_to_take(services, run):
        execute(services, run.id, services.host, first)
    command = commands.ClaimJob(job, token_of, services.secrets.nonce(), runtime)
    state, _ = execute_verb(services, run.id, caller.actor, (commands.ExpireLeases(), command), "claim")
    claimed = ensure.run_there(state)
    session = list(claimed.sessions.values())[-1]
    try:
        return _prepared(services, claimed, session)
    except Failed:
        execute(services, claimed.id, caller.actor, commands.ReleaseLease(session.token))
        raise


def _started(services: Services, run: Run) -> Run:
    """The run, started where it was only confirmed: the first who works on a run starts it."""
    if run.phase is not RunPhase.READY:
        return run

    return ensure.run_there(execute(services, run.id, services.host, commands.StartRun())[0])


def _prepared(services: Services, run: Run, session: Session) -> ClaimResult:
    """The worktree and the brief in it, made."""
    from gitorch.rules.views.brief import BRIEF_PATH  # noqa: PLC0415  8 modules that only a claim pays

    worktree = services.paths.worktree(run, session.id)
    ensure_worktree(services, run, session, worktree)
    brief = brief_of(services, run, session)
    services.files.write(worktree / BRIEF_PATH, brief.text.encode())
    return ClaimResult(run, session, worktree, brief.text, brief.values)


def claimed_session(services: Services, claim: ManualClaim) -> tuple[Run, Session, Actor]:
    """The run and session that a claim means, and the actor: an open lease wins over an ended one.

    The worktree that the caller stands in decides first, then the only open lease, then the newest ended one.
    Raises Usage where several leases could be meant.
    Raises Denied where the caller holds none.
    """
    actor = claim.caller.actor
    run = claimed_run(services, claim)
    own = _own_sessions(run, claim, actor)
    own = _in_folder(services, run, own, claim.folder) or own
    if not own:
        raise _no_lease(run, claim)

    living = [session for session in own if session.phase is not SessionPhase.ENDED]
    if len(living) > 1:
        jobs = ", ".join(session.job for session in living)
        raise Usage(f"several leases are yours: {jobs}", f"gitorch brief --job {living[0].job}")

    if living:
        return run, living[0], actor

    return run, own[-1], actor


def claimed_run(services: Services, claim: ManualClaim) -> Run:
    """The run that a claim names, otherwise that of the worktree that the caller stands in, otherwise the one with the job.

    Raises NotFound, and Usage where several runs could be meant.
    """
    return _run_meant(services, claim.run or run_at(services, claim.folder), claim.job)


def _run_meant(
    services: Services,
    name: str | None,
    job: str | None,
) -> Run:
    """The run of this name, otherwise the only one with the job, otherwise the only one that is open."""
    if name is None and job is not None:
        return find_run_with(services, job)

    return find_run(services, name)


def _own_sessions(run: Run, claim: ManualClaim, actor: Actor) -> list[Session]:
    """The manual sessions of the caller, open or ended; only those of the job that the claim names, where it names one.

    Raises NotFound and Usage for a job that the run does not have.
    """
    holder = actor.holder
    own = []
    for session in run.sessions.values():
        if session.holder == holder:
            own.append(session)
    if claim.job is None:
        return own

    return _of_job(own, find_job(run, claim.job))


def _of_job(sessions: list[Session], job: JobId) -> list[Session]:
    """Those of the sessions that are of a job."""
    return [session for session in sessions if session.job == job]


def _in_folder(
    services: Services,
    run: Run,
    sessions: list[Session],
    folder: Path,
) -> list[Session]:
    """The sessions whose worktree the caller stands in."""
    places = {folder.resolve(), *folder.resolve().parents}
    return [session for session in sessions if services.paths.worktree(run, session.id).resolve() in places]


def _no_lease(run: Run, claim: ManualClaim) -> Denied:
    """The error for a caller without a lease, with the command that claims one, or shows who holds that of the job."""
    explanation = "this verb is for agents in their sessions, and for people who claimed a job"
    if claim.job is None:
        return Denied(f"{explanation}; you hold no lease", "gitorch claim")

    job = run.jobs[find_job(run, claim.job)]
    other = run.holder_of(job)
    if other:
        return Denied(f"{explanation}; {other} has the lease of {claim.job}", f"gitorch why {claim.job}")

    return Denied(f"{explanation}; you hold no lease on {claim.job}", f"gitorch claim {claim.job}")


def heartbeat(
    services: Services,
    run: Run,
    session: Session,
    actor: Actor,
    fence: int,
) -> tuple[Run, bool]:
    """Renew a lease. The second value says whether that was recorded: only once half of the lease has passed.

    Raises Refused if the lease ran out, or if `fence`, the number that the caller got with its claim, is an older one.
    """
    command = commands.Heartbeat(session.token, fence)
    state, written = execute_verb(services, run.id, actor, command, "heartbeat")
    return ensure.run_there(state), bool(written)


def release(
    services: Services,
    run: Run,
    session: Session,
    actor: Actor,
    fence: int,
) -> Run:
    """Give a job back. A reviewer's checkout is removed; an author's worktree stays for the next."""
    state, _ = execute_verb(services, run.id, actor, commands.ReleaseLease(session.token, fence), "release")
    after = ensure.run_there(state)
    remove_checkout(services, after, session)
    return after


def remove_checkout(services: Services, run: Run, session: Session) -> None:
    """Remove the checkout of a manual review once its session has ended; it holds no work of its own.

    Nothing is done for agents, whose checkouts are removed with their terminals, and for work that changes files.
    """
    ended = run.sessions[session.id].phase is SessionPhase.ENDED
    if session.holder and ended and not run.jobs[session.job].writes:
        services.worktrees.remove(services.paths.worktree(run, session.id), force=True)


def refuse_late(run: Run, session: Session, kept: str) -> None:
    """Refuse a handoff that came too late; `kept` is the id under which it is kept.

    Raises Refused in any case, with the reason why it does not count and the command that adopts it.
    """
    reason = late.over(session, run.jobs[session.job])
    message = f"{reason}, so this does not count; it is kept as {kept}, and the principal can adopt it"
    raise Refused(message, f"gitorch recover {run.id}")
