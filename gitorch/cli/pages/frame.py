"""The live page as lines: every run in the room that is available; with little room, the most interesting jobs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitorch.cli.pages.page import Cell, Page, phrase
from gitorch.cli.pages.views import header, job_cells, summary
from gitorch.model.counts import counted
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.view import InboxRow, JobRow, RunView

EVENTS_MAX = 8
EVENTS_MIN = 3
RUN_LINES_MIN = 8
"""Header, summary, a few jobs and what waits: with fewer lines a run shows nothing useful."""

INTEREST = {
    "waiting_human": 0,
    "stale": 0,
    "failed": 0,
    "running": 1,
    "claimed": 1,
    "submitted": 2,
    "queued": 3,
    "blocked": 4,
    "completed": 5,
}
"""The order in which jobs are kept when not all fit. Phases that are not here are left out first."""


class Panel(Value):
    """One run on the page."""

    view: RunView
    events: tuple[str, ...] = ()
    """Its newest sentences, oldest first."""

    silent: tuple[str, ...] = ()
    """The parts of the world that did not answer."""


def frame_lines(panels: Sequence[Panel], page: Page, height: int, footer: str) -> list[str]:
    """At most `height` lines, none wider than the page."""
    room = max(0, height - 1)
    shown = panels[: max(1, room // RUN_LINES_MIN)]
    hidden = len(panels) - len(shown)
    if hidden:
        room -= 1

    lines: list[str] = []
    for number, panel in enumerate(shown):
        share = (room - len(lines)) // (len(shown) - number)
        lines += _panel_lines(panel, page, share)

    if hidden:
        lines.append(page.line(f"… and {counted(hidden, 'more run')}: gitorch status --all", "dim"))

    return [*lines[: max(0, height - 1)], page.line(footer, "dim")]


def _panel_lines(panel: Panel, page: Page, height: int) -> list[str]:
    """One run: questions have room first, then jobs, then events."""
    view = panel.view
    top = [header(view, page), page.line(summary(view, page), "dim")]
    top += [page.line(f"! {silent}", "red") for silent in panel.silent[:2]]
    waiting = _waiting(view.inbox, page, max(2, height // 3))
    room = height - len(top) - len(waiting) - 1
    jobs = _jobs(view.jobs, page, room - _event_room(panel))
    events = _events(panel, page, room - len(jobs) - 1)
    if jobs:
        top += ["", *jobs]

    return [*top, *waiting, *events][: max(0, height)]


def _event_room(panel: Panel) -> int:
    """The lines that jobs leave to events: a few, and the blank one above them."""
    events = min(len(panel.events), EVENTS_MIN)
    if events:
        return events + 1

    return 0


def _events(panel: Panel, page: Page, room: int) -> list[str]:
    """The newest events that fit into this number of lines, below a blank one."""
    count = min(len(panel.events), EVENTS_MAX, room)
    if count <= 0:
        return []

    return ["", *(page.line(f"  {event}", "dim") for event in panel.events[-count:])]


def _waiting(rows: Sequence[InboxRow], page: Page, room: int) -> list[str]:
    """The open questions, one line each with its command; a heading takes the first line."""
    if not rows:
        return []

    shown = rows if len(rows) < room else rows[: max(1, room - 2)]
    lines = [page.line("waits for you", "bold")]

    for row in shown:
        about = ""
        if row.job is not None:
            about = f" {row.job}"

        lines.append(page.line(f"  {row.id}{about}: {row.command}  ({row.text})", "yellow"))

    if len(shown) < len(rows):
        lines.append(page.line(f"  … and {len(rows) - len(shown)} more: gitorch inbox", "yellow"))

    return lines


def _jobs(rows: Sequence[JobRow], page: Page, room: int) -> list[str]:
    """All jobs if they fit; else the most interesting ones in their order, and the number of hidden ones by phase."""
    if room <= 0:
        return []

    if len(rows) <= room:
        return _job_table(rows, page)

    return _interesting_jobs(rows, page, room)


def _interesting_jobs(rows: Sequence[JobRow], page: Page, room: int) -> list[str]:
    """The most interesting jobs in their order, and the number of hidden ones by phase."""
    by_interest = sorted(range(len(rows)), key=lambda n: (INTEREST.get(rows[n].phase, 9), n))
    kept = sorted(by_interest[: room - 1])
    hidden = Counter(phrase(row.phase) for n, row in enumerate(rows) if n not in kept)
    counts = ", ".join(f"{count} {phase}" for phase, count in hidden.most_common())
    rest = page.line(f"   … and {len(rows) - len(kept)} more: {counts}", "dim")

    return [*_job_table([rows[n] for n in kept], page), rest]


def _job_table(rows: Sequence[JobRow], page: Page) -> list[str]:
    """The jobs, each batch with its number before its first job."""
    cells: list[tuple[Cell, ...]] = []
    batch: int | None = None

    for row in rows:
        number = " "
        if row.batch != batch:
            batch = row.batch
            number = str(batch)

        cells.append((Cell(number, "bold"), *job_cells(row, page)))

    return page.table(cells, shrinks=(7, 2, 1, 4))
