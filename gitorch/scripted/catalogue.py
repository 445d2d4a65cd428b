"""Everything an agent can do, in one table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitorch.scripted.faults import FAULTS
from gitorch.scripted.reports import REPORTS
from gitorch.scripted.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.scripted.context import TurnContext
    from gitorch.scripted.step import Act, Step

ACTS: Mapping[str, Act] = {**STEPS, **REPORTS, **FAULTS}


def perform(context: TurnContext, steps: Sequence[Step]) -> None:
    """Carry out a turn. Whatever is in a commit that was made before is left out; `once` steps happen once a worktree."""
    name_answers(context, steps)
    done = _committed(context, steps)
    for number, step in enumerate(steps):
        act = ACTS[step.name]
        if number <= done and not act.redo:
            continue
        if step.flag("once", otherwise=False) and not context.mark(step.place, "once"):
            continue
        act.perform(context, step)


def name_answers(context: TurnContext, steps: Sequence[Step]) -> None:
    """Make the answers that the brief holds known by the names of their questions."""
    for step in steps:
        answer = context.brief.answer_to(context.fill(step.text)) if step.name == "ask" else None
        if answer is not None and step.option("name"):
            context.answers[step.option("name")] = answer


def _committed(context: TurnContext, steps: Sequence[Step]) -> int:
    """The place of the last commit that is on the branch already, or -1; of two with one subject, one may be there."""
    left = Counter(context.worktree.subjects(context.brief.base))
    last = -1
    for number, step in enumerate(steps):
        subject = context.fill(step.text).partition("\n")[0]
        if step.name == "commit" and left[subject] > 0:
            left[subject] -= 1
            last = number
    return last
