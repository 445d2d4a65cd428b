"""Work by hand: claiming, keeping and giving back a lease; and what becomes of work that was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Refused
from gitorch.model import commands, events
from gitorch.model.ids import NO_DIGEST
from gitorch.model.job import ENDED, JobPhase
from gitorch.model.record import ActorKind
from gitorch.model.review import Choice, ReportStatus
from gitorch.model.run import RunPhase
from gitorch.model.workflow import UNCLAIMED, Independence, Recovery
from gitorch.rules import ensure
from gitorch.rules.capabilities import ensure_may, holder_of
from gitorch.rules.deciding import late
from gitorch.rules.deciding.sessions import lease_until, next_session
from gitorch.rules.deciding.work import asked, finished_work, rejected, verdict_stands
from gitorch.rules.granting import base_of, may_be_granted, not_independent, queue

if TYPE_CHECKING:
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import LateHandoffId
    from gitorch.model.job import JobState
    from gitorch.model.late_handoff import LateHandoff
    from gitorch.model.record import Actor
    from gitorch.model.run import Run
    from gitorch.model.session import Session

HALF_LIFE = 2
"""A lease is renewed in the ledger when less than this part of its life is left; until then a heartbeat writes nothing."""


def claim(state: State, order: Order, command: commands.ClaimJob) -> tuple[Event, ...]:
    """The lease of the job that is named, or of the first in the queue that the caller may have."""
    ensure_may(order.actor, "claim")
    run = ensure.run_there(state)
    if run.phase is not RunPhase.RUNNING:
        message = f"run {run.id} is {run.phase}, and nothing in it can be claimed"
        raise Refused(message, "gitorch resume" if run.phase is RunPhase.PAUSED else f"gitorch status {run.id}")
    job = _first(run, order.actor, command) if command.job is None else _named(run, order.actor, command)
    lane, session = run.workflow.lanes[job.spec.lane], next_session(run)
    event = events.JobClaimed(
        job=job.spec.id,
        session=session,
        fence=job.fence + 1,
        attempt=job.attempt,
        until=lease_until(run, job, order.at),
        lane=lane.name,
        runtime=command.runtime or lane.runtime,
        holder=holder_of(order.actor),
        token=command.tokens(session),
        nonce=command.nonce,
        base=base_of(run, job),
    )
    return (event,)


def _first(run: Run, actor: Actor, command: commands.ClaimJob) -> JobState:
    free = queue(run)
    found = next((job for job in free if not _barred(run, job, actor, command)), None)
    if found is not None:
        return found
    why = f": {_barred(run, free[0], actor, command)}" if free else ""
    raise Refused(f"nothing in run {run.id} can be claimed by you now{why}", f"gitorch status {run.id}")


def _named(run: Run, actor: Actor, command: commands.ClaimJob) -> JobState:
    job = ensure.job_there(run, command.job or next(iter(run.jobs)))
    name = job.spec.id
    if job.spec.kind in UNCLAIMED:
        message = f"{name} is a {job.spec.kind}, which nobody works on"
        raise Refused(message, "gitorch inbox")
    if not may_be_granted(run, job):
        message = f"{name} is {job.phase} and cannot be claimed now{_by_whom(run, job)}"
        raise Refused(message, f"gitorch why {name}")
    if barred := _barred(run, job, actor, command):
        other = run.settings.independence is Independence.RUNTIME
        raise Refused(barred, f"gitorch claim {name} --runtime OTHER" if other else f"gitorch why {name}")
    return job


def _by_whom(run: Run, job: JobState) -> str:
    if job.lease is None:
        return ""
    return f"; {run.sessions[job.lease.session].holder or job.lease.session} has its lease"


def _barred(run: Run, job: JobState, actor: Actor, command: commands.ClaimJob) -> str:
    runtime = command.runtime or run.workflow.lanes[job.spec.lane].runtime
    return not_independent(run, job, runtime, holder_of(actor))


def heartbeat(state: State, order: Order, command: commands.Heartbeat) -> tuple[Event, ...]:
    """A longer lease, once half of its life is gone; before that there is nothing to write down."""
    run, _, job = _held(state, order, command)
    lease = job.lease
    if lease is None or (lease.until - order.at) * HALF_LIFE > run.limits_of(job.spec.lane).lease_seconds * 1000:
        return ()
    return (events.LeaseRenewed(job.spec.id, lease.fence, lease_until(run, job, order.at)),)


def release(state: State, order: Order, command: commands.ReleaseLease) -> tuple[Event, ...]:
    """The job is queued again as it is: its branch and worktree are kept for whoever takes it next."""
    _, session, job = _held(state, order, command)
    if not session.holder:
        message = f"session {session.id} was given {job.spec.id} and has nobody to give it back to; say what blocks it"
        raise Refused(message, "gitorch block --by TEXT --clears TEXT")
    return (events.LeaseEnded(job.spec.id, job.fence, "released"),)


def _held(
    state: State, order: Order, command: commands.Heartbeat | commands.ReleaseLease
) -> tuple[Run, Session, JobState]:
    run = ensure.run_under_way(ensure.run_there(state))
    session = ensure.acts_as(order.actor, ensure.session_of(run, command.token))
    job = run.jobs[session.job]
    if late.ran_out(session, job, order.at):
        raise Refused(late.over(session, job), late.what_next(session))
    ensure.lease_held(run, session, job)
    ensure.fence_stands(job, command.fence)
    return run, session, job


def expire(state: State, order: Order, _: commands.ExpireLeases) -> tuple[Event, ...]:
    """What the clock has ended. Anybody may have it written down: it is true whoever says it."""
    return late.ended(ensure.run_there(state), order.at)


def requeue(state: State, order: Order, command: commands.RequeueJob) -> tuple[Event, ...]:
    """Stale work goes back into the queue; by itself only where the run says so, and a limited number of times."""
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
    """Whether stale work may be queued again without asking anybody."""
    settings = run.settings
    return (
        job.phase is JobPhase.STALE
        and settings.recovery is Recovery.REQUEUE
        and job.requeues < settings.requeues_max
        and not run.late_handoffs_of(job)
    )


def cancel_job(state: State, order: Order, command: commands.CancelJob) -> tuple[Event, ...]:
    """The job is given up, and with it what needs it."""
    ensure.principal(order.actor, "cancel")
    run = ensure.run_open(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    if job.phase in ENDED:
        message = f"{command.job} is {job.phase} already"
        raise Refused(message, f"gitorch why {command.job}")
    return (events.JobCanceled(command.job, command.reason),)


def adopt(state: State, order: Order, command: commands.AdoptLateHandoff) -> tuple[Event, ...]:
    """The principal's word that a late handoff counts: as strictly checked as one in time, but for its lease.

    An agent of gitorch's that was set to do the same again is stopped; whoever has claimed the job by hand goes first.
    """
    ensure_may(order.actor, "adopt")
    run = ensure.run_under_way(ensure.run_there(state))
    kept = _kept(run, command.late_handoff)
    job = run.jobs[kept.job]
    again = job.phase in late.WORKING and not run.is_claimed_manually(job)
    if not (again or job.phase in {JobPhase.STALE, JobPhase.QUEUED}) or job.attempt != kept.attempt:
        message = f"{kept.id} is of {kept.job} in attempt {kept.attempt}, which is {job.phase} in attempt {job.attempt}"
        raise Refused(message, f"gitorch why {kept.job}")
    over = (events.LeaseEnded(kept.job, job.fence, "revoked"),) if again else ()
    adopted = (*over, events.LateHandoffAdopted(kept.id, kept.job, command.reason))
    session = run.sessions[kept.session]
    if kept.verdict is not None:
        subject = verdict_stands(run, job, kept.commit)
        return (
            *adopted,
            *(
                rejected(run, subject, session, kept.summary)
                if kept.verdict is Choice.REJECT and not job.spec.advisory
                else ()
            ),
        )
    report = _as_in_time(job, kept, command)
    return (*adopted, *asked(run, session, job, report))


def _kept(run: Run, late_handoff: LateHandoffId) -> LateHandoff:
    kept = run.late_handoffs.get(late_handoff)
    if kept is None:
        message = f"run {run.id} keeps no late handoff {late_handoff}"
        raise NotFound(message, "gitorch recover")
    if kept.adopted:
        message = f"{late_handoff} was adopted already"
        raise Refused(message, f"gitorch why {kept.job}")
    return kept


def _as_in_time(job: JobState, kept: LateHandoff, command: commands.AdoptLateHandoff) -> commands.SubmitHandoff:
    """The report as it would have been handed in. Raises Refused where the worktree holds something else by now."""
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
    return report
