"""A run, a list of runs and an inbox as text that fits the page."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from gitorch.cli.pages.page import PHASE_COLOURS, Cell, Page, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.board import RunLine
    from gitorch.model.view import InboxRow, JobRow, MessageRow, RunView

TITLE_COLUMNS = 120
"""From this width on, jobs are shown with their titles; ids are made of them."""

ASKED_LINES = 3
"""Of what is asked; the rest is what `gitorch show QUESTION` is for."""

OPTIONS_COLUMNS = 100
"""How much of a question's options stands beside its command."""


def run_text(view: RunView, page: Page) -> str:
    """A whole run: header, jobs by batch, what waits for you, what to type next."""
    lines = [header(view, page), *(page.paint(line, "dim") for line in page.folded(summary(view, page), 0, 2))]
    lines += [page.line(f"note: {note}", "dim") for note in view.notes]
    drawn = zip(view.jobs, job_lines(view.jobs, page), strict=True)
    for batch, rows in groupby(drawn, key=lambda pair: pair[0].batch):
        lines += ["", page.line(f"batch {batch}", "bold"), *(line for _, line in rows)]
    if view.inbox or view.messages:
        lines += ["", page.line("waits for you", "bold"), *inbox_lines(view.inbox, page)]
        lines += message_lines(view.messages, page)
    lines += ["", page.line("next", "bold"), *(f"  {command}" for command in view.next_commands)]
    return "\n".join(lines)


def header(view: RunView, page: Page) -> str:
    """One line that says which run this is and where it stands."""
    cells = (
        Cell(view.id, "bold"),
        Cell(spoken(view.phase), PHASE_COLOURS.get(view.phase, "")),
        Cell(f"{view.title} → {view.target}"),
    )
    return page.table([cells], gives=(2,))[0]


def summary(view: RunView, page: Page) -> str:
    """How far it is, how long it has been going, and how many records tell of it."""
    since = f" · started {page.age(view.started_at)} ago" if view.started_at is not None else ""
    return f"{view.summary}{since} · {view.records} records"


def job_lines(rows: Sequence[JobRow], page: Page) -> list[str]:
    """One line a job."""
    return page.table([job_cells(row, page) for row in rows], gives=(6, 1, 0, 3), indent=2)


def job_cells(row: JobRow, page: Page) -> tuple[Cell, ...]:
    """A job: its id, its title where there is room, where it stands, who works on it, round, for how long, and why."""
    titled = not page.width or page.width >= TITLE_COLUMNS
    quiet = row.phase in {"blocked", "completed", "skipped", "canceled"}
    return (
        Cell(row.id),
        Cell(row.title if titled and row.kind != "review" else "", "dim"),
        Cell(spoken(row.phase), PHASE_COLOURS.get(row.phase, "")),
        Cell(
            agent(row),
            "yellow" if row.agent.partition(":")[0] in {"dialog", "limited", "error", "stuck", "blocked"} else "",
        ),
        Cell(rounds(row)),
        Cell(page.age(row.since) if row.session is not None or row.phase == "queued" else "", "dim"),
        Cell(row.why, "dim" if quiet else ""),
    )


def agent(row: JobRow) -> str:
    """The session that works, and what its terminal shows: `s3 working`."""
    return f"{row.session} {row.agent}".strip() if row.session is not None else ""


def rounds(row: JobRow) -> str:
    """`round 2/3`, from the second round on; nothing for jobs that have none."""
    return f"round {row.attempt}/{row.rounds_allowed}" if row.attempt > 1 else ""


def inbox_lines(rows: Sequence[InboxRow], page: Page) -> list[str]:
    """A few lines a question: what is asked, and the command that answers it."""
    lines: list[str] = []
    for row in rows:
        about = f" of {row.job}" if row.job is not None and row.kind != "approval" else ""
        said = f"  {row.id}  {spoken(row.kind)}{about}, {page.age(row.asked_at)} ago: {row.text}"
        lines += page.folded(said, 6, ASKED_LINES)
        lines.append(page.paint(f"      {row.command}", "yellow") + _options(row, page))
    return lines


def _options(row: InboxRow, page: Page) -> str:
    """The other options, which the command does not show."""
    if len(row.options) < 2 or row.command.startswith("gitorch approve"):
        return ""
    return page.paint(f"   (or {', '.join(row.options[1:])})"[:OPTIONS_COLUMNS], "dim")


def message_lines(rows: Sequence[MessageRow], page: Page) -> list[str]:
    """Two lines a message: who says what, and what may be typed."""
    lines: list[str] = []
    for row in rows:
        where = f" in {row.run}" if row.run is not None else ""
        lines.append(page.line(f"  {row.id}  from {row.sender}{where}, {page.age(row.at)} ago: {row.text}"))
        first, *rest = row.commands
        lines.append(page.paint(f"      {first}", "yellow") + page.paint(f"   (or {'; '.join(rest)})", "dim"))
    return lines


def inbox_text(rows: Sequence[InboxRow], told: Sequence[MessageRow], page: Page) -> str:
    """Everything that waits: questions run by run, then messages and plans."""
    if not rows and not told:
        return "Nothing waits for you."
    lines: list[str] = []
    for run, of_run in groupby(rows, key=lambda row: row.run):
        lines += [page.line(run, "bold"), *inbox_lines(tuple(of_run), page)]
    if rows:
        lines += ["", "A whole question with its evidence: gitorch show QUESTION"]
    if told:
        lines += [*([""] if lines else []), page.line("messages", "bold"), *message_lines(told, page)]
    return "\n".join(lines)


def runs_text(rows: Sequence[RunLine], page: Page) -> str:
    """One line a run, oldest first."""
    if not rows:
        return "There is no run yet. Begin one: gitorch start PLAN"
    cells = [
        (
            Cell(row.id, "bold"),
            Cell(spoken(row.phase), PHASE_COLOURS.get(row.phase, "")),
            Cell(f"{page.age(row.prepared_at)} ago", "dim"),
            Cell(f"{len(row.epics)} epics → {row.target}"),
            Cell(row.title),
        )
        for row in rows
    ]
    return "\n".join(page.table(cells, gives=(4, 3)))
