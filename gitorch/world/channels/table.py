"""The table of channels: each name that a preset may list, and the function that makes the channel.

A channel's module is imported when a session uses it, so that a verb does not pay for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.ports.channels import Channel
    from gitorch.world.channels.site import ChannelSite


def _acp(site: ChannelSite) -> Channel:
    from gitorch.world.channels.acp import AcpChannel  # noqa: PLC0415  only its sessions need it

    return AcpChannel(site)


def _codex(site: ChannelSite) -> Channel:
    from gitorch.world.channels.codex import CodexChannel  # noqa: PLC0415  for sessions of Codex

    return CodexChannel(site)


def _claude(site: ChannelSite) -> Channel:
    from gitorch.world.channels.claude import ClaudeChannel  # noqa: PLC0415  only for its sessions

    return ClaudeChannel(site)


def _opencode(site: ChannelSite) -> Channel:
    from gitorch.world.channels.opencode import OpenCodeChannel  # noqa: PLC0415  http.client is for its sessions

    return OpenCodeChannel(site)


MAKERS: Mapping[str, Callable[[ChannelSite], Channel]] = {
    "acp": _acp,
    "claude": _claude,
    "codex": _codex,
    "opencode": _opencode,
}
"""The names are those of `model.plans.runtime.CHANNELS`."""


def channels_of(site: ChannelSite) -> tuple[Channel, ...]:
    """The channels of a session in its preset's order, without its terminal."""
    names = [name for name in site.launch.preset.channels if name in MAKERS]
    return tuple(MAKERS[name](site) for name in names)
