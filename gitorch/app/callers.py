"""Who typed a verb, and the guard that keeps agents from verbs that only people may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.execute import record_refusal
from gitorch.errors import Denied
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import Value
from gitorch.rules.capabilities import ensure_may

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import RunId


class Caller(Value):
    """Who typed a verb."""

    actor: Actor
    run: RunId | None = None
    """The run of an agent's session, where the ledger has it."""
    evidence: str = ""
    """What identified the caller as an agent or an operator; empty for the principal."""

    @property
    def is_agent(self) -> bool:
        """Whether an agent's session calls, or anything else that gitorch started."""
        return self.actor.kind is ActorKind.AGENT


def only_people(services: Services, caller: Caller, verb: str) -> None:
    """Raises Denied, and records the attempt, where the caller lacks the capability that a verb needs."""
    try:
        ensure_may(caller.actor, verb)
    except Denied as error:
        denied = _with_evidence(caller, verb, error)
        record_refusal(services, caller.run, caller.actor, verb, denied)
        raise denied from None


def _with_evidence(caller: Caller, verb: str, error: Denied) -> Denied:
    """The error for an agent names the evidence that identified it: it may not know that it left a trace."""
    if not caller.is_agent:
        return error
    who = f"session {caller.actor.session}" if caller.actor.session else "the caller"
    message = f"{who} is an agent and may not {verb} ({caller.evidence}); only the principal may"
    return Denied(message, "gitorch send @principal TEXT")
