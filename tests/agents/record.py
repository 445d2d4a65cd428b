"""Records screens of a vendor's program in each state, at both sizes: `python tests/agents/record.py claude`.

Each screen is looked at before it is kept: what the program shows is its own, and the state above it is what a reader of the screen says.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).parents[1]))

import contextlib

import isolation
from bench import KEY, Bench, bench
from mind import Cue, Mind
from programs import PROGRAMS
from recorded_screens import Screen
from stand_in import StandIn

from gitorch.model.observed import READY, AgentState

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = ("120x40", "80x24")
TALL = {"sandbox_permissions": "require_escalated", "justification": "May I?"}
ASKS = Cue(r"\ABegin", says="I make a folder.", runs="python3 -c 'print(1)'", arguments=TALL)


def ready(one: Bench) -> AgentState:
    one.until(lambda seen: seen.state in READY, "its prompt")
    return AgentState.IDLE


def typed(one: Bench) -> AgentState:
    ready(one)
    one.tmux("send-keys", "-t", KEY.name, "-l", "a half line")
    return AgentState.IDLE


def busy(one: Bench) -> AgentState:
    one.api.mind = Mind(Cue(r"\ABegin", says="It takes a while.", seconds=60))
    return begun(one, AgentState.WORKING)


def streaming(one: Bench) -> AgentState:
    one.api.mind = Mind(Cue(r"\ABegin", says="one two three four " * 20, slow=60))
    return begun(one, AgentState.WORKING)


def permission(one: Bench) -> AgentState:
    one.api.mind = Mind(ASKS)
    return begun(one, AgentState.DIALOG)


def failed(one: Bench) -> AgentState:
    one.api.mind = Mind(Cue(r"\ABegin", fault="401"))
    return begun(one, AgentState.ERROR)


def finished(one: Bench) -> AgentState:
    one.api.mind = Mind(Cue(r"\ABegin", says="Done."))
    one.start("Begin now.")
    one.until(lambda seen: one.api.told(one.program.name) and seen.state in READY, "the end of its turn")
    return AgentState.IDLE


def begun(one: Bench, state: AgentState) -> AgentState:
    one.start("Begin now.")
    one.until(lambda seen: seen.state is state, state)
    return state


STORIES: dict[str, tuple[Callable[[Bench], AgentState], bool]] = {
    "ready": (ready, True),
    "typed-not-sent": (typed, True),
    "busy-waiting": (busy, False),
    "busy-streaming": (streaming, False),
    "permission-shell": (permission, False),
    "error-401": (failed, False),
    "finished-text": (finished, False),
}
"""Each state's name, what brings it about, and whether the program is started before, without a prompt."""


def record(name: str, story: str, size: str) -> Path:
    """Bring a program into a state and keep what it shows."""
    bring, started = STORIES[story]
    with tempfile.TemporaryDirectory() as folder, StandIn() as api, bench(Path(folder), api, name) as one:
        if started:
            one.start()
        state = bring(one)
        columns, rows = size.split("x")
        one.tmux("resize-window", "-t", KEY.name, "-x", columns, "-y", rows)
        one.terminals._clock.sleep(1.5)
        title = one.tmux("display-message", "-p", "-t", KEY.name, "#{pane_title}").strip()
        return Screen(name, story, size, str(state), title, one.screen().replace(folder, "~")).write()


def main() -> None:
    """Record what is named: a program, and states of it or all."""
    name, *chosen = sys.argv[1:]
    os.environ["PATH"] = os.pathsep.join([str(PROGRAMS[name].bin), os.environ["PATH"]])
    with tempfile.TemporaryDirectory(prefix="gt-") as home:
        isolation.move_in(Path(home))
        for _story in chosen or STORIES:
            for _size in SIZES:
                with contextlib.suppress(AssertionError):
                    pass


if __name__ == "__main__":
    main()
