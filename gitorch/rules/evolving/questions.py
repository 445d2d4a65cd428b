"""Questions and their answers, and the effect of each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.plans.workflow import JobKind
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import SETUP, TARGET_TESTS, Answer, Question, QuestionKind, unanswered_trigger
from gitorch.model.work.review import Finding, ListedFinding, Severity
from gitorch.model.work.session import PromptKind
from gitorch.rules.evolving import BY_ANYBODY, BY_HOST, BY_PEOPLE, Evolution, faults, readying
from gitorch.rules.evolving.claims import extend_after_answer
from gitorch.rules.evolving.dependents import skip_with_dependents
from gitorch.rules.evolving.transitions import add_prompt, move_job, promote, with_job, with_question, withdraw
from gitorch.rules.workflows.tracked import troubled_job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions

ABOUT_ENDS = ("launch:", "death:")
"""Beginnings of the triggers of questions about sessions that ended too often."""


def asked(run: Run, record: Record, event: events.QuestionAsked) -> Run:
    """Add an open question that a human must answer."""
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
    """Add an escalation: a question with its history. Raises Corrupt if a part is empty."""
    parts = (event.happened, event.tried, event.evidence, event.text, event.options)
    if not all(parts):
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
    """Add the question to the run. Raises Corrupt if its id exists."""
    if question.id in run.questions:
        message = f"question {question.id} was asked twice"
        raise Corrupt(message)

    return replace(run, questions={**run.questions, question.id: question})


def reminded(run: Run, record: Record, event: events.QuestionReminded) -> Run:
    """Count a reminder; the next one waits twice as long."""
    return with_question(run, event.question, reminders=event.times, reminded_at=record.at)


def withdrawn(run: Run, record: Record, event: events.QuestionWithdrawn) -> Run:
    """Close a question whose cause is gone; an agent that could not be started may be tried anew.

    Raises Corrupt if the question is not open.
    """
    question = run.questions.get(event.question)
    if question is None or question.answer is not None:
        message = f"question {event.question} was withdrawn and is not open"
        raise Corrupt(message)

    run = withdraw(run, record, [question], reason=event.reason)
    if question.job is not None and question.trigger.startswith(ABOUT_ENDS):
        return with_job(run, question.job, launch_failures=0, deaths=0)

    return run


def answered(run: Run, record: Record, event: events.QuestionAnswered) -> Run:
    """Apply an answer by the kind of its question.

    Raises Corrupt unless the question is open and the actor may give this answer.
    """
    question = _answerable(run, record, event)
    answer = Answer(event.option, event.text, record.actor.name, record.at)
    run = with_question(run, event.question, answer=answer)
    trigger = unanswered_trigger(question.id)
    run = withdraw(run, record, [q for q in run.open_questions() if q.trigger == trigger])

    return ANSWERS[question.kind](run, record, question, answer)


def _answerable(run: Run, record: Record, event: events.QuestionAnswered) -> Question:
    """The question. Raises Corrupt if it is not open, if the actor may not answer it, or if it does not offer this answer."""
    question = run.questions.get(event.question)
    if question is None or question.answer is not None:
        message = f"question {event.question} is not open"
        raise Corrupt(message)

    _ensure_may_answer(record, question)
    if question.kind is QuestionKind.APPROVAL:
        message = f"{event.question} asks for an approval, which a plain answer cannot give"
        raise Corrupt(message)

    _ensure_offered(event, question)

    return question


def _ensure_offered(event: events.QuestionAnswered, question: Question) -> None:
    """Raises Corrupt if the question does not offer this answer."""
    if question.options and event.option not in question.options:
        message = f"{event.question} was answered with {event.option or 'free text'}, which it does not offer"
        raise Corrupt(message)


def _ensure_may_answer(record: Record, question: Question) -> None:
    """Raises Corrupt if the actor may not answer: only the question of an agent at work is for everybody."""
    if question.kind is QuestionKind.CONTEXT:
        return

    if record.actor.kind is not ActorKind.PRINCIPAL:
        message = f"{question.id} was answered by {record.actor.kind} {record.actor.name}, not by the principal"
        raise Corrupt(message)


def _context_answered(run: Run, record: Record, question: Question, _: Answer) -> Run:
    """Let the agent continue after the last answer to its handoff, with all answers in one prompt."""
    if question.job is None:
        return run

    if any(q.kind is question.kind for q in run.open_questions(question.job)):
        return run

    return _resumed(run, record, run.jobs[question.job], question)


def _resumed(run: Run, record: Record, job: JobState, question: Question) -> Run:
    """Set a job that waits with its lease running, and queue a prompt with the answer for its session."""
    if job.phase is not JobPhase.WAITING_HUMAN or job.lease is None:
        return run

    run = move_job(run, job.spec.id, JobPhase.RUNNING)
    run = extend_after_answer(run, job, record)
    return add_prompt(run, job.lease.session, PromptKind.ANSWER, question.id)


def _concern_answered(run: Run, _: Record, question: Question, answer: Answer) -> Run:
    """Put a concern that is pushed back on the next list of findings."""
    if question.job is None or answer.option != "push_back":
        return run

    title = f"Pushed back: {question.text} {answer.text}".strip()
    return _demand(run, run.jobs[question.job], Finding(Severity.IMPORTANT, title))


def _deferral_answered(run: Run, _: Record, question: Question, answer: Answer) -> Run:
    """Grant a deferral as a waiver, or demand the finding again under its number."""
    if question.job is None:
        return run

    job = run.jobs[question.job]
    findings: list[ListedFinding] = []

    for listed in job.findings:
        if listed.number != question.number:
            findings.append(listed)
        elif answer.option in {"defer", "waive"}:
            findings.append(replace(listed, waived=True))
        else:
            return _demand(run, job, replace(listed.finding, number=listed.number))

    return with_job(run, question.job, findings=tuple(findings))


def _demand(run: Run, job: JobState, finding: Finding) -> Run:
    """Demand a change for the principal, and allow one more round for it."""
    allowed = max(job.rounds_allowed, job.attempt + 1)
    return with_job(run, job.spec.id, demands=(*job.demands, finding), rounds_allowed=allowed)


def _checkpoint_answered(
    run: Run,
    record: Record,
    question: Question,
    answer: Answer,
) -> Run:
    """Complete a checkpoint job and skip its other path, or add a demand to a rejected epic."""
    if question.job is None:
        return run

    job = run.jobs[question.job]
    if job.spec.kind is JobKind.CHECKPOINT:
        return _path_taken(run, record, job, answer.option)

    if answer.option == "approve":
        return run

    title = f"The principal rejected this work: {answer.text}"
    return _demand(run, job, Finding(Severity.IMPORTANT, title))


def _path_taken(run: Run, record: Record, checkpoint: JobState, option: str) -> Run:
    """Complete the checkpoint and skip the jobs of the path that was not taken."""
    name = checkpoint.spec.id
    run = move_job(run, name, JobPhase.COMPLETED)
    skipped = checkpoint.spec.on_cancel
    if option != "continue":
        skipped = checkpoint.spec.on_continue or _other_dependents(run, checkpoint)

    for job in skipped:
        run = skip_with_dependents(run, record, job)

    return promote(run, record.at)


def _other_dependents(run: Run, checkpoint: JobState) -> tuple[JobId, ...]:
    """The jobs that need the checkpoint and are not on its path for `cancel`."""
    dependents = [job for job, state in run.jobs.items() if checkpoint.spec.id in state.spec.needs]
    return tuple(job for job in dependents if job not in checkpoint.spec.on_cancel)


def _escalation_answered(
    run: Run,
    record: Record,
    question: Question,
    answer: Answer,
) -> Run:
    """Start the counts anew for another try, let the agent continue after a cleared blocker, or allow another round.

    Any other option changes nothing by itself: the events after the answer end the job or the run.
    """
    if question.is_fault:
        return faults.answered(run, question, answer.option)

    if question.trigger.startswith((TARGET_TESTS, SETUP)):
        return readying.answered(run, question, answer.option)

    troubled = troubled_job(run, question)
    if troubled is not None and answer.option == "retry":
        return with_job(run, troubled, closing=replace(run.jobs[troubled].closing, tries=0))

    if question.job is None or question.job not in run.jobs:
        return run

    if question.trigger.startswith("push:"):
        return _push_answered(run, answer.option)

    return _about_job_answered(run, record, question, run.jobs[question.job], answer.option)


def _about_job_answered(run: Run, record: Record, question: Question, job: JobState, option: str) -> Run:
    """Allow the job another round, or let its agent try again with all counts at zero."""
    name = job.spec.id
    if option == "one_more_round":
        return with_job(run, name, rounds_allowed=job.attempt + 1)

    if option in {"retry", "cleared"}:
        run = with_job(run, name, launch_failures=0, deaths=0, nudged=False)
        return _resumed(run, record, run.jobs[name], question)

    return run


def _push_answered(run: Run, option: str) -> Run:
    """Record whether a merge that a remote refused is pushed again, left unpushed, or taken back."""
    if run.merged is None:
        return run

    push = {"leave": "left", "take_back": "back"}.get(option, "")
    return replace(run, merged=replace(run.merged, push=push))


def _cleanup_answered(run: Run, _: Record, __: Question, answer: Answer) -> Run:
    """Record what the cleanup removes; the host carries it out."""
    return replace(run, cleanup=answer.option)


ANSWERS: Mapping[QuestionKind, Callable[[Run, Record, Question, Answer], Run]] = {
    QuestionKind.CONTEXT: _context_answered,
    QuestionKind.CONCERN: _concern_answered,
    QuestionKind.DEFERRED: _deferral_answered,
    QuestionKind.CHECKPOINT: _checkpoint_answered,
    QuestionKind.ESCALATION: _escalation_answered,
    QuestionKind.CLEANUP: _cleanup_answered,
}
"""The effect of an answer. An approval is no plain answer: `MergeApproved` and `MergeRejected` close its question."""


EVENTS: Evolutions = {
    events.QuestionAsked: Evolution(asked, BY_ANYBODY),
    events.Escalated: Evolution(escalated, BY_ANYBODY),
    events.QuestionAnswered: Evolution(answered, BY_PEOPLE),
    events.QuestionWithdrawn: Evolution(withdrawn, BY_HOST),
    events.QuestionReminded: Evolution(reminded, BY_HOST),
}
