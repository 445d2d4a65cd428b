"""What stands below a merge report when it is shown: who approved or may approve it, and with which commands.

It is no part of the report, which an approval binds to and which therefore never changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.proposal import proposal_branch

if TYPE_CHECKING:
    from gitorch.model.work.report import Approval, Merged
    from gitorch.model.work.run import Run


def report_state(run: Run) -> str:
    """The state of a run's newest report in one or a few lines; every report that was issued has one."""
    if run.report is None:
        return _withdrawn(run)

    if run.approval is not None:
        return _approved(run.approval, run.merged)

    if run.report.conflicts:
        return f"This report cannot be approved: its branches do not merge. Decide: gitorch inbox {run.id}"

    if run.phase.is_over:
        return f"This report was not approved; run {run.id} is {run.phase}."

    return _waiting(run)


def _withdrawn(run: Run) -> str:
    """Why a report counts no longer."""
    if run.phase.is_over:
        return f"This report is no longer valid; run {run.id} is {run.phase}."

    return "This report is no longer valid; gitorch up makes a new one."


def _approved(approval: Approval, merged: Merged | None) -> str:
    """Who approved the report, how strongly that is proven, and the merge that followed."""
    sentence = f"This report is {approval.sentence}"
    if merged is None:
        sentence += "; gitorch up merges it."
    else:
        sentence += f", and merged: {merged.target} moved from {merged.old[:12]} to {merged.new[:12]}."

    if approval.claims is None:
        return sentence

    return f"{sentence}\nNot proven: {approval.claims.sentence}."


def _waiting(run: Run) -> str:
    """The commands by which the principal decides about a report."""
    reject = f'gitorch reject {run.id} --note "…"'
    return "\n".join(
        (
            "This report waits for your approval.",
            *_proposed(run),
            f"  to merge exactly this:  gitorch approve {run.id}",
            f"  to send an epic back:   {reject} --rework EPIC",
            f"  to end the run:         {reject}",
        )
    )


def _proposed(run: Run) -> tuple[str, ...]:
    """The line about the pull request that proposes the report; none without one."""
    if run.proposal is None:
        return ()

    branch = proposal_branch(run.id)
    return (f"It is proposed as a pull request: {branch} at {run.proposal.remote}, whose merge approves it.",)
