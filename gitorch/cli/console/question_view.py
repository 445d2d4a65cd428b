"""A question as its box shows it: what led to it, and each option with what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gitorch.cli.pages.cells import safe_line
from gitorch.rules.messages.answer_words import meaning
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from gitorch.model.work.question import Question

INDENT = 2


def question_table(question: Question) -> Table:
    """What happened, what was tried, the evidence and the question itself, beside their names."""
    table = Table.grid(padding=(0, INDENT, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("about", safe_line(question.job or "the run"))
    _add(table, "happened", question.happened)
    _add(table, "tried", question.tried)
    _add(table, "evidence", question.evidence)
    _add(table, "question", question.text)
    return table


def _add(table: Table, name: str, text: str) -> None:
    """A row for a text; none for an empty one."""
    shown = safe_text(text).strip()
    if shown:
        table.add_row(name, Text(shown))


def options_table(question: Question) -> Padding:
    """The options by number, one a line, as much of their meanings as has room."""
    table = Table.grid(padding=(0, INDENT, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")  # the only one that gives way, since it may wrap; its texts are cut instead
    for number, option in enumerate(question.options, 1):
        means = Text(meaning(question, option), no_wrap=True, overflow="ellipsis")
        table.add_row(str(number), Text(safe_line(option)), means)

    return Padding(table, (0, 0, 0, INDENT))
