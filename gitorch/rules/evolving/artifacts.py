"""Artifacts that were published, and decisions with what rested on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.artifact import Artifact
from gitorch.model.values import replace

if TYPE_CHECKING:
    from gitorch.model.hand_events import ArtifactPublished
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
