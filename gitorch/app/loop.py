"""The loop: ticks until nothing is left, or nothing but people's decisions, or somebody says stop."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitorch.app.people import open_runs
from gitorch.app.tick import tick
from gitorch.errors import Busy, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.tick import Ticked
    from gitorch.app.tools import Tools
    from gitorch.model.ids import RunId

PULSE_SECONDS = 0.2
"""How often the world is looked at while nothing happens; the ledger's tip is looked at more often."""

BLINK_SECONDS = 0.02
"""How often the tip is looked at: a handoff is acted upon within this and one tick."""

LOCK = "up"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why the loop came to its end, and the last look at each run."""

    why: str
    last: Mapping[RunId, Ticked]


def loop(
    tools: Tools,
    only: RunId | None,
    *,
    stay: bool,
    once: bool = False,
    show: Callable[[Ticked], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Stopped:
    """Tick every open run, or one, until they are settled; without `stay`, until only people can go on.

    One loop a repository: raises Busy where another holds the lock. Settled, the terminals' server is ended, too, unless
    it still has sessions. `why` is `settled`, `waiting`, `once` or `stopped`.
    """
    with tools.ledger.hold(LOCK):
        last: dict[RunId, Ticked] = {}
        while True:
            before = tools.ledger.tip()
            for run in _chosen(tools, only):
                last[run] = tick(tools, run)
                show(last[run])
            left = {r: t for r, t in last.items() if not t.over}
            if once or stopping():
                return Stopped("once" if once else "stopped", last)
            if not left:
                with suppress(Unavailable):
                    tools.terminals.close()
                return Stopped("settled", last)
            if not stay and all(t.waiting for t in left.values()):
                return Stopped("waiting", last)
            if not any(t.acted for t in left.values()):
                _rest(tools, before, stopping)


def _chosen(tools: Tools, only: RunId | None) -> tuple[RunId, ...]:
    return (only,) if only is not None else open_runs(tools)


def _rest(tools: Tools, before: object, stopping: Callable[[], bool]) -> None:
    """Wait for a pulse, or less when the ledger moves."""
    waited = 0.0
    while waited < PULSE_SECONDS and tools.ledger.tip() == before and not stopping():
        tools.clock.sleep(BLINK_SECONDS)
        waited += BLINK_SECONDS


def settle(tools: Tools, only: RunId, show: Callable[[Ticked], None] = lambda _: None) -> bool:
    """Carry out what a verb has just made possible, unless a loop is running and will; false when it was left to that."""
    try:
        loop(tools, only, stay=False, show=show)
    except Busy:
        return False
    return True
