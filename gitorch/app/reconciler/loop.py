"""The loop: ticks until nothing is left, or nothing but people's decisions, or somebody says stop."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import unsettled_runs
from gitorch.app.reconciler.tick import tick
from gitorch.errors import Busy, Unavailable
from gitorch.model.ids import Moment
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.reconciler.tick import TickResult
    from gitorch.app.services import Services
    from gitorch.model.ids import RunId

PULSE_SECONDS = 0.2
"""How often the world is looked at while nothing happens; the ledger's tip is looked at more often."""

PULSE_SECONDS_PER_AGENT = 0.008
"""Where there are many agents, the time between two looks: one look at one agent takes some 0.6 ms of the processor."""

BLINK_SECONDS = 0.02
"""How often the tip is looked at: a handoff is acted upon within this and one tick."""

LOOSE_OBJECTS_MAX = 2048
"""Loose objects at which an idle loop has git pack them: those of 256 records, long before a user's `git gc --auto` at 6,700."""

PACK_PAUSE_MS = 60_000
"""Between two packings: the second removes what the first has packed, and one that fails is not tried at every pulse."""

LOCK = "up"


class LoopResult(Value):
    """Why the loop came to its end, and the last look at each run."""

    why: str
    last: Mapping[RunId, TickResult]


def loop(
    services: Services,
    only: RunId | None,
    *,
    stay: bool,
    once: bool = False,
    show: Callable[[TickResult], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> LoopResult:
    """Tick every open run, or one, until they are settled; without `stay`, until only people can go on.

    One loop a repository: raises Busy where another holds the lock. Settled, the terminals' server is ended, too, unless
    it still has sessions. `why` is `settled`, `waiting`, `once` or `stopped`.
    """
    with services.ledger.hold(LOCK):
        last: dict[RunId, TickResult] = {}
        packed_at = Moment(0)
        while True:
            before = services.ledger.tip()
            for run in _chosen(services, only, last):
                last[run] = tick(services, run)
                show(last[run])
            left = {r: t for r, t in last.items() if not t.over}
            if once or stopping():
                return LoopResult("once" if once else "stopped", last)
            if not left:
                with suppress(Unavailable):
                    services.terminals.close()
                return LoopResult("settled", last)
            if not stay and all(t.waiting for t in left.values()):
                return LoopResult("waiting", last)
            if not any(t.acted for t in left.values()):
                packed_at = packed(services, packed_at)
                agents = sum(len(t.seen.sessions or ()) for t in left.values())
                _rest(services, before, stopping, pulse_seconds(agents))


def packed(services: Services, before: Moment) -> Moment:
    """Have git pack loose objects where they are many and the last packing is a while ago; when it was last done."""
    now = services.clock.now()
    if now - before < PACK_PAUSE_MS:
        return before
    with suppress(Unavailable, Busy):  # what is not packed now is packed later
        return now if services.git.pack(LOOSE_OBJECTS_MAX) else before
    return now


def _chosen(services: Services, only: RunId | None, last: Mapping[RunId, TickResult]) -> tuple[RunId, ...]:
    """The run that is meant, or every one that is not settled, and those that were not when they were last looked at."""
    if only is not None:
        return (only,)
    return tuple(dict.fromkeys((*unsettled_runs(services), *(run for run, ticked in last.items() if not ticked.over))))


def pulse_seconds(agents: int) -> float:
    """How long to rest between two looks at so many agents."""
    return max(PULSE_SECONDS, agents * PULSE_SECONDS_PER_AGENT)


def _rest(services: Services, before: object, stopping: Callable[[], bool], pulse_seconds: float) -> None:
    """Wait for a pulse, or less when the ledger moves."""
    waited = 0.0
    while waited < pulse_seconds and services.ledger.tip() == before and not stopping():
        services.clock.sleep(BLINK_SECONDS)
        waited += BLINK_SECONDS


def settle(services: Services, only: RunId, show: Callable[[TickResult], None] = lambda _: None) -> bool:
    """Carry out what a verb has just made possible, unless a loop is running and will; false when it was left to that."""
    try:
        loop(services, only, stay=False, show=show)
    except Busy:
        return False
    return True
