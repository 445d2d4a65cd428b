"""Control channels: how gitorch talks to one running agent program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.channel import ChannelObservation, TokenUsage, UsageLimit
    from gitorch.model.dialog import PermissionRequest
    from gitorch.model.ids import Moment, PromptId
    from gitorch.model.plans.permission import Option


class Channel(Protocol):
    """One way to talk to the agent program of one session.

    Every method answers within a second. None means that this channel cannot do or tell this, and the next channel of the preset is
    asked. A program that cannot be reached raises Unavailable with the reason: the channel is then left out for a while. What the
    program sends is text from outside: a part that makes no sense is passed over, and one that is missing tells nothing.
    """

    @property
    def name(self) -> str:
        """The name by which presets list the channel."""
        ...

    def deliver(self, prompt: PromptId, text: str, started_at: Moment | None) -> str | None:
        """Give the program a text and begin a turn with it; a receipt of `model.channel.ReceiptGrade`, or `refused: <reason>`.

        A refused text was not given, and may be tried again; but `NOT_YET` says that it was given, and that the channel is to be asked
        again whether the program has begun with it. `started_at` is the time at which an earlier process began to deliver it
        and was cut short; None at the first time. Such a text is looked for in the program's own records first, and on doubt it is
        not sent again: the receipt is `unknown`. Raises Unavailable only where nothing was sent for certain.
        """
        ...

    def observe(self) -> ChannelObservation | None:
        """The state of the program now."""
        ...

    def pending(self) -> PermissionRequest | None:
        """The permission request that waits for an answer; None without one."""
        ...

    def answer(self, request: PermissionRequest, option: Option, reason: str) -> str | None:
        """Answer exactly this request, `once` or `reject`; the program is told the reason where it can be.

        Gives `answered` or `refused: <reason>`, the latter also where it is not pending any more.
        """
        ...

    def interrupt(self) -> str | None:
        """End the turn under way, so that the program waits for its next prompt; `interrupted` or `refused: <reason>`."""
        ...

    def usage(self) -> Sequence[TokenUsage] | None:
        """What each answer of a model has cost in this session so far, oldest first, each once."""
        ...

    def limits(self) -> Sequence[UsageLimit] | None:
        """How far the limits of the user's account are used up."""
        ...

    def close(self) -> None:
        """Leave the program alone; the program and its session go on."""
        ...
