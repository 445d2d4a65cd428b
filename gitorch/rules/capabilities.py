"""Who may do what: one table from identities to capabilities, one from verbs to the capability that each needs.

An agent is bound to one session besides: `ensure.own_job` and `ensure.acts_as` see to it that nobody acts for another.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.errors import Denied
from gitorch.model.record import ActorKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.record import Actor


class Capability(StrEnum):
    """What an identity can be allowed to do."""

    READ = "read"
    CLAIM = "claim"
    WRITE = "write"
    REVIEW = "review"
    OPERATE = "operate"
    APPROVE = "approve"
    RECOVER = "recover"


HOLDS: Mapping[ActorKind, frozenset[Capability]] = {
    ActorKind.PRINCIPAL: frozenset(Capability),
    ActorKind.OPERATOR: frozenset(Capability) - {Capability.APPROVE},
    ActorKind.AGENT: frozenset({Capability.READ, Capability.WRITE, Capability.REVIEW}),
    ActorKind.HOST: frozenset({Capability.READ, Capability.OPERATE, Capability.RECOVER}),
}
"""An operator drives everything and decides nothing; an agent works on the job that it was given; the host observes."""

NEEDS: Mapping[str, Capability] = {
    **dict.fromkeys(("status", "why", "inbox", "report", "log", "show", "verify", "peek", "check"), Capability.READ),
    "claim": Capability.CLAIM,
    **dict.fromkeys(
        ("brief", "heartbeat", "release", "publish", "handoff", "findings", "ask", "block"), Capability.WRITE
    ),
    "verdict": Capability.REVIEW,
    **dict.fromkeys(("up", "pause", "resume", "attach", "sync"), Capability.OPERATE),
    **dict.fromkeys(
        ("init", "start", "answer", "approve", "reject", "cancel", "cleanup", "decide", "adopt"), Capability.APPROVE
    ),
    **dict.fromkeys(("recover", "requeue", "retry"), Capability.RECOVER),
}
"""What a verb needs; one that is not here is for the principal alone."""


def holds(actor: Actor, capability: Capability) -> bool:
    """Whether this identity has a capability."""
    return capability in HOLDS[actor.kind]


def needed(verb: str) -> Capability:
    """The capability that a verb needs."""
    return NEEDS.get(verb, Capability.APPROVE)


def may(actor: Actor, verb: str) -> bool:
    """Whether this identity has the capability that the verb needs."""
    return needed(verb) in HOLDS[actor.kind]


def ensure_may(actor: Actor, verb: str) -> Actor:
    """The actor. Raises Denied for one that lacks what the verb needs, naming who has it."""
    if may(actor, verb):
        return actor
    who = f"session {actor.session}" if actor.session else actor.name
    able = [str(kind) for kind, held in HOLDS.items() if needed(verb) in held and kind is not ActorKind.HOST]
    article = "a" if actor.kind is ActorKind.HOST else "an"
    message = f"{who} is {article} {actor.kind} and may not {verb}; only the {' or the '.join(able)} may"
    raise Denied(message, f"gitorch why {actor.session}" if actor.session else "gitorch status")


def holder_of(actor: Actor) -> str:
    """How somebody who takes jobs by hand is known: a session of theirs is used by nobody else."""
    return f"{actor.kind}/{actor.name}@{actor.host}"
