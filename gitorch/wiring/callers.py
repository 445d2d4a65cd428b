"""Who is calling: an agent's session, an operator or the principal; and whether a sandbox is around them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import Caller
from gitorch.model.record import Actor, ActorKind
from gitorch.world.host import caller as recognised_session
from gitorch.world.origin import evidence as evidence_of_origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.app.work.outbox import Sandbox
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import SessionKey

OPERATOR_VARIABLE = "GITORCH_OPERATOR"
"""Names an operator, who works without deciding: set it for an agent or a script that claims jobs."""


def find_caller(services: Services, environ: Mapping[str, str]) -> Caller:
    """The agent that any evidence shows, otherwise the operator or the human at the keyboard."""
    key = recognised_session(environ, services.home, services.terminals.pids(), Path.cwd())
    if key is not None:
        return _agent(services, key)
    host = services.host.host
    evidence = evidence_of_origin(environ)
    if evidence:
        return Caller(Actor(ActorKind.AGENT, "agent", host), None, evidence)
    operator = environ.get(OPERATOR_VARIABLE, "").strip()
    if operator:
        return Caller(Actor(ActorKind.OPERATOR, operator, host), None, f"{OPERATOR_VARIABLE} is set")
    return Caller(Actor(ActorKind.PRINCIPAL, services.git.user_name(), host))


def _agent(services: Services, key: SessionKey) -> Caller:
    """The caller that is this session; its run and job are known only while the ledger has them."""
    evidence = f"recognised as session {key.session} of run {key.run}"
    run = _run_of(services, key)
    session = None if run is None else run.sessions.get(key.session)
    name = "agent" if session is None else session.job
    actor = Actor(ActorKind.AGENT, name, services.host.host, key.session)
    return Caller(actor, None if run is None else key.run, evidence)


def _run_of(services: Services, key: SessionKey) -> Run | None:
    if not services.ledger.exists():
        return None
    if key.run not in services.ledger.state(None).board.runs:
        return None
    return services.ledger.state(key.run).run


def find_sandbox(start: Path, environ: Mapping[str, str], why: str = "") -> Sandbox | None:
    """The sandbox around an agent's session; None where the caller may write to the repository, or stands in no worktree of a run.

    `why` is another reason for which nothing can be recorded now.
    """
    from gitorch.app.work.outbox import Sandbox
    from gitorch.ledger.location import cannot_write
    from gitorch.world.clock import SystemClock
    from gitorch.world.outbox import WorktreeOutboxes

    reason = why or cannot_write(start)
    if not reason:
        return None
    named = Path(environ.get("GITORCH_WORKTREE", start))
    for folder in (named, start.absolute(), *start.absolute().parents):
        if (folder / ".gitorch").is_dir():
            return Sandbox(WorktreeOutboxes(), SystemClock(), folder, reason)
    return None


def leave_denial(start: Path, environ: Mapping[str, str], verb: str) -> None:
    """Leave word of a verb that an agent in a sandbox was denied; nothing is left outside of one, or without its token."""
    run, token = environ.get("GITORCH_RUN", ""), environ.get("GITORCH_TOKEN", "")
    sandbox = find_sandbox(start, environ)
    if sandbox is None or not token:
        return

    import secrets

    from gitorch.app.work.outbox import leave_denial as leave
    from gitorch.model.ids import RunId
    from gitorch.model.submission import OutboxEntry

    leave(sandbox, OutboxEntry(RunId(run), token, secrets.token_hex(4), denied=verb))
