"""The loop of `gitorch up` in a thread of the console: it never waits for the screen, and the screen never waits for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, unsettled_runs
from gitorch.app.reconciler.loop import loop
from gitorch.model.values import Value
from gitorch.rules.views.presence import agent_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.reconciler.loop import LoopResult
    from gitorch.app.reconciler.tick import TickResult
    from gitorch.app.services import Services
    from gitorch.model.ids import RunId, SessionId
    from gitorch.model.work.run import Run

LOOK_SECONDS = 0.5
"""How often the ledger's tip is read for a new run while every run is settled."""


class Shown(Value):
    """One run as the newest tick left it."""

    run: Run
    agents: Mapping[SessionId, str]
    """The words for living sessions."""

    screens: Mapping[SessionId, str]
    """What the terminals of living sessions showed when they last moved."""

    silent: tuple[str, ...]
    """The parts of the world that did not answer, and why."""


class LoopThread:
    """Ticks in a thread of its own, and keeps the newest state of every run for whoever asks.

    `changed` is called from that thread, at most once until `take` was called: a screen that nobody looks at for an hour
    costs no memory. `ended` is called once, when the loop has ended for good.
    """

    def __init__(self, services: Services, only: RunId | None, *, stay: bool) -> None:
        self._services = services
        self._only = only
        self._stay = stay
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._parked = threading.Event()
        self._fresh: dict[RunId, Shown] = {}
        self._last: dict[RunId, Shown] = {}
        self._sentence = ""
        self._announced = False
        self._thread = threading.Thread(target=self._work, name="gitorch-loop", daemon=True)
        self.changed: Callable[[], object] = lambda: None
        self.ended: Callable[[], object] = lambda: None
        self.result: LoopResult | None = None
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop after the tick under way. Returns at once."""
        self._stop.set()
        self._may_go_on.set()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end of the loop, at most this long; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def park(self, seconds: float) -> bool:
        """Hold the loop between two ticks, where it holds no lock of the ledger; false if a tick takes longer than that."""
        self._may_go_on.clear()
        if not self._thread.is_alive():
            return True

        return self._parked.wait(seconds)

    def go_on(self) -> None:
        """Let a parked loop go on."""
        self._may_go_on.set()

    def take(self) -> tuple[Mapping[RunId, Shown], str]:
        """The runs that have changed since the last call, and a sentence about a call that takes long, or empty."""
        with self._lock:
            fresh, sentence = self._fresh, self._sentence
            self._fresh, self._announced = {}, False

        return fresh, sentence

    def _work(self) -> None:
        """Tick until it is stopped or cannot go on. A loop that is settled waits for the next run."""
        try:
            while self._drive() and self._await_runs():
                pass
        except BaseException as error:  # noqa: BLE001  the thread that shows the console raises it again
            self.error = error
        finally:
            self._parked.set()
            self.ended()

    def _drive(self) -> bool:
        """One loop; whether another may follow when there is a new run."""
        self.result = loop(
            self._services,
            self._only,
            stay=self._stay,
            drives=True,
            show=self._show,
            stopping=self._is_stopping,
            say=self.say,
        )
        return self.result.why == "settled" and self._stay

    def _await_runs(self) -> bool:
        """Wait until a run is open; false once the loop is stopped.

        Meanwhile records still come, such as that of a cleanup, and change what is shown of runs that are over.
        """
        seen: object = None
        while not self._is_stopping():
            tip = self._services.ledger.tip()
            if tip != seen:
                self._look_again()
                if self._has_work():
                    return True

            seen = tip
            self._stop.wait(LOOK_SECONDS)

        return False

    def _look_again(self) -> None:
        """Show every run that was shown as the ledger has it now. None has an agent any more."""
        for run in load_runs(self._services, tuple(self._last)):
            self._keep(Shown(run, {}, {}, ()))

    def _has_work(self) -> bool:
        """Whether a run that this loop may drive is open."""
        runs = unsettled_runs(self._services)
        if self._only is None:
            return bool(runs)

        return self._only in runs

    def _is_stopping(self) -> bool:
        """Whether the loop is to end. The loop asks between two ticks, so this is where it is parked."""
        if not self._may_go_on.is_set():
            self._parked.set()
            self._may_go_on.wait()
            self._parked.clear()

        return self._stop.is_set()

    def _show(self, tick: TickResult) -> None:
        """Keep the newest state of a run, and announce it if it is another one."""
        screens: dict[SessionId, str] = {}
        for session, seen in (tick.observed.sessions or {}).items():
            screens[session] = seen.screen

        self._keep(Shown(tick.run, agent_words(tick.run, tick.observed.sessions), screens, tick.silent))

    def _keep(self, shown: Shown) -> None:
        """Keep how a run stands, and announce it if that is another state."""
        run = shown.run.id
        with self._lock:
            is_news = self._last.get(run) != shown or bool(self._sentence)
            self._last[run] = shown
            self._fresh[run] = shown
            self._sentence = ""

        if is_news:
            self._announce()

    def say(self, sentence: str) -> None:
        """Keep a sentence about a call that takes long, until the next tick."""
        with self._lock:
            self._sentence = sentence

        self._announce()

    def _announce(self) -> None:
        """Call `changed`, unless the last call was not followed by `take` yet."""
        with self._lock:
            announced, self._announced = self._announced, True

        if not announced:
            self.changed()
