"""Documents: which artifact of a job may be published, and the principal's decisions about a job's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied, Refused
from gitorch.model import commands, events
from gitorch.model.ids import DecisionId
from gitorch.model.path_text import shell_word
from gitorch.model.record import ActorKind
from gitorch.model.work.artifact import ArtifactKind, Outcome
from gitorch.rules.deciding import late
from gitorch.rules.guards import ensure
from gitorch.rules.guards.capabilities import Capability, ensure_may, holds
from gitorch.rules.review.ledgers import document_fault, recorded_entries
from gitorch.rules.scope.matching import covered
from gitorch.rules.scope.paths import path_fault

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId
    from gitorch.model.work.artifact import Document
    from gitorch.model.work.board import State
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.rules.deciding import Decisions

OWN_FOLDER = ".gitorch/"
"""Files below it are handed in without being part of anybody's work."""


def publish(state: State, order: Order, command: commands.PublishArtifact) -> tuple[Event, ...]:
    """A new version of an artifact in the attempt under way; nothing if its newest version has the same content."""
    run = ensure.run_under_way(ensure.run_there(state))
    session = _publisher(run, order, command)
    job = run.jobs[session.job]
    ensure.fence_stands(job, command.fence)
    if late.ran_out(session, job, order.at):
        message = f"{late.over(session, job)}, so nothing more is published for it"
        raise Refused(message, late.what_next(session))

    lease = ensure.lease_held(run, session, job)
    _ensure_publishable(run, job, command)
    _ensure_no_secret(order, command)
    attempt = (job.spec.id, job.attempt, command.name)
    versions = [a for a in run.artifacts if (a.job, a.attempt, a.name) == attempt]
    if versions and versions[-1].digest == command.digest:
        return ()

    event = events.ArtifactPublished(
        job=job.spec.id,
        session=session.id,
        fence=lease.fence,
        attempt=job.attempt,
        name=command.name,
        kind=command.document.kind,
        path=command.path,
        version=len(versions) + 1,
        digest=command.digest,
        size=command.size,
        byline=session.holder or f"agent/{session.job}",
        via="file" if order.actor.kind is ActorKind.HOST else "verb",
        intent=command.document.intent,
        entries=recorded_entries(run, job, command.document),
        answers=command.document.answers,
        faults=command.faults,
        override=command.override if command.secrets else "",
    )
    return (event,)


def _publisher(run: Run, order: Order, command: commands.PublishArtifact) -> Session:
    """The publishing session. The host publishes for a session that cannot run commands, if the file names its handoff."""
    session = ensure.session_of(run, command.token)
    if order.actor.kind is not ActorKind.HOST:
        return ensure.acts_as(order.actor, session)

    job = run.jobs[session.job]
    if not _names_handoff(command.document, job):
        message = f"{command.path} does not name job {job.spec.id}, attempt {job.attempt} and the nonce of its brief"
        raise Denied(message, "gitorch brief")

    return session


def _names_handoff(document: Document, job: JobState) -> bool:
    """Whether a document names the job, its attempt under way and the nonce of its brief; never without such a nonce."""
    if job.lease is None or not job.lease.nonce:
        return False

    named = (document.job, document.attempt, document.nonce)
    return named == (job.spec.id, job.attempt, job.lease.nonce)


def _ensure_publishable(run: Run, job: JobState, command: commands.PublishArtifact) -> None:
    """Raises Refused if the path or the size is bad, or if this job may not publish this kind or content."""
    _ensure_path(job, command)
    size_max = run.settings.artifact_bytes_max
    if command.size > size_max:
        message = f"{command.path} has {command.size:,} bytes; an artifact has at most {size_max:,}"
        raise Refused(message, "gitorch publish PATH")

    _ensure_expected_kind(job, command)
    contradiction = document_fault(run, job, command.document)
    if contradiction:
        message = f"{command.path} cannot be published as {command.document.kind}: {contradiction}"
        raise Refused(message, "gitorch brief")


def _ensure_path(job: JobState, command: commands.PublishArtifact) -> None:
    """Raises Refused if the path cannot be that of an artifact, or is outside the job's write scope."""
    path = command.path
    wrong = path_fault(path) or command.trouble
    if wrong:
        message = f"{path or 'the path'} {wrong}"
        raise Refused(message, "gitorch publish PATH")

    # A review has no scope of its own, and nothing below the own folder is ever merged.
    if not job.writes or path.startswith(OWN_FOLDER):
        return

    _ensure_in_scope(job, path)


def _ensure_in_scope(job: JobState, path: str) -> None:
    """Raises Refused if the path is outside the job's write scope."""
    if not covered(path, job.spec.scope):
        allowed = ", ".join(job.spec.scope.allowed) or "everything"
        message = f"{path} is outside the write scope of {job.spec.id} (allowed: {allowed})"
        raise Refused(message, "gitorch brief")


def _ensure_expected_kind(job: JobState, command: commands.PublishArtifact) -> None:
    """Raises Refused if the workflow expects the artifact as another kind."""
    kind = command.document.kind
    for expected in job.spec.artifacts:
        if expected.name != command.name:
            continue

        if expected.kind in set(ArtifactKind) and expected.kind != kind:
            message = f"{command.name} of {job.spec.id} is expected as {expected.kind}, not as {kind}"
            raise Refused(message, f"gitorch publish {shell_word(command.path)} --kind {expected.kind}")

        return


def _ensure_no_secret(order: Order, command: commands.PublishArtifact) -> None:
    """Raises Refused if a secret is suspected, unless the principal keeps it for a recorded reason."""
    if not command.secrets:
        return

    overridden = bool(command.override.strip())
    if overridden and holds(order.actor, Capability.APPROVE):
        return

    message = f"{command.path} seems to hold {', '.join(command.secrets[:3])}; the ledger keeps everything for ever"
    if overridden:
        message = f"{message}, and only the principal may publish it all the same"
        raise Denied(message, "gitorch publish PATH")

    hint = f"take it out, or as the principal: gitorch publish {shell_word(command.path)} --allow-secrets REASON"
    raise Refused(message, hint)


def decide_on(state: State, order: Order, command: commands.Decide) -> tuple[Event, ...]:
    """Record a decision with its reason.

    A rejection also voids a merge report that stands, because it relies on doubted verdicts.
    """
    ensure_may(order.actor, "decide")
    run = ensure.run_open(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    name = job.spec.id
    if not command.text.strip():
        message = f"a decision on {name} needs its reason"
        raise Refused(message, f"gitorch decide {name} {command.outcome} --note TEXT")

    _ensure_follow_up(command, name)

    decision = DecisionId(f"d{len(run.decisions) + 1}")
    decided = events.DecisionMade(decision, name, command.outcome, command.follow_up, command.text)
    if command.outcome is Outcome.REJECTED and run.report is not None and run.merged is None:
        voided = events.ReportVoided(run.report.digest, f"{decision} rejected what {name} rests on")
        return (decided, voided)

    return (decided,)


def _ensure_follow_up(command: commands.Decide, name: JobId) -> None:
    """Raises Refused if the outcome requires a follow-up and there is none, or if there is one and the outcome allows none."""
    has_follow_up = bool(command.follow_up.strip())
    if (command.outcome is Outcome.ACCEPTED_WITH_FOLLOW_UP) is not has_follow_up:
        message = "a follow-up belongs to accepted_with_follow_up, and to nothing else"
        raise Refused(message, f"gitorch decide {name} accepted_with_follow_up --note TEXT --follow-up TEXT")


DECISIONS: Decisions = {
    commands.PublishArtifact: publish,
    commands.Decide: decide_on,
}
