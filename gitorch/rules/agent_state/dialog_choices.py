"""The choices that a dialog shows, which a human may pick without attaching to the terminal (F16).

A permission request that the preset knows is allowed or rejected, by the preset's keys. Of other dialogs, two forms are read from any
screen: a list with a mark beside the selected row, which arrow keys move and Enter confirms; and a line that names a letter for each
answer, `(Y)es/(N)o [Yes]:`. The choices of a list are answered by their numbers, also where the program shows none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.dialog import DialogChoice, ShownDialog
from gitorch.rules.agent_state.permission import permission_request_on
from gitorch.rules.agent_state.requests import CHOICES
from gitorch.rules.agent_state.unnumbered_list import ROWS_BELOW_MAX, unnumbered_list

if TYPE_CHECKING:
    from gitorch.model.plans.runtime import Preset

ROW = r"^(?P<mark>[❯›●>]?) ?(?P<number>[1-9])\. (?P<text>\S.*)$"
"""A row of a list, once frames and indentation are removed."""

FRAME = "│┃|"
LETTERS = r"^(?P<asked>.*\S) (?P<answers>\([A-Z]\)[^()/]+(?:/\([A-Z]\)[^()/]+)+)(?: \[[^\]]*\])?:$"
LETTER = r"\((?P<letter>[A-Z])\)(?P<rest>[^()/]+)"

ROWS_ABOVE = 12
"""How many rows with text above the choices belong to what a dialog asks."""

RULE = r"^─{40,}\s*$"
"""The rule that Claude Code and aider draw from the left edge above what they ask. Their own texts are indented."""

DRAWN = r"[\s\u2500-\u257f]+"
"""What another width of the window changes: spaces, line breaks, and the lines of frames."""

ASKED_CHARACTERS = 240
CHOICE_CHARACTERS = 16
"""How much a mark covers of what is asked, from its end, and of each choice: less than a window of 60 columns shows of them."""

MARK_CHARACTERS = 12


def dialog_offered(screen: str, preset: Preset) -> ShownDialog | None:
    """The dialog at the end of a screen, with its choices; None for one whose choices are not known."""
    rows = _rows(screen)
    return _keyed(screen, preset) or _listed(rows) or _lettered(rows) or _unnumbered(screen)


def _keyed(screen: str, preset: Preset) -> ShownDialog | None:
    """A permission request that the preset has the keys for."""
    found = permission_request_on(screen, preset)
    if found is None:
        return None

    asked, pattern = found
    if not pattern.once or not pattern.reject:
        return None

    choices = CHOICES

    return ShownDialog(choices, _mark(_compact(asked), choices))


def _rows(screen: str) -> list[str]:
    """The rows with text below the last rule, without indentation and frames."""
    rows = []
    for line in _below_rule(screen).splitlines():
        row = line.strip().strip(FRAME).strip()
        if row:
            rows.append(row)

    return rows


def _below_rule(screen: str) -> str:
    """The screen below its last rule."""
    return re.split(RULE, screen, flags=re.MULTILINE)[-1]


def _unnumbered(screen: str) -> ShownDialog | None:
    """A list whose rows have no numbers; they count from 1 on, from top to bottom."""
    found = unnumbered_list(_below_rule(screen))
    if found is None:
        return None

    choices = tuple(DialogChoice(str(n), text, n == found.selected + 1) for n, text in enumerate(found.texts, 1))
    rows = _rows(found.above)
    return ShownDialog(choices, _mark(_above(rows, len(rows)), choices))


def _listed(rows: list[str]) -> ShownDialog | None:
    """A numbered list near the end of the rows, of which exactly one row is selected."""
    last = _last_row_of_list(rows)
    if last is None:
        return None

    first, found = _list_up_to(rows, last)
    if not _is_choice(found):
        return None

    choices = tuple(DialogChoice(row["number"], row["text"], bool(row["mark"])) for row in found)
    return ShownDialog(choices, _mark(_above(rows, first), choices))


def _list_up_to(rows: list[str], last: int) -> tuple[int, list[re.Match[str]]]:
    """The place of the first row of the list that ends here, and its numbered rows; rows between them continue a choice."""
    found: list[re.Match[str]] = []
    for place in range(last, -1, -1):
        row = re.match(ROW, rows[place])
        if row is None:
            continue

        found.insert(0, row)
        if row["number"] == "1":
            return place, found

    return 0, found


def _is_choice(found: list[re.Match[str]]) -> bool:
    """Whether rows are numbered from 1 on, there are several, and exactly one is selected."""
    numbers = [int(row["number"]) for row in found]
    if len(found) < 2 or numbers != list(range(1, len(found) + 1)):
        return False

    return sum(bool(row["mark"]) for row in found) == 1


def _last_row_of_list(rows: list[str]) -> int | None:
    """The place of the last numbered row; None where too much stands below it."""
    below = rows[-ROWS_BELOW_MAX - 1 :]
    for offset, row in enumerate(reversed(below)):
        if re.match(ROW, row):
            return len(rows) - 1 - offset

    return None


def _lettered(rows: list[str]) -> ShownDialog | None:
    """A last row that names a letter for each answer."""
    if not rows:
        return None

    line = re.match(LETTERS, rows[-1])
    if line is None:
        return None

    choices = tuple(
        DialogChoice(found["letter"].lower(), f"{found['letter']}{found['rest']}".strip())
        for found in re.finditer(LETTER, line["answers"])
    )
    return ShownDialog(choices, _mark(_above([*rows[:-1], line["asked"]], len(rows)), choices))


def _above(rows: list[str], place: int) -> str:
    """The end of the text above a row."""
    above = "".join(rows[max(0, place - ROWS_ABOVE) : place])
    return _compact(above)[-ASKED_CHARACTERS:]


def _compact(text: str) -> str:
    """A text without what depends on the width of its window."""
    return re.sub(DRAWN, "", text)


def _mark(asked: str, choices: tuple[DialogChoice, ...]) -> str:
    """A digest of what is asked and of how the choices begin, the same in a window of any width."""
    starts = [_compact(choice.text)[:CHOICE_CHARACTERS] for choice in choices]
    text = "\n".join([asked, *starts])
    import hashlib  # noqa: PLC0415  3 ms, where a dialog is shown

    return hashlib.sha256(text.encode()).hexdigest()[:MARK_CHARACTERS]
