"""Handoffs, checks and verdicts, and work that failed. `rounds` has what follows from them at a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.counts import counted
from gitorch.model.ids import SessionId
from gitorch.model.observed import overlap_key
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import Choice, Handoff, ListedFinding, ReportStatus, TestClaim, Verdict
from gitorch.rules.evolving import BY_ALL_BUT_HOST, BY_ANYBODY, BY_HOST, Evolution
from gitorch.rules.evolving.dependents import skip_dependents
from gitorch.rules.evolving.transitions import (
    end_claim,
    ensure_leased,
    ensure_own_session,
    move_job,
    promote,
    with_job,
    with_session,
    withdraw,
)
from gitorch.rules.messages.mail import first_line

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.work.review import Reply
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.rules.evolving import Evolutions

HANDING_IN = frozenset({"handoff", "verdict", "publish", "block", "ask"})
"""Verbs by which an agent hands in its work."""

REPORTING = frozenset({"handoff", "verdict"})
"""Verbs whose refusals are counted: without one of them a job does not go on."""

DONE = frozenset({ReportStatus.DONE, ReportStatus.DONE_WITH_CONCERNS})


def handoff_submitted(run: Run, record: Record, event: events.HandoffSubmitted) -> Run:
    """Submit finished work and end its lease; a question or a blocker keeps the lease and waits for people.

    Raises Corrupt if the session does not hold the lease, if the attempt is another one, or if another actor's session
    wrote it.
    """
    job = ensure_leased(run, event.job, event.session, event.fence)
    ensure_own_session(run, record, event.session)
    if event.attempt != job.attempt:
        message = f"{event.session} reported attempt {event.attempt} of {event.job}, which is in attempt {job.attempt}"
        raise Corrupt(message)

    if event.status not in DONE:
        return move_job(run, event.job, JobPhase.WAITING_HUMAN)

    return submitted(end_claim(run, job, "submitted"), record, event)


def submitted(run: Run, record: Record, event: events.HandoffSubmitted) -> Run:
    """Put the reported work at its gate, without a lease."""
    handoff = Handoff(
        status=event.status,
        attempt=event.attempt,
        commit=event.commit,
        at=record.at,
        summary=event.text,
        concerns=event.concerns,
        tests_claimed=event.tests_claimed,
        replies=event.replies,
        session=event.session,
        model=event.model,
    )
    run = move_job(
        run,
        event.job,
        JobPhase.SUBMITTED,
        handoff=handoff,
        claims=_with_claim(run.jobs[event.job].claims, event),
        findings=_replied(run.jobs[event.job].findings, event.replies),
        lease=None,
        check=None,
        deaths=0,
        trouble="",
        refused=0,
        reminded=0,
    )

    return promote(run, record.at)


def _with_claim(
    claims: tuple[TestClaim, ...],
    event: events.HandoffSubmitted,
) -> tuple[TestClaim, ...]:
    """The claims about tests with that of this report, if it has one."""
    if not event.tests_claimed:
        return claims

    return (*claims, TestClaim(event.attempt, event.tests_claimed))


def _replied(findings: tuple[ListedFinding, ...], replies: tuple[Reply, ...]) -> tuple[ListedFinding, ...]:
    """The findings with the author's replies; the first reply to a number counts."""
    by_number: dict[int, Reply] = {}
    for reply in replies:
        by_number.setdefault(reply.number, reply)

    return tuple(replace(listed, reply=by_number.get(listed.number, listed.reply)) for listed in findings)


def checked(run: Run, record: Record, event: events.CheckRecorded) -> Run:
    """Keep the result of the project's tests beside the agent's claim.

    Raises Corrupt if the commit or the attempt is another one.
    """
    job = run.jobs[event.job]
    if job.handoff is None or job.handoff.commit != event.check.commit or event.attempt != job.attempt:
        message = f"{event.job} was tested at {event.check.commit}, which was not handed in"
        raise Corrupt(message)

    run = with_job(run, event.job, check=event.check, checks=(*job.checks, event.check))
    return promote(run, record.at)


def verdict_given(run: Run, record: Record, event: events.VerdictGiven) -> Run:
    """Complete the review and count its verdict. Raises Corrupt if the session does not hold the lease, or is another actor's."""
    job = ensure_leased(run, event.job, event.session, event.fence)
    ensure_own_session(run, record, event.session)

    return verdict_counts(end_claim(run, job, "judged"), record, event)


def verdict_counts(run: Run, record: Record, event: events.VerdictGiven) -> Run:
    """Add the verdict to those of its subject; the gate decides what it means.

    Raises Corrupt if the job is no review of the subject, or if the commit is not the one that was handed in.
    """
    subject = run.jobs[event.subject]
    review = run.jobs[event.job]
    if review not in run.judges_of(subject):
        message = f"{event.job} judged {event.subject}, which it does not review"
        raise Corrupt(message)

    if run.judged_commit(review) != event.commit or subject.attempt != event.round:
        message = f"{event.job} judged {event.commit}, which is not what {event.subject} handed in"
        raise Corrupt(message)

    verdict = Verdict(
        review=event.job,
        subject=event.subject,
        commit=event.commit,
        round=event.round,
        choice=event.verdict,
        findings=event.findings,
        session=event.session,
        runtime=run.sessions[event.session].runtime,
        at=record.at,
        model=event.model,
    )
    if event.subject == event.job:
        return _synthesis_judged(run, record, event, verdict)

    run = move_job(
        run,
        event.job,
        JobPhase.COMPLETED,
        verdict=verdict,
        lease=None,
        deaths=0,
        trouble="",
        refused=0,
        reminded=0,
    )
    run = with_job(run, event.subject, verdicts=(*subject.verdicts, verdict))
    return promote(run, record.at)


def _synthesis_judged(
    run: Run,
    record: Record,
    event: events.VerdictGiven,
    verdict: Verdict,
) -> Run:
    """Put the synthesis of a phase at its own gate, with its verdict as handoff."""
    return move_job(
        run,
        event.job,
        JobPhase.SUBMITTED,
        handoff=Handoff(
            ReportStatus.DONE,
            event.round,
            event.commit,
            record.at,
            event.text,
            session=event.session,
            model=event.model,
        ),
        verdicts=(*run.jobs[event.job].verdicts, verdict),
        verdict=verdict,
        lease=None,
        deaths=0,
        trouble="",
        refused=0,
        reminded=0,
    )


def failed(run: Run, record: Record, event: events.JobFailed) -> Run:
    """Fail the job, and skip the jobs that cannot be done without it.

    Raises Corrupt if an agent wrote it, unless that agent is a reviewer who rejected the job.
    """
    if record.actor.kind is ActorKind.AGENT and not _rejected_by(run, event.job, record):
        message = f"{event.job} was failed by {record.actor.name}, which has not rejected it"
        raise Corrupt(message)

    run = withdraw(run, record, run.open_questions(event.job), reason=f"{event.job} failed: {first_line(event.reason)}")
    run = end_claim(run, run.jobs[event.job], "stopped")
    run = move_job(run, event.job, JobPhase.FAILED, lease=None, trouble=first_line(event.reason))

    return skip_dependents(run, record, event.job)


def _rejected_by(run: Run, job: JobId, record: Record) -> bool:
    """Whether the actor's session gave a verdict of `reject` on this job in the round under way."""
    for verdict in run.jobs[job].round_verdicts:
        if verdict.session == record.actor.session and verdict.choice is Choice.REJECT:
            return True

    return False


def overlap_noted(run: Run, _: Record, event: events.OverlapNoted) -> Run:
    """Remember the pair, so that it is noted once."""
    return replace(run, overlaps=(*run.overlaps, overlap_key(event.jobs, event.conflict)))


def refused(run: Run, record: Record, event: events.ActionRefused) -> Run:
    """Count a refused attempt, so that an agent that keeps trying does not fill the ledger, and keep the reason of a refused report."""
    session = run.sessions.get(SessionId(record.actor.session or ""))
    if session is not None:
        run = _troubled(run, session, event)
        return with_session(run, session.id, refusals=session.refusals + 1)

    if record.actor.kind is ActorKind.AGENT:
        return replace(run, strangers=run.strangers + 1)

    return run


def _troubled(run: Run, session: Session, event: events.ActionRefused) -> Run:
    """Keep a refused handoff as the trouble of the agent's job."""
    if event.verb not in HANDING_IN or not run.jobs[session.job].is_leased_to(session.id):
        return run

    times = run.jobs[session.job].refused
    if event.verb in REPORTING:
        times += 1

    often = ""
    if times > 1:
        often = f" {counted(times, 'time')}"

    trouble = f"its {event.verb} was refused{often}: {first_line(event.reason)}"
    return with_job(run, session.job, trouble=trouble, refused=times, refusal=event.reason)


EVENTS: Evolutions = {
    events.HandoffSubmitted: Evolution(handoff_submitted, BY_ALL_BUT_HOST),
    events.CheckRecorded: Evolution(checked, BY_HOST),
    events.VerdictGiven: Evolution(verdict_given, BY_ALL_BUT_HOST),
    events.JobFailed: Evolution(failed, BY_ANYBODY),
    events.OverlapNoted: Evolution(overlap_noted, BY_HOST),
    events.ActionRefused: Evolution(refused, BY_ANYBODY),
}
