"""Artifacts that were published, and decisions with what rested on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.artifact import Artifact, Outcome
from gitorch.model.decision import Decision
from gitorch.model.values import replace
from gitorch.rules.transitions import with_job, with_question

if TYPE_CHECKING:
    from gitorch.model.events import ArtifactPublished, BlockerSorted, DecisionMade
    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.run import Run


def published(run: Run, record: Record, event: ArtifactPublished) -> Run:
    """One more version. Raises Corrupt without the lease that stands, or out of turn."""
    job = run.jobs[event.job]
    if job.lease is None or (job.lease.session, job.lease.fence) != (event.session, event.fence):
        message = f"{event.session} published for {event.job} with lease {event.fence}, which does not stand"
        raise Corrupt(message)
    before = [a for a in run.artifacts if (a.job, a.attempt, a.name) == (event.job, event.attempt, event.name)]
    if event.version != len(before) + 1 or event.attempt != job.attempt:
        message = f"version {event.version} of {event.name} was published after version {len(before)}"
        raise Corrupt(message)
    artifact = Artifact(
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
    return replace(run, artifacts=(*run.artifacts, artifact))


def decided(run: Run, record: Record, event: DecisionMade) -> Run:
    """The decision stands; where it rejects, the verdicts that rested on it are marked. Raises Corrupt unless the principal made it."""
    if record.actor.kind != "principal" or any(d.id == event.decision for d in run.decisions):
        message = f"decision {event.decision} was made twice, or not by the principal"
        raise Corrupt(message)
    rested = tuple(v.review for v in run.jobs[event.job].round_verdicts)
    decision = Decision(
        id=event.decision,
        job=event.job,
        outcome=event.outcome,
        by=record.actor.name,
        at=record.at,
        text=event.text,
        follow_up=event.follow_up,
        verdicts=rested,
    )
    run = replace(run, decisions=(*run.decisions, decision))
    return _doubted(run, event.job, event.decision) if event.outcome is Outcome.REJECTED else run


def _doubted(run: Run, job: JobId, decision: str) -> Run:
    state = run.jobs[job]
    marked = tuple(replace(v, doubted=decision) if v in state.round_verdicts else v for v in state.verdicts)
    for verdict in state.round_verdicts:
        given = run.jobs[verdict.review].verdict
        if given is not None:
            run = with_job(run, verdict.review, verdict=replace(given, doubted=decision))
    return with_job(run, job, verdicts=marked)


def blocker_sorted(run: Run, _: Record, event: BlockerSorted) -> Run:
    """The escalation shows what kind of blocker it is."""
    return with_question(run, event.question, blocker=str(event.kind), severity=str(event.severity))
