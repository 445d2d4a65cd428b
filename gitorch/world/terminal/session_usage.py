"""What one session has used: as its control channel tells, or as its program wrote it down (C10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.work.usage import NOTHING_READ, UsageReading, by_model, total
from gitorch.text.usage.from_channel import served_of
from gitorch.text.usage.served import Served, add, totals
from gitorch.world.terminal.usage_reader import UsageReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.channel import TokenUsage
    from gitorch.ports.channels import Channel
    from gitorch.world.channels.chain import ChannelChain
    from gitorch.world.terminal.session_files import LaunchRecord

ASK_MS = 1_000
"""How often channels are asked."""


class SessionUsage:
    """The usage of one session, kept between two observations."""

    def __init__(self, launch: LaunchRecord, user_home: str) -> None:
        self._files = UsageReader(launch, user_home)
        self._seen: dict[str, Served] = {}
        self._source = ""
        self._asked_at = Moment(0)

    def follow(self, chain: ChannelChain, now: Moment) -> UsageReading:
        """The usage so far, for a loop that asks again and again."""
        if now - self._asked_at >= ASK_MS:
            self._ask(chain)
            self._asked_at = now

        return fuller(self._of_channel(), self._files.follow(now))

    def read_all(self, chain: ChannelChain) -> UsageReading:
        """The usage by now, everything read to its end."""
        self._ask(chain)
        return fuller(self._of_channel(), self._files.read_all())

    def _ask(self, chain: ChannelChain) -> None:
        """Keep the answers of the model that the channel tells. It may forget old ones, so that each is kept by its id."""
        found = chain.ask(_usage_of)
        if found is None:
            return

        self._source, answers = found
        for answer in answers:
            add(self._seen, served_of(answer))

    def _of_channel(self) -> UsageReading:
        """What the channel has told so far."""
        return UsageReading(self._source, totals(self._seen))


def _usage_of(channel: Channel) -> Sequence[TokenUsage] | None:
    """What a channel tells of usage."""
    return channel.usage()


def fuller(channel: UsageReading, written: UsageReading) -> UsageReading:
    """The reading to believe: that of the channel, unless it was opened too late to know what the files say.

    A cost that only the channel knows is added to what the files say.
    """
    live, known = total(channel.models), total(written.models)
    if written.models and not live.tokens and not known.cost_micros:
        return UsageReading(written.source, by_model((*written.models, *channel.models)))

    best = written
    if (live.tokens, live.requests) >= (known.tokens, known.requests):
        best = channel

    return best if best.models else NOTHING_READ
