"""Published artifacts, and decisions with the verdicts that rested on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.artifact import Artifact, Outcome
from gitorch.model.work.decision import Decision
from gitorch.rules.evolving import BY_ALL_BUT_HOST, BY_ANYBODY, BY_PRINCIPAL, Evolution
from gitorch.rules.evolving.transitions import ensure_leased, ensure_own_session, with_job, with_question

if TYPE_CHECKING:
    from gitorch.model.ids import DecisionId, JobId
    from gitorch.model.record import Record
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Verdict
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions


def published(run: Run, record: Record, event: events.ArtifactPublished) -> Run:
    """Add a version of an artifact. The host publishes for sessions that cannot run commands.

    Raises Corrupt if the session does not hold the lease, or if the attempt is not the job's current one, or the
    version is not the next one.
    """
    job = ensure_leased(run, event.job, event.session, event.fence)
    if record.actor.kind is not ActorKind.HOST:
        ensure_own_session(run, record, event.session)

    attempt = (event.job, event.attempt, event.name)
    versions = []
    for a in run.artifacts:
        if (a.job, a.attempt, a.name) == attempt:
            versions.append(a)

    if event.version != len(versions) + 1 or event.attempt != job.attempt:
        message = f"version {event.version} of {event.name} was published after version {len(versions)}"
        raise Corrupt(message)

    artifact = _version(record, event)
    return replace(run, artifacts=(*run.artifacts, artifact))


def _version(record: Record, event: events.ArtifactPublished) -> Artifact:
    """The version of the artifact that was published."""
    return Artifact(
        name=event.name,
        kind=event.kind,
        path=event.path,
        job=event.job,
        attempt=event.attempt,
        version=event.version,
        digest=event.digest,
        size=event.size,
        session=event.session,
        at=record.at,
        intent=event.intent,
        entries=event.entries,
        answers=event.answers,
        faults=event.faults,
    )


def decided(run: Run, record: Record, event: events.DecisionMade) -> Run:
    """Add a decision; a rejection marks the verdicts that relied on the work. Raises Corrupt if the id of the decision exists."""
    if any(decision.id == event.decision for decision in run.decisions):
        message = f"decision {event.decision} was made twice"
        raise Corrupt(message)

    decision = _decision(run, record, event)
    run = replace(run, decisions=(*run.decisions, decision))
    if event.outcome is not Outcome.REJECTED:
        return run

    return _doubted(run, event.job, event.decision)


def _decision(run: Run, record: Record, event: events.DecisionMade) -> Decision:
    """The decision as it was made."""
    return Decision(
        id=event.decision,
        job=event.job,
        outcome=event.outcome,
        by=record.actor.name,
        at=record.at,
        text=event.text,
        follow_up=event.follow_up,
        verdicts=tuple(verdict.review for verdict in run.jobs[event.job].round_verdicts),
    )


def _doubted(run: Run, job: JobId, decision: DecisionId) -> Run:
    """Mark the verdicts of the job's round, on the job and on its reviews."""
    state = run.jobs[job]
    doubted = state.round_verdicts
    verdicts = _marked(decision, state, doubted)

    for verdict in doubted:
        given = run.jobs[verdict.review].verdict
        if given is not None:
            run = with_job(run, verdict.review, verdict=replace(given, doubted=decision))

    return with_job(run, job, verdicts=tuple(verdicts))


def _marked(decision: DecisionId, state: JobState, doubted: tuple[Verdict, ...]) -> list[Verdict]:
    """The job's verdicts; the doubted ones name the decision."""
    verdicts: list[Verdict] = []

    for verdict in state.verdicts:
        marked = verdict
        if verdict in doubted:
            marked = replace(verdict, doubted=decision)

        verdicts.append(marked)
    return verdicts


def blocker_sorted(run: Run, _: Record, event: events.BlockerSorted) -> Run:
    """Show the kind and the severity of a blocker in its escalation."""
    return with_question(run, event.question, blocker=str(event.kind), severity=str(event.severity))


EVENTS: Evolutions = {
    events.ArtifactPublished: Evolution(published, BY_ANYBODY),
    events.DecisionMade: Evolution(decided, BY_PRINCIPAL),
    events.BlockerSorted: Evolution(blocker_sorted, BY_ALL_BUT_HOST),
}
