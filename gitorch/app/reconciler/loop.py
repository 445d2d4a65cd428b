"""The loop of `gitorch up`: it ticks until nothing is left to do, only people can go on, or it is stopped."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import unsettled_runs
from gitorch.app.reconciler.announcing import announce
from gitorch.app.reconciler.packing import pack_if_due
from gitorch.app.reconciler.tick import tick
from gitorch.app.reconciler.trouble import trouble
from gitorch.app.reconciler.turn import is_driven, turn
from gitorch.app.sessions.places import settle_place
from gitorch.errors import Away, Busy, Corrupt
from gitorch.model.ids import Moment
from gitorch.model.values import Value, replace
from gitorch.model.work.session import SessionKey
from gitorch.rules.reconciling.faults import TRIES_MAX, wait_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.reconciler.tick import TickResult
    from gitorch.app.services import Services
    from gitorch.errors import GitorchError
    from gitorch.model.ids import RunId

PULSE_SECONDS = 0.2
"""The time between two ticks while nothing happens; the ledger's tip is read more often."""

PULSE_SECONDS_PER_AGENT = 0.008
"""The same for each of many agents: observing one takes some 0.6 ms of the processor."""

WAITING_PULSE_SECONDS, LOOK_SECONDS = 10.0, 2.0
"""The same, at most, while only people can go on: it grows to the time in which nothing happened. And the time between
two looks whether an agent wrote something, as it does when a person answers in its terminal. What is answered elsewhere is a
record. Both end the rest."""

SHARED_PULSE_SECONDS = 1.0
"""The same where each tick asks a remote: some forges take about a push a second for one branch."""

BLINK_SECONDS, WAITING_BLINK_SECONDS = 0.02, 0.1
"""The time between two looks at the tip, and the same while only people can go on: a handoff, or an answer, is acted upon
within this and one tick."""

AWAY_PAUSE_MS = 5_000
"""The longest time between two tries to reach the remote that hosts share."""

TRIES_AWAY = 12
"""How often a loop that does not stay tries to reach that remote while no agent works here: that is a minute."""

TRIES_STAYING = 10
"""How often a loop that stays tries to tick a run before it gives it up: that is a quarter of an hour."""


class LoopResult(Value):
    """Why the loop ended."""

    why: str
    """`settled`, `waiting` (for people), `broken` (by an error that no answer helps against), `once` or `stopped`."""
    last: Mapping[RunId, TickResult]
    """The last tick of each run."""
    errors: tuple[GitorchError, ...] = ()
    """Why the ledger could not be read or written, or where it is damaged; once for each run that this ended."""


class _Outage(Value):
    """Why a run cannot be ticked at all: its records cannot be read, or a fault of it cannot be recorded."""

    error: GitorchError
    times: int
    failed_at: Moment


def loop(
    services: Services,
    only: RunId | None,
    *,
    stay: bool,
    once: bool = False,
    drives: bool = False,
    show: Callable[[TickResult], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda _: None,
    places: Callable[[], int] | None = None,
) -> LoopResult:
    """Tick every unsettled run, or only one, until they are settled; without `stay`, until only people can go on.

    With `once` each run is ticked a single time. `show` is called after every tick; `stopping` is asked after every round
    of ticks and while the loop rests. Once all is settled the terminals' server is ended too, unless it still has sessions.
    An error in one run never keeps another from being ticked. A run whose ledger cannot be read or written is given up
    after some tries, and `errors` has the reason. `say` gets a sentence for each thing that is put right in a repository that
    was moved or copied, before anything else is done.

    `places` gives how many more agents this host may start, asked before every tick; None for no limit of its own.

    `drives` is for `gitorch up`: while it runs, verbs leave everything to it.

    Raises Busy where another loop runs in this repository.
    """
    with turn(services, drives=drives):
        for sentence in settle_place(services):
            say(sentence)
        ticking = _Loop(services, only, show, TRIES_STAYING if stay else TRIES_MAX, places, stays=stay, say=say)
        packed_at = Moment(0)
        while True:
            before, wrote = ticking.tip(), ticking.written()
            ticking.tick_all()
            why = _reason_to_end(ticking, stay=stay, once=once, stopping=stopping)
            if why:
                break

            if any(result.acted for result in ticking.left()):
                ticking.stirred_at = services.clock.now()
            else:
                packed_at = pack_if_due(services, packed_at)
                _rest(ticking, before, wrote, stopping, _pulse(services, ticking))

        if why == "settled":
            with suppress(Exception):
                services.terminals.close()
        return LoopResult(why, ticking.last, ticking.errors())


class _Loop:
    """The runs that are ticked: their last results, and those that cannot be ticked."""

    def __init__(
        self,
        services: Services,
        only: RunId | None,
        show: Callable[[TickResult], None],
        tries_max: int,
        places: Callable[[], int] | None = None,
        *,
        stays: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.services = services
        self.only = only
        self.stays = stays
        self.say = say
        self.show = show
        self.tries_max = tries_max
        self.places = places
        self.began = services.clock.now()
        self.stirred_at = self.began
        """When something last happened, or more than people could go on."""
        self.last: dict[RunId, TickResult] = {}
        self.outages: dict[RunId | None, _Outage] = {}
        self.damage: dict[RunId, Corrupt] = {}

    def tip(self) -> object:
        """The ledger's tip; None where it cannot be read, which the next tick tells."""
        try:
            return self.services.ledger.tip()
        except Exception:  # noqa: BLE001  whatever is raised, the next tick meets it too
            return None

    def tick_all(self) -> None:
        """One tick of every run that is due."""
        if not self.is_due(None):
            return

        try:
            self.services.ledger.refresh()
            announce(self.services)
            runs = _runs_to_tick(self.services, self.only, self.last)
        except Exception as error:  # noqa: BLE001  without the board no run is known
            self.fail(None, trouble(error))
            return

        self.outages.pop(None, None)
        for run in runs:
            if self.is_due(run):
                self.tick(run)

    def is_due(self, run: RunId | None) -> bool:
        """Whether a run may be ticked: at once, or a growing while after it could not be."""
        outage = self.outages.get(run)
        if outage is None:
            return True

        pause_ms = wait_ms(outage.times)
        if isinstance(outage.error, Away):
            pause_ms = min(pause_ms, AWAY_PAUSE_MS)
        return self.services.clock.now() - outage.failed_at >= pause_ms

    def tick(self, run: RunId) -> None:
        """Tick one run and show it; whatever is raised is kept."""
        try:
            result = tick(self.services, run, self.began, self.places() if self.places else None)
        except Exception as error:  # noqa: BLE001  whatever is raised, other runs go on
            self.fail(run, trouble(error))
            return

        if result.failure is None:
            self.outages.pop(run, None)
        else:
            self.fail(run, result.failure)
        if result.corrupt is not None:
            self.damage[run] = result.corrupt
        self.last[run] = result
        self.show(result)

    def fail(self, run: RunId | None, error: GitorchError) -> None:
        """Keep why a run, or without one the ledger, could not be asked; and show it beside what was known of it.

        Where nothing was known yet, the first such error is said.
        """
        before = self.outages.get(run)
        times = 1
        if before is not None:
            times += before.times
        elif not self.last:
            self.say(f"{error.message}; gitorch tries again")
        self.outages[run] = _Outage(error, times, self.services.clock.now())
        for id_, result in self.last.items():
            if run in {None, id_}:
                self.show(replace(result, silent=(error.message,)))

    def left(self) -> list[TickResult]:
        """The last ticks of runs that are not over."""
        return [result for result in self.last.values() if not result.over]

    def waits_for_people(self) -> bool:
        """Whether only people can go on in every run."""
        results = self.left()
        return bool(results) and not self.outages and all(result.waiting for result in results)

    def written(self) -> object:
        """What the agents have written so far, to compare with a later moment, while only people can go on."""
        if not self.waits_for_people():
            return None

        keys = [
            SessionKey(result.run.id, session) for result in self.left() for session in result.observed.sessions or ()
        ]
        return self.services.terminals.written(keys)

    def is_lost(self, outage: _Outage) -> bool:
        """Whether a run was tried often enough; damage does not pass by itself.

        A remote that is away comes back: whoever stays waits for it, and so does everybody while agents work here.
        """
        if isinstance(outage.error, Away):
            is_needed = self.stays or _count_agents(self.left()) > 0
            return not is_needed and outage.times >= TRIES_AWAY
        return outage.times >= self.tries_max or isinstance(outage.error, Corrupt)

    def can_go_on(self) -> bool:
        """Whether some run can still be ticked with any hope: it is not lost, and waits for nobody."""
        if not all(map(self.is_lost, self.outages.values())):
            return True

        if None in self.outages:
            return False

        return any(not result.waiting for result in self.left() if result.run.id not in self.outages)

    def errors(self) -> tuple[GitorchError, ...]:
        """What must be told besides questions: why runs could not be ticked, and damage that a step met and that is still there."""
        errors = [outage.error for outage in self.outages.values()]
        for run, damage in self.damage.items():
            if any(fault.code == damage.code for fault in self.last[run].run.faults.values()):
                errors.append(damage)
        return tuple(errors)


def _count_agents(results: list[TickResult]) -> int:
    """How many sessions the last ticks observed; a tick whose terminals did not answer counts none."""
    agents = 0
    for result in results:
        agents += len(result.observed.sessions or ())
    return agents


def _reason_to_end(
    ticking: _Loop,
    *,
    stay: bool,
    once: bool,
    stopping: Callable[[], bool],
) -> str:
    """Why the loop ends after these ticks; empty where it goes on.

    Being stopped wins over what is left: whoever stops the loop asks for no other reason.
    """
    if once:
        return "once"

    if stopping():
        return "stopped"

    if not ticking.left() and not ticking.outages:
        return "settled"

    if ticking.can_go_on():
        return ""

    if ticking.outages:
        return "broken"

    if stay:  # it waits for people as well
        return ""

    return "waiting"


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


def _pulse(services: Services, ticking: _Loop) -> float:
    """How long to rest before the next tick, which asks the remote where hosts share the ledger."""
    seconds = pulse_seconds(_count_agents(ticking.left()))
    if services.ledger.is_shared:
        return max(seconds, SHARED_PULSE_SECONDS)

    if ticking.waits_for_people():
        quiet_ms = services.clock.now() - ticking.stirred_at
        return min(max(seconds, quiet_ms / 1000), WAITING_PULSE_SECONDS)

    ticking.stirred_at = services.clock.now()
    return seconds


def pulse_seconds(agents: int) -> float:
    """How long to rest between two ticks with this number of agents.

    At least `PULSE_SECONDS`; with many agents so long that observing them takes less than a tenth of the processor.
    """
    return max(PULSE_SECONDS, agents * PULSE_SECONDS_PER_AGENT)


def _rest(ticking: _Loop, before: object, wrote: object, stopping: Callable[[], bool], seconds: float) -> None:
    """Wait, but no longer than until the ledger's tip or what agents wrote is another than before, or the loop should stop."""
    blink = BLINK_SECONDS
    if ticking.waits_for_people():
        blink = WAITING_BLINK_SECONDS

    waited = looked = 0.0
    while waited < seconds:
        if ticking.tip() != before or stopping():
            ticking.stirred_at = ticking.services.clock.now()
            return

        ticking.services.clock.sleep(blink)
        waited += blink
        if waited - looked >= LOOK_SECONDS:
            looked = waited
            if ticking.written() != wrote:
                ticking.stirred_at = ticking.services.clock.now()
                return


def settle(
    services: Services,
    only: RunId,
    show: Callable[[TickResult], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Do what a verb has just made possible, until nothing is left, only people can go on, or `stopping` says so.

    False where `gitorch up` runs, which will do it: then nothing was done here. Raises the error that keeps the run from
    being ticked, Corrupt where the ledger does not hold, Busy where something else than `gitorch up` ticks for long.
    """
    try:
        result = loop(services, only, stay=False, show=show, stopping=stopping)
    except Busy:
        if not is_driven(services):
            raise

        return False

    for error in result.errors:
        raise error

    return True
