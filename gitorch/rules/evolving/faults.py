"""What a run knows of the steps of gitorch's own work that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import events
from gitorch.model.values import replace
from gitorch.model.work.fault import Fault, Step
from gitorch.model.work.question import FAULT, fault_trigger
from gitorch.rules.evolving import BY_HOST, Evolution
from gitorch.rules.evolving.transitions import withdraw

if TYPE_CHECKING:
    from gitorch.model.record import Record
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions


def noted(run: Run, record: Record, event: events.FaultNoted) -> Run:
    """Count one more failure of a step, with its reason. Raises KeyError if the run does not have the job."""
    if event.job is not None:
        _ = run.jobs[event.job]

    step = Step(event.step, event.doing, event.job, event.session)
    fault = Fault(step, event.code, event.reason, event.times, record.at, record.actor.host)
    return replace(run, faults={**run.faults, event.step: fault})


def cleared(run: Run, record: Record, event: events.FaultCleared) -> Run:
    """Forget the fault of a step that works again, so that nobody is asked about it. Raises KeyError if the step had not failed."""
    doing = run.faults[event.step].step.doing
    run = _without(run, event.step)
    trigger = fault_trigger(event.step)
    asked = [question for question in run.open_questions() if question.trigger == trigger]
    return withdraw(run, record, asked, reason=f"{doing} does not fail any more")


def answered(run: Run, question: Question, option: str) -> Run:
    """Make the step due again at once, with its count at zero, or record that the cleanup is left undone."""
    name = question.trigger.removeprefix(FAULT)
    fault = run.faults.get(name)
    if fault is None:
        return run

    if option == "leave":
        return replace(_without(run, name), cleanup="no")

    again = replace(fault, times=0, failed_at=None)
    return replace(run, faults={**run.faults, name: again})


def _without(run: Run, step: str) -> Run:
    """The run without the fault of a step."""
    faults = dict(run.faults)
    del faults[step]
    return replace(run, faults=faults)


EVENTS: Evolutions = {
    events.FaultNoted: Evolution(noted, BY_HOST),
    events.FaultCleared: Evolution(cleared, BY_HOST),
}
