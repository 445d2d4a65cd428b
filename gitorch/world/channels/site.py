"""What a channel is made from: the session that it belongs to, and the means to reach its program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.channel import ChannelObservation
    from gitorch.model.work.session import SessionKey
    from gitorch.ports.world import Clock
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.tmux import Tmux


class ChannelSite(Value):
    """One session that was started, as its channels see it."""

    key: SessionKey
    folder: SessionFolder
    """The session's files. A channel may keep files of its own there, and sockets of mode 0600."""
    launch: LaunchRecord
    """What was started, and with which preset."""
    clock: Clock
    tmux: Tmux
    user_home: str
    """The user's home folder."""
    reported: Callable[[], ChannelObservation | None] = lambda: None
    """For the terminal: the state by the channels above it."""
