"""One session of the console: the loop, the application on it, and the terminal as it was before."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING

from gitorch.cli.boundary import HUNG_UP
from gitorch.cli.console.app import Console
from gitorch.cli.console.flows import FLOWS
from gitorch.cli.console.loop_thread import LoopThread
from gitorch.cli.console.terminal_use import Terminal, let_go
from gitorch.model.values import Value
from gitorch.world.terminal_guard import TerminalGuard

if TYPE_CHECKING:
    from gitorch.app.reconciler.loop import LoopResult
    from gitorch.cli.call import Call
    from gitorch.cli.stopping import Stopping
    from gitorch.model.ids import RunId

END_SECONDS = 30.0
"""How long the step under way may take after the console has gone, before this process ends in the middle of it."""

GRACE_SECONDS = 2.0
"""How long the console may take to end after the loop has ended and the terminal is gone."""

SIZE_VARIABLES = ("COLUMNS", "LINES")
"""What Textual believes before the terminal; readline and some shells export them once, and a resize changes neither."""


class Ended(Value):
    """How a session of the console ended."""

    how: str
    """`left` or `interrupted` by its user, or `ended` with the loop."""

    result: LoopResult | None
    """How the loop ended; None if it was left in the middle of a step."""


def run_console(call: Call, only: RunId | None, stopping: Stopping, *, stay: bool) -> Ended:
    """Show the console until its user leaves or the loop ends. Raises what the loop raises.

    A signal ends it as leaving does. The step under way is finished, unless that takes long.
    """
    for name in SIZE_VARIABLES:
        os.environ.pop(name, None)

    ticks = LoopThread(call.services, only, stay=stay)
    call.services.watch_slow_calls(ticks.say)
    with TerminalGuard().watching() as guard:
        console = Console(call, ticks, Terminal(call, guard), FLOWS)
        stopping.then = partial(_leave, console, ticks)
        how = console.run()

    ticks.stop()
    has_ended = ticks.join(END_SECONDS)
    for error in (console.bug, ticks.error):
        if error is not None:
            raise error

    if not has_ended:
        return Ended(how or "left", None)

    return Ended(how or "left", ticks.result)


def _leave(console: Console, ticks: LoopThread, by: signal.Signals) -> None:
    """End the console because of a signal. After a hang-up nothing can be written any more, so that the end is forced."""
    console.leave_on_signal()
    if by is signal.SIGHUP:
        let_go()
        threading.Thread(target=_end_for_sure, args=(ticks,), daemon=True).start()


def _end_for_sure(ticks: LoopThread) -> None:
    """End this process once the step under way is done, even if what draws the screen waits for a terminal that is gone."""
    ticks.join(END_SECONDS)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(HUNG_UP)
