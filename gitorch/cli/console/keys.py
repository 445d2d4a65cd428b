"""The keys of the console: one table, from which its bindings, the lines at the bottom and the help are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gitorch.cli.pages.cells import width
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.model.view import EpicRow


class Key(Value):
    """One key and what it does."""

    keys: str
    """As Textual names them, with commas between several."""

    shown: str
    action: str
    label: str
    """A word for the line at the bottom; empty for a key that only the help names."""

    help: str


KEYS = (
    Key("up,k", "↑ k", "move(-1)", "", "the row above"),
    Key("down,j", "↓ j", "move(1)", "", "the row below"),
    Key("home,g", "Home g", "move(-100000)", "", "the first row"),
    Key("end,G", "End G", "move(100000)", "", "the last row"),
    Key("pageup", "PgUp", "move(-10)", "", "ten rows up"),
    Key("pagedown", "PgDn", "move(10)", "", "ten rows down"),
    Key("tab", "Tab", "next_waiting", "next", "the next row that waits for you"),
    Key("enter", "⏎", "on_row('attach')", "attach", "open the agent's terminal; Ctrl-b d comes back here"),
    Key("a", "a", "on_row('answer')", "answer", "answer the question of this row: an option by number, or words"),
    Key("d", "d", "on_row('diff')", "diff", "what the branch of this epic changes, or the merge of the run"),
    Key("p", "p", "on_row('screen')", "screen", "the agent's screen, without opening its terminal"),
    Key("f", "f", "on_row('findings')", "findings", "what the reviews have found, and how it ended"),
    Key("l", "l", "on_row('log')", "log", "the newest records of the run"),
    Key("r", "r", "on_row('report')", "report", "the merge report of the run, or the report of this epic"),
    Key("A", "A", "on_row('approve')", "approve", "approve the merge report or this epic; gitorch asks for the proof"),
    Key("R", "R", "on_row('reject')", "reject", "send the epic, or epics of the report, back with a note"),
    Key("s", "s", "on_row('send')", "send", "send a message to this epic's agent"),
    Key("P", "P", "on_row('pause')", "pause", "pause the run, or resume it"),
    Key("left_square_bracket,shift+up", "[", "scroll_details(-1)", "", "scroll the details up"),
    Key("right_square_bracket,shift+down", "]", "scroll_details(1)", "", "scroll the details down"),
    Key("question_mark", "?", "help", "help", "this page"),
    Key("q", "q", "leave('left')", "leave", "leave; the agents go on, and gitorch up continues later"),
    Key(
        "ctrl+c",
        "Ctrl-C",
        "leave('interrupted')",
        "",
        "the same, with exit status 130; twice breaks off the step under way",
    ),
    Key(
        "ctrl+z",
        "Ctrl-Z",
        "suspend_console",
        "",
        "stop gitorch between two steps and return to the shell; fg continues",
    ),
)


DECIDED = frozenset({"approval", "checkpoint"})
"""Kinds of questions that a person approves or rejects."""

APPLIES: Mapping[str, Callable[[EpicRow], bool]] = {
    "attach": lambda row: row.session is not None,
    "screen": lambda row: row.session is not None,
    "answer": lambda row: any(question.kind != "approval" for question in row.questions),
    "approve": lambda row: any(question.kind in DECIDED for question in row.questions),
    "reject": lambda row: any(question.kind in DECIDED for question in row.questions),
    "findings": lambda row: row.job is not None,
    "send": lambda row: row.job is not None,
}
"""Whether the key with a label does something for a row; all other keys always do."""


def applies(label: str, row: EpicRow | None) -> bool:
    """Whether the key with this label does something for the selected row."""
    if label not in APPLIES:
        return True

    if row is None:
        return False

    return APPLIES[label](row)


def keys_text(row: EpicRow | None, columns: int, lines_max: int) -> Text:
    """The keys on at most this many lines; those that do nothing for the row stand back, and go first without room."""
    labelled = [key for key in KEYS if key.label]
    lines = _wrapped(labelled, columns)
    if len(lines) > lines_max:
        labelled = [key for key in labelled if applies(key.label, row)]
        lines = _wrapped(_with_last(labelled), columns)[:lines_max]

    return Text("\n").join(_line_text(line, row) for line in lines)


def _with_last(keys: Sequence[Key]) -> list[Key]:
    """The keys with help and leaving in front, which are never left out."""
    last = [key for key in keys if key.label in {"help", "leave"}]
    return [*last, *(key for key in keys if key not in last)]


def _wrapped(keys: Sequence[Key], columns: int) -> list[list[Key]]:
    """The keys on as few lines as they need."""
    lines: list[list[Key]] = [[]]
    used = 0
    for key in keys:
        needed = width(key.shown) + 1 + width(key.label) + 2
        if used + needed > columns and lines[-1]:
            lines.append([])
            used = 0

        lines[-1].append(key)
        used += needed

    return lines


def _line_text(keys: Sequence[Key], row: EpicRow | None) -> Text:
    """One line of keys."""
    text = Text()
    for key in keys:
        is_of_use = applies(key.label, row)
        if is_of_use:
            text.append(key.shown, style="bold")
            text.append(f" {key.label}  ")
        else:
            text.append(f"{key.shown} {key.label}  ", style="dim")

    return text


SIGNS = """\
✓ accepted   ✗ wants changes   ● at work   · to come   ? waits for you   ! failed"""

HELP_HEAD = """\
Every row is an epic with its reviews, or the run itself. What waits for you comes first.
Each key that decides something shows its command and asks before it runs it; A shows the report, and asks for the proof.
The agents work in terminals of their own: leaving, resizing or closing this one harms nothing.
"""


def help_text() -> str:
    """The page of help: what one sees, the keys, and the signs of reviews."""
    columns = max(width(key.shown) for key in KEYS)
    lines = [HELP_HEAD]
    for key in KEYS:
        lines.append(f"  {key.shown}{' ' * (columns - width(key.shown))}  {key.help}")

    lines += [
        "",
        "Signs of reviews",
        f"  {SIGNS}",
        "",
        "The mouse selects a row, a second click opens its agent's terminal.",
    ]
    return "\n".join(lines)
