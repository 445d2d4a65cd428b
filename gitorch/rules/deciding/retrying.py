"""The principal's commands about one job's agent: try the job again, restart the agent, or stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.plans.workflow import UNCLAIMED
from gitorch.model.work.job import JobPhase
from gitorch.rules import ensure
from gitorch.rules.deciding.questions import answer, voided_report
from gitorch.rules.review.gates import next_question

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding import Decisions

AGAIN = ("retry", "one_more_round", "cleared", "go_on")
"""Answers to an escalation that mean another try; the first one that it offers is given."""

AFTER_STOP = ("retry", "stop_epic", "stop_run")


def retry(state: State, order: Order, command: commands.RetryJob) -> tuple[Event, ...]:
    """Another try: an open escalation is answered by it, a failed job goes back to work, or an agent at work is restarted."""
    ensure.principal(order.actor, "retry")
    run = ensure.run_under_way(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    answered = _answer_again(run, command)
    if answered is not None:
        return answer(state, order, answered)

    if job.phase is JobPhase.FAILED and job.writes:
        note = command.text or "try again"
        return (*voided_report(run, f"{command.job} goes back to work"), events.JobReopened(command.job, note))

    return restart(state, order, commands.RestartAgent(command.job))


def _answer_again(run: Run, command: commands.RetryJob) -> commands.AnswerQuestion | None:
    """The answer to the job's first open question that offers another try; None without such a question."""
    for question in run.open_questions(command.job):
        for option in AGAIN:
            if option in question.options:
                return commands.AnswerQuestion(question.id, option, command.text)

    return None


def restart(state: State, order: Order, command: commands.RestartAgent) -> tuple[Event, ...]:
    """The agent of a job at work loses its lease; a new one gets its worktree, its brief and the work done so far."""
    ensure.principal(order.actor, "session restart")
    run = ensure.run_under_way(ensure.run_there(state))
    job = _with_agent(ensure.job_there(run, command.job))
    return (events.LeaseEnded(command.job, job.fence, "revoked"),)


def stop(state: State, order: Order, command: commands.StopAgent) -> tuple[Event, ...]:
    """The agent loses its lease, and its job waits for the principal's decision; other jobs go on."""
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
        text=f"Start {command.job} again (retry), stop it for good, or stop the run?",
    )
    return (events.LeaseEnded(command.job, job.fence, "revoked"), asked)


def _with_agent(job: JobState) -> JobState:
    """A job that an agent holds now. Raises Refused otherwise."""
    name = job.spec.id
    if job.lease is not None and job.session is not None:
        return job

    if job.spec.kind in UNCLAIMED:
        message = f"no agent works on {name}: it is a {job.spec.kind}"
        raise Refused(message, f"gitorch why {name}")

    message = f"{name} is {job.phase}, so no agent is at work on it; only failed work and agents at work can be retried"
    raise Refused(message, f"gitorch why {name}")


DECISIONS: Decisions = {
    commands.RetryJob: retry,
    commands.RestartAgent: restart,
    commands.StopAgent: stop,
}
