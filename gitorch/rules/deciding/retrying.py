"""The principal's commands about one job: try it again, send its work back, restart its agent, or stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.plans.workflow import UNCLAIMED
from gitorch.model.work.job import JobPhase
from gitorch.rules.deciding.questions import answer, voided_report
from gitorch.rules.guards import ensure
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
    """Try a job again: answer its open escalation, send a failed job back to work, or restart an agent at work."""
    ensure.principal(order.actor, "retry")
    run = ensure.run_under_way(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    answered = _answer_again(run, command)
    if answered is not None:
        return answer(state, order, answered)

    if job.phase is JobPhase.FAILED and job.writes:
        note = command.text or "try again"
        return (*voided_report(run, f"{command.job} goes back to work"), events.JobReopened(command.job, note))

    return _revoked(_with_agent(job, "only failed work and agents at work can be retried"))


def _answer_again(run: Run, command: commands.RetryJob) -> commands.AnswerQuestion | None:
    """The answer to the job's first open question that offers another try; None without such a question."""
    for question in run.open_questions(command.job):
        for option in AGAIN:
            if option in question.options:
                return commands.AnswerQuestion(question.id, option, command.text)

    return None


def send_back(state: State, order: Order, command: commands.SendBack) -> tuple[Event, ...]:
    """Send work that was handed in back to its author with the principal's findings; a merge report that stands ends."""
    ensure.principal(order.actor, "reject")
    run = ensure.run_under_way(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    _ensure_handed_in(run, job, command)

    if not command.findings and not command.text.strip():
        message = f"{command.job} goes back with at least one comment or a note"
        raise Refused(message, f"gitorch reject {command.job} --note TEXT")

    sent = events.WorkSentBack(command.job, job.attempt, command.commit, command.findings, command.text.strip())
    return (*voided_report(run, f"{command.job} goes back to work"), sent)


def _ensure_handed_in(run: Run, job: JobState, command: commands.SendBack) -> None:
    """Raises Refused unless exactly this commit is what the job handed in, and not merged yet."""
    why = f"gitorch why {command.job}"
    if run.merged is not None:
        message = f"{command.job} was merged to {run.merged.target} and cannot go back to work"
        raise Refused(message, f"gitorch status {run.id}")

    if job.phase not in {JobPhase.SUBMITTED, JobPhase.COMPLETED} or job.handoff is None or not job.writes:
        message = f"{command.job} is {job.phase} and has no work to send back"
        raise Refused(message, why)

    if job.handoff.commit != command.commit:
        message = f"{command.job} handed in {job.handoff.commit[:12]} since; read that before you send it back"
        raise Refused(message, why)


def restart(state: State, order: Order, command: commands.RestartAgent) -> tuple[Event, ...]:
    """Revoke the lease of a job's agent, so that a new agent gets its worktree, its brief and the work done so far."""
    ensure.principal(order.actor, "session restart")
    run = ensure.run_under_way(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    return _revoked(_with_agent(job, "only agents at work can be restarted"))


def stop(state: State, order: Order, command: commands.StopAgent) -> tuple[Event, ...]:
    """Revoke the lease of a job's agent, and ask the principal what happens to the job; other jobs continue."""
    ensure.principal(order.actor, "session stop")
    run = ensure.run_under_way(ensure.run_there(state))
    job = _with_agent(ensure.job_there(run, command.job), "only agents at work can be stopped")
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
    return (*_revoked(job), asked)


def _revoked(job: JobState) -> tuple[Event, ...]:
    """The end of the lease that a job's agent holds."""
    return (events.LeaseEnded(job.spec.id, job.fence, "revoked"),)


def _with_agent(job: JobState, possible: str) -> JobState:
    """The job, if an agent holds it now. Raises Refused otherwise; `possible` is the clause that says what can be done."""
    name = job.spec.id
    if job.lease is not None and job.session is not None:
        return job

    if job.spec.kind in UNCLAIMED:
        message = f"no agent works on {name}: it is a {job.spec.kind}"
        raise Refused(message, f"gitorch why {name}")

    message = f"{name} is {job.phase}, so no agent is at work on it; {possible}"
    raise Refused(message, f"gitorch why {name}")


DECISIONS: Decisions = {
    commands.RetryJob: retry,
    commands.SendBack: send_back,
    commands.RestartAgent: restart,
    commands.StopAgent: stop,
}
