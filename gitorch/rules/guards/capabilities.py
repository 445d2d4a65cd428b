"""Who may do what: a table from kinds of actor to capabilities, and one from verbs to the capability that each needs.

Besides, an agent is bound to its session: `ensure.own_job` and `ensure.acts_as` deny acting for another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied
from gitorch.model.record import ActorKind
from gitorch.model.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.record import Actor


class Capability(Words):
    """A group of verbs that actors may be allowed to use."""

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
"""An operator drives everything and decides nothing; an agent works on its job; the host records what it observes."""

NEEDS: Mapping[str, Capability] = {
    **dict.fromkeys(
        ("status", "why", "list", "dashboard", "inbox", "report", "log", "show", "verify", "peek", "check", "serve"),
        Capability.READ,
    ),
    **dict.fromkeys(
        ("doctor", "export", "demo", "session", "keys", "config", "worktree", "workflow", "plan"),
        Capability.READ,
    ),
    **dict.fromkeys(
        ("mcp", "skills", "completion", "help", "diff", "stats"),
        Capability.READ,
    ),
    **dict.fromkeys(
        ("host", "host list", "session list", "keys list", "config get", "worktree list", "skills list"),
        Capability.READ,
    ),
    **dict.fromkeys(("plan new", "plan gates", "plan import"), Capability.READ),
    **dict.fromkeys(
        tuple(f"workflow {verb}" for verb in ("new", "check", "lint", "plan", "graph", "convert")), Capability.READ
    ),
    **dict.fromkeys(("send", "reply", "wait"), Capability.READ),
    "claim": Capability.CLAIM,
    **dict.fromkeys(
        ("brief", "heartbeat", "release", "publish", "handoff", "findings", "ask", "block"), Capability.WRITE
    ),
    "verdict": Capability.REVIEW,
    **dict.fromkeys(("host run", "up", "pause", "resume", "attach", "sync"), Capability.OPERATE),
    **dict.fromkeys(
        ("init", "start", "answer", "approve", "propose", "reject", "cancel", "cleanup", "decide", "adopt"),
        Capability.APPROVE,
    ),
    **dict.fromkeys(("recover", "requeue", "retry"), Capability.RECOVER),
}
"""The capability that a verb needs. A verb that is not listed is for the principal alone."""


def holds(actor: Actor, capability: Capability) -> bool:
    """Whether actors of this kind have a capability."""
    return capability in HOLDS[actor.kind]


def needed(verb: str) -> Capability:
    """The capability that a verb needs.

    A verb that no table names needs that of the principal.
    """
    return NEEDS.get(verb, Capability.APPROVE)


def may(actor: Actor, verb: str) -> bool:
    """Whether the actor has the capability that the verb needs."""
    return holds(actor, needed(verb))


def ensure_may(actor: Actor, verb: str) -> Actor:
    """The actor, if it may use the verb.

    Raises Denied otherwise, with the kinds of actor that may.
    """
    if may(actor, verb):
        return actor

    able = " or the ".join(_able(needed(verb)))
    message = f"{described(actor)} and may not {verb}; only the {able} may"
    hint = "gitorch status"
    if actor.session:
        hint = f"gitorch why {actor.session}"

    raise Denied(message, hint)


def _able(capability: Capability) -> list[ActorKind]:
    """The kinds of actor that have a capability, without the host, as which nobody can call."""
    able: list[ActorKind] = []
    for kind, held in HOLDS.items():
        if capability in held and kind is not ActorKind.HOST:
            able.append(kind)

    return able


def described(actor: Actor) -> str:
    """The clause of a message that names the actor and its kind: `session s1 is an agent`."""
    name = actor.name
    if actor.session:
        name = f"session {actor.session}"

    article = "an"
    if actor.kind is ActorKind.HOST:
        article = "a"

    return f"{name} is {article} {actor.kind}"
