"""The question sheet: what a start would do, and the questions that only a human answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli import arguments
from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.page import Cell, Page
from gitorch.errors import Usage
from gitorch.model.approval import Grade
from gitorch.model.workflow import Autonomy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.start.preflight import Sheet, SheetRow

MEANS = {
    Autonomy.END_ONLY: "you are asked once, at the merge report",
    Autonomy.PER_EPIC: "you are asked after each epic, and at the merge report",
}
TRIES_MAX = 3


def sheet_text(sheet: Sheet, page: Page) -> str:
    """Everything that the answer agrees to: batches, agents, branches, worktrees, target, tests, reviews."""
    epics, batches = sum(len(batch) for batch in sheet.batches), len(sheet.batches)
    counted = f"{epics} {'epic' if epics == 1 else 'epics'} in {batches} {'batch' if batches == 1 else 'batches'}"
    first = "" if sheet.target_confirmed else "  (it was not the target before: confirm it)"
    lines = [
        page.line(sheet.title, "bold"),
        page.line(f"  plan       {sheet.plan_path}: {counted}"),
        page.line(f"  target     {sheet.target} at {sheet.target_commit[:12]}{first}"),
        page.line(f"  agents     at most {sheet.max_agents} at the same time"),
        page.line(f"  tests      {sheet.test_command or 'none: agents are believed about tests'}"),
        page.line(f"  reviews    {_reviews(sheet)}"),
        *_approval(sheet, page),
        page.line(f"  autonomy   {sheet.autonomy}: {MEANS[sheet.autonomy]}"),
        *(f"  worktrees  {safe_line(folder)}/" for folder in _folders(sheet)),  # whole, since it is agreed to
    ]
    for number, batch in enumerate(sheet.batches, 1):
        rows = [(Cell(r.job), Cell(f"{r.agent} ({r.runtime})"), Cell(r.branch), Cell(_name(r))) for r in batch]
        side = f"batch {number}: {len(batch)} side by side" if len(batch) > 1 else f"batch {number}"
        lines += ["", page.line(side, "bold"), *page.table(rows, gives=(3, 2, 1), indent=2)]
    return "\n".join(lines)


def _folders(sheet: Sheet) -> tuple[str, ...]:
    """The folders that worktrees lie in: one, unless paths of files are odd."""
    return tuple(dict.fromkeys(row.worktree.rpartition("/")[0] for batch in sheet.batches for row in batch))


def _name(row: SheetRow) -> str:
    return row.worktree.rpartition("/")[2]


def _approval(sheet: Sheet, page: Page) -> list[str]:
    settings = sheet.settings
    if settings.approval_at_least is Grade.SIGNED:
        keys = len(settings.approval_signers.splitlines())
        how = f"signed with one of {keys} SSH {'key' if keys == 1 else 'keys'}"
    elif settings.approval_unattended:
        how = "unattended is enough: `gitorch approve --yes` asks nobody"
    else:
        how = "typed at a terminal, which a program of your user could do as well"
    return [page.line(f"  approval   {how}")]


def _reviews(sheet: Sheet) -> str:
    if not sheet.reviewers:
        return "none"
    return f"{', then '.join(sheet.reviewers)} ({sheet.review_mode}), at most {sheet.rounds_max} rounds"


def ask_autonomy(preselected: Autonomy) -> Autonomy:
    """Asked at a terminal; an empty answer takes what is preselected. Raises Usage after three wrong answers."""
    click.echo("\nHow often do you want to be asked?")
    for value in Autonomy:
        click.echo(f"  {value:<9} {MEANS[value]}{' (default)' if value is preselected else ''}")
    for _ in range(TRIES_MAX):
        said = click.prompt("Autonomy", default=str(preselected))
        try:
            return arguments.autonomy(said)
        except Usage as wrong:
            click.echo(safe_line(wrong.message))
    raise Usage("no autonomy was chosen", "gitorch start PLAN --autonomy end_only")


LANES = {"implementer": "Who writes?", "reviewer": "Who reviews?"}


def ask_runtimes(there: tuple[str, ...], preselected: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Asked at a terminal for each lane, and only where more than one runtime is there; an empty answer takes what is preselected."""
    chosen = {lane: runtime for lane, runtime in said.items() if runtime}
    if len(there) < 2:
        return chosen
    for lane, question in LANES.items():
        if lane not in chosen:
            chosen[lane] = _ask_runtime(question, there, preselected.get(lane) or there[0])
    return chosen


def _ask_runtime(question: str, there: tuple[str, ...], preselected: str) -> str:
    for _ in range(TRIES_MAX):
        said = click.prompt(f"{question} {', '.join(there)}", default=preselected).strip()
        if said in there:
            return str(said)
        click.echo(safe_line(f"{said} is none of them"))
    raise Usage("no runtime was chosen", f"gitorch start PLAN --implementer {there[0]}")


def agrees(question: str) -> bool:
    """A plain yes or no at a terminal; an empty answer is no."""
    return bool(click.confirm(question, default=False))
