"""Rounds: a gate sends work back with its findings and begins the next round, or it passes the work and ends the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.plans.workflow import JobKind
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Finding, Severity
from gitorch.model.work.session import Prompt, PromptKind
from gitorch.rules.evolving import BY_ANYBODY, BY_HOST, BY_PRINCIPAL, Evolution
from gitorch.rules.evolving.dependents import LOST, review_stopped, reviews_closed, unskipped
from gitorch.rules.evolving.transitions import add_prompt, demote, move_job, promote, with_job, with_session, withdraw
from gitorch.rules.review.findings import list_findings
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.review import ListedFinding
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions


def findings_listed(run: Run, record: Record, event: events.FindingsListed) -> Run:
    """Start a new round: queue the author's job again and reset its reviews.

    Raises Corrupt if the event names a round other than the job's current one.
    """
    job = run.jobs[event.job]
    if event.round != job.attempt:
        message = f"the findings of round {event.round} were listed for {event.job}, which is in round {job.attempt}"
        raise Corrupt(message)

    findings = {listed.number: replace(listed, open=False) for listed in job.findings}
    findings.update((listed.number, listed) for listed in event.findings)
    rounds_allowed = _rounds_after(job)

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


def _rounds_after(job: JobState) -> int:
    """The number of rounds that the job may have from now on; completed work gets one more."""
    rounds_allowed = job.rounds_allowed
    if job.phase is JobPhase.COMPLETED:
        rounds_allowed = max(rounds_allowed, job.attempt + 1)
    return rounds_allowed


def _clearance_withdrawn(run: Run, record: Record, job: JobId) -> Run:
    """Withdraw the checkpoint question about work that goes back, and the author's clearance if it was not delivered."""
    checkpoints = _checkpoint_questions(run, job)

    run = withdraw(run, record, checkpoints, reason=f"{job} went back to its author")
    session = run.jobs[job].session
    if session is None:
        return run

    prompts = [prompt for prompt in run.sessions[session].prompts if not _is_owed_clearance(prompt)]
    return with_session(run, session, prompts=tuple(prompts))


def _checkpoint_questions(run: Run, job: JobId) -> list[Question]:
    """The open checkpoint questions about this job."""
    checkpoints = []
    for question in run.open_questions(job):
        if question.kind is QuestionKind.CHECKPOINT:
            checkpoints.append(question)
    return checkpoints


def _is_owed_clearance(prompt: Prompt) -> bool:
    """Whether a prompt tells the author that the work is cleared, and its session has not received it."""
    if prompt.kind is not PromptKind.CLEARED:
        return False

    return not prompt.receipt


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
    """Block every synthesis that has begun and depends on the job, so that it judges the job's next handoff."""
    for name, synthesis in run.jobs.items():
        if not _has_begun_synthesis(synthesis):
            continue

        if job in ancestors(needs_of(run.workflow), name):
            run = _synthesis_afresh(run, record, synthesis)

    return run


def _has_begun_synthesis(job: JobState) -> bool:
    """Whether a job is the synthesis of a phase and has begun: it no longer waits for its needs, and is not lost."""
    if job.spec.kind is not JobKind.PHASE_SYNTHESIS:
        return False

    if job.phase is JobPhase.BLOCKED:
        return False

    return job.phase not in LOST


def _synthesis_afresh(run: Run, record: Record, synthesis: JobState) -> Run:
    """Block a synthesis again. Unless its own verdict was the reason, it gets one more round."""
    name = synthesis.spec.id
    rounds_allowed = synthesis.rounds_allowed
    if synthesis.phase is not JobPhase.SUBMITTED:
        rounds_allowed += 1

    run = withdraw(run, record, run.open_questions(name), reason=f"{name} begins anew")
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
    """Mark the job as completed at this commit, close its reviews, and queue a prompt that tells the author.

    Raises Corrupt if the job did not hand in this commit.
    Raises Corrupt unless the tests passed, no demand is open and every review let the commit through, or the principal
    waived the gate. A review lets the commit through if it accepted it; an advisory one needs only a verdict.
    """
    job = run.jobs[event.job]
    if job.handoff is None or job.handoff.commit != event.commit:
        message = f"the gate of {event.job} passed {event.commit}, which was not handed in"
        raise Corrupt(message)

    _ensure_may_pass(run, job, record, event)
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


def _ensure_may_pass(run: Run, job: JobState, record: Record, event: events.GatePassed) -> None:
    """Raises Corrupt if somebody other than the principal waived the gate, or if its tests, demands and reviews keep it closed."""
    if not event.waived:
        if gate_earned(run, job):
            return

        message = f"the gate of {event.job} passed without an accepting verdict of every review on {event.commit}"
        raise Corrupt(message)

    if record.actor.kind is not ActorKind.PRINCIPAL:
        message = f"the gate of {event.job} was waived by {record.actor.kind} {record.actor.name}, not by the principal"
        raise Corrupt(message)


def _findings_at_the_end(run: Run, job: JobState, event: events.GatePassed) -> tuple[ListedFinding, ...]:
    """The findings of the job: earlier ones closed, those of the last round waived, or as listed if the gate was not waived."""
    findings = {listed.number: replace(listed, open=False) for listed in job.findings}
    for listed in list_findings(run, job).findings:
        if event.waived:
            findings[listed.number] = replace(listed, open=False, waived=True)
        else:
            findings[listed.number] = listed

    return tuple(findings.values())


def gate_earned(run: Run, job: JobState) -> bool:
    """Whether the required tests passed, no demand is open, and every review let the submitted commit through."""
    if not run.check_is_settled(job) or job.check_failed:
        return False

    # What the principal demands must change, whatever the reviewers think.
    if job.demands:
        return False

    return _all_let_through(run, job)


def _all_let_through(run: Run, job: JobState) -> bool:
    """Whether every review let the submitted commit through."""
    let_through = {verdict.review for verdict in job.round_verdicts if run.lets_through(verdict)}
    judges = {judge.spec.id for judge in run.judges_of(job)}
    return judges <= let_through


def voided(run: Run, _: Record, event: events.WorkVoided) -> Run:
    """Demand a new report from the author, because the judged commit is no longer the tip of the branch."""
    job = run.jobs[event.job]
    rounds_allowed = job.rounds_allowed
    if job.phase is JobPhase.COMPLETED:
        rounds_allowed = max(rounds_allowed, job.attempt + 1)

    title = f"The branch holds {event.found[:12]} but {event.expected[:12]} was handed in; report again"
    demands = (*job.demands, Finding(Severity.BLOCKING, title))
    return with_job(run, event.job, demands=demands, rounds_allowed=rounds_allowed)


def reopened(run: Run, _: Record, event: events.JobReopened) -> Run:
    """Send work back with the principal's note, and allow one more round. Raises Corrupt if the work is merged."""
    job = run.jobs[event.job]
    if run.merged is not None:
        message = f"{event.job} was merged to {run.merged.target} and cannot go back to work"
        raise Corrupt(message)

    demand = Finding(Severity.BLOCKING, f"The principal sent this back: {event.reason}")
    rounds_allowed = max(job.rounds_allowed, job.attempt + 1)
    return with_job(run, event.job, demands=(*job.demands, demand), rounds_allowed=rounds_allowed, trouble="")


def sent_back(run: Run, _: Record, event: events.WorkSentBack) -> Run:
    """Demand what the principal found in the work, and allow one more round.

    Raises Corrupt if the work is merged, or if another commit was handed in.
    """
    job = run.jobs[event.job]
    if run.merged is not None:
        message = f"{event.job} was merged to {run.merged.target} and cannot go back to work"
        raise Corrupt(message)

    if job.handoff is None or job.handoff.commit != event.commit:
        message = f"{event.job} was sent back at {event.commit}, which was not handed in"
        raise Corrupt(message)

    demands = list(job.demands)
    if event.reason:
        demands.append(Finding(Severity.BLOCKING, f"The principal sent this back: {event.reason}"))

    demands.extend(event.findings)
    rounds_allowed = max(job.rounds_allowed, job.attempt + 1)
    return with_job(run, event.job, demands=tuple(demands), rounds_allowed=rounds_allowed, trouble="")


EVENTS: Evolutions = {
    events.FindingsListed: Evolution(findings_listed, BY_ANYBODY),
    events.GatePassed: Evolution(gate_passed, BY_ANYBODY),
    events.WorkVoided: Evolution(voided, BY_HOST),
    events.JobReopened: Evolution(reopened, BY_PRINCIPAL),
    events.WorkSentBack: Evolution(sent_back, BY_PRINCIPAL),
}
