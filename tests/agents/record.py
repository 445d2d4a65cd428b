"""Records screens of a vendor's program in each state, at both sizes: `python tests/agents/record.py claude [STATE…]`.

A screen is kept when the program, brought into a state by what happens to it, is in that state by its hooks and its screen; what could
not be brought about is said. Read the difference before you keep it: what a screen shows is the program's own.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).parents[1]))

import isolation
from bench import START_SECONDS, Bench, bench
from mind import Cue, Mind
from programs import PROGRAMS
from recorded_screens import Screen
from stage import ASKING
from stand_in import StandIn
from waiting import until
from watching import ASKS, ASKS_OF_CLAUDE, asks_first, attached, is_whole, open_dialog
from watching import SIZES as ATTACHED_SIZES

from gitorch.model.observed import READY, AgentState

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = ("120x40", "80x24")
ATTACHED = "dialog-attached"
"""A dialog as a person sees it who attaches."""

SIZES_OF = {ATTACHED: ATTACHED_SIZES}
SETTLE_SECONDS = 1.5


def ready(one: Bench) -> AgentState:
    one.start()
    one.until(lambda seen: seen.state in READY, "its prompt")
    return AgentState.IDLE


def typed(one: Bench) -> AgentState:
    ready(one)
    one.terminals._clock.sleep(SETTLE_SECONDS)
    one.tmux("send-keys", "-t", one.key.name, "-l", "a half line")
    return AgentState.IDLE


def trust(one: Bench) -> AgentState:
    one.preset = ASKING[one.program.name][0](one.preset)
    one.start()
    one.until(lambda seen: seen.state is AgentState.DIALOG, "its first dialog")
    return AgentState.DIALOG


def finished(one: Bench) -> AgentState:
    one.api.mind = Mind(Cue("", says="Done."))
    begin(one)
    one.until(lambda seen: one.api.told(one.program.name) and seen.state in READY, "the end of its turn")
    return AgentState.IDLE


def told(state: AgentState, *cues: Cue) -> Callable[[Bench], AgentState]:
    """What brings a state about by what the model answers."""

    def bring(one: Bench) -> AgentState:
        one.api.mind = Mind(*cues)
        begin(one)
        one.until(lambda seen: one.api.heard(one.program.name) and seen.state is state, state)
        return state

    return bring


def begin(one: Bench) -> None:
    """Say `Begin now.`, in whichever way the program takes its first prompt."""
    if one.preset.first_prompt != "paste":
        one.start("Begin now.")
        return
    ready(one)
    one.terminals._clock.sleep(SETTLE_SECONDS)
    one.tmux("send-keys", "-t", one.key.name, "Begin now.", "Enter")


STORIES: dict[str, Callable[[Bench], AgentState]] = {
    "ready": ready,
    "typed-not-sent": typed,
    "dialog-trust-worktree": trust,
    "busy-waiting": told(AgentState.WORKING, Cue(r"\ABegin", says="It takes a while.", seconds=60)),
    "busy-streaming": told(AgentState.WORKING, Cue(r"\ABegin", says="one two three four " * 20, slow=60)),
    "permission-shell": told(AgentState.DIALOG, ASKS_OF_CLAUDE, ASKS),
    "error-401": told(AgentState.ERROR, Cue(r"\ABegin", fault="401")),
    "error-500": told(AgentState.ERROR, Cue(r"\ABegin", fault="500")),
    "error-cut": told(AgentState.ERROR, Cue(r"\ABegin", says="one two three four five", fault="cut")),
    "finished-text": finished,
    "limited-models": told(AgentState.LIMITED, Cue(r"\ABegin", resets_seconds=10_800)),
}
"""Each state's name, and what brings it about."""


def record(name: str, story: str, size: str) -> Path:
    """Bring a program of this size into a state and keep what it shows. Raises AssertionError when it does not come to it."""
    with tempfile.TemporaryDirectory() as folder, StandIn() as api, bench(Path(folder), api, name) as one:
        one.size = size
        state = STORIES[story](one)
        one.terminals._clock.sleep(SETTLE_SECONDS)
        seen = one.seen().state
        assert seen is state or {seen, state} <= READY, f"it is {seen} by now, not {state}"
        title = one.tmux("display-message", "-p", "-t", one.key.name, "#{pane_title}").strip()
        title = "" if title == socket.gethostname() else title  # tmux's own, where a program sets none
        return Screen(name, story, size, str(state), title, one.screen().replace(folder, "~")).write()


def record_attached(name: str, size: str) -> Path:
    """Attach from a terminal of this size while the program shows a dialog, and keep what that terminal shows."""
    with tempfile.TemporaryDirectory() as folder, StandIn() as api, bench(Path(folder), api, name) as one:
        open_dialog(one)
        offered = one.until(lambda seen: seen.offered is not None, "choices that it offers").offered
        assert offered is not None
        with attached(one, size) as screen:
            until(lambda: is_whole(screen(), name, offered), START_SECONDS, 0.2, what=f"{offered} at {size}")
            story = ATTACHED if asks_first(name) else "permission-attached"
            return Screen(name, story, size, str(AgentState.DIALOG), "", screen().replace(folder, "~")).write()


def main() -> int:
    """Record what is named: a program, and states of it or all. Fails when a state did not come about."""
    name, *chosen = sys.argv[1:]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="gt-") as home:
        isolation.move_in(Path(home))
        os.environ["PATH"] = os.pathsep.join([str(PROGRAMS[name].bin), os.environ["PATH"]])
        stories = chosen or [*STORIES, ATTACHED]
        for story, size in ((one, size) for one in stories for size in SIZES_OF.get(one, SIZES)):
            try:
                said = str(record_attached(name, size) if story == ATTACHED else record(name, story, size))
            except (AssertionError, KeyError) as missed:
                failed += 1
                said = f"{name} did not come to {story} at {size}: {missed}"
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
