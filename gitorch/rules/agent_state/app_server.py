"""What one conversation of Codex is doing, from the facts that its app-server tells in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.app_server import (
    LimitsTold,
    PermissionAsked,
    RequestSettled,
    StatusChanged,
    TextTaken,
    Thread,
    Turn,
    TurnChanged,
)
from gitorch.model.channel import ChannelObservation, UsageLimit
from gitorch.model.observed import AgentState
from gitorch.model.values import Value, replace
from gitorch.rules.agent_state.limits import last_end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.model.app_server import Fact

TEXTS_MAX = 8
"""How many of the last texts are kept; one is looked for right after it was sent."""

LIMIT_ERRORS = frozenset({"usageLimitExceeded"})
APPROVAL = "waitingOnApproval"
IN_PROGRESS = "inProgress"


class ThreadView(Value):
    """What is known of one conversation."""

    thread: Thread
    turn: Turn | None = None
    """The newest turn."""
    asked: tuple[PermissionAsked, ...] = ()
    """The requests that wait for an answer, oldest first."""
    texts: tuple[TextTaken, ...] = ()
    """The newest texts that turns have taken."""
    limits: tuple[UsageLimit, ...] = ()

    @property
    def is_asking(self) -> bool:
        """Whether it waits for an approval."""
        return APPROVAL in self.thread.flags

    @property
    def turn_under_way(self) -> str:
        """The id of the turn under way; empty without one."""
        if self.turn is None or self.turn.status != IN_PROGRESS:
            return ""

        return self.turn.id


def fold(view: ThreadView, fact: Fact) -> ThreadView:
    """The view after a fact; the same for a fact about another conversation."""
    if isinstance(fact, LimitsTold):
        return replace(view, limits=fact.limits)

    change = CHANGES.get(type(fact))
    if change is None or getattr(fact, "thread", "") != view.thread.id:
        return view

    return change(view, fact)


def _with_turn(view: ThreadView, fact: TurnChanged) -> ThreadView:
    return replace(view, turn=fact.turn)


def _with_text(view: ThreadView, fact: TextTaken) -> ThreadView:
    return replace(view, texts=(*view.texts, fact)[-TEXTS_MAX:])


def _without_request(view: ThreadView, fact: RequestSettled) -> ThreadView:
    return replace(view, asked=tuple(one for one in view.asked if one.request.id != fact.id))


def _with_status(view: ThreadView, fact: StatusChanged) -> ThreadView:
    """The view with another status. One that waits for no approval has no request open, whatever settled it."""
    thread = replace(view.thread, status=fact.status, flags=fact.flags)
    if APPROVAL in fact.flags:
        return replace(view, thread=thread)

    return replace(view, thread=thread, asked=())


def _with_request(view: ThreadView, fact: PermissionAsked) -> ThreadView:
    """The view with a request, once: the server tells it again to whoever joins."""
    others = tuple(one for one in view.asked if one.request.id != fact.request.id)
    return replace(view, asked=(*others, fact))


CHANGES: Mapping[type, Callable[[ThreadView, Any], ThreadView]] = {
    StatusChanged: _with_status,
    TurnChanged: _with_turn,
    TextTaken: _with_text,
    PermissionAsked: _with_request,
    RequestSettled: _without_request,
}
"""What each fact about a conversation changes."""


def observation_of(view: ThreadView) -> ChannelObservation | None:
    """The state of the conversation; None while the server does not know it."""
    match view.thread.status:
        case "idle":
            return ChannelObservation(_rest(view), "codex: idle")
        case "active":
            return _active(view)
        case "systemError":
            return _failed(view)
        case _:
            return None


def _rest(view: ThreadView) -> AgentState:
    """The state of a conversation without a turn under way: it waits once there was a turn."""
    if view.turn is None:
        return AgentState.IDLE

    return AgentState.WAITING


def _active(view: ThreadView) -> ChannelObservation:
    """The state of a conversation with a turn under way."""
    if not view.thread.flags:
        return ChannelObservation(AgentState.WORKING, "codex: active")

    request = None
    if view.asked:
        request = view.asked[0].request

    follows = view.is_asking and request is None
    return ChannelObservation(AgentState.DIALOG, f"codex: {view.thread.flags[0]}", request, request_follows=follows)


def _failed(view: ThreadView) -> ChannelObservation:
    """The state of a conversation whose last turn failed; unknown until the server tells how that turn ended, a moment later."""
    if view.turn_under_way:
        return ChannelObservation(AgentState.UNKNOWN, "codex: systemError")

    kind = ""
    if view.turn is not None:
        kind = view.turn.error

    if kind in LIMIT_ERRORS:
        return ChannelObservation(AgentState.LIMITED, f"codex: {kind}", resets_at=last_end(view.limits))

    return ChannelObservation(AgentState.ERROR, f"codex: {kind or 'error'}")


def main_thread(threads: Sequence[Thread], folder: str) -> Thread | None:
    """The conversation that a user holds in this folder, the newest of several; None without one."""
    ours = [thread for thread in threads if thread.is_users and thread.folder == folder]
    return max(ours, key=lambda thread: (thread.updated_at, thread.id), default=None)
