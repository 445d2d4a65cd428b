"""Merge reports, approvals, the merge and its push to a remote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied, Refused
from gitorch.model import commands, events
from gitorch.model.counts import counted
from gitorch.model.plans.approval import SIGNED, Grade, grade_of
from gitorch.model.plans.forge import PushAs
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.run import RunPhase
from gitorch.rules.guards import ensure
from gitorch.rules.messages.report_commands import approving_command, sending_back_command
from gitorch.rules.review.gates import next_question
from gitorch.rules.review.outside import question_details, question_summary
from gitorch.rules.review.proposals import reviewers_words

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import Digest, JobId
    from gitorch.model.work.board import State
    from gitorch.model.work.report import Merged, Report
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding import Decisions

AFTER_CONFLICT = ("retry", "stop_run")


def issue_report(state: State, order: Order, command: commands.IssueReport) -> tuple[Event, ...]:
    """The report with its question: whether to approve the merge, or how to resolve what keeps it from merging."""
    ensure.host(order.actor, "merge reports")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.checkpoint)
    if run.report is not None or run.phase is not RunPhase.RUNNING:
        return ()

    if job.phase is not JobPhase.WAITING_HUMAN:
        return ()

    event = events.ReportIssued(
        checkpoint=command.checkpoint,
        digest=command.digest,
        target=run.target,
        target_commit=command.facts.target_commit,
        branches=tuple(replace(branch, changes=()) for branch in command.facts.branches),
        merged_commit=command.facts.merged_commit,
        merged_tree=command.facts.merged_tree,
        conflicts=command.facts.conflicts,
        shared_paths=command.facts.shared_paths,
        combined=command.facts.combined,
        text=command.text,
    )
    return (event, _question_about(run, command))


def record_epic_report(state: State, order: Order, command: commands.RecordEpicReport) -> tuple[Event, ...]:
    """One report for each commit that reaches the end of its gate. It decides nothing."""
    ensure.host(order.actor, "reports of epics")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if command.commit == job.reported or command.commit != run.reportable_commit(job):
        return ()

    return (events.EpicReported(command.job, command.commit, job.attempt, command.text),)


def _question_about(run: Run, command: commands.IssueReport) -> Event:
    """The approval question, or an escalation when the branches do not merge."""
    obstacle = _merge_obstacle(command.facts)
    if not obstacle:
        return events.QuestionAsked(
            question=next_question(run),
            kind=QuestionKind.APPROVAL,
            job=command.checkpoint,
            session=None,
            options=("approve", "reject"),
            number=0,
            text=_approval_text(run, command.facts),
        )

    return events.Escalated(
        question=next_question(run),
        trigger=f"merge:{command.digest}",
        job=command.checkpoint,
        session=None,
        happened=f"The branches of {run.title} cannot be merged to {run.target}: {obstacle}.",
        tried="Every branch passed its own gate; they were merged in memory and tested together.",
        options=AFTER_CONFLICT,
        evidence=obstacle,
        text=f"Send epics back (gitorch reject {run.id} --rework EPIC), try again, or stop the run?",
    )


def _approval_text(run: Run, facts: commands.MergeFacts) -> str:
    """The question in one line, with what changed outside the work branches in the lines below."""
    parts = _approval_parts(run, facts)
    empty = ", ".join(branch.job for branch in facts.branches if not branch.files)
    if empty:
        parts.append(f"No file changes in: {empty}.")

    summary = question_summary(facts.outside, run.target)
    if summary:
        parts.append(summary)

    parts.append(f"Read it: gitorch report {run.id}")
    question = " ".join(parts)
    details = question_details(facts.outside, run.target)
    if not details:
        return question

    return f"{question}\n\n{details}"


def _approval_parts(run: Run, facts: commands.MergeFacts) -> list[str]:
    """The question itself, and what follows from a yes where gitorch does not merge."""
    settings = run.settings
    if settings.push_as is not PushAs.PULL_REQUEST:
        return [f"Approve the merge of {_count(facts)} into {run.target}?"]

    branches = ", ".join(branch.branch for branch in facts.branches)
    return [
        f"Approve {_count(facts)} for pull requests into {run.target}?",
        f"An approval pushes {branches} to {settings.push_remote}; nothing is merged here.",
    ]


def _count(report: Report | commands.MergeFacts) -> str:
    """The number of branches in a report, with its noun."""
    return counted(len(report.branches), "branch", "branches")


def _merge_obstacle(report: Report | commands.MergeFacts) -> str:
    """Why the branches of this report cannot be merged; empty when they can."""
    if report.conflicts:
        return "; ".join(report.conflicts)

    if report.merged_commit is None:
        return "there is nothing to merge"

    return _test_obstacle(report)


def _test_obstacle(report: Report | commands.MergeFacts) -> str:
    """Why the tests of the merged tree forbid the merge; empty when they do not."""
    tested = report.combined
    if tested is None or tested.outcome in {"passed", "not-run"}:
        return ""

    return f"the tests of the merged commit {tested.outcome}: {tested.tail or tested.command}"


def void_report(state: State, order: Order, command: commands.VoidReport) -> tuple[Event, ...]:
    """Withdraw the report that stands. After the merge nothing happens."""
    ensure.host(order.actor, "what it saw of the target")
    run = ensure.run_there(state)
    if run.report is None or run.merged is not None:
        return ()

    return (events.ReportVoided(run.report.digest, command.reason),)


def approve(state: State, order: Order, command: commands.ApproveMerge) -> tuple[Event, ...]:
    """The principal's approval of exactly the report that stands, its target commit and its branch commits."""
    ensure.principal(order.actor, "approve")
    run = ensure.run_open(ensure.run_there(state))
    if command.changed:
        message = f"{command.changed}; the report was withdrawn, and the next one lists it"
        raise Refused(message, f"gitorch up {run.id} --no-wait")

    report = ensure.report_there(run)
    ensure_approvable(run, report, command.digest)

    proof = _proof_of(command)

    ensure_proven(run, proof)
    ensure_asked(run, command.proof)
    jobs = ", ".join(branch.job for branch in report.branches)
    event = events.MergeApproved(
        digest=report.digest,
        target=report.target,
        target_commit=report.target_commit,
        commits=tuple(branch.commit for branch in report.branches),
        proof=proof,
        text=command.text or f"Merge {jobs} to {report.target}.",
    )
    return (event,)


def _proof_of(command: commands.ApproveMerge) -> str:
    """The proof of an approval: its signature if it has one."""
    if command.signer:
        return f"{SIGNED}{command.signer}"
    return command.proof


def ensure_approvable(run: Run, report: Report, digest: Digest) -> None:
    """Raises Refused unless this approves the report that stands and waits."""
    name = report.digest[:19]
    if run.approval is not None:
        message = f"report {name} was approved already by {run.approval.by}"
        raise Refused(message, "gitorch up")

    if digest != report.digest:
        message = f"this approves report {digest[:19]}, but the one that stands is {name}"
        raise Refused(message, f"gitorch report {run.id}")

    _ensure_mergeable(run, report, name)


def _ensure_mergeable(run: Run, report: Report, name: str) -> None:
    """Raises Refused if the report cannot be merged, or if its checkpoint does not wait for the principal."""
    obstacle = _merge_obstacle(report)
    if not obstacle and run.jobs[report.checkpoint].phase is not JobPhase.WAITING_HUMAN:
        obstacle = "its checkpoint does not wait"

    if obstacle:
        message = f"report {name} cannot be approved: {obstacle}"
        raise Refused(message, sending_back_command(run, note="TEXT"))


def ensure_proven(run: Run, proof: str) -> None:
    """Raises Denied if the proof is weaker than this run asks for."""
    settings = run.settings
    grade, least = grade_of(proof), settings.approval_at_least
    if least is Grade.FORGE and grade is not Grade.FORGE:
        message = f"run {run.id} needs an approval of grade forge, which only the merge of a pull request gives"
        raise Denied(message, approving_command(run))

    ensure_asked(run, proof)
    if grade is not None and grade.reaches(least):
        return

    message = f"run {run.id} needs an approval of grade {least} at least; this one is {grade or proof}"
    raise Denied(message, "gitorch keys list")


def ensure_asked(run: Run, proof: str) -> None:
    """Raises Denied if nobody was asked and this run does not allow that: a key without a passphrase signs for any script."""
    if grade_of(proof) is Grade.UNATTENDED and not run.settings.approval_unattended:
        message = (
            f"run {run.id} takes no unattended approval: approval.unattended was not true when it was prepared; "
            "approve it at a terminal, without --yes"
        )
        raise Denied(message, f"gitorch approve {run.id}")


def reject(state: State, order: Order, command: commands.RejectMerge) -> tuple[Event, ...]:
    """Reject the report: the named jobs go back to work, or the run ends with its branches kept.

    Without a reason, it is what reviewers of the pull request wrote, as far as the principal is asked about that.
    """
    ensure.principal(order.actor, "reject")
    run = ensure.run_open(ensure.run_there(state))
    report = ensure.report_there(run)
    if not command.text.strip():
        command = replace(command, text=reviewers_words(run))
    _ensure_rejectable(run, report, command)

    rejected = events.MergeRejected(report.digest, command.rework, command.text)
    if not command.rework:
        return (rejected, events.RunCanceled(f"the merge was rejected: {command.text}"))

    reopened = [events.JobReopened(job, command.text) for job in command.rework]
    return (rejected, *reopened)


def _ensure_rejectable(run: Run, report: Report, command: commands.RejectMerge) -> None:
    """Raises Refused if the run is merged, if there is no reason, or if the report does not name the job."""
    if run.merged is not None:
        message = f"{report.target} was moved to this merge at {run.merged.new[:12]}; only its push is open"
        raise Refused(message, "gitorch inbox")

    if not command.text.strip():
        message = "a rejection needs a reason"
        raise Refused(message, sending_back_command(run, command.rework, "TEXT"))

    _ensure_in_report(run, report, command)


def _ensure_in_report(run: Run, report: Report, command: commands.RejectMerge) -> None:
    """Raises Refused if the report does not name the job."""
    known = tuple(branch.job for branch in report.branches)
    for job in command.rework:
        if job not in known:
            message = f"{job} is not in the report; it names {', '.join(known)}"
            raise Refused(message, f"gitorch report {run.id}")


def record_merge(state: State, order: Order, command: commands.RecordMerge) -> tuple[Event, ...]:
    """The move of the target to exactly the approved commit."""
    ensure.host(order.actor, "merges")
    run = ensure.run_there(state)
    report = ensure.report_there(run)
    if run.merged is not None:
        return ()

    if run.approval is None or run.approval.digest != report.digest:
        message = f"run {run.id} has no approval that stands; nothing may be merged"
        raise Refused(message, approving_command(run))

    job = _approved_merge(command, run, report)

    return (events.Merged(job, report.target, command.old, command.new, command.tree),)


def _approved_merge(command: commands.RecordMerge, run: Run, report: Report) -> JobId:
    """The merge behind the report. Raises Refused if the commit is not the approved one."""
    job = run.merge_behind(report.checkpoint)
    if job is None or command.new != report.merged_commit:
        message = f"{command.new[:12]} is not the commit that was approved"
        raise Refused(message, f"gitorch report {run.id}")
    return job


def record_push(state: State, order: Order, command: commands.RecordPush) -> tuple[Event, ...]:
    """Record, once, that the remote has exactly the commit that was merged."""
    ensure.host(order.actor, "pushes")
    run = ensure.run_there(state)
    job, merged = _merged_by(run)
    if merged.push == "pushed":
        return ()

    if command.new != merged.new or command.remote != run.settings.push_remote:
        remote = run.settings.push_remote or "nowhere"
        message = f"{command.new[:12]} is not the commit that {run.id} merged and pushes to {remote}"
        raise Refused(message, f"gitorch status {run.id}")

    return (events.Pushed(job, command.remote, merged.target, command.old, command.new),)


def record_taken_back(state: State, order: Order, command: commands.RecordTakenBack) -> tuple[Event, ...]:
    """Record that the merge was undone. Raises Refused if the principal did not ask for it, or if the commit is another one."""
    ensure.host(order.actor, "undone merges")
    run = ensure.run_there(state)
    job, merged = _merged_by(run)
    if merged.push != "back" or (command.old, command.new) != (merged.old, merged.new):
        message = f"nobody asked to undo the merge {command.new[:12]}"
        raise Refused(message, f"gitorch status {run.id}")

    reason = f"{run.settings.push_remote} did not take it"
    return (events.MergeTakenBack(job, merged.target, merged.old, merged.new, reason),)


def _merged_by(run: Run) -> tuple[JobId, Merged]:
    """The run's merge, and the job that made it. Raises Refused if nothing is merged yet."""
    job: JobId | None = None
    if run.report is not None:
        job = run.merge_behind(run.report.checkpoint)

    if run.merged is None or job is None:
        message = f"run {run.id} has merged nothing"
        raise Refused(message, f"gitorch status {run.id}")

    return job, run.merged


DECISIONS: Decisions = {
    commands.IssueReport: issue_report,
    commands.RecordEpicReport: record_epic_report,
    commands.VoidReport: void_report,
    commands.ApproveMerge: approve,
    commands.RejectMerge: reject,
    commands.RecordMerge: record_merge,
    commands.RecordPush: record_push,
    commands.RecordTakenBack: record_taken_back,
}
