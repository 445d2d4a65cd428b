"""What must be true before agents begin: the tests pass on the target. And corrections of a run's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.values import replace
from gitorch.model.work.question import SETUP, TARGET_TESTS
from gitorch.rules.evolving import BY_HOST, BY_PRINCIPAL, Evolution
from gitorch.rules.evolving.transitions import withdraw
from gitorch.rules.messages.answer_words import RETRY, START_ANYWAY

if TYPE_CHECKING:
    from gitorch.model.record import Record
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions


def checked(
    run: Run,
    _: Record,
    event: events.TargetChecked,
) -> Run:
    """Keep the result. Raises Corrupt if another commit than the target's was tested."""
    if event.check.commit != run.target_commit:
        message = f"the target was tested at {event.check.commit}, and the run starts from {run.target_commit}"
        raise Corrupt(message)

    return replace(run, target_check=event.check)


def changed(
    run: Run,
    record: Record,
    event: events.SettingsChanged,
) -> Run:
    """Apply the settings, test the target again, and withdraw the questions about the tests and set-up that were wrong."""
    asked = []
    for question in run.open_questions():
        if question.trigger.startswith((TARGET_TESTS, SETUP)):
            asked.append(question)

    run = withdraw(run, record, asked)
    return replace(run, settings=event.settings, target_check=None)


def answered(
    run: Run,
    question: Question,
    option: str,
) -> Run:
    """Let agents begin, or test the target again, as the principal answered the question about its tests."""
    if not question.trigger.startswith(TARGET_TESTS):
        return run

    if option == START_ANYWAY:
        return replace(run, target_accepted=True)

    if option == RETRY:
        return replace(run, target_check=None)

    return run


EVENTS: Evolutions = {
    events.TargetChecked: Evolution(checked, BY_HOST),
    events.SettingsChanged: Evolution(changed, BY_PRINCIPAL),
}
