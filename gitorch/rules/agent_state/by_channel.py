"""What a control channel tells of an agent, above what its hooks, title and screen show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.channel import ChannelObservation
from gitorch.model.observed import AgentState
from gitorch.model.values import replace
from gitorch.rules.agent_state.judge import FAILED, StateReading
from gitorch.rules.agent_state.permission import PERMISSION
from gitorch.rules.agent_state.requests import dialog_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import Moment
    from gitorch.model.observed import SessionObservation


AHEAD_MS = 4_000
"""How long a screen may show a dialog before the channel reports one, on a machine that has much else to do."""

ON_ITS_WAY = "hook: permission, on its way"
"""The evidence of a permission request whose text the program is about to report."""

NO_WORD_YET = ChannelObservation(AgentState.UNKNOWN, "no channel tells its state yet")
"""What is reported of a session whose channel says nothing for a moment, and has not been given up."""


def readings_below(
    reported: ChannelObservation | None, signals: Sequence[StateReading], shown: Sequence[StateReading], now: Moment
) -> Sequence[StateReading]:
    """All readings in order of trust: the channel's, those of hooks and transcript, then those of title, processes and screen.

    A channel knows the state at this moment, so no silence counts against it. Of the hooks and the transcript only a failure says more:
    a failed program looks ready to its own protocol, too. An error on the screen may be of an earlier turn.
    """
    if reported is None or reported.state is AgentState.UNKNOWN:
        return (*signals, *shown)

    # It names what is asked, and no screen shows more.
    if reported.state is AgentState.DIALOG:
        return (StateReading(reported.state, reported.evidence, now),)

    failures = [reading for reading in signals if reading.state in FAILED]
    open_now = [reading for reading in shown if reading.state is not AgentState.ERROR]
    return (StateReading(reported.state, reported.evidence, now), *failures, *open_now)


def with_channel(
    observation: SessionObservation, reported: ChannelObservation | None, now: Moment
) -> SessionObservation:
    """The observation of a session with what its channel alone knows: the permission request whole, and the end of a limit."""
    if reported is None:
        return observation

    resets_at = reported.resets_at or observation.resets_at
    if observation.state is AgentState.DIALOG and _request_follows(observation, reported, now):
        # The screen shows a part of it already; nothing is asked or answered by that part.
        return replace(observation, dialog=PERMISSION, asked="", offered=None, evidence=ON_ITS_WAY)

    if observation.state is not AgentState.DIALOG or reported.request is None:
        return replace(observation, resets_at=resets_at)

    request = reported.request
    return replace(
        observation,
        resets_at=resets_at,
        dialog=PERMISSION,
        asked=request.text,
        offered=dialog_of(request),
        on_screen=observation.offered,
        request=request,
    )


def _request_follows(observation: SessionObservation, reported: ChannelObservation, now: Moment) -> bool:
    """Whether the program is about to report the request that its screen shows: a screen may be a moment ahead of a channel."""
    if reported.state is AgentState.DIALOG and not reported.request_follows:
        return False

    # A dialog of its first run is no request, and no channel reports it.
    if reported.state is AgentState.UNKNOWN and observation.dialog not in {"", PERMISSION}:
        return False

    return now - (observation.asking_at or now) < AHEAD_MS
