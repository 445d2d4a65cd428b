"""The board: what waits for the principal first, then every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.people import mailbox
from gitorch.app.query import runs
from gitorch.app.query.lookup import board_of, load_runs
from gitorch.model.values import Value
from gitorch.model.work.message import PRINCIPAL
from gitorch.rules.views.epics import epic_rows
from gitorch.web.render import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import RunId
    from gitorch.model.view import EpicRow, MessageRow, RunView
    from gitorch.model.work.board import Board, RunLine
    from gitorch.model.work.run import Run
    from gitorch.web.answers import Question
    from gitorch.wiring.repository import Repository

OVER_MAX = 30
"""How many of the runs that are over the board lists; the log has all of them."""


class OpenRun(Value):
    """A run that is not over, with the rows of its epics."""

    view: RunView
    epics: tuple[EpicRow, ...]


def board(services: Repository, question: Question) -> Page:
    """Every run, with everything that waits for the principal above them."""
    found = board_of(services)
    over: list[RunLine] = []
    for line in found.runs.values():
        if line.phase.is_over:
            over.append(line)

    shown = over[-OVER_MAX:][::-1]
    del question
    values = {
        "here": "/",
        "ledger": services.ledger.exists(),
        "inbox": runs.all_inbox(services),
        "messages": unread(services),
        "open": open_runs(services, found),
        "over": shown,
        "hidden": len(over) - len(shown),
    }
    return Page("board.html", values)


def open_runs(services: Repository, board: Board) -> list[OpenRun]:
    """The runs that are not over, those that ask something first, and otherwise the newest first."""
    ids: list[RunId] = []
    for line in board.runs.values():
        if not line.phase.is_over:
            ids.insert(0, line.id)

    asking: list[OpenRun] = []
    others: list[OpenRun] = []
    for run in load_runs(services, ids):
        shown = OpenRun(runs.view_of(services, run), epics_of(run))
        if shown.view.inbox:
            asking.append(shown)
        else:
            others.append(shown)
    return asking + others


def epics_of(run: Run) -> tuple[EpicRow, ...]:
    """The rows of a run's epics, as the console has them, in the order of batches."""
    rows: list[EpicRow] = []
    for row in epic_rows(run):
        if row.job is not None:
            rows.append(row)
    return tuple(rows)


def unread(services: Repository) -> Sequence[MessageRow]:
    """The messages that the principal has not read; reading the page does not mark them."""
    if not services.ledger.exists():
        return ()
    return mailbox.rows(services, mailbox.waiting(services, PRINCIPAL, None))
