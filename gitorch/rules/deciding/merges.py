"""Merge reports, approvals, the merge itself and its way to a remote: what may be recorded, and what it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied, Refused
from gitorch.model import events
from gitorch.model.approval import SIGNED, Grade, grade_of
from gitorch.model.job import JobPhase
from gitorch.model.question import QuestionKind
from gitorch.model.run import RunPhase
from gitorch.rules import ensure
from gitorch.rules.review.gates import next_question

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId
    from gitorch.model.report import Merged, Report
    from gitorch.model.run import Run

AFTER_CONFLICT = ("retry", "stop_run")


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


def record_epic_report(state: State, order: Order, command: commands.RecordEpicReport) -> tuple[Event, ...]:
    """Once for each commit that reaches the end of its gate; asked for or not, it decides nothing."""
    ensure.host(order.actor, "reports of epics")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if command.commit == job.reported or command.commit != run.reportable_commit(job):
        return ()
    return (events.EpicReported(command.job, command.commit, job.attempt, command.text),)


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
    proof = f"{SIGNED}{command.signer}" if command.signer else command.proof
    _ensure_proven(run, proof)
    commits = tuple(b.commit for b in report.branches)
    text = command.text or f"Merge {', '.join(b.job for b in report.branches)} to {report.target}."
    digest, target = report.digest, report.target
    return (events.MergeApproved(digest, target, report.target_commit, commits, proof, text),)


def _ensure_proven(run: Run, proof: str) -> None:
    """Raises Denied for a proof that is weaker than this run asks for."""
    settings = run.settings
    grade = grade_of(proof)
    if grade is Grade.UNATTENDED and not settings.approval_unattended:
        message = f"run {run.id} takes no unattended approval: approval.unattended was not true when it was prepared"
        raise Denied(message, f"gitorch approve {run.id}")
    if grade is None or not grade.reaches(settings.approval_at_least):
        message = f"run {run.id} needs an approval of grade {settings.approval_at_least} at least; this one is {grade or proof}"
        raise Denied(message, "gitorch keys list")


def reject(state: State, order: Order, command: commands.RejectMerge) -> tuple[Event, ...]:
    """The principal refuses the report: named jobs go back to work, or the run ends with its branches kept."""
    ensure.principal(order.actor, "reject")
    run = ensure.run_open(ensure.run_there(state))
    report = ensure.report_there(run)
    if run.merged is not None:
        message = f"{report.target} holds this merge since {run.merged.new[:12]}; only its push is open"
        raise Refused(message, "gitorch inbox")
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
    job = run.merge_behind(report.checkpoint)
    if job is None or command.new != report.merged_commit:
        message = f"{command.new[:12]} is not the commit that was approved"
        raise Refused(message, f"gitorch report {run.id}")
    return (events.Merged(job, report.target, command.old, command.new, command.tree),)


def record_push(state: State, order: Order, command: commands.RecordPush) -> tuple[Event, ...]:
    """That the remote has exactly the commit that was merged; once."""
    ensure.host(order.actor, "pushes")
    run = ensure.run_there(state)
    job, merged = _merged_by(run)
    if merged.push == "pushed":
        return ()
    if command.new != merged.new or command.remote != run.settings.push_remote:
        message = (
            f"{command.new[:12]} is not what {run.id} merged and pushes to {run.settings.push_remote or 'nowhere'}"
        )
        raise Refused(message, f"gitorch status {run.id}")
    return (events.Pushed(job, command.remote, merged.target, command.old, command.new),)


def record_taken_back(state: State, order: Order, command: commands.RecordTakenBack) -> tuple[Event, ...]:
    """Only where the principal asked for it, and only exactly the merge that was made."""
    ensure.host(order.actor, "a merge that was taken back")
    run = ensure.run_there(state)
    job, merged = _merged_by(run)
    if merged.push != "back" or (command.old, command.new) != (merged.old, merged.new):
        message = f"nobody asked to take {command.new[:12]} back"
        raise Refused(message, f"gitorch status {run.id}")
    reason = f"{run.settings.push_remote} did not take it"
    return (events.MergeTakenBack(job, merged.target, merged.old, merged.new, reason),)


def _merged_by(run: Run) -> tuple[JobId, Merged]:
    """The merge that was made, and the job that made it. Raises Refused where there is none."""
    job = None if run.report is None else run.merge_behind(run.report.checkpoint)
    if run.merged is None or job is None:
        message = f"run {run.id} has merged nothing"
        raise Refused(message, f"gitorch status {run.id}")
    return job, run.merged
