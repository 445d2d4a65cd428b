"""What Codex's app-server tells a client about the conversations that it holds, which it calls threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.channel import UsageLimit
    from gitorch.model.dialog import PermissionRequest
    from gitorch.model.work.usage import ModelUsage


class Thread(Value):
    """One conversation."""

    id: str
    status: str
    """`idle`, `active`, `systemError` or `notLoaded`."""
    flags: tuple[str, ...] = ()
    """What an active one waits for: `waitingOnApproval`, `waitingOnUserInput`."""
    folder: str = ""
    model: str = ""
    is_users: bool = False
    """Whether a user talks in it. Those that name a task, or belong to a subagent, are not."""
    updated_at: int = 0
    """In seconds."""
    created_at: int = 0
    """In seconds."""
    parent: str = ""
    """The conversation that began this one as its subagent; empty for any other."""
    is_copy: bool = False
    """Whether it began as a copy of another one, whose usage its total contains."""


class Turn(Value):
    """One turn of a conversation."""

    id: str
    status: str
    """`inProgress`, `completed`, `interrupted` or `failed`."""
    error: str = ""
    """The kind of the error that ended it, such as `usageLimitExceeded`; `other` for one without a kind."""
    message: str = ""
    """The error in words."""


class StatusChanged(Value):
    """The state of a conversation has changed."""

    thread: str
    status: str
    flags: tuple[str, ...]


class TurnChanged(Value):
    """A turn has begun or ended."""

    thread: str
    turn: Turn


class TextTaken(Value):
    """A turn has taken a text of a user."""

    thread: str
    text: str
    client: str = ""
    """The id that the client gave the text."""


class PermissionAsked(Value):
    """A request that waits for an answer of any client."""

    thread: str
    request: PermissionRequest
    """Its id is the request's own, as JSON."""
    granted: Mapping[str, Any]
    """The answer that grants it."""
    refused: Mapping[str, Any]
    """The answer that refuses it; the turn goes on then."""


class RequestSettled(Value):
    """A request has been answered, or is void."""

    thread: str
    id: str


class LimitsTold(Value):
    """How far the limits of the account are used up."""

    limits: tuple[UsageLimit, ...]


class TokensTold(Value):
    """What a conversation has used since it began, told after each answer of its model."""

    thread: str
    total: ModelUsage
    """Under no model's name, and without a number of requests."""


class ThreadsChanged(Value):
    """A conversation was opened or closed."""


class Reply(Value):
    """The answer to a request of ours."""

    number: int
    result: Mapping[str, Any]
    error: str = ""
    """Why it was refused; empty where it was not."""


Fact = (
    StatusChanged
    | TurnChanged
    | TextTaken
    | PermissionAsked
    | RequestSettled
    | LimitsTold
    | TokensTold
    | ThreadsChanged
    | Reply
)
