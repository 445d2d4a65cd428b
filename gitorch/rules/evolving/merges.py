"""Reports, approvals, the merge, its push to a remote, and the cleanup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.plans.approval import Grade, grade_of
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.proposal import Proposal
from gitorch.model.work.question import WITHDRAWN, Question, QuestionKind
from gitorch.model.work.report import Approval, Merged, Report
from gitorch.rules.evolving import BY_ANYBODY, BY_HOST, BY_PRINCIPAL, Evolution
from gitorch.rules.evolving.transitions import demote, move_job, promote, with_job, withdraw
from gitorch.rules.review.proposals import waits_for_pulls

if TYPE_CHECKING:
    from gitorch.model.record import Record
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions

ABOUT_A_MERGE = ("merge:", "move:", "push:", "proposal:", "pulls:")
"""Triggers of escalations about a report, its merge or its push begin with one of these."""


def report_issued(run: Run, _: Record, event: events.ReportIssued) -> Run:
    """Make this the only report that an approval can name.

    Raises Corrupt if another report stands, or if its checkpoint does not wait.
    """
    if run.report is not None or run.jobs[event.checkpoint].phase is not JobPhase.WAITING_HUMAN:
        message = f"report {event.digest} was issued while {event.checkpoint} did not wait for one"
        raise Corrupt(message)

    if event.target != run.target:
        message = f"report {event.digest} is about {event.target}, but run {run.id} merges to {run.target}"
        raise Corrupt(message)

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
    return replace(run, report=report, approval=None, proposal=None)


def epic_reported(run: Run, _: Record, event: events.EpicReported) -> Run:
    """Record that the epic was reported at this commit. Raises Corrupt if the commit has not passed its gate."""
    job = run.jobs[event.job]
    if run.reportable_commit(job) != event.commit:
        message = f"the report on {event.job} names {event.commit}, which has not passed its reviews"
        raise Corrupt(message)

    return with_job(run, event.job, reported=event.commit)


def report_voided(run: Run, record: Record, event: events.ReportVoided) -> Run:
    """Withdraw the report and its approval; the checkpoint waits for a new report."""
    if run.report is None or run.report.digest != event.digest:
        message = f"report {event.digest} was voided but is not current"
        raise Corrupt(message)

    checkpoint = run.report.checkpoint
    run = replace(run, report=None, approval=None, proposal=None)
    run = _questions_closed(run, record, WITHDRAWN)
    if run.jobs[checkpoint].phase is JobPhase.COMPLETED:
        run = move_job(run, checkpoint, JobPhase.BLOCKED)

    return promote(demote(run), record.at)


def approved(run: Run, record: Record, event: events.MergeApproved) -> Run:
    """Accept the approval of exactly the report that stands.

    Raises Corrupt if it names another report, or if its proof is too weak.
    """
    if grade_of(event.proof) is Grade.FORGE:
        message = f"approval of {event.digest} claims the signature of a forge and names no merge"
        raise Corrupt(message)

    return _approved(run, record, event, Approval(event.digest, record.actor.name, record.at, event.proof))


def approved_at_forge(run: Run, record: Record, event: events.MergeApprovedAtForge) -> Run:
    """Accept the approval by the merge of exactly the proposal that stands.

    Raises Corrupt if it names another one, or claims another proof than the forge's signature.
    """
    proposal = run.proposal
    if proposal is None or (proposal.commit, proposal.digest) != (event.proposal, event.digest):
        message = f"approval by the merge of {event.proposal}, which run {run.id} does not propose"
        raise Corrupt(message)

    if grade_of(event.proof) is not Grade.FORGE:
        message = f"approval by the merge {event.merge} is {event.proof}, which is no signature of a forge"
        raise Corrupt(message)

    by = f"pull request {event.merge[:12]}"
    return _approved(run, record, event, Approval(event.digest, by, record.at, event.proof, event.claims))


def _approved(run: Run, record: Record, event: events.Approved, approval: Approval) -> Run:
    """Keep the approval and complete its checkpoint. Raises Corrupt if it names another report, or is too weak."""
    report = run.report
    if report is None or report.digest != event.digest or report.target_commit != event.target_commit:
        message = f"approval of report {event.digest}, which is not current"
        raise Corrupt(message)

    _ensure_agrees(report, event)
    _ensure_proven(run, event)
    run = replace(run, approval=approval)
    run = _questions_closed(run, record, "approve")

    return promote(move_job(run, report.checkpoint, JobPhase.COMPLETED), record.at)


def proposed(run: Run, _: Record, event: events.MergeProposed) -> Run:
    """Record the proposal of the report that stands. Raises Corrupt if it names another report, or if that is approved."""
    report = run.report
    if report is None or report.digest != event.digest or run.approval is not None:
        message = f"report {event.digest} was proposed but does not wait for an approval"
        raise Corrupt(message)

    proposal = Proposal(event.digest, event.remote, event.commit)
    return replace(run, proposal=proposal)


def _ensure_agrees(report: Report, event: events.Approved) -> None:
    """Raises Corrupt if the approval names another target or other commits, or if the report has conflicts."""
    commits = tuple(branch.commit for branch in report.branches)
    if event.target == report.target and event.commits == commits and not report.conflicts:
        return

    message = f"approval of {event.digest} does not agree with the report"
    raise Corrupt(message)


def _ensure_proven(run: Run, event: events.Approved) -> None:
    """Raises Corrupt if the proof is weaker than the run asks for."""
    least = run.settings.approval_at_least
    grade = grade_of(event.proof)
    if grade is None or not grade.reaches(least):
        message = f"approval of {event.digest} is {event.proof}; run {run.id} needs {least}"
        raise Corrupt(message)

    _ensure_unattended_allowed(run, event, grade)


def _ensure_unattended_allowed(run: Run, event: events.Approved, grade: Grade) -> None:
    """Raises Corrupt if the approval is unattended and the run does not allow that."""
    if grade is Grade.UNATTENDED and not run.settings.approval_unattended:
        message = f"approval of {event.digest} is unattended, which run {run.id} does not allow"
        raise Corrupt(message)


def _questions_closed(run: Run, record: Record, option: str) -> Run:
    """Close every open question about a report with this option."""
    asked = [question for question in run.open_questions() if _is_about_a_merge(question)]
    return withdraw(run, record, asked, option)


def _is_about_a_merge(question: Question) -> bool:
    """Whether a question asks for an approval, or is an escalation about a report, its merge or its push."""
    if question.kind is QuestionKind.APPROVAL:
        return True

    return question.trigger.startswith(ABOUT_A_MERGE)


def rejected(run: Run, record: Record, event: events.MergeRejected) -> Run:
    """Withdraw the report; the events after this one reopen jobs or end the run."""
    if run.report is None or run.report.digest != event.digest:
        message = f"report {event.digest} was rejected but is not current"
        raise Corrupt(message)

    run = _questions_closed(run, record, "reject")
    return replace(run, report=None, approval=None, proposal=None)


def merged(run: Run, record: Record, event: events.Merged) -> Run:
    """Record that the target moved. Raises Corrupt unless exactly this commit was approved."""
    report = run.report
    if run.approval is None or report is None or report.digest != run.approval.digest:
        message = f"{event.target} was moved without an approval that stands"
        raise Corrupt(message)

    moved = (event.target, event.old, event.new, event.tree)
    if moved != (report.target, report.target_commit, report.merged_commit, report.merged_tree):
        message = f"{event.target} was moved to {event.new}, which is not what was approved"
        raise Corrupt(message)

    if run.merge_behind(report.checkpoint) != event.job:
        message = f"{event.job} is not the merge that was approved"
        raise Corrupt(message)

    run = replace(run, merged=Merged(event.target, event.old, event.new, record.at))
    return promote(move_job(run, event.job, JobPhase.COMPLETED), record.at)


def merged_at_forge(run: Run, record: Record, event: events.CodeMerged) -> Run:
    """Record that the approved branches were merged on the forge. Raises Corrupt unless it names exactly those."""
    report = run.report
    if run.approval is None or report is None or not waits_for_pulls(run):
        message = f"{event.target} was merged by pull requests that run {run.id} does not wait for"
        raise Corrupt(message)

    approved = [(branch.job, branch.commit) for branch in report.branches]
    found = [(merge.job, merge.commit) for merge in event.merges]
    if (event.target, event.old, found) != (report.target, report.target_commit, approved):
        message = f"{event.target} was merged by pull requests of other commits than the approved ones"
        raise Corrupt(message)

    run = _questions_closed(run, record, WITHDRAWN)
    run = replace(run, merged=Merged(event.target, event.old, event.new, record.at))
    return promote(move_job(run, event.job, JobPhase.COMPLETED), record.at)


def pushed(run: Run, record: Record, event: events.Pushed) -> Run:
    """Record that the remote has the merge. Raises Corrupt if the commit or the remote is another one."""
    merge = _the_merge(run, event.target, event.new)
    if event.remote != run.settings.push_remote:
        message = f"{event.new} was pushed to {event.remote}, which run {run.id} does not push to"
        raise Corrupt(message)

    run = replace(run, merged=replace(merge, push="pushed"))
    return _questions_closed(run, record, WITHDRAWN)


def taken_back(run: Run, record: Record, event: events.MergeTakenBack) -> Run:
    """Record that the merge was undone as the principal asked, so that a new report is due. Raises Corrupt if nobody asked."""
    merge = _the_merge(run, event.target, event.new)
    if run.report is None or merge.push != "back" or event.old != merge.old:
        message = f"{event.target} was taken back to {event.old}, which nobody asked for"
        raise Corrupt(message)

    checkpoint = run.report.checkpoint
    run = replace(run, merged=None, report=None, approval=None, proposal=None)
    run = move_job(run, event.job, JobPhase.BLOCKED)

    return promote(move_job(run, checkpoint, JobPhase.BLOCKED), record.at)


def _the_merge(run: Run, target: str, new: str) -> Merged:
    """The merge that was made. Raises Corrupt unless it moved this target to this commit."""
    merge = run.merged
    if merge is None or merge.target != target or merge.new != new:
        message = f"{new} is not what was merged to {target}"
        raise Corrupt(message)

    return merge


def cleaned(run: Run, _: Record, __: events.CleanupDone) -> Run:
    """Record that nothing of the run is left to remove. Raises Corrupt if the run is not over, or was cleaned up before."""
    if not run.phase.is_over or run.cleaned:
        message = f"run {run.id} was cleaned up while it was {run.phase}, or twice"
        raise Corrupt(message)

    return replace(run, cleaned=True)


EVENTS: Evolutions = {
    events.ReportIssued: Evolution(report_issued, BY_HOST),
    events.EpicReported: Evolution(epic_reported, BY_HOST),
    # The host voids a report when a branch or the target moved; the principal by sending work back.
    events.ReportVoided: Evolution(report_voided, BY_HOST | {ActorKind.PRINCIPAL}),
    events.MergeApproved: Evolution(approved, BY_PRINCIPAL),
    events.MergeApprovedAtForge: Evolution(approved_at_forge, BY_HOST),
    events.MergeProposed: Evolution(proposed, BY_PRINCIPAL),
    events.MergeRejected: Evolution(rejected, BY_PRINCIPAL),
    events.Merged: Evolution(merged, BY_HOST),
    events.CodeMerged: Evolution(merged_at_forge, BY_HOST),
    events.Pushed: Evolution(pushed, BY_HOST),
    events.MergeTakenBack: Evolution(taken_back, BY_HOST),
    events.CleanupDone: Evolution(cleaned, BY_ANYBODY),
}
