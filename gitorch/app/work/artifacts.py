"""Publishing artifacts: documents from a worktree, read without following links, kept in the ledger by digest."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute_verb, record_refusal
from gitorch.errors import Malformed, NotFound, Refused, Usage
from gitorch.model import commands, events
from gitorch.model.ids import CommitId, Digest
from gitorch.model.path_text import shell_word, without_surrogates
from gitorch.model.record import ActorKind
from gitorch.model.values import Value
from gitorch.model.work.artifact import ArtifactKind
from gitorch.model.work.session import SessionPhase
from gitorch.rules.review.evidence import claim_faults
from gitorch.rules.review.ledger_pages import ledger_text
from gitorch.rules.review.ledgers import reviews_entries
from gitorch.rules.scope.paths import path_fault
from gitorch.text.artifact import BYTES_MAX, parse_artifact
from gitorch.text.redact import secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import ExpectedArtifact
    from gitorch.model.record import Actor
    from gitorch.model.work.artifact import Artifact, Claim, Evidence
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

HEX_MIN = 7
"""The shortest abbreviation of a commit id that evidence may name."""

GLOB = frozenset("*?[")
"""Characters that make an expected path a pattern; such artifacts are published by name only."""


class PublishRequest(Value):
    """A request to publish a document."""

    name_or_path: str
    """The name of an expected artifact, or a path in the worktree or below the caller's folder."""
    kind: str = ""
    name: str = ""
    override: str = ""
    """Why the document is published although it seems to hold a secret; the principal's consent."""


class Source(Value):
    """A document in a worktree, with the name and kind of the artifact that it becomes."""

    name: str
    path: str
    kind: ArtifactKind


def publish(
    services: Services,
    holder: tuple[Run, Session, Actor],
    folder: Path,
    request: PublishRequest,
    fence: int = 0,
) -> tuple[Artifact, bool]:
    """Keep one document as an artifact of the caller's job; the second value is whether it is new.

    The same content again is the same artifact, and nothing is recorded.

    Raises NotFound where the worktree has no such file.
    Raises Usage for a kind that there is not.
    Raises Malformed for a document that is not what its kind should be, with every problem at its line.
    Raises Refused for a path out of the worktree, a link, a file that is too big, and a secret without an override.
    Raises Denied for anybody but the principal who overrides a secret.
    """
    run, session, actor = holder
    source = _source(services, run, session, folder, request)
    command, data = _command(
        services,
        run,
        session,
        source,
        request.override,
        fence,
    )
    if command is None:
        message = f"{source.path} does not exist in the worktree of {session.job}"
        raise NotFound(message, f"ls {shell_word(services.paths.worktree(run, session.id))}")

    state, written = execute_verb(
        services,
        run.id,
        actor,
        command,
        "publish",
        attaching({command.digest: data}),
    )
    after = state.run or run
    same_name = [a for a in after.artifacts if a.job == session.job and a.name == source.name]
    return same_name[-1], bool(written)


def attaching(bodies: Mapping[Digest, bytes]) -> Callable[[Event], Mapping[str, bytes]]:
    """Gives the file that belongs to each record of a published artifact."""

    def files(event: Event) -> Mapping[str, bytes]:
        if not isinstance(event, events.ArtifactPublished):
            return {}

        return {PurePosixPath(event.path).name: bodies[event.digest]}

    return files


def _source(
    services: Services,
    run: Run,
    session: Session,
    folder: Path,
    request: PublishRequest,
) -> Source:
    """The document that a request means; an expected artifact gives the kind and name that the request leaves out."""
    name, name_or_path = without_surrogates(request.name), without_surrogates(request.name_or_path)
    expected, path = _find(services, run, session, folder, name_or_path)
    if expected is None:
        return Source(name or PurePosixPath(path).stem, path, _kind(request.kind))

    return Source(name or expected.name, path, _kind(request.kind or expected.kind))


def _find(
    services: Services,
    run: Run,
    session: Session,
    folder: Path,
    name_or_path: str,
) -> tuple[ExpectedArtifact | None, str]:
    """The expected artifact of this name or path, if it is one, and the path from the worktree's root."""
    artifacts = run.jobs[session.job].spec.artifacts
    for artifact in artifacts:
        if artifact.name == name_or_path:
            return artifact, artifact.path

    root = services.paths.worktree(run, session.id)
    path = _path_from(root.resolve(), folder.resolve(), name_or_path)
    for artifact in artifacts:
        if artifact.path == path:
            return artifact, path

    return None, path


def _path_from(root: Path, folder: Path, path: str) -> str:
    """A path that was typed in a folder, from the root of the worktree; as it was typed outside of the worktree."""
    if folder == root or not folder.is_relative_to(root):
        return path

    if path_fault(path):
        return path

    return (PurePosixPath(folder.relative_to(root).as_posix()) / path).as_posix()


def _kind(name: str) -> ArtifactKind:
    """The kind of this name, `other` for an empty one. Raises Usage."""
    word = (name or "other").replace("-", "_")
    if word not in set(ArtifactKind):
        message = f"{name!r} is not a kind of artifact; it is one of: {', '.join(ArtifactKind)}"
        raise Usage(message, "gitorch publish PATH --kind other")

    return ArtifactKind(word)


def _command(
    services: Services,
    run: Run,
    session: Session,
    source: Source,
    override: str = "",
    fence: int = 0,
) -> tuple[commands.PublishArtifact | None, bytes]:
    """The command and the bytes of the document; None where there is no such file. Raises Malformed, Refused."""
    path = source.path
    fault = path_fault(path)
    if fault:
        raise Refused(f"{path or 'the path'} {fault}", "gitorch publish PATH")

    try:
        data = services.files.inside(services.paths.worktree(run, session.id), path, BYTES_MAX)
    except Refused as error:
        raise Refused(f"{path} {error.message}", "gitorch publish PATH") from error

    if data is None:
        return None, b""

    document = parse_artifact(path, data, source.kind)
    command = commands.PublishArtifact(
        token=session.token,
        name=source.name,
        path=path,
        digest=Digest("sha256:" + hashlib.sha256(data).hexdigest()),
        size=len(data),
        document=document,
        secrets=secrets_in(data.decode("utf-8", "replace")),
        faults=_faults(services, run, session, document.claims),
        override=override,
        fence=fence,
    )
    return command, data


def _faults(
    services: Services,
    run: Run,
    session: Session,
    claims: tuple[Claim, ...],
) -> tuple[str, ...]:
    """The faults in the evidence of the claims."""
    if not claims:
        return ()

    known = _commits(services, run, session)

    def text_at(evidence: Evidence) -> str | None:
        commit = _commit(known, evidence.commit)
        data = None if commit is None else services.git.file_at(commit, evidence.path)
        if data is None:
            return None

        return data.decode("utf-8", "replace")

    return claim_faults(run, claims, text_at)


def _commits(services: Services, run: Run, session: Session) -> tuple[CommitId, ...]:
    """The commits that evidence may abbreviate: the job's work, newest first, then its base."""
    job = run.jobs[session.job]
    base = job.base or run.target_commit
    if not job.writes:
        return (base, run.target_commit)

    head = services.git.facts(services.paths.worktree(run, session.id), base).head
    if head is None:
        return (base, base, run.target_commit)

    return (head, *services.git.commits_since(base, head), base, run.target_commit)


def _commit(known: tuple[CommitId, ...], name: str) -> CommitId | None:
    """The commit that evidence names: the first of the known ones for an empty name; None for an unknown abbreviation."""
    if not name:
        return known[0]

    if len(name) >= HEX_MIN:
        for commit in known:
            if commit.startswith(name.lower()):
                return commit

    is_full = len(name) in {40, 64}
    if is_full:
        return CommitId(name)

    return None


def expected(
    services: Services, run: Run, session: Session
) -> tuple[tuple[commands.PublishArtifact, ...], Mapping[Digest, bytes]]:
    """The commands that publish every expected file that exists, and the bytes of each. Raises Malformed, Refused."""
    made: list[commands.PublishArtifact] = []
    bodies: dict[Digest, bytes] = {}
    for artifact in run.jobs[session.job].spec.artifacts:
        if GLOB & set(artifact.path):
            continue

        command, data = _command(services, run, session, _expected_source(artifact))
        if command is not None:
            made.append(command)
            bodies[command.digest] = data
    return tuple(made), bodies


def record_unpublishable(
    services: Services, run: Run, actor: Actor, _: object, error: BaseException | None, __: object
) -> None:
    """Record that a report was refused for a document that it must leave; only an agent's. The error goes on to the caller."""
    if actor.kind is not ActorKind.AGENT or not isinstance(error, Malformed | Refused):
        return

    record_refusal(services, run.id, actor, "handoff", Refused(error.sentence))


def _expected_source(artifact: ExpectedArtifact) -> Source:
    """The document that a job must leave; a kind that this version does not know counts as `other`."""
    kind = ArtifactKind.OTHER
    if artifact.kind in set(ArtifactKind):
        kind = ArtifactKind(artifact.kind)
    return Source(artifact.name, artifact.path, kind)


def submitted_as_files(
    services: Services, run: Run, only: JobId | None = None
) -> Iterator[tuple[commands.PublishArtifact, bytes]]:
    """Expected files of living agents whose front matter names their brief's nonce, and that are not published yet.

    Each as the command that publishes it, with its bytes. What is published already in this attempt is left out.
    With `only` those of one job.
    """
    for session in run.sessions.values():
        if only not in {None, session.job} or not _may_submit_files(run, session):
            continue

        published = _published(run, session)
        for artifact in run.jobs[session.job].spec.artifacts:
            command, data = _as_file(services, run, session, artifact)
            if command is None or command.digest in published:
                continue

            yield command, data


def _published(run: Run, session: Session) -> set[Digest]:
    """The artifacts of the session's job in this attempt, by digest."""
    attempt = run.jobs[session.job].attempt
    published: set[Digest] = set()
    for artifact in run.artifacts:
        if artifact.job == session.job and artifact.attempt == attempt:
            published.add(artifact.digest)
    return published


def _may_submit_files(run: Run, session: Session) -> bool:
    """Whether a session is that of a living agent which holds the lease of its job."""
    if session.phase is SessionPhase.ENDED or session.holder:
        return False

    lease = run.jobs[session.job].lease
    if lease is None:
        return False

    return lease.session == session.id


def _as_file(
    services: Services,
    run: Run,
    session: Session,
    artifact: ExpectedArtifact,
) -> tuple[commands.PublishArtifact | None, bytes]:
    """The command that publishes a file as its agent left it; None while it is missing, not finished or without a nonce."""
    if GLOB & set(artifact.path):
        return None, b""

    try:
        command, data = _command(services, run, session, _expected_source(artifact))
    except (Malformed, Refused):
        return None, b""

    if command is None or not command.document.nonce:
        return None, b""

    return command, data


def findings(run: Run, session: Session) -> str:
    """The findings of the reviews that this job needs, as a document to fill in and publish."""
    return ledger_text(reviews_entries(run, run.jobs[session.job]))
