"""What keys that decide nothing do: show a page about the selected row, or its agent's terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.console import reading
from gitorch.cli.console.details import findings_text
from gitorch.cli.console.page_screen import PageScreen, diff_text, page_text
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from rich.text import Text

    from gitorch.cli.console.app import Console
    from gitorch.model.view import EpicRow


async def _show(console: Console, title: str, text: Text, *, at_end: bool = False) -> None:
    """Show a page until it is left."""
    await console.push_screen_wait(PageScreen(title, text, at_end=at_end))


async def show_diff(console: Console, row: EpicRow) -> None:
    """Show what the branch of an epic changes, or what the merge of a run does."""
    if row.job is None:
        text = await console.offload(reading.answer_of, console.call, ["diff", row.run])
        await _show(console, f"diff of {row.run}", diff_text(text, f"gitorch diff {row.run}"))
        return

    run = console.shown_run(row)
    patch = await console.offload(reading.patch_of, console.call, run, row.job)
    command = f"git diff {shell_word(f'{run.target}...{run.branch_of(row.job)}')}"
    await _show(console, f"diff of {row.id}", diff_text(patch, command))


async def show_screen(console: Console, row: EpicRow) -> None:
    """Show the screen of a row's agent, with the lines before it."""
    text = await console.offload(reading.answer_of, console.call, reading.peek_words(row))
    await _show(console, f"screen of {row.id}", page_text(text, f"gitorch peek {row.session}"), at_end=True)


async def show_findings(console: Console, row: EpicRow) -> None:
    """Show all findings on an epic."""
    if row.job is None:
        return

    run = console.shown_run(row)
    text = findings_text(run, run.jobs[row.job])
    await _show(console, f"findings on {row.id}", page_text(text, f"gitorch show {row.id}"))


async def show_log(console: Console, row: EpicRow) -> None:
    """Show the newest records of a row's run."""
    text = await console.offload(reading.log_of, console.call, row.run)
    await _show(console, f"log of {row.run}", page_text(text, f"gitorch log {row.run}"), at_end=True)


async def show_report(console: Console, row: EpicRow) -> None:
    """Show the merge report of a run, or the report of an epic."""
    text = await console.offload(reading.answer_of, console.call, reading.report_words(row))
    await _show(console, f"report of {row.id}", page_text(text, f"gitorch report {row.id}"))


async def attach(console: Console, row: EpicRow) -> None:
    """Open the terminal of a row's agent until its user detaches."""
    if row.session is not None:
        console.tell(console.terminal.attach(console, row.run, row.session))
