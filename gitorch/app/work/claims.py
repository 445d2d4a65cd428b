"""Work by hand: taking a job, keeping its lease, giving it back; and which session somebody means who holds several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.execute import carry, carry_asked
from gitorch.app.query.lookup import find_run
from gitorch.app.reconciler.perform import done_so_far, ensure_worktree, section_of, token_digest
from gitorch.errors import Denied, Failed, NotFound, Refused, Usage
from gitorch.model import commands
from gitorch.model.run import RunPhase
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value
from gitorch.ports.world import SessionKey
from gitorch.rules import ensure
from gitorch.rules.capabilities import holder_of
from gitorch.rules.deciding import late
from gitorch.rules.views.brief import BRIEF_PATH, brief_data, brief_text

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.people.decisions import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import Digest, JobId, SessionId
    from gitorch.model.record import Actor
    from gitorch.model.run import Run
    from gitorch.model.session import Session


class ManualClaim(Value):
    """Somebody who works by hand, and which of their leases is meant: by job, by the worktree they stand in, or the only one."""

    caller: Caller
    folder: Path
    job: str | None = None
    run: str | None = None
    fence: int = 0


class ClaimResult(Value):
    """A job that was taken by hand: where to work, and what to do."""

    run: Run
    session: Session
    worktree: Path
    brief: str
    values: dict[str, object]


def find_job(run: Run, said: str) -> JobId:
    """A job by its id or a unique prefix of it. Raises NotFound, Usage."""
    found = [job for job in run.jobs if job == said] or [job for job in run.jobs if job.startswith(said)]
    if len(found) > 1:
        message = f"{said} could be any of {', '.join(found)}"
        raise Usage(message, f"gitorch why {found[0]}")
    if not found:
        message = f"run {run.id} has no job {said}; it has {', '.join(run.jobs)}"
        raise NotFound(message, f"gitorch status {run.id}")
    return found[0]


def claim(services: Services, caller: Caller, said: str | None, run: str | None, runtime: str = "") -> ClaimResult:
    """Take a job's lease, or the first of the queue, and make its worktree and brief ready.

    Where the worktree cannot be made the lease is given back, and the failure passes through.
    """
    found = _begun(services, find_run(services, run))
    job = find_job(found, said) if said is not None else None

    def tokens(session: SessionId) -> Digest:
        return token_digest(services.secrets.token(SessionKey(found.id, session)))

    wanted = commands.ClaimJob(job, tokens, services.secrets.nonce(), runtime)
    state, _ = carry_asked(services, found.id, caller.actor, (commands.ExpireLeases(), wanted), "claim")
    after = ensure.run_there(state)
    session = list(after.sessions.values())[-1]
    try:
        return _ready(services, after, session)
    except Failed:
        carry(services, after.id, caller.actor, commands.ReleaseLease(session.token))
        raise


def _begun(services: Services, run: Run) -> Run:
    """A confirmed run is taken up by the first who works on it."""
    if run.phase is not RunPhase.READY:
        return run
    return ensure.run_there(carry(services, run.id, services.host, commands.StartRun())[0])


def _ready(services: Services, run: Run, session: Session) -> ClaimResult:
    cwd = services.paths.worktree(run, session.id)
    ensure_worktree(services, run, session, cwd)
    section, done = section_of(services, run, session), done_so_far(services, run, session)
    text = brief_text(run, session, section, done)
    services.files.write(cwd / BRIEF_PATH, text.encode())
    return ClaimResult(run, session, cwd, text, brief_data(run, session, section, done))


def held_by(services: Services, manual_claim: ManualClaim) -> tuple[Run, Session, Actor]:
    """The run and the session that are meant, and who acts. Raises Denied for somebody who has taken nothing."""
    actor = manual_claim.caller.actor
    run = find_run(services, manual_claim.run)
    mine = [s for s in run.sessions.values() if s.holder == holder_of(actor)]
    if manual_claim.job is not None:
        job = find_job(run, manual_claim.job)
        mine = [s for s in mine if s.job == job]
    mine = _here(services, run, mine, manual_claim.folder) or mine
    living = [s for s in mine if s.phase is not SessionPhase.ENDED]
    if len(living) > 1:
        message = f"several leases are yours: {', '.join(s.job for s in living)}"
        raise Usage(message, f"gitorch brief --job {living[0].job}")
    if not mine:
        what = f" on {manual_claim.job}" if manual_claim.job is not None else ""
        message = (
            f"this verb is for agents in their sessions, and for whoever took a job by hand; you hold no lease{what}"
        )
        raise Denied(message, f"gitorch claim {manual_claim.job}" if manual_claim.job is not None else "gitorch claim")
    return run, (living or mine)[-1], actor


def _here(services: Services, run: Run, mine: list[Session], folder: Path) -> list[Session]:
    """Those whose worktree is where the caller stands."""
    places = {folder.resolve(), *folder.resolve().parents}
    return [s for s in mine if services.paths.worktree(run, s.id).resolve() in places]


def heartbeat(services: Services, run: Run, session: Session, actor: Actor, fence: int) -> tuple[Run, bool]:
    """Say that the holder is at work; whether that was written down, which it is once half of the lease is gone."""
    command = commands.Heartbeat(session.token, fence)
    state, written = carry_asked(services, run.id, actor, command, "heartbeat")
    return ensure.run_there(state), bool(written)


def release(services: Services, run: Run, session: Session, actor: Actor, fence: int) -> Run:
    """Give a job back; a reviewer's checkout goes, an author's worktree stays for the next."""
    state, _ = carry_asked(services, run.id, actor, commands.ReleaseLease(session.token, fence), "release")
    after = ensure.run_there(state)
    clear_away(services, after, session)
    return after


def clear_away(services: Services, run: Run, session: Session) -> None:
    """A reviewer's checkout holds nothing of its own, and goes when its session that was held by hand is over."""
    over = run.sessions[session.id].phase is SessionPhase.ENDED
    if session.holder and over and not run.jobs[session.job].writes:
        services.worktrees.remove(services.paths.worktree(run, session.id), force=True)


def refuse_late(run: Run, session: Session, kept: str) -> None:
    """Raises Refused for a handoff that came too late, and says where it is."""
    over = late.over(session, run.jobs[session.job])
    message = f"{over}, so this does not count; it is kept as {kept}, and the principal can adopt it"
    raise Refused(message, f"gitorch recover {run.id}")
