"""Handoffs, checks, verdicts, rounds and gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.ids import SessionId
from gitorch.model.job import JobPhase
from gitorch.model.observed import overlap_key
from gitorch.model.question import QuestionKind
from gitorch.model.record import ActorKind
from gitorch.model.review import Choice, Finding, Handoff, ListedFinding, ReportStatus, Severity, Verdict
from gitorch.model.session import PromptKind
from gitorch.model.values import replace
from gitorch.model.workflow import JobKind
from gitorch.rules.evolving import BY_ALL_BUT_HOST, BY_ANYBODY, BY_HOST, BY_PRINCIPAL, Evolution
from gitorch.rules.evolving.dependents import LOST, review_stopped, reviews_closed, skip_dependents, unskipped
from gitorch.rules.review.findings import list_findings
from gitorch.rules.transitions import (
    add_prompt,
    demote,
    end_claim,
    ensure_leased,
    ensure_own_session,
    move_job,
    promote,
    with_job,
    with_session,
    withdraw,
)
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.job import JobState
    from gitorch.model.record import Record
    from gitorch.model.review import Reply
    from gitorch.model.run import Run
    from gitorch.rules.evolving import Evolutions

DONE = frozenset({ReportStatus.DONE, ReportStatus.DONE_WITH_CONCERNS})


def handoff_submitted(run: Run, record: Record, event: events.HandoffSubmitted) -> Run:
    """Finished work is submitted and its lease ends; a question or a blocker keeps the lease and waits for people.

    Raises Corrupt without the lease, for another attempt, and for a report that another actor's session wrote.
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
    """The reported work is at its gate, and nobody has its lease any more."""
    handoff = Handoff(
        status=event.status,
        attempt=event.attempt,
        commit=event.commit,
        at=record.at,
        summary=event.text,
        concerns=event.concerns,
        tests_claimed=event.tests_claimed,
        replies=event.replies,
    )
    run = move_job(
        run,
        event.job,
        JobPhase.SUBMITTED,
        handoff=handoff,
        findings=_replied(run.jobs[event.job].findings, event.replies),
        lease=None,
        check=None,
        deaths=0,
    )

    return promote(run, record.at)


def _replied(findings: tuple[ListedFinding, ...], replies: tuple[Reply, ...]) -> tuple[ListedFinding, ...]:
    """The findings with the author's replies; the first reply to a number counts."""
    by_number: dict[int, Reply] = {}
    for reply in replies:
        by_number.setdefault(reply.number, reply)

    return tuple(replace(listed, reply=by_number.get(listed.number, listed.reply)) for listed in findings)


def checked(run: Run, record: Record, event: events.CheckRecorded) -> Run:
    """The result of the project's tests stands beside the agent's claim. Raises Corrupt for another commit or attempt."""
    job = run.jobs[event.job]
    if job.handoff is None or job.handoff.commit != event.check.commit or event.attempt != job.attempt:
        message = f"{event.job} was tested at {event.check.commit}, which was not handed in"
        raise Corrupt(message)

    run = with_job(run, event.job, check=event.check, checks=(*job.checks, event.check))
    return promote(run, record.at)


def verdict_given(run: Run, record: Record, event: events.VerdictGiven) -> Run:
    """The review is completed, and its verdict counts. Raises Corrupt without the lease, and for another actor's session."""
    job = ensure_leased(run, event.job, event.session, event.fence)
    ensure_own_session(run, record, event.session)

    return verdict_counts(end_claim(run, job, "judged"), record, event)


def verdict_counts(run: Run, record: Record, event: events.VerdictGiven) -> Run:
    """The verdict stands among those of its subject; the gate decides what it means.

    Raises Corrupt for the verdict of a job that is no review of the subject, and for another commit than the one handed in.
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
    )
    run = with_job(run, event.subject, verdicts=(*subject.verdicts, verdict))
    return promote(run, record.at)


def _synthesis_judged(
    run: Run,
    record: Record,
    event: events.VerdictGiven,
    verdict: Verdict,
) -> Run:
    """The synthesis of a phase is at its own gate, with its verdict as handoff."""
    return move_job(
        run,
        event.job,
        JobPhase.SUBMITTED,
        handoff=Handoff(ReportStatus.DONE, event.round, event.commit, record.at, event.text),
        verdicts=(*run.jobs[event.job].verdicts, verdict),
        verdict=verdict,
        lease=None,
        deaths=0,
    )


def findings_listed(run: Run, record: Record, event: events.FindingsListed) -> Run:
    """A new round: the author's job is queued again and its reviews start afresh. Raises Corrupt for another round."""
    job = run.jobs[event.job]
    if event.round != job.attempt:
        message = f"the findings of round {event.round} were listed for {event.job}, which is in round {job.attempt}"
        raise Corrupt(message)

    findings = {listed.number: replace(listed, open=False) for listed in job.findings}
    findings.update((listed.number, listed) for listed in event.findings)
    rounds_allowed = job.rounds_allowed
    if job.phase is JobPhase.COMPLETED:
        rounds_allowed = max(rounds_allowed, job.attempt + 1)

    run = move_job(
        run,
        event.job,
        JobPhase.QUEUED,
        findings=tuple(findings.values()),
        demands=(),
        attempt=job.attempt + 1,
        rounds_allowed=rounds_allowed,
        ready_at=record.at,
        deaths=0,
        launch_failures=0,
        cleared=None,
    )
    run = _clearance_withdrawn(run, record, event.job)
    run = _reviews_afresh(run, record, event.job)
    run = unskipped(run, event.job)
    run = _syntheses_afresh(run, record, event.job)

    return demote(run)


def _clearance_withdrawn(run: Run, record: Record, job: JobId) -> Run:
    """Withdraw the checkpoint question about work that goes back, and the author's clearance if it was not delivered."""
    checkpoints = [q for q in run.open_questions(job) if q.kind is QuestionKind.CHECKPOINT]
    run = withdraw(run, record, checkpoints)
    session = run.jobs[job].session
    if session is None:
        return run

    prompts = [p for p in run.sessions[session].prompts if p.receipt or p.kind is not PromptKind.CLEARED]
    return with_session(run, session, prompts=tuple(prompts))


def _reviews_afresh(run: Run, record: Record, subject: JobId) -> Run:
    """Block the reviews of a subject again, for its new attempt and with new sessions."""
    attempt = run.jobs[subject].attempt
    for review in run.reviews_of(subject):
        run = review_stopped(run, record, review)
        run = move_job(
            run,
            review.spec.id,
            JobPhase.BLOCKED,
            attempt=attempt,
            verdict=None,
            lease=None,
            session=None,
            launch_failures=0,
            deaths=0,
        )

    return run


def _syntheses_afresh(run: Run, record: Record, job: JobId) -> Run:
    """A synthesis that closed a phase, or was about to, closes it again over the job's next handoff."""
    for name, state in run.jobs.items():
        if state.spec.kind is not JobKind.PHASE_SYNTHESIS or state.phase in LOST or state.phase is JobPhase.BLOCKED:
            continue

        if job in ancestors(needs_of(run.workflow), name):
            run = _synthesis_afresh(run, record, state)

    return run


def _synthesis_afresh(run: Run, record: Record, synthesis: JobState) -> Run:
    """Block a synthesis again. Unless its own verdict was the reason, it gets one more round."""
    name = synthesis.spec.id
    rounds_allowed = synthesis.rounds_allowed
    if synthesis.phase is not JobPhase.SUBMITTED:
        rounds_allowed += 1

    run = withdraw(run, record, run.open_questions(name))
    if synthesis.phase not in {JobPhase.QUEUED, JobPhase.COMPLETED}:
        run = move_job(run, name, JobPhase.QUEUED)

    return move_job(
        run,
        name,
        JobPhase.BLOCKED,
        lease=None,
        session=None,
        rounds_allowed=rounds_allowed,
        attempt=synthesis.attempt + 1,
        verdict=None,
        handoff=None,
        cleared=None,
        base=None,
    )


def gate_passed(run: Run, record: Record, event: events.GatePassed) -> Run:
    """The work is cleared at exactly this commit.

    Raises Corrupt without an accepting verdict of every review, unless the principal waived them.
    """
    job = run.jobs[event.job]
    if job.handoff is None or job.handoff.commit != event.commit:
        message = f"the gate of {event.job} passed {event.commit}, which was not handed in"
        raise Corrupt(message)

    if event.waived and record.actor.kind is not ActorKind.PRINCIPAL:
        message = f"the gate of {event.job} was waived by {record.actor.kind} {record.actor.name}, not by the principal"
        raise Corrupt(message)

    if not event.waived and not gate_earned(run, job):
        message = f"the gate of {event.job} passed without an accepting verdict of every review on {event.commit}"
        raise Corrupt(message)

    run = move_job(
        run,
        event.job,
        JobPhase.COMPLETED,
        cleared=event.commit,
        findings=_findings_at_the_end(run, job, event),
        demands=(),
    )
    run = reviews_closed(run, record, event.job)
    if job.session is not None:
        run = add_prompt(run, job.session, PromptKind.CLEARED)

    return promote(run, record.at)


def _findings_at_the_end(run: Run, job: JobState, event: events.GatePassed) -> tuple[ListedFinding, ...]:
    """Earlier findings are closed; those of the last round are waived, or stay open when they do not fail the gate."""
    findings = {listed.number: replace(listed, open=False) for listed in job.findings}
    for listed in list_findings(run, job).findings:
        if event.waived:
            findings[listed.number] = replace(listed, open=False, waived=True)
        else:
            findings[listed.number] = listed

    return tuple(findings.values())


def gate_earned(run: Run, job: JobState) -> bool:
    """Whether tests passed where they must, and every review let exactly the commit through that was handed in."""
    if not run.check_is_settled(job) or job.check_failed or job.demands:
        return False

    let_through = run.reviews_let_through(job)
    return all(judge.spec.id in let_through for judge in run.judges_of(job))


def voided(run: Run, _: Record, event: events.WorkVoided) -> Run:
    """The judged commit is not the branch's tip any more: the author must report again."""
    job = run.jobs[event.job]
    rounds_allowed = job.rounds_allowed
    if job.phase is JobPhase.COMPLETED:
        rounds_allowed = max(rounds_allowed, job.attempt + 1)

    title = f"The branch holds {event.found[:12]} but {event.expected[:12]} was handed in; report again"
    demands = (*job.demands, Finding(Severity.BLOCKING, title))
    return with_job(run, event.job, demands=demands, rounds_allowed=rounds_allowed)


def reopened(run: Run, _: Record, event: events.JobReopened) -> Run:
    """The principal sends work back with a note: one more round is allowed. Raises Corrupt for work that is merged."""
    job = run.jobs[event.job]
    if run.merged is not None:
        message = f"{event.job} was merged to {run.merged.target} and cannot go back to work"
        raise Corrupt(message)

    demand = Finding(Severity.BLOCKING, f"The principal sent this back: {event.reason}")
    rounds_allowed = max(job.rounds_allowed, job.attempt + 1)
    return with_job(run, event.job, demands=(*job.demands, demand), rounds_allowed=rounds_allowed)


def failed(run: Run, record: Record, event: events.JobFailed) -> Run:
    """The job is over; jobs that cannot be done without it are skipped.

    Raises Corrupt when an agent wrote it that is no reviewer who rejected the job.
    """
    if record.actor.kind is ActorKind.AGENT and not _rejected_by(run, event.job, record):
        message = f"{event.job} was failed by {record.actor.name}, which has not rejected it"
        raise Corrupt(message)

    run = withdraw(run, record, run.open_questions(event.job))
    run = end_claim(run, run.jobs[event.job], "stopped")
    run = move_job(run, event.job, JobPhase.FAILED, lease=None)

    return skip_dependents(run, record, event.job)


def _rejected_by(run: Run, job: JobId, record: Record) -> bool:
    """Whether the actor's session gave a verdict of `reject` on this job in the round under way."""
    for verdict in run.jobs[job].round_verdicts:
        if verdict.session == record.actor.session and verdict.choice is Choice.REJECT:
            return True

    return False


def overlap_noted(run: Run, _: Record, event: events.OverlapNoted) -> Run:
    """The pair is remembered, so that it is noted once."""
    return replace(run, overlaps=(*run.overlaps, overlap_key(event.jobs, event.conflict)))


def refused(run: Run, record: Record, _: events.ActionRefused) -> Run:
    """The attempt is counted, so that an agent that keeps trying does not fill the ledger."""
    session = run.sessions.get(SessionId(record.actor.session or ""))
    if session is not None:
        return with_session(run, session.id, refusals=session.refusals + 1)

    if record.actor.kind is ActorKind.AGENT:
        return replace(run, strangers=run.strangers + 1)

    return run


EVENTS: Evolutions = {
    events.HandoffSubmitted: Evolution(handoff_submitted, BY_ALL_BUT_HOST),
    events.CheckRecorded: Evolution(checked, BY_HOST),
    events.VerdictGiven: Evolution(verdict_given, BY_ALL_BUT_HOST),
    events.FindingsListed: Evolution(findings_listed, BY_ANYBODY),
    events.GatePassed: Evolution(gate_passed, BY_ANYBODY),
    events.WorkVoided: Evolution(voided, BY_HOST),
    events.JobFailed: Evolution(failed, BY_ANYBODY),
    events.JobReopened: Evolution(reopened, BY_PRINCIPAL),
    events.OverlapNoted: Evolution(overlap_noted, BY_HOST),
    events.ActionRefused: Evolution(refused, BY_ANYBODY),
}
