"""How often people granted a budget again, and whether a budget is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.work.run import Run

BUDGET = "budget:"
GO_ON = "go_on"
LANE = ":lane:"
"""In the trigger of a question about the budget of one lane, which keeps no other lane from work."""


def times_granted(run: Run, trigger: str) -> int:
    """How often people granted as much again of the budget with this trigger."""
    times = 0
    for question in run.questions.values():
        if question.trigger != trigger or question.answer is None:
            continue

        if question.answer.option == GO_ON:
            times += 1

    return times


def sessions_spent(run: Run) -> bool:
    """Whether the run may not begin another session.

    A run whose settings name no maximum may begin any number.
    """
    if not run.settings.sessions_max:
        return False

    allowed = run.settings.sessions_max * (1 + times_granted(run, f"{BUDGET}sessions"))
    return len(run.sessions) >= allowed


def asked_about_budget(run: Run) -> bool:
    """Whether a question about a budget of the whole run is open.

    Until it is answered nothing new begins in the run.
    """
    for question in run.questions.values():
        if question.answer is not None or question.job is not None:
            continue

        if question.trigger.startswith(BUDGET) and LANE not in question.trigger:
            return True

    return False
