"""The live page as lines: every run in the room that there is, the most interesting jobs first when there is little."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitorch.cli.pages.page import Cell, Page, spoken
from gitorch.cli.pages.views import header, job_cells, summary
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.view import InboxRow, JobRow, RunView

EVENTS_MAX = 8
EVENTS_MIN = 3
RUN_LINES_MIN = 8
"""Fewer lines say nothing useful of a run: header, summary, a few jobs, what waits."""

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
"""Which jobs are left out last. Phases that are not here are left out first."""


class Panel(Value):
    """One run on the page: its view, its newest sentences, and what could not be asked."""

    view: RunView
    told: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


def frame_lines(panels: Sequence[Panel], page: Page, height: int, footer: str) -> list[str]:
    """At most `height` lines, none wider than the page."""
    room = max(0, height - 1)
    shown = panels[: max(1, room // RUN_LINES_MIN)]
    left_out = len(panels) - len(shown)
    lines: list[str] = []
    for place, panel in enumerate(shown):
        share = (room - len(lines) - (1 if left_out else 0)) // (len(shown) - place)
        lines += _panel_lines(panel, page, share)
    if left_out:
        lines.append(page.line(f"… and {left_out} more runs: gitorch status --all", "dim"))
    return [*lines[:room], page.line(footer, "dim")]


def _panel_lines(panel: Panel, page: Page, height: int) -> list[str]:
    view = panel.view
    top = [header(view, page), page.line(summary(view, page), "dim")]
    top += [page.line(f"! {silent}", "red") for silent in panel.silent[:2]]
    waiting = _waiting(view.inbox, page, max(2, height // 3))
    events = min(len(panel.told), EVENTS_MIN)
    jobs_room = height - len(top) - len(waiting) - events - (1 if events else 0) - 1
    jobs = _jobs(view.jobs, page, jobs_room)
    spare = height - len(top) - len(waiting) - len(jobs) - 2
    events = max(0, min(len(panel.told), EVENTS_MAX, spare))
    told = ["", *(page.line(f"  {line}", "dim") for line in panel.told[-events:])] if events else []
    return [*top, *(["", *jobs] if jobs else []), *waiting, *told][: max(0, height)]


def _waiting(rows: Sequence[InboxRow], page: Page, room: int) -> list[str]:
    """What waits for whom, one line each with its command; a heading takes the first."""
    if not rows:
        return []
    shown = rows if len(rows) < room else rows[: max(1, room - 2)]
    lines = [page.line("waits for you", "bold")]
    for row in shown:
        about = f" {row.job}" if row.job is not None else ""
        lines.append(page.line(f"  {row.id}{about}: {row.command}  ({row.text})", "yellow"))
    if len(shown) < len(rows):
        lines.append(page.line(f"  … and {len(rows) - len(shown)} more: gitorch inbox", "yellow"))
    return lines


def _jobs(rows: Sequence[JobRow], page: Page, room: int) -> list[str]:
    """All jobs where they fit; else the most interesting ones in their order, and how many of what are not shown."""
    if room <= 0:
        return []
    shown = list(rows)
    if len(rows) > room:
        by_interest = sorted(range(len(rows)), key=lambda n: (INTEREST.get(rows[n].phase, 9), n))
        shown = [rows[n] for n in sorted(by_interest[: room - 1])]
    lines = page.table(
        [_cells(row, before, page) for row, before in zip(shown, [None, *shown], strict=False)], (7, 2, 1, 4)
    )
    if len(shown) < len(rows):
        kept = {row.id for row in shown}
        hidden = Counter(spoken(row.phase) for row in rows if row.id not in kept)
        said = ", ".join(f"{count} {phase}" for phase, count in hidden.most_common())
        lines.append(page.line(f"   … and {len(rows) - len(shown)} more: {said}", "dim"))
    return lines


def _cells(row: JobRow, before: JobRow | None, page: Page) -> tuple[Cell, ...]:
    """The job, with its batch before the first of it."""
    begins = before is None or before.batch != row.batch
    return (Cell(str(row.batch) if begins else " ", "bold"), *job_cells(row, page))
