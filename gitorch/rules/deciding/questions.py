"""Questions, answers and escalations: where a human's word is needed, and what it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events
from gitorch.model.job import JobPhase
from gitorch.model.question import GATING, QuestionKind, unanswered_trigger
from gitorch.model.record import ActorKind
from gitorch.model.workflow import JobKind
from gitorch.rules import ensure
from gitorch.rules.review.gates import next_question
from gitorch.rules.workflows.tracked import issues_of, troubled_job

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.question import Question
    from gitorch.model.run import Run

NEEDS_WORDS = frozenset({"push_back", "reject", "answer", "accept_with_exceptions"})
"""A verdict is overridden for a reason only, which stays beside it in the ledger and the merge report."""


def escalate(state: State, order: Order, command: commands.Escalate) -> tuple[Event, ...]:
    """One open escalation a trigger; a part that says nothing is refused."""
    ensure.host(order.actor, "escalations of its own")
    run = ensure.run_open(ensure.run_there(state))
    if any(q.trigger == command.trigger for q in run.open_questions()):
        return ()
    parts = (command.happened, command.tried, command.evidence, command.decision)
    if not all(part.strip() for part in parts) or not command.options:
        message = f"escalation {command.trigger} leaves a part empty"
        raise Refused(message)
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


def remind(state: State, order: Order, command: commands.Remind) -> tuple[Event, ...]:
    """An open question is brought up again; it never answers itself."""
    ensure.host(order.actor, "reminders")
    question = ensure.question_open(ensure.run_there(state), command.question)
    return (events.QuestionReminded(question.id, question.reminders + 1),)


def answer(state: State, order: Order, command: commands.AnswerQuestion) -> tuple[Event, ...]:
    """The answer, and what it leads to. Only the context of a plan may be given by an operator as well."""
    run = ensure.run_there(state)
    question = ensure.question_open(run, command.question)
    if question.kind is not QuestionKind.CONTEXT or order.actor.kind is not ActorKind.OPERATOR:
        ensure.principal(order.actor, "answer")
    _fits(run, question, command)
    event = events.QuestionAnswered(command.question, command.option, command.text)
    follows = (*_left_to_people(run, question, command.option), *_answered_at_last(run, question, command))
    return (event, *follows, *_follows(run, question, command))


def _fits(run: Run, question: Question, command: commands.AnswerQuestion) -> None:
    """Raises Refused where the answer is not one of those asked for."""
    if question.kind is QuestionKind.APPROVAL:
        message = f"{question.id} asks for the approval of a merge, which is given by its own verb"
        raise Refused(message, f"gitorch approve {run.id}")
    if question.options and command.option not in question.options:
        message = (
            f"{command.option or 'free text'} is no answer to {question.id}; it takes {', '.join(question.options)}"
        )
        raise Refused(message, f"gitorch answer {question.id} {question.options[0]}")
    if not question.options and not command.text.strip():
        message = f"{question.id} wants an answer in words"
        raise Refused(message, f"gitorch answer {question.id} TEXT")
    if command.option in NEEDS_WORDS and not command.text.strip():
        message = f"{command.option} needs words that say why"
        raise Refused(message, f"gitorch answer {question.id} {command.option} TEXT")


def _follows(run: Run, question: Question, command: commands.AnswerQuestion) -> tuple[Event, ...]:
    """What an answer leads to beside its own effect."""
    option = command.option
    if option == "stop_run":
        said = f": {command.text}" if command.text else ""
        return (events.RunCanceled(f"the principal stopped it at {question.id}{said}"),)
    if question.kind is QuestionKind.CHECKPOINT and option == "cancel":
        return _canceled_at(run, question)
    if question.job is None:
        return ()
    job = run.jobs[question.job]
    if option == "requeue" and job.phase is JobPhase.STALE:
        return (events.JobRequeued(question.job, command.text or f"answered at {question.id}"),)
    if option == "stop_epic":
        return (events.JobFailed(job.spec.subject or question.job, f"the principal stopped it at {question.id}"),)
    if option == "accept_with_exceptions" and job.handoff is not None:
        _nothing_else_asked(run, question)
        return (events.GatePassed(question.job, job.handoff.commit, job.attempt, waived=True),)
    if option == "one_more_round" and job.phase is JobPhase.FAILED:
        reopened = events.JobReopened(question.job, command.text or "one more round")
        return (*report_gone(run, f"{question.job} goes back to work"), reopened)
    if option == "retry" and question.trigger.startswith("stuck:") and job.lease is not None:
        return (events.LeaseEnded(question.job, job.lease.fence, "revoked"),)
    if option == "retry" and question.trigger.startswith("merge:"):
        return report_gone(run, "the principal asked for a new one")
    return ()


def _left_to_people(run: Run, question: Question, option: str) -> tuple[Event, ...]:
    """Closings in the tracker that gitorch is not to try any more."""
    troubled = troubled_job(run, question)
    if troubled is None or option != "leave":
        return ()
    left = issues_of(run.jobs[troubled])
    return (events.IssuesClosed(troubled, (), left, f"left to people at {question.id}"),)


def _answered_at_last(run: Run, escalation: Question, command: commands.AnswerQuestion) -> tuple[Event, ...]:
    """The words for an escalation answer the question that nobody had answered."""
    if command.option != "answer":
        return ()
    meant = (q for q in run.open_questions() if unanswered_trigger(q.id) == escalation.trigger)
    return tuple(events.QuestionAnswered(q.id, "", command.text) for q in meant)


def _nothing_else_asked(run: Run, question: Question) -> None:
    """A waiver accepts findings; concerns and deferrals of the same job want answers of their own."""
    others = [q for q in run.open_questions(question.job) if q.kind in GATING and q.id != question.id]
    if others:
        message = f"{question.job} cannot be accepted before {', '.join(q.id for q in others)} is answered as well"
        raise Refused(message, f"gitorch answer {others[0].id} {(*others[0].options, 'TEXT')[0]}")


def report_gone(run: Run, reason: str) -> tuple[Event, ...]:
    """The merge report that stands, if any, counts no more."""
    return () if run.report is None else (events.ReportVoided(run.report.digest, reason),)


def _canceled_at(run: Run, question: Question) -> tuple[Event, ...]:
    job = run.jobs[question.job] if question.job is not None else None
    if job is None or job.spec.on_cancel:
        return ()
    return (events.RunCanceled(f"the principal canceled it at {job.spec.id}"),)


def open_checkpoint(state: State, order: Order, command: commands.OpenCheckpoint) -> tuple[Event, ...]:
    """A checkpoint that no merge waits for asks its own question, once."""
    ensure.host(order.actor, "checkpoints")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    asked = any(q.kind is QuestionKind.CHECKPOINT for q in run.open_questions(command.job))
    waiting = job.spec.kind is JobKind.CHECKPOINT and job.phase is JobPhase.WAITING_HUMAN
    if asked or not waiting or run.merge_behind(command.job) is not None:
        return ()
    text = f"{job.spec.title or job.spec.id}: continue or cancel?"
    kind = QuestionKind.CHECKPOINT
    return (events.QuestionAsked(next_question(run), kind, command.job, None, ("continue", "cancel"), 0, text),)
