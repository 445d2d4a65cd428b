"""What an agent is doing, judged from what it shows: its hooks first, then its pane title, then its screen.

Signs tell a state by structure; the first that matches, in the order of `ORDER`, decides. A failed agent looks ready, its
error standing above an ordinary prompt, so errors are read before readiness.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from gitorch.model.observed import READY, AgentState
from gitorch.model.values import dataclass

if TYPE_CHECKING:
    from gitorch.model.ids import Moment
    from gitorch.model.runtime import Preset, Sign

TAIL_LINES = 16
"""How many lines that are not blank, from below, count as the tail: old output above matters less."""

ORDER = {
    "dialog": AgentState.DIALOG,
    "limited": AgentState.LIMITED,
    "busy": AgentState.WORKING,
    "error": AgentState.ERROR,
    "ready": AgentState.IDLE,
}
"""Names of signs in the order in which they are read, with the state that each tells."""

HOOKS = {
    "session-start": AgentState.IDLE,
    "prompt": AgentState.WORKING,
    "stop": AgentState.WAITING,
    "permission": AgentState.DIALOG,
    "error": AgentState.ERROR,
}
"""Hook events and the state that each tells; `session-end` tells none, because the process decides."""

QUIET_MS = 5_000
"""A busy program repaints its spinner far more often than this; an interrupted one repaints nothing and fires no hook."""

NEWER_MS = 2_000
"""By how much output must be younger than a hook to count against it: tmux counts activity in whole seconds."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One hook event, as the program reported it. `text` is the submitted prompt, or what the error said.

    `conversation` is the program's own id of what is being said, by which it can be taken up again.
    """

    at: Moment
    event: str
    text: str = ""
    conversation: str = ""


def tail(screen: str, lines: int = TAIL_LINES) -> str:
    """The last lines that are not blank, without white space at their ends."""
    return "\n".join([line.rstrip() for line in screen.splitlines() if line.strip()][-lines:])


def still(screen: str, preset: Preset) -> str:
    """What a screen says apart from what moves by itself: the lines that show work, counters, spinners and bars (T19)."""
    signs = [sign for sign in preset.signs.get("busy", ()) if sign.place != "title"]
    spans = [found.span() for sign in signs for found in re.finditer(sign.pattern, screen, re.MULTILINE)]
    moving = {
        line
        for start, end in spans
        if end > start
        for line in range(screen.count("\n", 0, start), screen.count("\n", 0, end) + 1)
    }
    kept = (line for number, line in enumerate(screen.split("\n")) if number not in moving)
    return re.sub(r"[\W\d_]+", "", "".join(kept))


def classify(screen: str, title: str, preset: Preset) -> tuple[AgentState, str]:
    """The state that the preset's signs tell, and which sign told it (`screen: busy`); UNKNOWN with an empty sign otherwise."""
    places = {"screen": screen, "tail": tail(screen), "title": title}
    for name, state in ORDER.items():
        for sign in preset.signs.get(name, ()):
            if _shows(sign, places[sign.place]):
                return state, f"{sign.place}: {name}"
    return AgentState.UNKNOWN, ""


def _shows(sign: Sign, text: str) -> bool:
    return re.search(sign.pattern, text, re.MULTILINE) is not None


def judge(
    shown: tuple[AgentState, str], last: Signal | None, *, ready_seen: bool, changed_at: Moment, now: Moment
) -> tuple[AgentState, str]:
    """The state of a living agent: its last hook event, corrected by the screen where only the screen can know better.

    A dialog on the screen always counts, since typing into one answers it. Otherwise the screen must be younger than the
    hook: it shows work where the hook says the turn ended (or a permission was asked for, and since given), or it shows
    readiness, an error or a limit and has been quiet for `QUIET_MS` where the hook says work.
    """
    state, sign = shown
    if last is None or last.event not in HOOKS:
        if state is AgentState.UNKNOWN and not ready_seen:
            return AgentState.STARTING, "no sign yet"
        return state, sign
    told, hook = HOOKS[last.event], f"hook: {last.event}"
    if state is AgentState.DIALOG:
        return state, sign
    if state is AgentState.WORKING and told is not AgentState.WORKING and changed_at >= last.at + NEWER_MS:
        return state, sign
    settled = state in {*READY, AgentState.ERROR, AgentState.LIMITED}
    if told in {AgentState.WORKING, AgentState.DIALOG} and settled and _quiet_since(last, changed_at, now):
        return (AgentState.WAITING if state in READY else state), f"{sign}, quiet after {hook}"
    if told in READY and state in {AgentState.ERROR, AgentState.LIMITED}:
        return state, sign
    return told, hook


def _quiet_since(last: Signal, changed_at: Moment, now: Moment) -> bool:
    return now - max(changed_at, last.at) >= QUIET_MS


def before_cursor(screen: str, x: int, y: int) -> str:
    """The text left of the cursor on its line; wide characters take two columns."""
    lines = screen.split("\n")
    if not 0 <= y < len(lines):
        return ""
    column = 0
    for index, char in enumerate(lines[y]):
        if column >= x and not unicodedata.combining(char):
            return lines[y][:index]
        column += 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return lines[y]


def input_empty(preset: Preset, left: str) -> bool | None:
    """Whether nothing but the prompt stands left of the cursor; None where the preset does not say how a prompt looks."""
    return re.fullmatch(preset.empty_input, left) is not None if preset.empty_input else None


def in_input(line: str, left: str) -> bool:
    """Whether the text left of the cursor ends as `line` does, as it stands when it was typed and not submitted.

    A line that the program wrapped shows its last part only. Before it may stand a prompt: words without a letter or digit,
    or one that ends in `>`.
    """
    wanted, words = " ".join(line.split()), left.split()
    while words:
        if wanted.endswith(" ".join(words)):
            return True
        first = words.pop(0)
        if any(char.isalnum() for char in first) and not first.endswith(">"):
            return False
    return False
