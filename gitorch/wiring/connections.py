"""Who asks over a connection to the web page: another user, an agent, or the person who started the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import Caller
from gitorch.model.record import Actor, ActorKind
from gitorch.world import peers

if TYPE_CHECKING:
    from gitorch.wiring.repository import Repository


def stranger(port: int, client_port: int) -> str:
    """Why the process at the other end may not see the page, as a sentence; empty when nothing is known against it."""
    connection = peers.other_end(port, client_port)
    if connection is None or not peers.is_of_another_user(connection):
        return ""
    return "the process that asks belongs to another user"


def caller_behind(services: Repository, port: int | None, client_port: int) -> Caller:
    """Who wants a change: an agent where its process is at the other end, otherwise whoever started the server."""
    if port is None:
        return services.caller()

    connection = peers.other_end(port, client_port)
    if connection is None:
        return services.caller()

    pid = peers.holder_started_by_us(connection)
    if not pid:
        return services.caller()

    actor = Actor(ActorKind.AGENT, "agent", services.host.host)
    return Caller(actor, None, f"the request came from process {pid}, which gitorch started")
