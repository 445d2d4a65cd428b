"""Reports, approvals, the merge, its way to a remote, and what is left after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.approval import Grade, grade_of
from gitorch.model.job import JobPhase
from gitorch.model.question import QuestionKind
from gitorch.model.report import Approval, Merged, Report
from gitorch.model.values import replace
from gitorch.rules.transitions import WITHDRAWN, demote, move_job, promote, with_job, withdraw

if TYPE_CHECKING:
    from gitorch.model import events
    from gitorch.model.record import Record
    from gitorch.model.run import Run

ABOUT_A_MERGE = ("merge:", "move:", "push:")
"""How the triggers of escalations begin that are about a report, its merge or its push."""


def report_issued(run: Run, _: Record, event: events.ReportIssued) -> Run:
    """The one report that an approval can name."""
    report = Report(
        digest=event.digest,
        checkpoint=event.checkpoint,
        target=event.target,
        target_commit=event.target_commit,
        branches=event.branches,
        merged_commit=event.merged_commit,
        merged_tree=event.merged_tree,
        conflicts=event.conflicts,
        shared_paths=event.shared_paths,
        combined=event.combined,
    )
    return replace(run, report=report, approval=None)


def epic_reported(run: Run, _: Record, event: events.EpicReported) -> Run:
    """An epic's report is made once of one commit. Raises Corrupt for one that is not at the end of its gate."""
    job = run.jobs[event.job]
    if run.reportable_commit(job) != event.commit:
        message = f"{event.job} was reported on at {event.commit}, which has not passed its reviews"
        raise Corrupt(message)
    return with_job(run, event.job, reported=event.commit)


def report_voided(run: Run, record: Record, event: events.ReportVoided) -> Run:
    """Report and approval count no more; the checkpoint waits for a new report."""
    if run.report is None or run.report.digest != event.digest:
        message = f"report {event.digest} was voided but does not stand"
        raise Corrupt(message)
    checkpoint = run.report.checkpoint
    run = replace(run, report=None, approval=None)
    run = _closed(run, record, WITHDRAWN)
    if run.jobs[checkpoint].phase is JobPhase.COMPLETED:
        run = move_job(run, checkpoint, JobPhase.BLOCKED)
    return promote(demote(run), record.at)


def approved(run: Run, record: Record, event: events.MergeApproved) -> Run:
    """The approval counts for exactly the report that stands. Raises Corrupt for any other."""
    report = run.report
    if report is None or report.digest != event.digest or report.target_commit != event.target_commit:
        message = f"approval of report {event.digest}, which does not stand"
        raise Corrupt(message)
    if (
        event.commits != tuple(b.commit for b in report.branches)
        or report.conflicts
        or record.actor.kind != "principal"
    ):
        message = f"approval of {event.digest} does not agree with the report, or not by the principal"
        raise Corrupt(message)
    grade = grade_of(event.proof)
    if grade is None or not grade.reaches(run.settings.approval_at_least):
        message = f"approval of {event.digest} is {event.proof}; run {run.id} needs {run.settings.approval_at_least}"
        raise Corrupt(message)
    if grade is Grade.UNATTENDED and not run.settings.approval_unattended:
        message = f"approval of {event.digest} is unattended, which run {run.id} does not allow"
        raise Corrupt(message)
    run = replace(run, approval=Approval(event.digest, record.actor.name, record.at, event.proof))
    run = _closed(run, record, "approve")
    return promote(move_job(run, report.checkpoint, JobPhase.COMPLETED), record.at)


def _closed(run: Run, record: Record, option: str) -> Run:
    """Whatever a report had asked is not asked any more."""
    asked = (q for q in run.open_questions() if q.kind is QuestionKind.APPROVAL or q.trigger.startswith(ABOUT_A_MERGE))
    return withdraw(run, record, asked, option)


def rejected(run: Run, record: Record, event: events.MergeRejected) -> Run:
    """The report is refused; what follows is in the events after this one."""
    del event
    run = _closed(run, record, "reject")
    return replace(run, report=None, approval=None)


def merged(run: Run, record: Record, event: events.Merged) -> Run:
    """The target moved. Raises Corrupt without the approval of exactly this commit."""
    report = run.report
    if run.approval is None or report is None or report.digest != run.approval.digest:
        message = f"{event.target} was moved without an approval that stands"
        raise Corrupt(message)
    if event.new != report.merged_commit or event.old != report.target_commit or event.tree != report.merged_tree:
        message = f"{event.target} was moved to {event.new}, which is not what was approved"
        raise Corrupt(message)
    if run.merge_behind(report.checkpoint) != event.job:
        message = f"{event.job} is not the merge that was approved"
        raise Corrupt(message)
    run = replace(run, merged=Merged(event.target, event.old, event.new, record.at))
    return promote(move_job(run, event.job, JobPhase.COMPLETED), record.at)


def pushed(run: Run, record: Record, event: events.Pushed) -> Run:
    """The remote has what was merged. Raises Corrupt for any other commit."""
    run = _about_the_merge(run, event.target, event.new)
    return _closed(_push_is(run, "pushed"), record, WITHDRAWN)


def taken_back(run: Run, record: Record, event: events.MergeTakenBack) -> Run:
    """The merge was undone as the principal asked: its report and approval count no more, and a new report is due."""
    run = _about_the_merge(run, event.target, event.new)
    merged, report = run.merged, run.report
    if merged is None or report is None or merged.push != "back" or event.old != merged.old:
        message = f"{event.target} was taken back to {event.old}, which nobody asked for"
        raise Corrupt(message)
    run = replace(run, merged=None, report=None, approval=None)
    run = move_job(run, event.job, JobPhase.BLOCKED)
    return promote(move_job(run, report.checkpoint, JobPhase.BLOCKED), record.at)


def _about_the_merge(run: Run, target: str, new: str) -> Run:
    if run.merged is None or (run.merged.target, run.merged.new) != (target, new):
        message = f"{new} is not what was merged to {target}"
        raise Corrupt(message)
    return run


def _push_is(run: Run, stand: str) -> Run:
    return run if run.merged is None else replace(run, merged=replace(run.merged, push=stand))


def cleaned(run: Run, _: Record, event: events.CleanupDone) -> Run:
    """Nothing of the run is left but what is named, its branches and its records."""
    del event
    return replace(run, cleaned=True)
