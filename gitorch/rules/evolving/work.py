"""Handoffs, checks, verdicts, rounds and gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.job import ENDED, JobPhase
from gitorch.model.observed import overlap_key
from gitorch.model.question import QuestionKind
from gitorch.model.record import ActorKind
from gitorch.model.review import Finding, Handoff, ReportStatus, Severity, Verdict
from gitorch.model.session import PromptKind
from gitorch.model.values import replace
from gitorch.model.workflow import REVIEWING, UNCLAIMED, JobKind
from gitorch.rules.review.findings import list_findings
from gitorch.rules.transitions import (
    add_prompt,
    demote,
    move_job,
    promote,
    put_down,
    with_job,
    with_session,
    withdraw,
)
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from gitorch.model.events import (
        ActionRefused,
        CheckRecorded,
        FindingsListed,
        GatePassed,
        HandoffSubmitted,
        JobFailed,
        JobReopened,
        OverlapNoted,
        VerdictGiven,
        WorkVoided,
    )
    from gitorch.model.ids import JobId
    from gitorch.model.job import JobState
    from gitorch.model.record import Record
    from gitorch.model.review import ListedFinding, Reply
    from gitorch.model.run import Run

LOST = frozenset({JobPhase.FAILED, JobPhase.SKIPPED, JobPhase.CANCELED})
DONE = frozenset({ReportStatus.DONE, ReportStatus.DONE_WITH_CONCERNS})


def handoff_submitted(run: Run, record: Record, event: HandoffSubmitted) -> Run:
    """Finished work is submitted and its lease ends; a question or a blocker keeps the lease and waits for people."""
    job = _leased(run, event.job, event.session, event.fence)
    if event.status not in DONE:
        return move_job(run, event.job, JobPhase.WAITING_HUMAN)
    return submitted(put_down(run, job, "submitted"), record, event)


def submitted(run: Run, record: Record, event: HandoffSubmitted) -> Run:
    """The work that a report hands in is at its gate, and nobody has its lease any more."""
    job = run.jobs[event.job]
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
    findings = tuple(replace(x, reply=_reply_to(x.number, event.replies) or x.reply) for x in job.findings)
    changes = {"handoff": handoff, "findings": findings, "lease": None, "check": None, "deaths": 0}
    return promote(move_job(run, event.job, JobPhase.SUBMITTED, **changes), record.at)


def _reply_to(number: int, replies: tuple[Reply, ...]) -> Reply | None:
    return next((r for r in replies if r.number == number), None)


def _leased(run: Run, job: JobId, session: str, fence: int) -> JobState:
    state = run.jobs[job]
    if state.lease is None or state.lease.session != session or state.lease.fence != fence:
        message = f"{session} acted on {job} with lease {fence}, which does not stand"
        raise Corrupt(message)
    return state


def checked(run: Run, record: Record, event: CheckRecorded) -> Run:
    """The result of the project's own tests stands beside what the agent claimed."""
    job = run.jobs[event.job]
    if job.handoff is None or job.handoff.commit != event.check.commit:
        message = f"{event.job} was tested at {event.check.commit}, which was not handed in"
        raise Corrupt(message)
    run = with_job(run, event.job, check=event.check, checks=(*job.checks, event.check))
    return promote(run, record.at)


def verdict_given(run: Run, record: Record, event: VerdictGiven) -> Run:
    """The review is completed; what it means for its subject is decided at the gate, which a synthesis reaches itself."""
    job = _leased(run, event.job, event.session, event.fence)
    return verdict_counts(put_down(run, job, "judged"), record, event)


def verdict_counts(run: Run, record: Record, event: VerdictGiven) -> Run:
    """The verdict stands among those of its subject. Raises Corrupt where it judged something else than what was handed in."""
    subject = run.jobs[event.subject]
    if run.judged_commit(run.jobs[event.job]) != event.commit or subject.attempt != event.round:
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
    given = {"verdict": verdict, "lease": None, "deaths": 0}
    if event.subject == event.job:
        judged = Handoff(ReportStatus.DONE, event.round, event.commit, record.at, event.text)
        return move_job(
            run, event.job, JobPhase.SUBMITTED, handoff=judged, verdicts=(*subject.verdicts, verdict), **given
        )
    run = move_job(run, event.job, JobPhase.COMPLETED, **given)
    run = with_job(run, event.subject, verdicts=(*subject.verdicts, verdict))
    return promote(run, record.at)


def findings_listed(run: Run, record: Record, event: FindingsListed) -> Run:
    """A new round: the author's job is queued again and its reviews start afresh."""
    job = run.jobs[event.job]
    listed = {x.number: x for x in event.findings}
    closed = {x.number: replace(x, open=False) for x in job.findings}
    changes = {
        "findings": tuple({**closed, **listed}.values()),
        "demands": (),
        "attempt": job.attempt + 1,
        "ready_at": record.at,
        "deaths": 0,
        "launch_failures": 0,
        "cleared": None,
    }
    if job.phase is JobPhase.COMPLETED:
        changes["rounds_allowed"] = max(job.rounds_allowed, job.attempt + 1)
    run = _clearance_taken_back(move_job(run, event.job, JobPhase.QUEUED, **changes), record, event.job)
    run = _unskipped(_reviews_afresh(run, record, event.job), event.job)
    return demote(_syntheses_afresh(run, record, event.job))


def _clearance_taken_back(run: Run, record: Record, job: JobId) -> Run:
    """Neither is the author told of a clearance that counts no more, nor the principal asked about work that goes back."""
    checkpoints = (q for q in run.open_questions(job) if q.kind is QuestionKind.CHECKPOINT)
    run = withdraw(run, record, checkpoints)
    session = run.jobs[job].session
    if session is None:
        return run
    prompts = run.sessions[session].prompts
    told = tuple(x for x in prompts if x.receipt or x.kind is not PromptKind.CLEARED)
    return with_session(run, session, prompts=told)


def _reviews_afresh(run: Run, record: Record, subject: JobId) -> Run:
    attempt = run.jobs[subject].attempt
    for review in run.reviews_of(subject):
        run = withdraw(run, record, run.open_questions(review.spec.id))
        fresh = {"attempt": attempt, "verdict": None, "lease": None, "session": None, "launch_failures": 0, "deaths": 0}
        run = put_down(run, review, "stopped")
        if review.phase in {JobPhase.CLAIMED, JobPhase.RUNNING}:
            run = move_job(run, review.spec.id, JobPhase.QUEUED)
        run = move_job(run, review.spec.id, JobPhase.BLOCKED, **fresh)
    return run


def _syntheses_afresh(run: Run, record: Record, job: JobId) -> Run:
    """What closed a phase, or was about to, closes it anew over what this job hands in next."""
    closing = (j for j in run.jobs.values() if j.spec.kind is JobKind.PHASE_SYNTHESIS and j.phase not in LOST)
    for state in closing:
        if state.phase is JobPhase.BLOCKED or job not in ancestors(needs_of(run.workflow), state.spec.id):
            continue
        name, own = state.spec.id, state.phase is JobPhase.SUBMITTED
        run = withdraw(run, record, run.open_questions(name))
        fresh = {"attempt": state.attempt + 1, "verdict": None, "handoff": None, "cleared": None, "base": None}
        allowed = state.rounds_allowed if own else state.rounds_allowed + 1
        if state.phase not in {JobPhase.QUEUED, JobPhase.COMPLETED}:
            run = move_job(run, name, JobPhase.QUEUED)
        run = move_job(run, name, JobPhase.BLOCKED, lease=None, session=None, rounds_allowed=allowed, **fresh)
    return run


def gate_passed(run: Run, record: Record, event: GatePassed) -> Run:
    """Cleared work at exactly this commit. Raises Corrupt without an accepting verdict of every review, or a waiver."""
    job = run.jobs[event.job]
    if job.handoff is None or job.handoff.commit != event.commit:
        message = f"the gate of {event.job} passed {event.commit}, which was not handed in"
        raise Corrupt(message)
    if not event.waived and not gate_earned(run, job):
        message = f"the gate of {event.job} passed without an accepting verdict of every review on {event.commit}"
        raise Corrupt(message)
    changes = {"cleared": event.commit, "findings": _findings_at_the_end(run, job, event), "demands": ()}
    run = _reviews_closed(move_job(run, event.job, JobPhase.COMPLETED, **changes), record, event.job)
    if job.session is not None:
        run = add_prompt(run, job.session, PromptKind.CLEARED)
    return promote(run, record.at)


def _findings_at_the_end(run: Run, job: JobState, event: GatePassed) -> tuple[ListedFinding, ...]:
    """Earlier findings are closed; those of the last round are waived, or stay open where they do not fail the gate."""
    closed = {x.number: replace(x, open=False) for x in job.findings}
    last = list_findings(run, job).findings
    kept = {x.number: replace(x, open=False, waived=True) if event.waived else x for x in last}
    return tuple({**closed, **kept}.values())


def gate_earned(run: Run, job: JobState) -> bool:
    """Whether tests passed where they must and every review accepted exactly the commit handed in."""
    let_through = {v.review for v in job.round_verdicts if run.lets_through(v)}
    judged = all(r.spec.id in let_through for r in run.judges_of(job))
    return judged and run.check_is_settled(job) and not job.check_failed and not job.demands


def voided(run: Run, _: Record, event: WorkVoided) -> Run:
    """What was judged is not what is there: the author must report again."""
    title = f"The branch holds {event.found[:12]} but {event.expected[:12]} was handed in; report again"
    job = run.jobs[event.job]
    if job.phase is JobPhase.COMPLETED:
        run = with_job(run, event.job, rounds_allowed=max(job.rounds_allowed, job.attempt + 1))
    return _demanded(run, event.job, Finding(Severity.BLOCKING, title))


def reopened(run: Run, _: Record, event: JobReopened) -> Run:
    """The principal sends work back with a note: one more round is allowed, whatever was used up.

    Raises Corrupt for work that is merged.
    """
    job = run.jobs[event.job]
    if run.merged is not None:
        message = f"{event.job} was merged to {run.merged.target} and cannot go back to work"
        raise Corrupt(message)
    run = with_job(run, event.job, rounds_allowed=max(job.rounds_allowed, job.attempt + 1))
    return _demanded(run, event.job, Finding(Severity.BLOCKING, f"The principal sent this back: {event.reason}"))


def _demanded(run: Run, job: JobId, finding: Finding) -> Run:
    return with_job(run, job, demands=(*run.jobs[job].demands, finding))


def failed(run: Run, record: Record, event: JobFailed) -> Run:
    """The job is over; what cannot be done without it is skipped."""
    run = withdraw(run, record, run.open_questions(event.job))
    run = move_job(put_down(run, run.jobs[event.job], "stopped"), event.job, JobPhase.FAILED, lease=None)
    return skip_dependents(run, record, event.job)


def skip_dependents(run: Run, record: Record, job: JobId) -> Run:
    """What cannot be done without a job that is over is skipped; what waited for nothing else begins."""
    return promote(_skipped(run, record, job), record.at)


def skip_with_dependents(run: Run, record: Record, job: JobId) -> Run:
    """A job that will not be done, and all that cannot be done without it."""
    return _skipped(move_job(run, job, JobPhase.SKIPPED), record, job)


def _skipped(run: Run, record: Record, job: JobId) -> Run:
    run = _reviews_closed(run, record, job)
    for other, state in run.jobs.items():
        blocked = run.jobs[other].phase is JobPhase.BLOCKED and state.spec.kind not in UNCLAIMED
        if blocked and (job in state.spec.needs or _needs_review_of(run, state, job)):
            run = skip_with_dependents(run, record, other)
    return run


def _needs_review_of(run: Run, job: JobState, subject: JobId) -> bool:
    return any(run.jobs[need].spec.subject == subject for need in job.spec.needs)


def _reviews_closed(run: Run, record: Record, subject: JobId) -> Run:
    for review in run.reviews_of(subject):
        run = withdraw(run, record, run.open_questions(review.spec.id))
        run = put_down(run, review, "stopped")
        if review.phase in {JobPhase.CLAIMED, JobPhase.RUNNING}:
            run = move_job(run, review.spec.id, JobPhase.QUEUED, lease=None)
        if run.jobs[review.spec.id].phase not in ENDED:
            run = move_job(run, review.spec.id, JobPhase.SKIPPED, lease=None)
    return run


def _unskipped(run: Run, job: JobId) -> Run:
    """Block again what was skipped for want of this job, with its reviews, unless something else it needs is over."""
    for other, state in run.jobs.items():
        depends = job in state.spec.needs or _needs_review_of(run, state, job)
        skipped = run.jobs[other].phase is JobPhase.SKIPPED and state.spec.kind not in REVIEWING
        if skipped and depends and not any(run.producer(need).phase in LOST for need in state.spec.needs):
            run = move_job(run, other, JobPhase.BLOCKED)
            for review in run.reviews_of(other):
                run = move_job(run, review.spec.id, JobPhase.BLOCKED)
            run = _unskipped(run, other)
    return run


def overlap_noted(run: Run, _: Record, event: OverlapNoted) -> Run:
    """The pair and what it shares are remembered, so that it is said once."""
    return replace(run, overlaps=(*run.overlaps, overlap_key(event.jobs, event.conflict)))


def refused(run: Run, record: Record, _: ActionRefused) -> Run:
    """What was tried is counted, so that a session that keeps trying does not fill the ledger."""
    session = next((s for s in run.sessions if s == record.actor.session), None)
    if session is None:
        return replace(run, strangers=run.strangers + (record.actor.kind == ActorKind.AGENT))
    return with_session(run, session, refusals=run.sessions[session].refusals + 1)
