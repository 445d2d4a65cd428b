"""Questions and their answers, and what each answer changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.job import JobPhase
from gitorch.model.question import Answer, Question, QuestionKind, unanswered_trigger
from gitorch.model.review import Finding, Severity
from gitorch.model.session import PromptKind
from gitorch.model.values import replace
from gitorch.model.workflow import JobKind
from gitorch.rules.evolving.claims import waited
from gitorch.rules.evolving.work import skip_with_dependents
from gitorch.rules.transitions import add_prompt, move_job, promote, with_job, with_question, withdraw
from gitorch.rules.workflows.tracked import troubled_job

if TYPE_CHECKING:
    from gitorch.model import events
    from gitorch.model.job import JobState
    from gitorch.model.record import Record
    from gitorch.model.run import Run


def asked(run: Run, record: Record, event: events.QuestionAsked) -> Run:
    """One more thing that a human owes."""
    question = Question(
        id=event.question,
        kind=event.kind,
        asked_at=record.at,
        text=event.text,
        job=event.job,
        session=event.session,
        options=event.options,
        number=event.number,
    )
    return _with_new_question(run, question)


def escalated(run: Run, record: Record, event: events.Escalated) -> Run:
    """An escalation is a question with its history. Raises Corrupt where a part is empty."""
    if not (event.happened and event.tried and event.evidence and event.text and event.options):
        message = f"escalation {event.question} leaves a part empty"
        raise Corrupt(message)
    question = Question(
        id=event.question,
        kind=QuestionKind.ESCALATION,
        asked_at=record.at,
        text=event.text,
        job=event.job,
        session=event.session,
        options=event.options,
        trigger=event.trigger,
        happened=event.happened,
        tried=event.tried,
        evidence=event.evidence,
    )
    return _with_new_question(run, question)


def _with_new_question(run: Run, question: Question) -> Run:
    if question.id in run.questions:
        message = f"question {question.id} was asked twice"
        raise Corrupt(message)
    return replace(run, questions={**run.questions, question.id: question})


def reminded(run: Run, record: Record, event: events.QuestionReminded) -> Run:
    """The next reminder waits twice as long."""
    return with_question(run, event.question, reminders=event.times, reminded_at=record.at)


def answered(run: Run, record: Record, event: events.QuestionAnswered) -> Run:
    """The answer stands; what it changes depends on what was asked. Raises Corrupt where it was answered already."""
    question = run.questions.get(event.question)
    if question is None or question.answer is not None:
        message = f"question {event.question} is not open"
        raise Corrupt(message)
    answer = Answer(event.option, event.text, record.actor.name, record.at)
    run = with_question(run, event.question, answer=answer)
    run = withdraw(run, record, (q for q in run.open_questions() if q.trigger == unanswered_trigger(question.id)))
    effect = ANSWERS.get(question.kind)
    return run if effect is None else effect(run, record, replace(question, answer=answer))


def _context_answered(run: Run, record: Record, question: Question) -> Run:
    """The agent goes on once the last question of its handoff is answered, with all answers in one text."""
    if question.job is None or any(q.kind is question.kind for q in run.open_questions(question.job)):
        return run
    return _resumed(run, record, run.jobs[question.job], question.id)


def _resumed(run: Run, record: Record, job: JobState, about: str) -> Run:
    if job.phase is not JobPhase.WAITING_HUMAN or job.lease is None:
        return run
    run = waited(move_job(run, job.spec.id, JobPhase.RUNNING), job, record)
    return add_prompt(run, job.lease.session, PromptKind.ANSWER, about)


def _concern_answered(run: Run, _: Record, question: Question) -> Run:
    """A concern that is pushed back becomes a finding of the next list."""
    if question.answer is None or question.job is None or question.answer.option != "push_back":
        return run
    title = f"Pushed back: {question.text} {question.answer.text}".strip()
    return _demand(run, run.jobs[question.job], Finding(Severity.IMPORTANT, title))


def _deferral_answered(run: Run, _: Record, question: Question) -> Run:
    """A deferral is granted or made a waiver, or the finding is demanded again under its number, for which one more round is allowed."""
    if question.answer is None or question.job is None:
        return run
    job = run.jobs[question.job]
    if question.answer.option in {"defer", "waive"}:
        waived = tuple(replace(x, waived=True) if x.number == question.number else x for x in job.findings)
        return with_job(run, question.job, findings=waived)
    listed = next((x for x in job.findings if x.number == question.number), None)
    if listed is None:
        return run
    return _demand(run, job, replace(listed.finding, number=listed.number))


def _demand(run: Run, job: JobState, finding: Finding) -> Run:
    """What the principal demands costs no round of the author's: one more is allowed."""
    allowed = max(job.rounds_allowed, job.attempt + 1)
    return with_job(run, job.spec.id, demands=(*job.demands, finding), rounds_allowed=allowed)


def _checkpoint_answered(run: Run, record: Record, question: Question) -> Run:
    """An epic's checkpoint opens its gate or makes a demand; a checkpoint job is completed, its other path skipped."""
    if question.answer is None or question.job is None:
        return run
    job = run.jobs[question.job]
    if job.spec.kind is not JobKind.CHECKPOINT:
        if question.answer.option == "approve":
            return run
        title = f"The principal rejected this work: {question.answer.text}"
        return _demand(run, job, Finding(Severity.IMPORTANT, title))
    run = move_job(run, question.job, JobPhase.COMPLETED)
    needing = tuple(j.spec.id for j in run.jobs.values() if question.job in j.spec.needs)
    onward = job.spec.on_continue or tuple(j for j in needing if j not in job.spec.on_cancel)
    for skipped in job.spec.on_cancel if question.answer.option == "continue" else onward:
        run = skip_with_dependents(run, record, skipped)
    return promote(run, record.at)


def _escalation_answered(run: Run, record: Record, question: Question) -> Run:
    """Another try starts counting anew; a cleared blocker sets the agent going again; another round is allowed."""
    troubled = troubled_job(run, question)
    if troubled is not None and question.answer is not None and question.answer.option == "retry":
        return with_job(run, troubled, closing=replace(run.jobs[troubled].closing, tries=0))
    if question.job is None or question.answer is None or question.job not in run.jobs:
        return run
    if question.trigger.startswith("push:"):
        return _push_answered(run, question.answer.option)
    job = run.jobs[question.job]
    option = question.answer.option
    if option == "one_more_round":
        return with_job(run, question.job, rounds_allowed=job.attempt + 1)
    if option in {"retry", "cleared"}:
        run = with_job(run, question.job, launch_failures=0, deaths=0, nudged=False)
        return _resumed(run, record, run.jobs[question.job], question.id)
    return run


def _push_answered(run: Run, option: str) -> Run:
    """What becomes of a merge that a remote did not take: tried again, left where it is, or taken back."""
    stands = {"leave": "left", "take_back": "back"}.get(option, "")
    return run if run.merged is None else replace(run, merged=replace(run.merged, push=stands))


def _cleanup_answered(run: Run, _: Record, question: Question) -> Run:
    return run if question.answer is None else replace(run, cleanup=question.answer.option)


ANSWERS = {
    QuestionKind.CONTEXT: _context_answered,
    QuestionKind.CONCERN: _concern_answered,
    QuestionKind.DEFERRED: _deferral_answered,
    QuestionKind.CHECKPOINT: _checkpoint_answered,
    QuestionKind.ESCALATION: _escalation_answered,
    QuestionKind.CLEANUP: _cleanup_answered,
}
