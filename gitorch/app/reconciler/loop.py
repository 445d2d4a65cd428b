"""The loop of `gitorch up`: it ticks until nothing is left to do, only people can go on, or it is stopped."""

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
"""The time between two ticks while nothing happens; the ledger's tip is read more often."""

PULSE_SECONDS_PER_AGENT = 0.008
"""The same for each of many agents: observing one takes some 0.6 ms of the processor."""

BLINK_SECONDS = 0.02
"""The time between two looks at the tip: a handoff is acted upon within this and one tick."""

LOOSE_OBJECTS_MAX = 2048
"""Loose objects at which an idle loop has git pack them: those of 256 records, long before a user's `git gc --auto` at 6,700."""

PACK_PAUSE_MS = 60_000
"""The time between two packings: the second removes what the first has packed, and a failed one is not tried at every pulse."""

LOCK = "up"


class LoopResult(Value):
    """Why the loop ended."""

    why: str
    """`settled`, `waiting` (for people), `once` or `stopped`."""
    last: Mapping[RunId, TickResult]
    """The last tick of each run."""


def loop(
    services: Services,
    only: RunId | None,
    *,
    stay: bool,
    once: bool = False,
    show: Callable[[TickResult], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> LoopResult:
    """Tick every unsettled run, or only one, until they are settled; without `stay`, until only people can go on.

    With `once` each run is ticked a single time. `show` is called after every tick; `stopping` is asked after every round
    of ticks and while the loop rests. Once all is settled the terminals' server is ended too, unless it still has sessions.

    Raises Busy where another loop runs in this repository, Corrupt where the ledger does not hold.
    """
    with services.ledger.hold(LOCK):
        last: dict[RunId, TickResult] = {}
        packed_at = Moment(0)
        while True:
            before = services.ledger.tip()
            for run in _runs_to_tick(services, only, last):
                last[run] = tick(services, run)
                show(last[run])

            left = [result for result in last.values() if not result.over]
            why = _reason_to_end(left, stay=stay, once=once, stopping=stopping)
            if why:
                break
            if not any(result.acted for result in left):
                packed_at = pack_if_due(services, packed_at)
                _rest(services, before, stopping, pulse_seconds(_count_agents(left)))

        if why == "settled":
            with suppress(Unavailable):
                services.terminals.close()
        return LoopResult(why, last)


def _count_agents(results: list[TickResult]) -> int:
    """How many sessions the last ticks observed; a tick whose terminals did not answer counts none."""
    agents = 0
    for result in results:
        agents += len(result.observed.sessions or ())
    return agents


def _reason_to_end(
    left: list[TickResult],
    *,
    stay: bool,
    once: bool,
    stopping: Callable[[], bool],
) -> str:
    """Why the loop ends after these ticks of runs that are not over; empty where it goes on.

    Being stopped wins over what is left: whoever stops the loop asks for no other reason.
    """
    if once:
        return "once"
    if stopping():
        return "stopped"
    if not left:
        return "settled"

    if stay:  # it waits for people as well
        return ""
    if all(result.waiting for result in left):
        return "waiting"
    return ""


def pack_if_due(services: Services, packed_at: Moment) -> Moment:
    """Have git pack loose objects where they are many and the last packing was a while ago.

    Gives the time of the last packing, or of the last try that failed, to be passed with the next call.
    A git that does not answer or is at it already is no error: packing only makes later reads faster.
    """
    now = services.clock.now()
    if now - packed_at < PACK_PAUSE_MS:
        return packed_at
    try:
        packed = services.git.pack(LOOSE_OBJECTS_MAX)
    except (Unavailable, Busy):  # tried again after the pause
        return now
    if packed:
        return now
    return packed_at


def _runs_to_tick(services: Services, only: RunId | None, last: Mapping[RunId, TickResult]) -> tuple[RunId, ...]:
    """The run `only`, otherwise every unsettled run and those that were not over at their last tick."""
    if only is not None:
        return (only,)

    runs = list(unsettled_runs(services))
    for run, result in last.items():
        if result.over or run in runs:
            continue
        runs.append(run)
    return tuple(runs)


def pulse_seconds(agents: int) -> float:
    """How long to rest between two ticks with so many agents.

    At least `PULSE_SECONDS`; with many agents so long that observing them takes less than a tenth of the processor.
    """
    return max(PULSE_SECONDS, agents * PULSE_SECONDS_PER_AGENT)


def _rest(services: Services, before: object, stopping: Callable[[], bool], seconds: float) -> None:
    """Wait, but no longer than until the ledger's tip is another than `before` or the loop should stop."""
    waited = 0.0
    while waited < seconds:
        if services.ledger.tip() != before or stopping():
            return
        services.clock.sleep(BLINK_SECONDS)
        waited += BLINK_SECONDS


def settle(services: Services, only: RunId, show: Callable[[TickResult], None] = lambda _: None) -> bool:
    """Do what a verb has just made possible, until nothing is left or only people can go on.

    False where a running loop will do it: then nothing was done here. Raises Corrupt where the ledger does not hold.
    """
    try:
        loop(services, only, stay=False, show=show)
    except Busy:
        return False
    return True
