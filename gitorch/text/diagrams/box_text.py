"""What a box of a diagram says, in every form of drawing."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.plans.diagram import Box

TITLE_UNITS = 40
"""The longest title, so that one box does not push the others apart."""


class StateStyle(Value):
    """How a drawing shows a job's state. Colour never says anything that sign and word do not."""

    fill: str
    line: str
    sign: str = ""
    word: str = ""


STATES: Mapping[str, StateStyle] = {
    "": StateStyle("#ffffff", "#57606a"),
    "blocked": StateStyle("#f6f8fa", "#6e7781", "·", "waits"),
    "queued": StateStyle("#ddf4ff", "#0969da", "○", "queued"),
    "claimed": StateStyle("#b6e3ff", "#0969da", "◐", "starting"),
    "running": StateStyle("#80ccff", "#0550ae", "▶", "running"),
    "submitted": StateStyle("#fff8c5", "#9a6700", "◆", "at its gate"),
    "waiting_human": StateStyle("#ffd8b5", "#bc4c00", "?", "waits for you"),
    "stale": StateStyle("#ffe2cc", "#bc4c00", "!", "stale"),
    "completed": StateStyle("#dafbe1", "#1a7f37", "✓", "done"),
    "failed": StateStyle("#ffc1c0", "#cf222e", "✗", "failed"),
    "canceled": StateStyle("#eaeef2", "#6e7781", "–", "canceled"),
    "skipped": StateStyle("#eaeef2", "#6e7781", "↷", "skipped"),
}
"""By state; the empty state is that of a workflow without a run."""


def style_of(box: Box) -> StateStyle:
    """The style of a box: its colours, and the sign and word of its state.

    Raises KeyError for a state that `STATES` does not have.
    """
    return STATES[box.state]


def state_text(box: Box) -> str:
    """The state in words, with the note: `stale, no sign of life`.

    Empty for a workflow without a run.
    """
    return ", ".join(part for part in (style_of(box).word, box.note) if part)


def signed_state_text(box: Box) -> str:
    """The state with its sign, as `✓ done`.

    Empty for a workflow without a run.
    """
    if not box.state:
        return ""
    return f"{style_of(box).sign} {state_text(box)}"


def kind_text(box: Box) -> str:
    """The kind of the job in words: `phase synthesis`."""
    return box.kind.replace("_", " ")


def title_text(box: Box) -> str:
    """The title, cut to `TITLE_UNITS`.

    Empty when it only repeats the id.
    """
    if box.title == box.id:
        return ""
    return fitted(box.title, TITLE_UNITS)


def fitted(text: str, units: int) -> str:
    """The text on one line, cut with an ellipsis when it is wider than this many narrow characters.

    A wide character counts as two, and a mark that stands on another character as none.
    """
    kept, used = "", 0
    for character in " ".join(text.split()):
        used += _width(character)
        if used > units:
            return _without_last(kept) + "…"
        kept += character

    return kept


def _width(character: str) -> int:
    """2 for a wide character, 0 for a mark that stands on another one."""
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 1


def _without_last(text: str) -> str:
    """The text without its last character and the marks that stand on it."""
    while text and unicodedata.combining(text[-1]):
        text = text[:-1]

    return text[:-1]
