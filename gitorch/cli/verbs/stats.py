"""`stats`: figures over all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.page import Cell
from gitorch.cli.verb_function import verb
from gitorch.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.plans.prices import PriceList
    from gitorch.model.view import StatsRow

HEAD = ("", "passed at once", "rounds", "findings", "escalations", "minutes", "tokens", "cost", "redone")


@verb("stats")
def stats(call: Call, by: str) -> None:
    """Show figures over all runs."""
    from gitorch.app.query.stats import stats_of
    from gitorch.rules.views.stats import GROUPINGS

    if by and by not in GROUPINGS:
        raise Usage(f"figures are not grouped by {by}; use one of: {', '.join(GROUPINGS)}", "gitorch stats --by model")

    rows, prices = stats_of(call.services, by), call.services.config.prices
    call.say({"by": by, "rows": rows, "prices": prices}, lambda page: _text(rows, prices, page))


def _text(rows: Sequence[StatsRow], prices: PriceList, page: Page) -> str:
    """A table with one line a group."""
    if not rows:
        return "There is no run yet. Start one: gitorch start PLAN"

    columns = len(HEAD) - (not any(row.redone for row in rows))  # the last one only where it says something
    head = tuple(Cell(title, "dim") for title in HEAD)[:columns]
    cells = [head, *(_cells(row)[:columns] for row in rows)]
    notes: list[str] = []
    if prices.per_million:
        notes = [
            "",
            f"Estimated in {prices.currency} by your prices of {prices.dated}; a subscription costs something else.",
        ]
        notes += [f"  {row.name}: {row.estimate_words}" for row in rows]

    return "\n".join([*page.table(cells, shrinks=(0, 3)), *notes])


def _money(micros: int) -> str:
    """Dollars; empty where no program gave a figure."""
    if not micros:
        return ""

    return f"${micros / 1_000_000:.2f}"


def _cells(row: StatsRow) -> tuple[Cell, ...]:
    """One group. `4 of 5 (80 %)` passed in their first round."""
    from gitorch.rules.usage.shares import short_count

    return (
        Cell(row.name, "bold"),
        Cell(row.passed_words),
        Cell(row.rounds_words),
        Cell(row.findings_words),
        Cell(str(row.escalations)),
        Cell(str(row.minutes)),
        Cell(short_count(row.tokens)),
        Cell(_money(row.cost_micros)),
        Cell(str(row.redone)),
    )
