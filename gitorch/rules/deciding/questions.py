"""Questions, answers and escalations: where a human must decide, and what each answer leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.plans.workflow import JobKind
from gitorch.model.record import ActorKind
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import FAILED_TURN, FAULT, REFUSED, QuestionKind, unanswered_trigger
from gitorch.rules.guards import ensure
from gitorch.rules.messages.answer_words import first_answer, needs_text
from gitorch.rules.messages.report_commands import approving_command, sending_back_command
from gitorch.rules.review.gates import next_question
from gitorch.rules.review.left_findings import jobs_behind, with_left_findings
from gitorch.rules.workflows.tracked import issues_of, troubled_job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding import Decisions

AT_AN_AGENT = ("stuck:", "dialog:", REFUSED, FAILED_TURN)
"""Beginnings of the triggers of questions about an agent that is at its job: `retry` there ends it for a new one."""


def escalate(state: State, order: Order, command: commands.Escalate) -> tuple[Event, ...]:
    """Open at most one escalation for each trigger. Raises Refused if a part is empty."""
    ensure.host(order.actor, "escalations of its own")
    run = ensure.run_there(state)
    if not command.trigger.startswith(FAULT):  # a run that is over can still fail to be cleaned up
        ensure.run_open(run)
    if run.is_escalated(command.trigger):
        return ()

    _ensure_every_part(command)
    event = events.Escalated(
        question=next_question(run),
        trigger=command.trigger,
        job=command.job,
        session=command.session,
        happened=command.happened,
        tried=command.tried,
        options=command.options,
        evidence=command.evidence,
        text=command.decision,
    )
    return (event,)


def _ensure_every_part(command: commands.Escalate) -> None:
    """Raises Refused if the escalation has no options, or if a part is blank."""
    complete = bool(command.options)
    for part in (command.happened, command.tried, command.evidence, command.decision):
        if not part.strip():
            complete = False

    if not complete:
        message = f"escalation {command.trigger} leaves a part empty"
        raise Refused(message)


def withdraw(state: State, order: Order, command: commands.WithdrawQuestion) -> tuple[Event, ...]:
    """Withdraw a question whose cause is gone; nothing where it was answered meanwhile."""
    ensure.host(order.actor, "what settled a question")
    question = ensure.run_there(state).questions.get(command.question)
    if question is None or question.answer is not None:
        return ()

    return (events.QuestionWithdrawn(question.id, command.reason),)


def remind(state: State, order: Order, command: commands.Remind) -> tuple[Event, ...]:
    """One more reminder of an open question."""
    ensure.host(order.actor, "reminders")
    question = ensure.question_open(ensure.run_there(state), command.question)
    return (events.QuestionReminded(question.id, question.reminders + 1),)


def answer(state: State, order: Order, command: commands.AnswerQuestion) -> tuple[Event, ...]:
    """Answer a question, with the events that follow. An operator may answer questions about a plan's context only."""
    run = ensure.run_there(state)
    question = ensure.question_open(run, command.question)
    if question.kind is not QuestionKind.CONTEXT or order.actor.kind is not ActorKind.OPERATOR:
        ensure.principal(order.actor, "answer")

    _ensure_option(run, question, command.option)
    _ensure_text(question, command)
    return (
        events.QuestionAnswered(command.question, command.option, command.text),
        *_closing_left_to_people(run, question, command.option),
        *_unanswered_question_answered(run, question, command),
        *_consequences(run, question, command),
    )


def ensure_takes_answer(run: Run, question: Question) -> None:
    """Raises Refused for the question whether to merge, with the commands that decide it."""
    if question.kind is not QuestionKind.APPROVAL or question.answer is not None:
        return

    message = f"{question.id} asks you to approve a merge; it takes no answer: approve it, or send it back by {sending_back_command(run)}"
    raise Refused(message, approving_command(run))


def _ensure_option(run: Run, question: Question, option: str) -> None:
    """Raises Refused if the question does not offer the option, or if the question has a command of its own."""
    ensure_takes_answer(run, question)

    if question.options and option not in question.options:
        given = "a text without an option"
        if option:
            given = f"`{option}`"

        message = f"{given} is not a valid answer to {question.id}; valid answers: {', '.join(question.options)}"
        raise Refused(message, first_answer(question))


def _ensure_text(question: Question, command: commands.AnswerQuestion) -> None:
    """Raises Refused if the question or the option requires a text and there is none."""
    if command.text.strip():
        return

    if not question.options:
        message = f"{question.id} needs an answer in words"
        raise Refused(message, f"gitorch answer {question.id} TEXT")

    if needs_text(question, command.option):
        message = f"{command.option} needs a text that says why"
        raise Refused(message, f"gitorch answer {question.id} {command.option} TEXT")


def _consequences(run: Run, question: Question, command: commands.AnswerQuestion) -> tuple[Event, ...]:
    """The events that an answer leads to beside its own effect."""
    if command.option == "stop_run":
        ensure.not_merged(run)
        return (_stopped_run(question, command.text),)

    if question.kind is QuestionKind.CHECKPOINT and command.option == "cancel":
        return _canceled_at_checkpoint(run, question)

    consequence = CONSEQUENCES.get(command.option)
    if question.job is None or consequence is None:
        return ()

    return consequence(run, run.jobs[question.job], question, command)


def _stopped_run(question: Question, text: str) -> Event:
    """The end of the run, with the question at which the principal stopped it."""
    reason = f"the principal stopped it at {question.id}"
    if text:
        reason = f"{reason}: {text}"

    return events.RunCanceled(reason)


def _requeued(_: Run, job: JobState, question: Question, command: commands.AnswerQuestion) -> tuple[Event, ...]:
    """Queue stale work again."""
    if job.phase is not JobPhase.STALE:
        return ()

    return (events.JobRequeued(job.spec.id, command.text or f"answered at {question.id}"),)


def _stopped(_: Run, job: JobState, question: Question, __: commands.AnswerQuestion) -> tuple[Event, ...]:
    """Fail the epic, also if the question is about one of its reviews."""
    epic = job.spec.subject or job.spec.id
    return (events.JobFailed(epic, f"the principal stopped it at {question.id}"),)


def _waived(run: Run, job: JobState, question: Question, _: commands.AnswerQuestion) -> tuple[Event, ...]:
    """Open the gate in spite of the findings. Raises Refused if other questions keep it closed."""
    if job.handoff is None:
        return ()

    _ensure_nothing_else_open(run, job, question)
    return (events.GatePassed(job.spec.id, job.handoff.commit, job.attempt, waived=True),)


def _ensure_nothing_else_open(run: Run, job: JobState, question: Question) -> None:
    """Raises Refused if concerns or deferrals of the job are open: a waiver accepts findings only."""
    others = _others_open(run, job, question)

    if not others:
        return

    names = ", ".join(other.id for other in others)
    message = f"{job.spec.id} cannot be accepted before {names} is answered as well"
    raise Refused(message, first_answer(others[0]))


def _others_open(run: Run, job: JobState, question: Question) -> list[Question]:
    """The other open questions that keep the job from being cleared."""
    others: list[Question] = []
    for other in run.open_questions(job.spec.id):
        if other.is_gating and other.id != question.id:
            others.append(other)
    return others


def _one_more_round(run: Run, job: JobState, _: Question, command: commands.AnswerQuestion) -> tuple[Event, ...]:
    """Send a failed job back to work."""
    if job.phase is not JobPhase.FAILED:
        return ()

    reopened = events.JobReopened(job.spec.id, command.text or "one more round")
    return (*voided_report(run, f"{job.spec.id} goes back to work"), reopened)


def _retried(run: Run, job: JobState, question: Question, _: commands.AnswerQuestion) -> tuple[Event, ...]:
    """Revoke the lease of the agent that is asked about, or withdraw a report that does not merge, so that it is made again."""
    if question.trigger.startswith(AT_AN_AGENT):
        return _replaced(job, question)

    if question.trigger.startswith("merge:"):
        return voided_report(run, "the principal asked for a new one")

    return ()


def _replaced(job: JobState, question: Question) -> tuple[Event, ...]:
    """The end of the lease of the agent that the question is about; nothing where another has the job already."""
    if job.lease is None or job.lease.session != question.session:
        return ()

    return (events.LeaseEnded(job.spec.id, job.lease.fence, "revoked"),)


CONSEQUENCES: Mapping[str, Callable[[Run, JobState, Question, commands.AnswerQuestion], tuple[Event, ...]]] = {
    "requeue": _requeued,
    "stop_epic": _stopped,
    "accept_with_exceptions": _waived,
    "one_more_round": _one_more_round,
    "retry": _retried,
}
"""By option, for questions about a job."""


def _closing_left_to_people(run: Run, question: Question, option: str) -> tuple[Event, ...]:
    """The issues that gitorch does not try to close any more."""
    troubled = troubled_job(run, question)
    if troubled is None or option != "leave":
        return ()

    owed = issues_of(run.jobs[troubled])
    return (events.IssuesClosed(troubled, (), owed, f"left to people at {question.id}"),)


def _unanswered_question_answered(
    run: Run, escalation: Question, command: commands.AnswerQuestion
) -> tuple[Event, ...]:
    """Pass the text of an escalation about an unanswered question on as that question's answer."""
    if command.option != "answer":
        return ()

    answered: list[Event] = []
    for question in run.open_questions():
        if unanswered_trigger(question.id) == escalation.trigger:
            answered.append(events.QuestionAnswered(question.id, "", command.text))

    return tuple(answered)


def voided_report(run: Run, reason: str) -> tuple[Event, ...]:
    """The end of the merge report that stands; nothing without one."""
    if run.report is None:
        return ()

    return (events.ReportVoided(run.report.digest, reason),)


def _canceled_at_checkpoint(run: Run, question: Question) -> tuple[Event, ...]:
    """End the run, unless the checkpoint has a path of its own for `cancel`."""
    if question.job is None:
        return ()

    job = run.jobs[question.job]
    if job.spec.on_cancel:
        return ()

    return (events.RunCanceled(f"the principal canceled it at {job.spec.id}"),)


def open_checkpoint(state: State, order: Order, command: commands.OpenCheckpoint) -> tuple[Event, ...]:
    """The question of a checkpoint that no merge waits for, once."""
    ensure.host(order.actor, "checkpoints")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.spec.kind is not JobKind.CHECKPOINT or job.phase is not JobPhase.WAITING_HUMAN:
        return ()

    if run.merge_behind(command.job) is not None:
        return ()

    if run.open_checkpoint(command.job) is not None:
        return ()

    text = f"{job.spec.title or job.spec.id}: continue or cancel?"
    event = events.QuestionAsked(
        question=next_question(run),
        kind=QuestionKind.CHECKPOINT,
        job=command.job,
        session=None,
        options=("continue", "cancel"),
        number=0,
        text=with_left_findings(text, jobs_behind(run, command.job)),
    )
    return (event,)


DECISIONS: Decisions = {
    commands.Escalate: escalate,
    commands.WithdrawQuestion: withdraw,
    commands.Remind: remind,
    commands.AnswerQuestion: answer,
    commands.OpenCheckpoint: open_checkpoint,
}
