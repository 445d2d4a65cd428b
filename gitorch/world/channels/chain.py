"""The channels of one session, asked in their order; one that does not answer is left out for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gitorch.errors import Unavailable
from gitorch.model.channel import NOT_YET, REFUSED, ReceiptGrade
from gitorch.model.ids import Moment
from gitorch.model.values import Value, replace
from gitorch.world.terminal.session_files import DeliveryRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.model.channel import ChannelObservation
    from gitorch.model.dialog import PermissionRequest
    from gitorch.model.ids import PromptId
    from gitorch.model.plans.permission import Option
    from gitorch.ports.channels import Channel
    from gitorch.ports.world import Clock
    from gitorch.world.terminal.session_files import SessionFolder

Answer = TypeVar("Answer")

REST_MS = 10_000
"""For how long a channel that did not answer is left out. It takes over again as soon as it answers."""


class Silence(Value):
    """A channel that did not answer."""

    reason: str
    until: Moment
    """When it is asked again."""


class ChannelChain:
    """The channels of one session above its terminal, the most trusted first.

    The terminal is given where it is needed as the last one: a tick reads the screens of all sessions at once.
    """

    def __init__(self, channels: Sequence[Channel], folder: SessionFolder, clock: Clock) -> None:
        self._channels = channels
        self._folder = folder
        self._clock = clock
        self._silent: dict[str, Silence] = {}

    @property
    def skipped(self) -> Mapping[str, str]:
        """The channels that did not answer, each with the reason."""
        return {name: silence.reason for name, silence in self._silent.items()}

    def ask(self, question: Callable[[Channel], Answer | None]) -> tuple[str, Answer] | None:
        """The answer of the first channel that has one, with its name; None where none of them knows."""
        for channel in self._channels:
            answer = self._asked(channel, question)
            if answer is not None:
                return channel.name, answer

        return None

    def _asked(self, channel: Channel, question: Callable[[Channel], Answer | None]) -> Answer | None:
        """The answer of one channel; None while it is left out, and where it does not answer."""
        now = self._clock.now()
        silence = self._silent.get(channel.name)
        if silence is not None and now < silence.until:
            return None

        try:
            answer = question(channel)
        except Unavailable as error:
            self._silent[channel.name] = Silence(error.message, Moment(now + REST_MS))
            return None

        self._silent.pop(channel.name, None)
        return answer

    def observe(self) -> tuple[str, ChannelObservation] | None:
        """The state by the first channel that knows it, with the channel's name; None where only the terminal can tell."""
        return self.ask(lambda channel: channel.observe())

    def observation(self) -> ChannelObservation | None:
        """The state by the first channel that knows it."""
        found = self.observe()
        if found is None:
            return None

        return found[1]

    def deliver(self, prompt: PromptId, text: str, terminal: Channel) -> str:
        """Deliver a text once, by the first channel that can, and keep the receipt; see `ports.world.Terminals`.

        A text that one channel began to deliver is never given to another one.
        """
        sent = self._folder.sent(prompt)
        if sent is not None and sent.channel:
            return self._delivered_before(prompt, sent)

        if sent is None:
            for channel in self._channels:
                receipt = self._deliver_by(channel, prompt, text)
                if receipt:
                    return receipt

        return terminal.deliver(prompt, text, None) or REFUSED + "no channel can deliver it"

    def _deliver_by(self, channel: Channel, prompt: PromptId, text: str) -> str:
        """The receipt of one channel, the attempt recorded before; empty where it cannot deliver, and nothing was sent."""
        self._folder.write_sent(prompt, DeliveryRecord(text, self._clock.now(), channel=channel.name))
        receipt = self._asked(channel, lambda one: one.deliver(prompt, text, None))
        return self._keep(prompt, receipt or "")

    def _delivered_before(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """The receipt of a text that a channel delivered, or was cut short in delivering."""
        if sent.receipt:
            return sent.receipt

        for channel in self._channels:
            if channel.name == sent.channel:
                receipt = self._asked(channel, lambda one: one.deliver(prompt, sent.line, sent.at))
                return self._keep(prompt, receipt or ReceiptGrade.UNKNOWN)

        return self._keep(prompt, ReceiptGrade.UNKNOWN)

    def graded(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """The receipt of a text that a channel gave to its program; empty while the program has not begun with it."""
        receipt = self._delivered_before(prompt, sent)
        if receipt.startswith(REFUSED):
            return ""

        return receipt

    def _keep(self, prompt: PromptId, receipt: str) -> str:
        """Keep a receipt; of a text that was not given, nothing is kept, and of one that the program has yet to begin with, its start."""
        if receipt == NOT_YET:
            return receipt

        sent = self._folder.sent(prompt)
        if not receipt or receipt.startswith(REFUSED):
            self._folder.forget_sent(prompt)
        elif sent is not None:
            self._folder.write_sent(prompt, replace(sent, receipt=str(receipt)))

        return str(receipt)

    def answer(self, request: PermissionRequest, option: Option, reason: str) -> str:
        """Answer a request that a channel above the terminal reported; see `ports.channels.Channel.answer`."""
        found = self.ask(lambda channel: channel.answer(request, option, reason))
        if found is None:
            return REFUSED + "no channel of its session can answer it"

        return found[1]

    def interrupt(self, terminal: Channel) -> str:
        """End the turn under way by the first channel that can; see `ports.channels.Channel.interrupt`."""
        found = self.ask(lambda channel: channel.interrupt())
        if found is not None:
            return found[1]

        return terminal.interrupt() or REFUSED + "no channel of its session can interrupt it"

    def close(self) -> None:
        """Leave the program alone."""
        for channel in self._channels:
            channel.close()
