"""The commands by which the principal decides about a merge report, as they are offered: they fit the run and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.approval import Grade
from gitorch.model.work.proposal import proposal_branch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.work.run import Run

NOTE = '"…"'
EPIC = "EPIC"


def takes_only_pull_requests(run: Run) -> bool:
    """Whether nothing but the merge of a pull request approves a report of this run."""
    return run.settings.approval_at_least is Grade.FORGE


def approving_command(run: Run) -> str:
    """What a person types next so that the report is approved: `gitorch approve`, or what leads to its pull request's merge."""
    if not takes_only_pull_requests(run):
        return f"gitorch approve {run.id}"

    if run.proposal is None:
        return f"gitorch propose {run.id}"

    return "gitorch sync"


def sending_back_command(run: Run, epics: Sequence[str] = (), note: str = NOTE) -> str:
    """The command that sends epics of the report back: the named ones, otherwise its first one."""
    return f"{declining_command(run, epics)} --note {note}"


def declining_command(run: Run, epics: Sequence[str] = ()) -> str:
    """The command that sends epics back with what the reviewers of their pull request wrote: the named ones, otherwise the first."""
    named = tuple(epics) or _first_epic(run)
    rework = " ".join(f"--rework {epic}" for epic in named)
    return f"gitorch reject {run.id} {rework}"


def ending_command(run: Run) -> str:
    """The command that rejects the report and with it ends the run."""
    return f"gitorch reject {run.id} --note {NOTE}"


def _first_epic(run: Run) -> tuple[str, ...]:
    """The first epic of a report; a place for a name where the report has no epic."""
    if run.report is None or not run.report.branches:
        return (EPIC,)

    return (run.report.branches[0].job,)


def proposed_line(run: Run) -> str:
    """One sentence about the pull request that proposes the report; empty without one."""
    if run.proposal is None:
        return ""

    where = f"{proposal_branch(run.id)} at {run.proposal.remote}"
    if takes_only_pull_requests(run):
        return f"A pull request is awaited: {where}; its merge approves the report."

    return f"It is proposed as a pull request: {where}, whose merge approves it."
