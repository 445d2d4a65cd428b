"""Publishing: what a document must be to be kept as an artifact of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied, Refused
from gitorch.model import events
from gitorch.model.artifact import ArtifactKind, Outcome
from gitorch.model.ids import DecisionId
from gitorch.model.record import ActorKind
from gitorch.rules import ensure
from gitorch.rules.capabilities import Capability, ensure_may, holds
from gitorch.rules.deciding import late
from gitorch.rules.review.ledgers import wrong_with_document
from gitorch.rules.scope.matching import covered
from gitorch.rules.scope.paths import path_fault

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.job import JobState
    from gitorch.model.run import Run
    from gitorch.model.session import Session

OWN_FOLDER = ".gitorch/"
"""Where files may lie that are handed in and are no part of anybody's work."""


def publish(state: State, order: Order, command: commands.PublishArtifact) -> tuple[Event, ...]:
    """A new version of an artifact of the attempt under way; nothing where its content is published already."""
    run = ensure.run_under_way(ensure.run_there(state))
    session = _publisher(run, order, command)
    job = run.jobs[session.job]
    ensure.fence_stands(job, command.fence)
    if late.ran_out(session, job, order.at):
        raise Refused(f"{late.over(session, job)}, so nothing more is published for it", late.what_next(session))
    lease = ensure.lease_held(run, session, job)
    _may_be_kept(run, job, command)
    _no_secret(order, command)
    versions = [a for a in run.artifacts if (a.job, a.attempt, a.name) == (job.spec.id, job.attempt, command.name)]
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
        entries=command.document.entries,
        answers=command.document.answers,
        faults=command.faults,
        override=command.override if command.secrets else "",
    )
    return (event,)


def _publisher(run: Run, order: Order, command: commands.PublishArtifact) -> Session:
    """The session that hands in. For one that cannot run commands gitorch does, where the file says whose it is."""
    session = ensure.session_of(run, command.token)
    if order.actor.kind is not ActorKind.HOST:
        return ensure.acts_as(order.actor, session)
    job, said = run.jobs[session.job], command.document
    nonce = job.lease.nonce if job.lease is not None else ""
    if not nonce or (said.job, said.attempt, said.nonce) != (job.spec.id, job.attempt, nonce):
        message = f"{command.path} does not name job {job.spec.id}, attempt {job.attempt} and the nonce of its brief"
        raise Denied(message, "gitorch brief")
    return session


def _may_be_kept(run: Run, job: JobState, command: commands.PublishArtifact) -> None:
    name, kind, path = job.spec.id, command.document.kind, command.path
    wrong = path_fault(path) or command.trouble
    if wrong:
        raise Refused(f"{path or 'a file without a name'} {wrong}", "gitorch publish PATH")
    if job.writes and not path.startswith(OWN_FOLDER) and not covered(path, job.spec.scope):
        message = f"{path} lies outside the write scope of {name} ({', '.join(job.spec.scope.allowed) or 'everything'})"
        raise Refused(message, "gitorch brief")
    if command.size > run.settings.artifact_bytes_max:
        message = f"{path} has {command.size:,} bytes; an artifact has at most {run.settings.artifact_bytes_max:,}"
        raise Refused(message, "gitorch publish PATH")
    wanted = next((e for e in job.spec.artifacts if e.name == command.name), None)
    if wanted is not None and wanted.kind in set(ArtifactKind) and wanted.kind != kind:
        message = f"{command.name} of {name} is expected as {wanted.kind}, not as {kind}"
        raise Refused(message, f"gitorch publish {path} --kind {wanted.kind}")
    if contradiction := wrong_with_document(run, job, command.document):
        raise Refused(f"{path} cannot be published as {kind}: {contradiction}", "gitorch brief")


def _no_secret(order: Order, command: commands.PublishArtifact) -> None:
    """What looks like a secret is kept only on the principal's word, which is recorded."""
    if not command.secrets:
        return
    if command.override.strip() and holds(order.actor, Capability.APPROVE):
        return
    message = f"{command.path} seems to hold {', '.join(command.secrets[:3])}; the ledger keeps everything for ever"
    if command.override.strip():
        raise Denied(f"{message}, and only the principal may publish it all the same", "gitorch publish PATH")
    hint = f"take it out, or as the principal: gitorch publish {command.path} --allow-secrets REASON"
    raise Refused(message, hint)


def decide_on(state: State, order: Order, command: commands.Decide) -> tuple[Event, ...]:
    """Recorded with its reason. A rejected one takes back a merge report that stands, since that tells of verdicts in doubt."""
    ensure_may(order.actor, "decide")
    run = ensure.run_open(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    name = job.spec.id
    if not command.text.strip():
        message = f"a decision on {name} needs its reason"
        raise Refused(message, f"gitorch decide {name} {command.outcome} --note TEXT")
    if (command.outcome is Outcome.ACCEPTED_WITH_FOLLOW_UP) is not bool(command.follow_up.strip()):
        message = "a follow-up belongs to accepted_with_follow_up, and to nothing else"
        raise Refused(message, f"gitorch decide {name} accepted_with_follow_up --note TEXT --follow-up TEXT")
    number = DecisionId(f"d{len(run.decisions) + 1}")
    made = events.DecisionMade(number, name, command.outcome, command.follow_up, command.text)
    if command.outcome is Outcome.REJECTED and run.report is not None and run.merged is None:
        return (made, events.ReportVoided(run.report.digest, f"{number} rejected what {name} rests on"))
    return (made,)
