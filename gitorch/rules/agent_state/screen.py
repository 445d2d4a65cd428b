"""What an agent shows: the states that signs in its title and on its screen tell, and what stands in its input line.

Signs tell a state by structure; the first that matches, in the order of `ORDER`, decides. A failed agent looks ready, its
error standing above an ordinary prompt, so errors are read before readiness.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from gitorch.model.observed import AgentState
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment
    from gitorch.model.runtime import Preset, StateSign

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


class Signal(Value):
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
    return first_sign(preset, places, tuple(places))


class Screen(Value):
    """What title and screen tell, each by itself: a state and its sign."""

    title: tuple[AgentState, str]
    screen: tuple[AgentState, str]


def shown_by(screen: str, title: str, preset: Preset) -> Screen:
    """The two apart, so that one may correct the other."""
    places = {"screen": screen, "tail": tail(screen), "title": title}
    return Screen(first_sign(preset, places, ("title",)), first_sign(preset, places, ("screen", "tail")))


def first_sign(preset: Preset, texts: Mapping[str, str], places: tuple[str, ...]) -> tuple[AgentState, str]:
    """The first sign, in the order of `ORDER`, that one of these places shows; UNKNOWN with an empty sign otherwise."""
    for name, state in ORDER.items():
        for sign in preset.signs.get(name, ()):
            if sign.place in places and _shows(sign, texts[sign.place]):
                return state, f"{sign.place}: {name}"
    return AgentState.UNKNOWN, ""


def _shows(sign: StateSign, text: str) -> bool:
    return re.search(sign.pattern, text, re.MULTILINE) is not None


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


def above_cursor(line: str, screen: str, x: int, y: int) -> bool:
    """Whether the text stands right above the cursor, in whose own line there is nothing: a key broke the line there.

    An input goes on below its prompt. A cursor in the first column is that of a program which took the line and shows nothing yet: a
    second key would answer whatever it asks next, as aider does, with yes.
    """
    lines = screen.split("\n")
    inside = x > 0 and 0 < y <= len(lines) and not before_cursor(screen, x, y).strip()
    return inside and in_input(line, lines[y - 1].rstrip())
