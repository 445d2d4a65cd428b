"""`reconcile(run, observed)`: the commands by which the ledger learns what was observed.

They are the difference between the ledger and the world, not reactions to changes: the same observation gives the same
commands, and none once the ledger knows it. What could not be observed (`None`) leads to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.counts import counted
from gitorch.model.ids import Digest
from gitorch.model.observed import CheckPhase, overlap_key
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import QuestionKind, overlap_trigger, unanswered_trigger
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import UNSEEN
from gitorch.rules.deciding.claims import requeues_itself
from gitorch.rules.deciding.late import overdue
from gitorch.rules.deciding.sessions import next_session
from gitorch.rules.guards.granting import not_independent, queue
from gitorch.rules.guards.takeover import lane_now
from gitorch.rules.reconciling.budgets import over_budget
from gitorch.rules.reconciling.faults import fault_questions
from gitorch.rules.reconciling.readying import is_not_set_up, readying_commands
from gitorch.rules.reconciling.session_commands import receipts, session_commands
from gitorch.rules.reconciling.withdrawals import withdrawals
from gitorch.rules.review.proposals import merged_code, merged_proposals, waits_for_pulls
from gitorch.rules.usage.budgets import budget_commands
from gitorch.rules.workflows.closings import closing_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import CommitId, JobId, Moment, SessionId
    from gitorch.model.observed import Observed, Overlap
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import Report
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

UNANSWERED_OPTIONS = ("answer", "stop_epic", "stop_run")


def reconcile(run: Run, observed: Observed) -> tuple[Command, ...]:
    """Commands in the order in which they should be tried. A refused one was overtaken; the next tick finds what is left."""
    if run.phase in {RunPhase.PREPARED, RunPhase.READY}:
        return ()

    learned = [*session_commands(run, observed), *_deliveries(run, observed), *_expiries(run, observed)]
    learned += fault_questions(run)
    learned += withdrawals(run, observed)
    if run.phase.is_over:
        return tuple(learned)

    learned += _moved_branches(run, observed)
    learned += _finished_checks(run, observed)
    learned += readying_commands(run, observed)
    if observed.leads:
        learned += _of_whole_run(run, observed)
    if run.phase is RunPhase.RUNNING:
        learned += _grants(run, observed)

    return tuple(learned)


def _of_whole_run(run: Run, observed: Observed) -> Iterator[Command]:
    """What one host of several is enough for."""
    yield from _target_moves(run, observed)
    yield from merged_proposals(run, observed)
    yield from merged_code(run, observed)
    yield from _reminders(run, observed)
    yield from _overlaps(run, observed)
    if run.phase is RunPhase.RUNNING:
        yield from closing_commands(run, observed)
        yield from over_budget(run, observed.now)
        yield from budget_commands(run, observed.now)
        yield from _checkpoints(run)
        yield from _stale_work(run)
        yield from _unjudgeable_reviews(run)


def _deliveries(run: Run, observed: Observed) -> Iterator[Command]:
    """The receipts of every session that has not ended."""
    for session in observed.sessions_here(run):
        yield from receipts(session, observed)


def _expiries(run: Run, observed: Observed) -> Iterator[Command]:
    """Manually claimed leases whose time has passed, and whatever other hosts have not renewed."""
    over: list[SessionId] = []
    for session in run.living_sessions:
        job = run.jobs[session.job]
        if not observed.has(session):
            if _is_unseen(run, session, observed):
                yield commands.EndSession(session.id, UNSEEN, None, "")
            elif session.is_manual and job.spec.id in observed.unseen:
                over.append(session.id)
        elif overdue(session, job, observed.now):
            over.append(session.id)

    if over:
        yield commands.ExpireLeases(tuple(over))


def _is_unseen(run: Run, session: Session, observed: Observed) -> bool:
    """Whether another host neither renews the lease of its agent, nor gives it the work that is queued for it, nor ends it."""
    job = run.jobs[session.job]
    if session.is_manual or session.job not in observed.unseen:
        return False

    if run.phase.is_over or job.phase.is_over or job.session != session.id:
        return True

    return job.is_leased_to(session.id) or job.phase is JobPhase.QUEUED


def _moved_branches(run: Run, observed: Observed) -> Iterator[Command]:
    """Branches that moved after their work was handed in; nothing while git cannot be asked, and after the merge."""
    if observed.heads is None or run.merged is not None:
        return

    for job in run.jobs.values():
        head = observed.heads.get(f"refs/heads/{run.branch_of(job.spec.id)}")
        if head is not None and _is_after_handoff(job, head):
            yield commands.VoidWork(job.spec.id, head)


def _is_after_handoff(job: JobState, head: CommitId) -> bool:
    """Whether the work of a job counts as handed in, and its branch has another commit by now."""
    handoff = job.handoff_that_counts
    if handoff is None or not job.writes:
        return False

    return head != handoff.commit


def _finished_checks(run: Run, observed: Observed) -> Iterator[Command]:
    """A command that records the result, for each finished run of the tests that a job waits for."""
    for job, commit in run.untested_handoffs():
        observation = observed.checks.get(commit)
        if observation is None or observation.phase is not CheckPhase.FINISHED:
            continue

        if observation.check is not None and not is_not_set_up(observed, commit):
            yield commands.RecordCheck(job.spec.id, observation.check)


def _target_moves(run: Run, observed: Observed) -> Iterator[Command]:
    """A merge of ours that is not recorded yet; or the end of a report whose target has moved."""
    report = run.report
    if report is None or run.merged is not None:
        return

    if observed.heads is None:
        return

    if run.approval is not None and observed.merges_found and report.merged_commit is not None:
        yield commands.RecordMerge(report.target_commit, report.merged_commit, report.merged_tree)
        return

    if waits_for_pulls(run):  # the target moves with each pull request
        return

    reason = _why_void(report, observed.heads.get(f"refs/heads/{report.target}"))
    if reason:
        yield commands.VoidReport(reason)


def _why_void(report: Report, head: CommitId | None) -> str:
    """Why a report does not describe the merge any more; empty while its target has not moved."""
    if head is None:
        return f"{report.target} is gone"

    if head != report.target_commit:
        return f"{report.target} moved to {head[:12]}"

    return ""


def _reminders(run: Run, observed: Observed) -> Iterator[Command]:
    """Reminders that are due, and escalations of questions that nobody answers."""
    for question in run.open_questions():
        if _is_reminder_due(run, question, observed.now):
            yield commands.Remind(question.id)

        if _is_unanswered_too_long(run, question, observed.now):
            yield _unanswered(question, observed.now)


def _is_reminder_due(run: Run, question: Question, now: Moment) -> bool:
    """Whether it is time for the next reminder: each comes after twice the wait of the one before, up to the cap."""
    settings = run.settings
    wait_seconds: int = min(settings.remind_first_seconds * 2**question.reminders, settings.remind_cap_seconds)
    since = question.reminded_at or question.asked_at
    return now - since > wait_seconds * 1000


def _is_unanswered_too_long(run: Run, question: Question, now: Moment) -> bool:
    """Whether an agent's question is overdue, and was not escalated yet.

    In a run without such a limit no question is ever overdue.
    """
    limit_seconds = run.settings.escalate_seconds
    if question.kind is not QuestionKind.CONTEXT or not limit_seconds:
        return False

    if now - question.asked_at <= limit_seconds * 1000:
        return False

    return not run.was_escalated(unanswered_trigger(question.id))


def _unanswered(question: Question, now: Moment) -> Command:
    """The escalation of an agent's question that nobody answered in time."""
    minutes = (now - question.asked_at) // 60_000
    asker = question.job or "The run"
    return commands.Escalate(
        trigger=unanswered_trigger(question.id),
        happened=f"{asker} asked {question.id}, and nobody has answered for {minutes} min.",
        tried=f"Reminded {counted(question.reminders, 'time')}. The agent waits; nothing was assumed for it.",
        evidence=question.text,
        decision="Answer it now (answer TEXT), stop the epic, or stop the run?",
        options=UNANSWERED_OPTIONS,
        job=question.job,
        session=question.session,
    )


def _overlaps(run: Run, observed: Observed) -> Iterator[Command]:
    """A pair is noted once, and once more when it comes to conflict; a conflict is escalated once."""
    for overlap in observed.overlaps or ():
        if overlap_key(overlap.jobs, overlap.conflict) not in run.overlaps:
            yield commands.NoteOverlap(overlap.jobs, overlap.paths, overlap.conflict)

        if overlap.conflict and not run.was_escalated(overlap_trigger(overlap.jobs)):
            yield _conflict(overlap)


def _conflict(overlap: Overlap) -> Command:
    """The escalation of two branches that do not merge as they are now."""
    first, second = overlap.jobs
    return commands.Escalate(
        trigger=overlap_trigger(overlap.jobs),
        happened=f"{first} and {second} change the same lines; their branches do not merge as they are now.",
        tried="Both were merged in memory; nothing was stopped.",
        evidence="\n".join(overlap.paths),
        decision="Leave both as they are and settle it at the merge (leave), or stop the run?",
        options=("leave", "stop_run"),
    )


def _checkpoints(run: Run) -> Iterator[Command]:
    """Checkpoints that wait, have no merge behind them, and have not asked yet."""
    for job in run.waiting_checkpoints():
        if run.open_questions(job.spec.id):
            continue

        if run.merge_behind(job.spec.id) is None:
            yield commands.OpenCheckpoint(job.spec.id)


def _stale_work(run: Run) -> Iterator[Command]:
    """Stale work is queued again where the run's settings allow it; else it is escalated once."""
    for job in run.jobs_in(JobPhase.STALE):
        if requeues_itself(run, job):
            reason = f"its lease ran out; {job.requeues + 1} of {run.settings.requeues_max}"
            yield commands.RequeueJob(job.spec.id, reason)
        elif not run.open_questions(job.spec.id):
            yield _stale(run, job)


def _stale(run: Run, job: JobState) -> Command:
    """The escalation of stale work, with the late handoffs that could be adopted."""
    name = job.spec.id
    tried = "Its branch and worktree are kept."
    if job.requeues:
        tried = f"It was queued again {counted(job.requeues, 'time')}."

    evidence = f"lease {job.fence} was not renewed in time"
    kept = [f"{late.id} at {late.commit[:12]}" for late in run.late_handoffs_of(job)]
    if kept:
        evidence = f"late handoffs: {', '.join(kept)}"

    return commands.Escalate(
        trigger=f"stale:{name}:{job.fence}",
        happened=f"The lease of {name} (session {job.session}) ran out over unfinished work.",
        tried=tried,
        evidence=evidence,
        decision=f"Queue {name} again, stop it, or stop the run? A late handoff can be adopted: gitorch recover",
        options=("requeue", "stop_epic", "stop_run"),
        job=name,
    )


def _unjudgeable_reviews(run: Run) -> Iterator[Command]:
    """Reviews that the run's policy lets nobody give, because their lane has the author's runtime; each escalated once."""
    if run.settings.manual:
        return

    for job in run.jobs_in(JobPhase.QUEUED):
        lane = run.workflow.lanes.get(job.spec.lane)
        if lane is None or run.was_escalated(independence_trigger(job.spec.id)):
            continue

        barred = not_independent(run, job, lane.runtime)
        if barred:
            yield _unjudgeable(run, job, lane, barred)


def independence_trigger(job: JobId) -> str:
    """The trigger of the escalation about a review that no lane may give."""
    return f"independence:{job}"


def _unjudgeable(run: Run, job: JobState, lane: Lane, barred: str) -> Command:
    """The escalation of a review whose only lane is barred."""
    name = job.spec.id
    return commands.Escalate(
        trigger=independence_trigger(name),
        happened=f"No lane may judge for {name}: {barred}.",
        tried=f"Lane {lane.name} is the only one that the workflow names for it.",
        evidence=f"policy {run.settings.independence}, runtime {lane.runtime}",
        decision=f"Leave it to somebody (manual, then gitorch claim {name} --runtime NAME), or stop?",
        options=("manual", "stop_epic", "stop_run"),
        job=name,
    )


def _grants(run: Run, observed: Observed) -> Iterator[Command]:
    """A lease for each job that may be given out here. The tick adds token and nonce, since rules make no secrets."""
    if run.settings.manual:
        return

    fresh = 0
    for job in queue(run):
        lane = lane_now(run, job, observed.now)
        if not_independent(run, job, lane.runtime):
            continue

        living = run.living_session(job)
        if living is not None:
            if observed.has(living):
                yield commands.GrantLease(job.spec.id, living.id, fresh=False, token=Digest(""), nonce="")
        elif observed.takes(lane.name, run.workflow.labels_of(job.spec, lane.name), fresh):
            session = next_session(run, ahead=fresh)
            fresh += 1
            yield commands.GrantLease(job.spec.id, session, fresh=True, token=Digest(""), nonce="")
