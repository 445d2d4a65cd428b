"""What stands below a merge report when it is shown: who approved or may approve it, and with which commands.

It is no part of the report, which an approval binds to and which therefore never changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.rules.messages.report_commands import (
    approving_command,
    ending_command,
    proposed_line,
    sending_back_command,
    takes_only_pull_requests,
)

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
    lines = ["This report waits for your approval."]
    proposed = proposed_line(run)
    if proposed:
        lines.append(proposed)

    lines.append(f"  {_purpose(run):<22}  {approving_command(run)}")
    lines.append(f"  to send an epic back:   {sending_back_command(run)}")
    lines.append(f"  to end the run:         {ending_command(run)}")
    return "\n".join(lines)


def _purpose(run: Run) -> str:
    """What the approving command does."""
    if not takes_only_pull_requests(run):
        return "to merge exactly this:"

    if run.proposal is None:
        return "to have it approved:"

    return "to look for its merge:"
