"""A run, a list of runs and an inbox as text that fits the page."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.page import PHASE_COLOURS, Cell, Page, phrase
from gitorch.model.counts import counted
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.model.view import InboxRow, JobRow, MessageRow, RunView
    from gitorch.model.work.board import RunLine

TITLE_COLUMNS = 120
"""The width from which on jobs are shown with their titles; ids are made of them."""

FOLDED_LINES = 3
"""How many lines the ids of one folded phase take at most in a batch."""

ASKED_LINES = 3
"""The lines of a question in a list; `gitorch show QUESTION` prints all of it."""

OPTIONS_COLUMNS = 100
"""The columns that a question's options take at most beside its command."""

NEEDS_ATTENTION = frozenset({"dialog", "limited", "error", "failed", "stuck", "blocked"})
"""States of agents that are painted."""

FOLDED_FROM = 24
"""The number of jobs from which a run is folded: more do not fit on a screen."""

FOLDED = {"completed": "done", "blocked": "to come"}
"""Phases of jobs that are folded, and the word for each."""

REASON_LINES = 3
"""The most lines that the reason of a failed job takes."""

QUIET_PHASES = frozenset({"blocked", "completed", "skipped", "canceled"})
"""Phases of jobs whose reason is dimmed."""


def run_text(view: RunView, page: Page) -> str:
    """A whole run: header, jobs by batch, the inbox, the next commands."""
    lines = [header(view, page)]
    lines += [page.paint(line, "dim") for line in page.folded(summary(view, page), 0, 2)]
    lines += [page.line(f"note: {note}", "dim") for note in view.notes]
    lines += _batches(view, page)
    if view.inbox or view.messages:
        lines += ["", page.line("waits for you", "bold"), *inbox_lines(view.inbox, page)]
        lines += message_lines(view.messages, page)

    lines += ["", page.line("next", "bold"), *(f"  {command}" for command in view.next_commands)]
    return "\n".join(lines)


def _batches(view: RunView, page: Page) -> list[str]:
    """One line a job, with a heading above each batch; in a large run what is done and what is to come is folded."""
    folds = len(view.jobs) > FOLDED_FROM
    lines: list[str] = []

    for batch, jobs in groupby(view.jobs, key=lambda row: row.batch):
        rows = tuple(jobs)
        lines += ["", page.line(f"batch {batch}", "bold")]
        if folds:
            lines += _folded_rows(rows, page)
            rows = tuple(row for row in rows if row.phase not in FOLDED)

        lines += job_lines(rows, page)

    if folds:
        lines += ["", page.line(f"every job: gitorch list jobs --run {view.id}", "dim")]
    return lines


def _folded_rows(rows: Sequence[JobRow], page: Page) -> Iterator[str]:
    """One line for each folded phase in a batch: its work by id, and the number of its reviews."""
    for phase, word in FOLDED.items():
        there = [row for row in rows if row.phase == phase]
        if there:
            text = _folded_line(word, there)
            lines = page.folded(f"  {text}", 4, FOLDED_LINES)
            yield from [page.paint(line, "dim") for line in lines]


def _folded_line(word: str, rows: Sequence[JobRow]) -> str:
    """`2 done: a, b (4 reviews; 1 review of others)`; only the reviews where no work of the batch is in that phase."""
    reviews = [row for row in rows if row.kind == "review"]
    work = [row.id for row in rows if row.kind != "review"]
    if not work:
        return f"{counted(len(reviews), 'review')} {word}"

    line = f"{len(work)} {word}: {', '.join(work)}"
    own = sum(row.subject in work for row in reviews)
    others = len(reviews) - own
    counts = []
    if own:
        counts.append(counted(own, "review"))
    if others:
        counts.append(f"{counted(others, 'review')} of others")
    if counts:
        line += f" ({'; '.join(counts)})"

    return line


def header(view: RunView, page: Page) -> str:
    """One line that names the run and its phase."""
    cells = (Cell(view.id, "bold"), _phase_cell(view.phase), Cell(f"{view.title} {view.destination}"))
    return page.table([cells], shrinks=(2,))[0]


def _phase_cell(phase: str) -> Cell:
    """A phase in its colour."""
    return Cell(phrase(phase), PHASE_COLOURS.get(phase, ""))


def summary(view: RunView, page: Page) -> str:
    """The progress of the run, its age, and the number of its records."""
    parts = [view.summary]
    if view.started_at is not None:
        parts.append(f"started {page.age(view.started_at)} ago")

    if view.used:
        parts.append(f"used {view.used}")

    parts.append(counted(view.records, "record"))
    return " · ".join(parts)


def job_lines(rows: Sequence[JobRow], page: Page) -> list[str]:
    """One line a job. Its reason is never cut: where the line has no room for it, it follows below."""
    whole = _job_table(rows, page)
    cut_short = {row.id for row, line in zip(rows, whole, strict=True) if safe_line(row.why) not in line}
    if not cut_short:
        return whole

    lines = []
    shorter = [replace(row, why="") if row.id in cut_short else row for row in rows]
    for row, line in zip(rows, _job_table(shorter, page), strict=True):
        lines.append(line.rstrip())
        if row.id in cut_short:
            lines += page.folded(f"    {row.why}", 4, REASON_LINES)

    return lines


def _job_table(rows: Sequence[JobRow], page: Page) -> list[str]:
    """One line a job, cut at the width of the page."""
    return page.table([job_cells(row, page) for row in rows], shrinks=(6, 1, 0, 3), indent=2)


def job_cells(row: JobRow, page: Page) -> tuple[Cell, ...]:
    """A job: id, title if there is room, phase, agent, round, age of the phase, and the reason for it."""
    return (
        Cell(row.id),
        Cell(_title(row, page), "dim"),
        _phase_cell(row.phase),
        Cell(agent(row), _agent_colour(row)),
        Cell(rounds(row)),
        Cell(_age(row, page), "dim"),
        Cell(row.why, "dim" if row.phase in QUIET_PHASES else ""),
    )


def _title(row: JobRow, page: Page) -> str:
    """The title of work; a review's would only repeat its id."""
    if row.kind == "review" or 0 < page.width < TITLE_COLUMNS:
        return ""

    return row.title


def _age(row: JobRow, page: Page) -> str:
    """How long a job has been as it is."""
    if row.session is None and row.phase != "queued":
        return ""

    return page.age(row.since)


def _agent_colour(row: JobRow) -> str:
    """The colour of an agent's state: yellow for one that needs attention."""
    state = row.agent.partition(":")[0]
    if state in NEEDS_ATTENTION:
        return "yellow"

    return ""


def agent(row: JobRow) -> str:
    """The session at work and the state of its agent: `s3 working`."""
    if row.session is None:
        return ""

    return f"{row.session} {row.agent}".strip()


def rounds(row: JobRow) -> str:
    """`round 2/3`, from the second round on."""
    if row.attempt <= 1:
        return ""

    return f"round {row.attempt}/{row.rounds_allowed}"


def inbox_lines(rows: Sequence[InboxRow], page: Page) -> list[str]:
    """A few lines a question: its text, and the command that answers it."""
    lines: list[str] = []
    for row in rows:
        about = ""
        if row.job is not None and row.kind != "approval":
            about = f" of {row.job}"

        text = f"  {row.id}  {phrase(row.kind)}{about}, {page.age(row.asked_at)} ago: {row.text}"
        lines += page.folded(text, 6, ASKED_LINES)
        lines.append(page.paint(f"      {row.command}", "yellow") + _options(row, page))

    return lines


def _options(row: InboxRow, page: Page) -> str:
    """The answers that the command does not show."""
    if not row.others:
        return ""

    others = f"   (or {', '.join(row.others)})"
    return page.paint(others[:OPTIONS_COLUMNS], "dim")


def message_lines(rows: Sequence[MessageRow], page: Page) -> list[str]:
    """Two lines a message: sender and text, and the commands that answer it."""
    lines: list[str] = []
    for row in rows:
        where = ""
        if row.run is not None:
            where = f" in {row.run}"

        lines.append(page.line(f"  {row.id}  from {row.author}{where}, {page.age(row.at)} ago: {row.text}"))
        first, *others = row.commands
        lines.append(page.paint(f"      {first}", "yellow") + page.paint(f"   (or {'; '.join(others)})", "dim"))

    return lines


def inbox_text(rows: Sequence[InboxRow], messages: Sequence[MessageRow], page: Page) -> str:
    """Everything that waits: questions run by run, then messages and plans."""
    if not rows and not messages:
        return "Nothing waits for you."

    parts: list[str] = []
    if rows:
        parts.append("\n".join(_questions_by_run(rows, page)))
        parts.append("A whole question with its evidence: gitorch show QUESTION")

    if messages:
        parts.append("\n".join([page.line("messages", "bold"), *message_lines(messages, page)]))

    return "\n\n".join(parts)


def _questions_by_run(rows: Sequence[InboxRow], page: Page) -> list[str]:
    """The questions under a heading for each run."""
    lines: list[str] = []
    for run, questions in groupby(rows, key=lambda row: row.run):
        lines += [page.line(run, "bold"), *inbox_lines(tuple(questions), page)]

    return lines


def runs_text(rows: Sequence[RunLine], page: Page) -> str:
    """One line a run, oldest first."""
    if not rows:
        return "There is no run yet. Start one: gitorch start PLAN"

    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        destination = row.destination or f"→ {row.target}"  # a cache of an older version names only the target
        epics = f"{counted(len(row.epics), 'epic')} {destination}"
        age = f"{page.age(row.prepared_at)} ago"
        cells.append((Cell(row.id, "bold"), _phase_cell(row.phase), Cell(age, "dim"), Cell(epics), Cell(row.title)))

    return "\n".join(page.table(cells, shrinks=(4, 3)))
