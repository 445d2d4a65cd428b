"""Leases, sessions, and the prompts of sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase, Lease
from gitorch.model.work.session import REFUSAL, UNSEEN, Prompt, PromptKind, Session, SessionPhase
from gitorch.model.work.turns import TurnFailed, TurnResumed
from gitorch.rules.evolving import BY_ANYBODY, BY_HOST, Evolution
from gitorch.rules.evolving.transitions import (
    add_prompt,
    end_claim,
    ensure_own_session,
    move_job,
    with_job,
    with_session,
)
from gitorch.rules.guards.takeover import LIMITED
from gitorch.rules.messages.mail import first_line

if TYPE_CHECKING:
    from gitorch.model.record import Record
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions

OPENING = frozenset({PromptKind.BRIEF, PromptKind.FINDINGS})
"""Prompts with which a session begins to work."""

BEFORE_ALIVE = frozenset({"missing-program", "dialog", "not-ready"})
"""Ends of a session that count as a failed launch."""

NOT_STARTED = "not-started"

BLAMELESS = frozenset({"stopped", "server-gone", UNSEEN})
"""Ends of a session that are not counted."""


def granted(run: Run, record: Record, event: events.LeaseGranted) -> Run:
    """Give the lease to a session, and queue its brief or its findings as a prompt.

    Raises Corrupt if the job has a lease, the lease is not the next one, or the session is not the job's living one.
    """
    job = run.jobs[event.job]
    ensure_next_lease(job, event, "granted")
    if event.fresh:
        run = _opened(run, record, event)
    else:
        _ensure_living_session(run, job, event)

    run = move_job(
        run,
        event.job,
        JobPhase.CLAIMED,
        lease=Lease(event.session, event.fence, record.at, event.until, event.nonce),
        fence=event.fence,
        session=event.session,
        base=event.base,
        nudged=False,
        refused=0,
        reminded=0,
    )
    kind = PromptKind.FINDINGS
    if event.fresh:
        kind = PromptKind.BRIEF

    return add_prompt(run, event.session, kind, str(event.attempt))


def ensure_next_lease(job: JobState, event: events.LeaseGranted | events.JobClaimed, verb: str) -> None:
    """Raises Corrupt unless the job is free and this is its next lease, in the attempt that is under way.

    `verb` says in the message how the lease was given: `granted`, or `claimed`.
    """
    is_next = event.fence == job.fence + 1 and event.attempt == job.attempt
    if job.lease is None and is_next:
        return

    message = f"lease {event.fence} of {event.job} was {verb} over lease {job.fence}"
    raise Corrupt(message)


def _ensure_living_session(run: Run, job: JobState, event: events.LeaseGranted) -> None:
    """Raises Corrupt if the lease continues in a session that is not the job's own, or that has ended."""
    if event.session == job.session and run.sessions[event.session].phase is not SessionPhase.ENDED:
        return

    message = f"lease {event.fence} of {event.job} went to {event.session}, which is not its living session"
    raise Corrupt(message)


def _opened(run: Run, record: Record, event: events.LeaseGranted) -> Run:
    """Add the new session, which is starting. Raises Corrupt if the session exists."""
    if event.session in run.sessions:
        message = f"session {event.session} was opened twice"
        raise Corrupt(message)

    session = Session(
        id=event.session,
        job=event.job,
        lane=event.lane,
        runtime=event.runtime,
        token=event.token,
        phase=SessionPhase.STARTING,
        started_at=record.at,
        fence=event.fence,
        host=record.actor.host,
    )
    return replace(run, sessions={**run.sessions, session.id: session})


def renewed(run: Run, record: Record, event: events.LeaseRenewed) -> Run:
    """Extend the lease. Raises Corrupt unless the lease stands, and the host or its own session renewed it."""
    job = run.jobs[event.job]
    if job.lease is None or job.lease.fence != event.fence:
        message = f"lease {event.fence} of {event.job} was renewed but is not current"
        raise Corrupt(message)

    if record.actor.kind is not ActorKind.HOST:
        ensure_own_session(run, record, job.lease.session)

    return with_job(run, event.job, lease=replace(job.lease, until=event.until))


def lease_ended(run: Run, record: Record, event: events.LeaseEnded) -> Run:
    """Queue the job again with its worktree and attempt as they are; after an expired lease, mark it as stale.

    If the lease of a stuck agent is revoked, its session is given up: it is stopped, and the job gets a new one.
    Raises Corrupt unless the lease stands and the actor may end it for this reason.
    """
    job = run.jobs[event.job]
    if job.lease is None or job.lease.fence != event.fence:
        message = f"lease {event.fence} of {event.job} was ended but is not current"
        raise Corrupt(message)

    _ensure_may_end(run, record, job, event)
    after = _phase_after(event, job)

    session = job.session
    if event.reason in {"revoked", LIMITED}:
        session = None

    run = end_claim(run, job, event.reason)
    return move_job(
        run,
        event.job,
        after,
        lease=None,
        session=session,
        ready_at=record.at,
    )


def _phase_after(event: events.LeaseEnded, job: JobState) -> JobPhase:
    """The phase of a job whose lease has ended."""
    if event.reason == "expired" and job.writes:
        return JobPhase.STALE
    return JobPhase.QUEUED


def _ensure_may_end(
    run: Run,
    record: Record,
    job: JobState,
    event: events.LeaseEnded,
) -> None:
    """Raises Corrupt if this actor cannot end the lease for this reason, or if the lease has not expired yet."""
    lease = job.lease
    if lease is None:
        return

    kind = record.actor.kind
    match event.reason:
        case "revoked" if kind is not ActorKind.PRINCIPAL:
            message = (
                f"lease {event.fence} of {event.job} was revoked by {kind} {record.actor.name}, not by the principal"
            )
            raise Corrupt(message)
        case "session-ended" | "limited" if kind is not ActorKind.HOST:
            message = f"lease {event.fence} of {event.job} was ended for its session by {kind} {record.actor.name}"
            raise Corrupt(message)
        case "released":
            ensure_own_session(run, record, lease.session)
        case "expired" if not _may_have_expired(run.sessions[lease.session], record, lease):
            message = f"lease {event.fence} of {event.job} was ended as expired before its time had passed"
            raise Corrupt(message)


def _may_have_expired(session: Session, record: Record, lease: Lease) -> bool:
    """Whether a manual claim can have run out. Another host's clock says nothing: it ends a lease that it saw no renewal of."""
    if not session.holder:
        return False
    if session.host not in {"", record.actor.host}:
        return True

    return record.at > lease.until


def alive(run: Run, _: Record, event: events.SessionAlive) -> Run:
    """Record that the session was launched. Raises Corrupt if the session is not starting."""
    if run.sessions[event.session].phase is not SessionPhase.STARTING:
        message = f"session {event.session} came alive twice or after its end"
        raise Corrupt(message)

    run = with_session(run, event.session, phase=SessionPhase.ALIVE)
    return with_job(run, event.job, launch_failures=0, trouble="")


def ended(run: Run, _: Record, event: events.SessionEnded) -> Run:
    """End the session, and count failed launches and deaths at work separately; stops and lost servers are not counted."""
    session = run.sessions[event.session]
    if session.phase is SessionPhase.ENDED:
        message = f"session {event.session} ended twice"
        raise Corrupt(message)

    run = with_session(
        run,
        event.session,
        phase=SessionPhase.ENDED,
        ended=event.how,
        conversation=event.conversation,
    )
    return _counted(run, session, event)


def _counted(run: Run, session: Session, event: events.SessionEnded) -> Run:
    """Count the end against the job, if the session held its lease, and keep it as the job's trouble."""
    job, how = event.job, event.how
    state = run.jobs[job]
    if how in BLAMELESS or state.lease is None or state.lease.session != session.id:
        return run

    cause = how.partition(":")[0]
    if session.phase is SessionPhase.STARTING or cause in BEFORE_ALIVE:
        return with_job(run, job, launch_failures=state.launch_failures + 1, trouble=_trouble(event))

    return with_job(run, job, deaths=state.deaths + 1, trouble=_trouble(event))


def _trouble(event: events.SessionEnded) -> str:
    """How a session ended, and what kept it from starting if that is known."""
    if event.how == NOT_STARTED and event.screen.strip():
        return f"session {event.session} did not start: {first_line(event.screen)}"

    status = ""
    if event.exit_status is not None:
        status = f" with status {event.exit_status}"

    return f"session {event.session} ended: {event.how}{status}"


def delivered(run: Run, record: Record, event: events.PromptDelivered) -> Run:
    """Give the prompt its receipt; a brief or a list of findings sets its job running. It begins a new turn, so none stands as failed.

    Raises Corrupt if the prompt is unknown.
    """
    prompts = _with_receipt(run, event)

    run = with_session(run, event.session, prompts=tuple(prompts), prompted_at=record.at, failed_at=None)
    if event.kind in OPENING and run.jobs[event.job].phase is JobPhase.CLAIMED:
        return move_job(run, event.job, JobPhase.RUNNING)

    return run


def _with_receipt(run: Run, event: events.PromptDelivered) -> list[Prompt]:
    """The session's prompts, one of them with its receipt now. Raises Corrupt if the prompt is unknown."""
    found = False
    prompts: list[Prompt] = []

    for prompt in run.sessions[event.session].prompts:
        if prompt.id == event.prompt and prompt.receipt != event.receipt:
            found = True
            prompts.append(replace(prompt, receipt=event.receipt))
        else:
            prompts.append(prompt)

    if not found:
        message = f"prompt {event.prompt} was delivered to {event.session}, which it was never written to"
        raise Corrupt(message)
    return prompts


def turn_failed(run: Run, record: Record, event: TurnFailed) -> Run:
    """Record since when the turn of a session stands as failed, and what its program says."""
    return with_session(run, event.session, failed_at=record.at, failure=event.words)


def turn_resumed(run: Run, _: Record, event: TurnResumed) -> Run:
    """No turn of the session stands as failed. Raises Corrupt if none did."""
    if run.sessions[event.session].failed_at is None:
        message = f"the turn of session {event.session} was resumed and had not failed"
        raise Corrupt(message)

    return with_session(run, event.session, failed_at=None)


def nudged(run: Run, record: Record, event: events.SessionNudged) -> Run:
    """Queue the session's one reminder for this attempt, or after a usage limit. Raises Corrupt if the attempt had its reminder."""
    if run.jobs[event.job].nudged:
        message = f"session {event.session} was nudged twice in one attempt of {event.job}"
        raise Corrupt(message)

    run = with_job(run, event.job, nudged=True)
    if run.sessions[event.session].limited_until is not None:
        run = with_session(run, event.session, limited_until=None, resumed_at=record.at)

    return add_prompt(run, event.session, PromptKind.NUDGE)


def refusal_reminded(run: Run, _: Record, event: events.RefusalReminded) -> Run:
    """Queue a reminder of the refused report. Raises Corrupt if no report of the job was refused since the last reminder."""
    if run.jobs[event.job].reminded >= event.times:
        message = f"session {event.session} was reminded twice of refusal {event.times} on {event.job}"
        raise Corrupt(message)

    run = with_job(run, event.job, reminded=event.times)
    return add_prompt(run, event.session, PromptKind.NUDGE, REFUSAL)


def permission_answered(run: Run, _: Record, event: events.PermissionAnswered) -> Run:
    """Count one more answer to a permission request of the session."""
    count = run.sessions[event.session].permissions_answered
    return with_session(run, event.session, permissions_answered=count + 1)


def channel_silent(run: Run, _: Record, event: events.ChannelSilent) -> Run:
    """Remember a channel that did not answer, so that it is named once."""
    silent = run.sessions[event.session].silent_channels
    return with_session(run, event.session, silent_channels={**silent, event.channel: event.reason})


def outbox_entry_accepted(run: Run, _: Record, event: events.OutboxEntryAccepted) -> Run:
    """Remember an outbox entry, so that it counts once. Raises Corrupt if it was accepted before."""
    entries = run.sessions[event.session].entries
    if event.digest in entries:
        message = f"{event.entry} of {event.session} was carried out twice"
        raise Corrupt(message)

    return with_session(run, event.session, entries=(*entries, event.digest))


def base_built(run: Run, _: Record, event: events.BaseBuilt) -> Run:
    """Start the job's branch from this commit.

    Raises Corrupt if the base was built from commits other than those that the job needs.
    """
    if event.parents != run.base_parents(event.job):
        message = f"the base of {event.job} was built from {', '.join(event.parents)}, which is not what it needs"
        raise Corrupt(message)

    return with_job(run, event.job, base=event.commit)


EVENTS: Evolutions = {
    events.LeaseGranted: Evolution(granted, BY_HOST),
    events.LeaseRenewed: Evolution(renewed, BY_ANYBODY),
    events.LeaseEnded: Evolution(lease_ended, BY_ANYBODY),
    events.SessionAlive: Evolution(alive, BY_HOST),
    events.SessionEnded: Evolution(ended, BY_HOST),
    events.PromptDelivered: Evolution(delivered, BY_HOST),
    events.SessionNudged: Evolution(nudged, BY_HOST),
    TurnFailed: Evolution(turn_failed, BY_HOST),
    TurnResumed: Evolution(turn_resumed, BY_HOST),
    events.RefusalReminded: Evolution(refusal_reminded, BY_HOST),
    events.PermissionAnswered: Evolution(permission_answered, BY_HOST),
    events.ChannelSilent: Evolution(channel_silent, BY_HOST),
    events.OutboxEntryAccepted: Evolution(outbox_entry_accepted, BY_ANYBODY),
    events.BaseBuilt: Evolution(base_built, BY_HOST),
}
