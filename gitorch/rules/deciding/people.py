"""Questions and answers, reports and approvals: where a human's word is needed, and what it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events
from gitorch.model.record import ActorKind
from gitorch.model.run import JobPhase, QuestionKind, RunPhase
from gitorch.model.workflow import JobKind
from gitorch.rules import ensure
from gitorch.rules.gates import next_question
from gitorch.rules.readings import GATING, feeds_merge, open_questions

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.run import Question, Report, Run, State

AFTER_CONFLICT = ("retry", "stop_run")
NEEDS_WORDS = frozenset({"push_back", "reject"})


def escalate(state: State, order: Order, command: commands.Escalate) -> tuple[Event, ...]:
    """One open escalation a trigger; a part that says nothing is refused."""
    ensure.host(order.actor, "escalations of its own")
    run = ensure.run_open(ensure.run_there(state))
    if any(q.trigger == command.trigger for q in open_questions(run)):
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
    return (event, *_follows(run, question, command))


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
    if option == "stop_epic":
        return (events.JobFailed(job.spec.subject or question.job, f"the principal stopped it at {question.id}"),)
    if option == "accept_with_exceptions" and job.handoff is not None:
        _nothing_else_asked(run, question)
        return (events.GatePassed(question.job, job.handoff.commit, job.attempt, waived=True),)
    if option == "one_more_round" and job.phase is JobPhase.FAILED:
        reopened = events.JobReopened(question.job, command.text or "one more round")
        return (*_report_gone(run, f"{question.job} goes back to work"), reopened)
    if option == "retry" and question.trigger.startswith("stuck:") and job.lease is not None:
        return (events.LeaseEnded(question.job, job.lease.fence, "revoked"),)
    if option == "retry" and question.trigger.startswith("merge:"):
        return _report_gone(run, "the principal asked for a new one")
    return ()


def _nothing_else_asked(run: Run, question: Question) -> None:
    """A waiver accepts findings; concerns and deferrals of the same job want answers of their own."""
    others = [q for q in open_questions(run, question.job) if q.kind in GATING and q.id != question.id]
    if others:
        message = f"{question.job} cannot be accepted before {', '.join(q.id for q in others)} is answered as well"
        raise Refused(message, f"gitorch answer {others[0].id} {(*others[0].options, 'TEXT')[0]}")


def _report_gone(run: Run, reason: str) -> tuple[Event, ...]:
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
    asked = any(q.kind is QuestionKind.CHECKPOINT for q in open_questions(run, command.job))
    waiting = job.spec.kind is JobKind.CHECKPOINT and job.phase is JobPhase.WAITING_HUMAN
    if asked or not waiting or feeds_merge(run, command.job) is not None:
        return ()
    text = f"{job.spec.title or job.spec.id}: continue or cancel?"
    kind = QuestionKind.CHECKPOINT
    return (events.QuestionAsked(next_question(run), kind, command.job, None, ("continue", "cancel"), 0, text),)


def issue_report(state: State, order: Order, command: commands.IssueReport) -> tuple[Event, ...]:
    """The report, and the question that it puts: approve it, or what to do about what does not fit together."""
    ensure.host(order.actor, "merge reports")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.checkpoint)
    if run.report is not None or job.phase is not JobPhase.WAITING_HUMAN or run.phase is not RunPhase.RUNNING:
        return ()
    event = events.ReportIssued(
        checkpoint=command.checkpoint,
        digest=command.digest,
        target=run.target,
        target_commit=command.facts.target_commit,
        branches=command.facts.branches,
        merged_commit=command.facts.merged_commit,
        merged_tree=command.facts.merged_tree,
        conflicts=command.facts.conflicts,
        shared_paths=command.facts.shared_paths,
        combined=command.facts.combined,
        text=command.text,
    )
    return (event, _put(run, command))


def _put(run: Run, command: commands.IssueReport) -> Event:
    wrong = _keeps_from_merging(command.facts)
    question = next_question(run)
    if not wrong:
        text = f"May {_count(command.facts)} be merged to {run.target}? Read it: gitorch report {run.id}"
        options = ("approve", "reject")
        return events.QuestionAsked(question, QuestionKind.APPROVAL, command.checkpoint, None, options, 0, text)
    return events.Escalated(
        question=question,
        trigger=f"merge:{command.digest}",
        job=command.checkpoint,
        session=None,
        happened=f"The branches of {run.title} cannot be merged to {run.target}: {wrong}.",
        tried="Every branch passed its own gate; they were merged in memory and tested together.",
        options=AFTER_CONFLICT,
        evidence=wrong,
        text=f"Send epics back (gitorch reject {run.id} --rework EPIC), try again, or stop the run?",
    )


def _count(report: Report | commands.MergeFacts) -> str:
    many = len(report.branches)
    return f"{many} {'branch' if many == 1 else 'branches'}"


def _keeps_from_merging(report: Report | commands.MergeFacts) -> str:
    """Why this report cannot be approved; empty when it can."""
    if report.conflicts:
        return "; ".join(report.conflicts)
    if report.merged_commit is None:
        return "there is nothing to merge"
    if report.combined is not None and report.combined.outcome not in {"passed", "not-run"}:
        return (
            f"the tests of the merged tree {report.combined.outcome}: {report.combined.tail or report.combined.command}"
        )
    return ""


def void_report(state: State, order: Order, command: commands.VoidReport) -> tuple[Event, ...]:
    """Before the merge only."""
    ensure.host(order.actor, "what it saw of the target")
    run = ensure.run_there(state)
    if run.report is None or run.merged is not None:
        return ()
    return (events.ReportVoided(run.report.digest, command.reason),)


def approve(state: State, order: Order, command: commands.ApproveMerge) -> tuple[Event, ...]:
    """The principal's word for exactly the report that stands, its target commit and its branch commits."""
    ensure.principal(order.actor, "approve")
    run = ensure.run_open(ensure.run_there(state))
    report = ensure.report_there(run)
    if run.approval is not None:
        message = f"report {report.digest[:19]} was approved already by {run.approval.by}"
        raise Refused(message, "gitorch up")
    if command.digest != report.digest:
        message = f"this approves report {command.digest[:19]}, but the one that stands is {report.digest[:19]}"
        raise Refused(message, f"gitorch report {run.id}")
    wrong = _keeps_from_merging(report)
    if wrong or run.jobs[report.checkpoint].phase is not JobPhase.WAITING_HUMAN:
        message = f"report {report.digest[:19]} cannot be approved: {wrong or 'its checkpoint does not wait'}"
        raise Refused(message, f"gitorch reject {run.id} --rework EPIC")
    commits = tuple(b.commit for b in report.branches)
    text = command.text or f"Merge {', '.join(b.job for b in report.branches)} to {report.target}."
    digest, target = report.digest, report.target
    return (events.MergeApproved(digest, target, report.target_commit, commits, command.proof, text),)


def reject(state: State, order: Order, command: commands.RejectMerge) -> tuple[Event, ...]:
    """The principal refuses the report: named jobs go back to work, or the run ends with its branches kept."""
    ensure.principal(order.actor, "reject")
    run = ensure.run_open(ensure.run_there(state))
    report = ensure.report_there(run)
    if not command.text.strip():
        message = "a rejection needs a reason"
        raise Refused(message, f"gitorch reject {run.id} --note TEXT")
    known = tuple(b.job for b in report.branches)
    for job in command.rework:
        if job not in known:
            message = f"{job} is not in the report; it names {', '.join(known)}"
            raise Refused(message, f"gitorch report {run.id}")
    rejected = events.MergeRejected(report.digest, command.rework, command.text)
    if not command.rework:
        return (rejected, events.RunCanceled(f"the merge was rejected: {command.text}"))
    return (rejected, *(events.JobReopened(job, command.text) for job in command.rework))


def record_merge(state: State, order: Order, command: commands.RecordMerge) -> tuple[Event, ...]:
    """The move of the target, of exactly what was approved."""
    ensure.host(order.actor, "merges")
    run = ensure.run_there(state)
    report = ensure.report_there(run)
    if run.merged is not None:
        return ()
    if run.approval is None or run.approval.digest != report.digest:
        message = f"run {run.id} has no approval that stands; nothing may be merged"
        raise Refused(message, f"gitorch approve {run.id}")
    job = feeds_merge(run, report.checkpoint)
    if job is None or command.new != report.merged_commit:
        message = f"{command.new[:12]} is not the commit that was approved"
        raise Refused(message, f"gitorch report {run.id}")
    return (events.Merged(job, report.target, command.old, command.new, command.tree),)
