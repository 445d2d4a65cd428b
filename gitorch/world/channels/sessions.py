"""The channels of every session that this process has to do with, opened once and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.channel import REFUSED
from gitorch.model.values import replace
from gitorch.rules.agent_state.requests import option_chosen
from gitorch.world.channels.chain import ChannelChain
from gitorch.world.channels.site import ChannelSite
from gitorch.world.channels.table import channels_of
from gitorch.world.terminal.answering import keep_answer, pending_answer

if TYPE_CHECKING:
    from gitorch.model.dialog import PermissionRequest
    from gitorch.model.ids import Moment
    from gitorch.model.plans.permission import PermissionAnswer
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.work.session import SessionKey
    from gitorch.ports.world import Clock
    from gitorch.world.channels.terminal import TerminalChannel
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.tmux import Tmux


class SessionChannels:
    """Makes the channels of a session from the record of its start. A session that was started again gets new ones."""

    def __init__(self, tmux: Tmux, clock: Clock, user_home: str) -> None:
        self._tmux = tmux
        self._clock = clock
        self._user_home = user_home
        self._chains: dict[SessionKey, tuple[tuple[Moment, str], ChannelChain]] = {}

    def of(self, key: SessionKey, folder: SessionFolder, launch: LaunchRecord) -> ChannelChain:
        """The channels of one session above its terminal."""
        mark = (launch.started_at, launch.pane)
        kept = self._chains.get(key)
        if kept is not None and kept[0] == mark:
            return kept[1]

        self.leave(key)
        chain = ChannelChain(channels_of(self._site(key, folder, launch)), folder, self._clock)
        self._chains[key] = (mark, chain)
        return chain

    def _site(self, key: SessionKey, folder: SessionFolder, launch: LaunchRecord) -> ChannelSite:
        return ChannelSite(key, folder, launch, self._clock, self._tmux, self._user_home)

    def terminal(self, key: SessionKey, folder: SessionFolder, launch: LaunchRecord, preset: Preset) -> TerminalChannel:
        """The last channel of a session, as the preset of today describes it."""
        from gitorch.world.channels.terminal import TerminalChannel  # noqa: PLC0415  an observation does not need it

        today = replace(preset, transcript=launch.preset.transcript)
        chain = self.of(key, folder, launch)
        site = self._site(key, folder, replace(launch, preset=today))
        return TerminalChannel(replace(site, reported=chain.observation))

    def leave(self, key: SessionKey) -> None:
        """Close the channels of a session that is over."""
        kept = self._chains.pop(key, None)
        if kept is not None:
            kept[1].close()

    def answer(
        self, chain: ChannelChain, folder: SessionFolder, request: PermissionRequest, answer: PermissionAnswer
    ) -> str:
        """Answer a request that a channel reported, if the answer is to exactly this one. It is written down before."""
        option = option_chosen(request, answer)
        if option is None:
            return f"{REFUSED}the permission request is not the one that was read before"

        given = replace(answer, asked=request.text, option=option)
        with pending_answer(folder.path, given, self._clock.now()) as entry:
            result = chain.answer(request, option, answer.reason)
            if not result.startswith(REFUSED):
                keep_answer(folder.path, entry)

        return result
