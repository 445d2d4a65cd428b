"""Read an agent's screen: the state that its title and screen show, and what its input line holds.

A preset names signs, which are patterns that stand for a state. The first sign that matches, in the order of `ORDER`,
decides. A failed agent looks ready, with its error above an ordinary prompt, so errors are read before readiness.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.observed import AgentState
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment
    from gitorch.model.plans.runtime import Preset

TAIL_LINES = 16
"""How many non-blank lines at the end of a screen are its tail; older output above matters less."""

ERROR_CHARS = 200
"""How much is kept of what a program says of an error: its first sentences."""

ORDER = {
    "dialog": AgentState.DIALOG,
    "limited": AgentState.LIMITED,
    "busy": AgentState.WORKING,
    "error": AgentState.ERROR,
    "ready": AgentState.IDLE,
}
"""The names of signs in the order in which they are read, and the state that each one stands for."""

HOOKS = {
    "session-start": AgentState.IDLE,
    "prompt": AgentState.WORKING,
    "stop": AgentState.WAITING,
    "permission": AgentState.DIALOG,
    "error": AgentState.ERROR,
}
"""Hook events and the state that each one implies. `session-end` implies none, because only the process shows the end."""


class Signal(Value):
    """One hook event, as the program reported it."""

    at: Moment

    event: str
    """One of `hooks.EVENTS`."""

    text: str = ""
    """The submitted prompt, or the text of the error."""

    conversation: str = ""
    """The program's own id of the conversation, with which it can be resumed."""


class Screen(Value):
    """The state and the sign that the title shows, and those that the screen shows."""

    title: tuple[AgentState, str]
    screen: tuple[AgentState, str]


def tail(screen: str, lines: int = TAIL_LINES) -> str:
    """The last lines that are not blank, without trailing white space; all of them when there are fewer."""
    kept = [line.rstrip() for line in screen.splitlines() if line.strip()]
    return "\n".join(kept[-lines:])


def stable_text(screen: str, preset: Preset) -> str:
    """The letters of a screen without the lines that show work (T19).

    Digits, signs and white space are left out, too, so that counters, spinners and bars change nothing.
    Two equal texts mean that nothing has moved.
    """
    moving = _moving_lines(screen, preset)
    kept = []

    for number, line in enumerate(screen.split("\n")):
        if number not in moving:
            kept.append(line)

    return re.sub(r"[\W\d_]+", "", "".join(kept))


def _moving_lines(screen: str, preset: Preset) -> set[int]:
    """The numbers of the lines on which a busy sign of the preset shows, counted from 0.

    Signs of the title are not looked for on the screen, and an empty match marks no line.
    """
    moving: set[int] = set()
    for sign in preset.signs.get("busy", ()):
        if sign.place == "title":
            continue

        for found in re.finditer(sign.pattern, screen, re.MULTILINE):
            moving.update(_lines_of(found))

    return moving


def _lines_of(found: re.Match[str]) -> range:
    """The numbers of the lines that a match touches, counted from 0; none for an empty match."""
    if found.end() == found.start():
        return range(0)

    first = found.string.count("\n", 0, found.start())
    last = found.string.count("\n", 0, found.end())
    return range(first, last + 1)


def classify(screen: str, title: str, preset: Preset) -> tuple[AgentState, str]:
    """The state that the preset's signs show, and the sign that shows it, such as `screen: busy`.

    UNKNOWN and an empty sign if none does. Title and screen count alike; `read_screen` reads them
    separately.
    """
    places = {"screen": screen, "tail": tail(screen), "title": title}
    return first_sign(preset, places, tuple(places))


def read_screen(screen: str, title: str, preset: Preset) -> Screen:
    """The states of title and screen, read separately so that one can correct the other."""
    places = {"screen": screen, "tail": tail(screen), "title": title}
    return Screen(first_sign(preset, places, ("title",)), first_sign(preset, places, ("screen", "tail")))


def first_sign(preset: Preset, texts: Mapping[str, str], places: tuple[str, ...]) -> tuple[AgentState, str]:
    """The state of the first sign that one of these places shows, and the sign, such as `screen: busy`.

    Signs are tried in the order of `ORDER`. UNKNOWN and an empty sign when none shows.
    """
    for name, state in ORDER.items():
        for sign in preset.signs.get(name, ()):
            if sign.place in places and re.search(sign.pattern, texts[sign.place], re.MULTILINE):
                return state, f"{sign.place}: {name}"

    return AgentState.UNKNOWN, ""


def shown_error(screen: str, preset: Preset) -> str:
    """What the error on a screen says, in one line of at most `ERROR_CHARS`; empty where no sign of an error shows."""
    places = {"screen": screen, "tail": tail(screen)}
    for sign in preset.signs.get("error", ()):
        found = re.search(sign.pattern, places.get(sign.place, ""), re.MULTILINE)
        if found is not None:
            return _error_line(found)

    return ""


def _error_line(found: re.Match[str]) -> str:
    """The paragraph that an error begins, without the mark before its first word."""
    paragraph = re.split(r"\n(?=\s*(?:[^\w\s]|\Z))", found.group().strip())[0]
    words = " ".join(paragraph.split())
    return re.sub(r"^\W+(?=\w)", "", words)[:ERROR_CHARS]


def text_before_cursor(screen: str, x: int, y: int) -> str:
    """The text left of the cursor on its line; empty for a row that the screen does not have.

    `x` and `y` count columns and rows from 0; a wide character takes two columns.
    """
    lines = screen.split("\n")
    if not 0 <= y < len(lines):
        return ""

    column = 0
    for index, char in enumerate(lines[y]):
        width = _columns(char)
        if column >= x and width:
            return lines[y][:index]

        column += width

    return lines[y]


def _columns(char: str) -> int:
    """How many columns a terminal gives a character: none to a combining one, two to a wide one."""
    import unicodedata  # noqa: PLC0415  0.3 ms that only the reading of a screen pays

    if unicodedata.combining(char):
        return 0

    if unicodedata.east_asian_width(char) in "WF":
        return 2

    return 1


def input_is_empty(preset: Preset, left: str) -> bool | None:
    """Whether only the prompt stands left of the cursor.

    None when the preset does not describe its prompt.
    """
    if not preset.empty_input:
        return None

    return re.fullmatch(preset.empty_input, left) is not None


def is_in_input(line: str, left: str) -> bool:
    """Whether the text left of the cursor ends like `line`, as it does when `line` was typed and not submitted.

    Of a wrapped line only the last part counts. A prompt may stand before it: words without a letter or digit, or words
    that end in `>`.
    """
    wanted = " ".join(line.split())
    words = left.split()

    while words:
        if wanted.endswith(" ".join(words)):
            return True

        first = words.pop(0)
        if not _is_prompt(first):
            return False

    return False


def _is_prompt(word: str) -> bool:
    """Whether a word can be part of a program's prompt: `>`, `│`, `user>`."""
    if word.endswith(">"):
        return True

    return not any(char.isalnum() for char in word)


def is_above_cursor(line: str, screen: str, x: int, y: int) -> bool:
    """Whether `line` stands right above an empty cursor line: the key that should submit it broke the line instead.

    Programs indent the second line of an input. A cursor in the first column belongs to a program that accepted the line
    and has not printed anything yet; another key press would answer its next question (aider takes it as yes).
    """
    lines = screen.split("\n")
    if x <= 0 or not 0 < y <= len(lines):
        return False

    if text_before_cursor(screen, x, y).strip():
        return False

    return is_in_input(line, lines[y - 1].rstrip())
