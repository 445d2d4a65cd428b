"""When the usage limit on a screen ends, on this machine's clock."""

from __future__ import annotations

import time

from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.rules.seeing.limits import resets_at
from gitorch.rules.seeing.screen import tail


def limit_end(screen: str, state: AgentState, active_at: int) -> Moment | None:
    """The moment that the screen names; None where it shows no limit. `active_at` is the second of its last output."""
    if state is not AgentState.LIMITED:
        return None
    return resets_at(tail(screen), Moment(active_at * 1000), time.localtime(active_at).tm_gmtoff // 60)
