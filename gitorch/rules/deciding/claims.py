"""Manual claims: claiming, keeping and releasing a lease; and recovering stale work and late handoffs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Refused
from gitorch.model import commands, events
from gitorch.model.ids import NO_DIGEST
from gitorch.model.plans.workflow import UNCLAIMED, Independence, Recovery
from gitorch.model.record import ActorKind
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import Choice, ReportStatus
from gitorch.model.work.run import RunPhase
from gitorch.rules.deciding import late
from gitorch.rules.deciding.report_questions import questions_of
from gitorch.rules.deciding.sessions import lease_until, next_session
from gitorch.rules.deciding.work import finished_work, rejected, subject_at
from gitorch.rules.guards import ensure
from gitorch.rules.guards.capabilities import ensure_may
from gitorch.rules.guards.granting import base_of, may_be_granted, not_independent, queue

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import LateHandoffId
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.model.work.job import JobState
    from gitorch.model.work.late_handoff import LateHandoff
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.rules.deciding import Decisions

RENEWED_PART = 2
"""A lease is renewed in the ledger when less than this part (a half) of its life is left; a heartbeat before that writes nothing."""


def claim(state: State, order: Order, command: commands.ClaimJob) -> tuple[Event, ...]:
    """The lease of the named job, or of the first job in the queue that the caller may have."""
    ensure_may(order.actor, "claim")
    run = ensure.run_there(state)
    _ensure_running(run)

    job = _job_to_claim(order, command, run)

    lane = run.workflow.lanes[job.spec.lane]
    session = next_session(run)
    event = events.JobClaimed(
        job=job.spec.id,
        session=session,
        fence=job.fence + 1,
        attempt=job.attempt,
        until=lease_until(run, job, order.at),
        lane=lane.name,
        runtime=command.runtime or lane.runtime,
        holder=order.actor.holder,
        token=command.tokens(session),
        nonce=command.nonce,
        base=base_of(run, job),
    )
    return (event,)


def _ensure_running(run: Run) -> None:
    """Raises Refused if nothing can be claimed in this run."""
    if run.phase is not RunPhase.RUNNING:
        hint = f"gitorch status {run.id}"
        if run.phase is RunPhase.PAUSED:
            hint = "gitorch resume"

        message = f"run {run.id} is {run.phase}, and nothing in it can be claimed"
        raise Refused(message, hint)


def _job_to_claim(order: Order, command: commands.ClaimJob, run: Run) -> JobState:
    """The named job, or the first that this caller may have. Raises Refused."""
    if command.job is None:
        return _first_claimable(run, order.actor, command)
    return _claimable(run, ensure.job_there(run, command.job), order.actor, command)


def _first_claimable(run: Run, actor: Actor, command: commands.ClaimJob) -> JobState:
    """The first job in the queue that this actor may claim. Raises Refused with the reason for the first one."""
    reason = ""
    for job in queue(run):
        barred = _barred(run, job, actor, command)
        if not barred:
            return job

        reason = reason or f": {barred}"

    message = f"nothing in run {run.id} can be claimed by you now{reason}"
    raise Refused(message, f"gitorch status {run.id}")


def _claimable(run: Run, job: JobState, actor: Actor, command: commands.ClaimJob) -> JobState:
    """The job, if this actor may claim it now. Raises Refused otherwise."""
    name = job.spec.id
    if job.spec.kind in UNCLAIMED:
        message = f"{name} is a {job.spec.kind}, which nobody works on"
        raise Refused(message, "gitorch inbox")

    if not may_be_granted(run, job):
        message = f"{name} is {job.phase} and cannot be claimed now{_holder_clause(run, job)}"
        raise Refused(message, f"gitorch why {name}")

    barred = _barred(run, job, actor, command)
    if barred and run.settings.independence is Independence.RUNTIME:
        raise Refused(barred, f"gitorch claim {name} --runtime OTHER")

    if barred:
        raise Refused(barred, f"gitorch why {name}")

    return job


def _holder_clause(run: Run, job: JobState) -> str:
    """The clause of a message that names who has the lease; empty if nobody has it."""
    if job.lease is None:
        return ""

    holder = run.sessions[job.lease.session].holder or job.lease.session
    return f"; {holder} has its lease"


def _barred(run: Run, job: JobState, actor: Actor, command: commands.ClaimJob) -> str:
    """Why the run's policy on independent reviews bars this actor; empty if it does not."""
    runtime = command.runtime or run.workflow.lanes[job.spec.lane].runtime
    return not_independent(run, job, runtime, actor.holder)


def heartbeat(state: State, order: Order, command: commands.Heartbeat) -> tuple[Event, ...]:
    """A longer lease, once half of its life has passed; nothing before that."""
    run, _, job = _held(state, order, command)
    if job.lease is None:
        return ()

    life_ms = run.limits_of(job.spec.lane).lease_seconds * 1000
    left_ms = job.lease.until - order.at
    if left_ms * RENEWED_PART > life_ms:
        return ()

    return (events.LeaseRenewed(job.spec.id, job.lease.fence, lease_until(run, job, order.at)),)


def release(state: State, order: Order, command: commands.ReleaseLease) -> tuple[Event, ...]:
    """Queue the job again as it is: its branch and worktree are kept for the next holder."""
    _, session, job = _held(state, order, command)
    if not session.holder:
        message = f"session {session.id} was started for {job.spec.id} and cannot release it; report what blocks it"
        raise Refused(message, "gitorch block --by TEXT --clears TEXT")

    return (events.LeaseEnded(job.spec.id, job.fence, "released"),)


def _held(
    state: State, order: Order, command: commands.Heartbeat | commands.ReleaseLease
) -> tuple[Run, Session, JobState]:
    """The caller's session and its job. Raises Refused unless the session holds the job's lease."""
    run = ensure.run_under_way(ensure.run_there(state))
    session = ensure.acts_as(order.actor, ensure.session_of(run, command.token))
    job = run.jobs[session.job]
    if late.ran_out(session, job, order.at):
        raise Refused(late.over(session, job), late.what_next(session))

    ensure.lease_held(run, session, job)
    ensure.fence_stands(job, command.fence)
    return run, session, job


def expire(state: State, order: Order, command: commands.ExpireLeases) -> tuple[Event, ...]:
    """The end of every overdue lease. Any actor may have it recorded, since the clock is the only evidence."""
    return late.ended(ensure.run_there(state), order.at, order.actor.host, command.sessions)


def requeue(state: State, order: Order, command: commands.RequeueJob) -> tuple[Event, ...]:
    """Queue stale work again. The host may do that only within the run's own limits."""
    ensure_may(order.actor, "requeue")
    run = ensure.run_open(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    if order.actor.kind is ActorKind.HOST and not requeues_itself(run, job):
        return ()

    if job.phase is not JobPhase.STALE:
        message = f"{command.job} is {job.phase}; only stale work is queued again"
        raise Refused(message, f"gitorch why {command.job}")

    return (events.JobRequeued(command.job, command.reason),)


def requeues_itself(run: Run, job: JobState) -> bool:
    """Whether stale work may be queued again without asking anybody.

    Never while a late handoff is kept, since adopting it may be better than doing the work again.
    """
    if job.phase is not JobPhase.STALE or run.settings.recovery is not Recovery.REQUEUE:
        return False

    if run.late_handoffs_of(job):
        return False

    return job.requeues < run.settings.requeues_max


def cancel_job(state: State, order: Order, command: commands.CancelJob) -> tuple[Event, ...]:
    """Cancel the job, and skip every job that needs it."""
    ensure.principal(order.actor, "cancel")
    run = ensure.run_open(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    if job.phase.is_over:
        message = f"{command.job} is {job.phase} already"
        raise Refused(message, f"gitorch why {command.job}")

    return (events.JobCanceled(command.job, command.reason),)


def adopt(state: State, order: Order, command: commands.AdoptLateHandoff) -> tuple[Event, ...]:
    """Count a late handoff, checked as strictly as one in time, except for its lease.

    An agent of gitorch's that is doing the same work again loses its lease. A job that somebody has claimed manually is
    not taken away.
    """
    ensure_may(order.actor, "adopt")
    run = ensure.run_under_way(ensure.run_there(state))
    kept = _kept(run, command.late_handoff)
    job = run.jobs[kept.job]
    replaced = job.phase.is_active and not run.is_claimed_manually(job)
    waiting = job.phase in {JobPhase.STALE, JobPhase.QUEUED}
    if not (replaced or waiting) or job.attempt != kept.attempt:
        message = f"{kept.id} is of {kept.job} in attempt {kept.attempt}, which is {job.phase} in attempt {job.attempt}"
        raise Refused(message, f"gitorch why {kept.job}")

    follows = _adopted_events(command, kept, run, job)

    adopted = (events.LateHandoffAdopted(kept.id, kept.job, command.reason), *follows)
    if replaced:
        return (events.LeaseEnded(kept.job, job.fence, "revoked"), *adopted)

    return adopted


def _adopted_events(
    command: commands.AdoptLateHandoff, kept: LateHandoff, run: Run, job: JobState
) -> tuple[Event, ...]:
    """The events of the report or verdict that the late handoff holds."""
    if kept.verdict is None:
        return _adopted_report(run, job, kept, command)
    return _adopted_verdict(run, job, kept)


def _adopted_verdict(run: Run, job: JobState, kept: LateHandoff) -> tuple[Event, ...]:
    """The events after a late verdict. Raises Refused if it judged another commit."""
    subject = subject_at(run, job, kept.commit)
    if kept.verdict is not Choice.REJECT or job.spec.advisory:
        return ()

    return rejected(run, subject, run.sessions[kept.session], kept.summary)


def _adopted_report(
    run: Run, job: JobState, kept: LateHandoff, command: commands.AdoptLateHandoff
) -> tuple[Event, ...]:
    """The questions that a late report leaves for people. Raises Refused if the branch has moved since."""
    report = commands.SubmitHandoff(
        token=NO_DIGEST,
        job=kept.job,
        status=kept.status or ReportStatus.DONE,
        summary=kept.summary,
        facts=command.facts,
        concerns=kept.concerns,
        tests_claimed=kept.tests_claimed,
        replies=kept.replies,
    )
    commit, _ = finished_work(job, report)
    if commit != kept.commit:
        message = f"{kept.id} handed in {kept.commit[:12]}, but the branch of {kept.job} holds {commit[:12]}"
        raise Refused(message, f"gitorch recover {kept.job} --requeue")

    return questions_of(run, run.sessions[kept.session], job, report)


def _kept(run: Run, late_handoff: LateHandoffId) -> LateHandoff:
    """A late handoff that nobody has adopted."""
    kept = run.late_handoffs.get(late_handoff)
    if kept is None:
        message = f"run {run.id} has no late handoff {late_handoff}"
        raise NotFound(message, "gitorch recover")

    if kept.adopted:
        message = f"{late_handoff} was adopted already"
        raise Refused(message, f"gitorch why {kept.job}")

    return kept


DECISIONS: Decisions = {
    commands.ClaimJob: claim,
    commands.Heartbeat: heartbeat,
    commands.ReleaseLease: release,
    commands.ExpireLeases: expire,
    commands.RequeueJob: requeue,
    commands.CancelJob: cancel_job,
    commands.AdoptLateHandoff: adopt,
}
