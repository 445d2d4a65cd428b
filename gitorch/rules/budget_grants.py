"""How often people granted a budget again, and whether one is used up: asked by whoever shows or begins work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.run import Run

BUDGET = "budget:"
GO_ON = "go_on"


def times_granted(run: Run, trigger: str) -> int:
    """How often people gave this budget once more."""
    asked = (q for q in run.questions.values() if q.trigger == trigger and q.answer is not None)
    return sum(1 for q in asked if q.answer is not None and q.answer.option == GO_ON)


def sessions_spent(run: Run) -> bool:
    """Whether the run may not begin another session."""
    allowed = run.settings.sessions_max * (1 + times_granted(run, f"{BUDGET}sessions"))
    return bool(allowed) and len(run.sessions) >= allowed


def asked_about_budget(run: Run) -> bool:
    """Whether a human is asked if the whole run is worth more; until then nothing new is begun in it."""
    return any(q.trigger.startswith(BUDGET) and q.job is None for q in run.open_questions())
