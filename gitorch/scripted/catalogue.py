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
    """Carry out a turn, step by step.

    Steps whose commit is already on the branch are left out, so that a turn can be repeated after a restart; steps with
    `once` happen once a worktree. What a step raises ends the turn.
    """
    name_answers(context, steps)
    last_commit = _last_commit(context, steps)

    for number, step in enumerate(steps):
        act = ACTS[step.name]
        if number <= last_commit and not act.redo:
            continue

        if step.flag("once", default=False) and not context.mark(step.place, "once"):
            continue

        act.perform(context, step)


def name_answers(context: TurnContext, steps: Sequence[Step]) -> None:
    """Keep the answers in the brief under the names of their questions, before any step needs them."""
    for step in steps:
        if step.name != "ask" or not step.option("name"):
            continue

        answer = context.brief.answer_to(context.fill(step.text))
        if answer is not None:
            context.answers[step.option("name")] = answer


def _last_commit(context: TurnContext, steps: Sequence[Step]) -> int:
    """The index of the last commit step whose commit is already on the branch; -1 when there is none.

    A subject counts as often as it stands on the branch, so that two steps may commit with the same subject.
    """
    left = Counter(context.worktree.subjects(context.brief.base))
    last = -1

    for number, step in enumerate(steps):
        if step.name != "commit":
            continue

        subject = context.fill(step.text).partition("\n")[0]
        if left[subject] > 0:
            left[subject] -= 1
            last = number

    return last
