"""The first line of the console: the run, or how many there are, and how many rows are in which state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gitorch.cli.console.rows import STYLES
from gitorch.cli.pages.cells import cut, safe_line, width
from gitorch.model.counts import counted
from gitorch.model.view import PlainState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitorch.cli.console.loop_thread import Shown


def header_text(runs: Collection[Shown], found: Mapping[PlainState, int], columns: int) -> Text:
    """How many rows are in which state, after the name of the run, which gives way first, with the blanks behind it."""
    counts = Text()
    for state in PlainState:
        if state in found:
            counts.append("  ")
            counts.append(f"{found[state]} {state}", style=STYLES[state])

    room = columns - width(counts.plain) - 2
    if room <= 0:
        return counts[2:]

    name = Text(cut(_name(runs), room))
    name.append_text(counts)
    return name


def _name(runs: Collection[Shown]) -> str:
    """The title and target of the only run, or the number of runs."""
    if len(runs) != 1:
        return counted(len(runs), "run")

    for shown in runs:
        return safe_line(f"{shown.run.title} {shown.run.destination}")

    return ""
