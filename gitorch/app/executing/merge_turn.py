"""One process at a time between an approval and the record of its merge.

git moves the target before the ledger can say so. A decision that was recorded in between would be about work that is
merged already: a run would be canceled, or its epics sent back, while the target has them.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from gitorch.app.query.target import target_head
from gitorch.errors import Refused
from gitorch.model.commands import AnswerQuestion
from gitorch.model.record import ActorKind
from gitorch.rules.messages.answer_words import RETRY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from gitorch.app.services import Services
    from gitorch.model.commands import Command
    from gitorch.model.ids import RunId
    from gitorch.model.record import Actor
    from gitorch.model.work.run import Run

LOCK = "merge"
"""Held from before the target moves until its record is written, and by every decision on a run that may be merged."""

WAIT_SECONDS = 30.0
"""How long a decision waits for a merge, which brings a large checkout along. It raises Busy then."""


def merge_turn(services: Services) -> AbstractContextManager[None]:
    """Merge while nobody decides, and decide while nobody merges."""
    return services.ledger.hold(LOCK, WAIT_SECONDS)


def decision_turn(
    services: Services,
    run: RunId | None,
    actor: Actor,
    command: Command | tuple[Command, ...],
) -> AbstractContextManager[None]:
    """What a decision of a person about a run holds while it is recorded: nothing, unless the run may be merged now.

    To have a step that fails tried again decides nothing about the work: the step may be this very merge.
    Raises Refused where the target has the merge already, and only its record is missing.
    """
    if run is None or actor.kind is ActorKind.AGENT:
        return nullcontext()

    state = services.ledger.state(run).run
    if state is None or state.approved_report is None or state.merged is not None:
        return nullcontext()

    if _tries_again(state, command):
        return nullcontext()

    return _decision_turn(services, state)


def _tries_again(run: Run, command: Command | tuple[Command, ...]) -> bool:
    """Whether a person only has a step of gitorch's own tried once more."""
    if not isinstance(command, AnswerQuestion) or command.option != RETRY:
        return False

    question = run.questions.get(command.question)
    return question is not None and question.is_fault


@contextmanager
def _decision_turn(services: Services, run: Run) -> Iterator[None]:
    with merge_turn(services):
        _ensure_not_there(services, run)
        yield


def _ensure_not_there(services: Services, run: Run) -> None:
    """Raises Refused where the target has the approved commit."""
    if run.report is None or run.report.merged_commit is None:
        return

    now = target_head(services, run.report.target)
    if now is not None and services.git.contains(run.report.merged_commit, now):
        message = f"{run.report.target} has the merge of {run.id} already, which is not recorded yet"
        raise Refused(message, "gitorch up --once")
