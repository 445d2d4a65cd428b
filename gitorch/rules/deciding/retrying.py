"""The principal's hand on one job: try it again, start its agent anew, or stop its agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.job import JobPhase
from gitorch.model.workflow import UNCLAIMED
from gitorch.rules import ensure
from gitorch.rules.deciding.questions import answer, report_gone
from gitorch.rules.review.gates import next_question

if TYPE_CHECKING:
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.job import JobState

AGAIN = ("retry", "one_more_round", "cleared", "go_on")
"""Answers to an escalation that mean: try again; the first that it takes."""

AFTER_STOP = ("retry", "stop_epic", "stop_run")


def retry(state: State, order: Order, command: commands.RetryJob) -> tuple[Event, ...]:
    """What is asked about the job is answered by another try; a failed job goes back to work; an agent at work starts anew."""
    ensure.principal(order.actor, "retry")
    run = ensure.run_under_way(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    for question in run.open_questions(command.job):
        option = next((word for word in AGAIN if word in question.options), None)
        if option is not None:
            return answer(state, order, commands.AnswerQuestion(question.id, option, command.text))
    if job.phase is JobPhase.FAILED and job.writes:
        note = command.text or "try again"
        return (*report_gone(run, f"{command.job} goes back to work"), events.JobReopened(command.job, note))
    return restart(state, order, commands.RestartAgent(command.job))


def restart(state: State, order: Order, command: commands.RestartAgent) -> tuple[Event, ...]:
    """The agent of a job that is under way is ended, and a new one gets its worktree, its brief, and what was done so far."""
    ensure.principal(order.actor, "session restart")
    run = ensure.run_under_way(ensure.run_there(state))
    job = _with_agent(ensure.job_there(run, command.job))
    return (events.LeaseEnded(command.job, job.fence, "revoked"),)


def stop(state: State, order: Order, command: commands.StopAgent) -> tuple[Event, ...]:
    """The agent is ended, and its job waits until the principal says how to go on; others go on."""
    ensure.principal(order.actor, "session stop")
    run = ensure.run_under_way(ensure.run_there(state))
    job = _with_agent(ensure.job_there(run, command.job))
    asked = events.Escalated(
        question=next_question(run),
        trigger=f"stopped:{command.job}:{job.fence}",
        job=command.job,
        session=job.session,
        happened=f"{order.actor.name} stopped the agent of {command.job} (session {job.session}).",
        tried="Its worktree and branch are kept as they are.",
        options=AFTER_STOP,
        evidence=f"it was {job.phase} in round {job.attempt}",
        text=f"Start {command.job} anew (retry), stop it for good, or stop the run?",
    )
    return (events.LeaseEnded(command.job, job.fence, "revoked"), asked)


def _with_agent(job: JobState) -> JobState:
    """A job that an agent holds now. Raises Refused with what would be legal."""
    name = job.spec.id
    if job.lease is not None and job.session is not None:
        return job
    if job.spec.kind in UNCLAIMED:
        message = f"no agent works on {name}: it is a {job.spec.kind}"
        raise Refused(message, f"gitorch why {name}")
    message = f"{name} is {job.phase}, so no agent is at work on it; only failed work and agents at work begin anew"
    raise Refused(message, f"gitorch why {name}")
