"""Artifacts from a worktree to the ledger: read without following anything, looked up, and kept by digest."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitorch.app.execute import carry_asked
from gitorch.errors import Malformed, NotFound, Refused, Usage
from gitorch.model import commands, events
from gitorch.model.artifact import ArtifactKind
from gitorch.model.ids import CommitId, Digest
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value
from gitorch.rules.review.evidence import claim_faults
from gitorch.rules.review.ledgers import ledger_text, reviews_entries
from gitorch.rules.scope.paths import path_fault
from gitorch.text.artifact import BYTES_MAX, parse_artifact
from gitorch.text.redact import secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.artifact import Artifact, Claim, Evidence
    from gitorch.model.events import Event
    from gitorch.model.record import Actor
    from gitorch.model.run import Run
    from gitorch.model.session import Session
    from gitorch.model.workflow import ExpectedArtifact

HEX_MIN = 7
GLOB = frozenset("*?[")


class PublishRequest(Value):
    """What somebody wants to publish: a path in the worktree or below the caller's folder, or the name of an expected file."""

    said: str
    kind: str = ""
    name: str = ""
    override: str = ""


def publish(
    services: Services, holder: tuple[Run, Session, Actor], folder: Path, wish: PublishRequest, fence: int = 0
) -> tuple[Artifact, bool]:
    """Keep one document as an artifact of the caller's job; whether it is new. The same content again is the same artifact."""
    run, session, actor = holder
    expected, path = _meant(services, run, session, folder, wish.said)
    kind = _kind(wish.kind or (expected.kind if expected is not None else ""))
    name = wish.name or (expected.name if expected is not None else PurePosixPath(path).stem)
    command, data = _command(services, run, session, (name, path, kind), wish.override, fence)
    if command is None:
        message = f"{path} does not exist in the worktree of {session.job}"
        raise NotFound(message, f"ls {services.paths.worktree(run, session.id)}")
    state, written = carry_asked(services, run.id, actor, command, "publish", attaching({command.digest: data}))
    after = state.run or run
    found = [a for a in after.artifacts if a.job == session.job and a.name == name]
    return found[-1], bool(written)


def attaching(bodies: Mapping[Digest, bytes]) -> Callable[[Event], Mapping[str, bytes]]:
    """The bytes that belong to each record of a published artifact."""

    def files(event: Event) -> Mapping[str, bytes]:
        if not isinstance(event, events.ArtifactPublished):
            return {}
        return {PurePosixPath(event.path).name: bodies[event.digest]}

    return files


def _meant(
    services: Services, run: Run, session: Session, folder: Path, said: str
) -> tuple[ExpectedArtifact | None, str]:
    """The expected file of this name or path, if it is one, and the path from the worktree's root."""
    spec = run.jobs[session.job].spec
    named = next((e for e in spec.artifacts if e.name == said), None)
    if named is not None:
        return named, named.path
    path = said
    root = services.paths.worktree(run, session.id).resolve()
    if not path_fault(said) and folder.resolve() != root and folder.resolve().is_relative_to(root):
        path = (PurePosixPath(folder.resolve().relative_to(root).as_posix()) / said).as_posix()
    return next((e for e in spec.artifacts if e.path == path), None), path


def _kind(said: str) -> ArtifactKind:
    word = (said or "other").replace("-", "_")
    if word not in set(ArtifactKind):
        message = f"{said!r} is no kind of artifact; it is one of: {', '.join(ArtifactKind)}"
        raise Usage(message, "gitorch publish PATH --kind other")
    return ArtifactKind(word)


def _command(
    services: Services,
    run: Run,
    session: Session,
    what: tuple[str, str, ArtifactKind],
    override: str = "",
    fence: int = 0,
) -> tuple[commands.PublishArtifact | None, bytes]:
    """The command with everything that a decision needs looked up; None where there is no such file. Raises Malformed."""
    name, path, kind = what
    if fault := path_fault(path):
        raise Refused(f"{path or 'a file without a name'} {fault}", "gitorch publish PATH")
    try:
        data = services.files.inside(services.paths.worktree(run, session.id), path, BYTES_MAX)
    except Refused as no:
        raise Refused(f"{path} {no.message}", "gitorch publish PATH") from no
    if data is None:
        return None, b""
    document = parse_artifact(path, data, kind)
    command = commands.PublishArtifact(
        token=session.token,
        name=name,
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


def _faults(services: Services, run: Run, session: Session, claims: tuple[Claim, ...]) -> tuple[str, ...]:
    if not claims:
        return ()
    known = _commits(services, run, session)

    def text_at(evidence: Evidence) -> str | None:
        commit = _commit(known, evidence.commit)
        data = services.git.file_at(commit, evidence.path) if commit is not None else None
        return None if data is None else data.decode("utf-8", "replace")

    return claim_faults(run, claims, text_at)


def _commits(services: Services, run: Run, session: Session) -> tuple[CommitId, ...]:
    """The commits that evidence may name by their beginning: what the job holds now, then what it stands on."""
    job = run.jobs[session.job]
    base = job.base or run.target_commit
    if not job.writes:
        return (base, run.target_commit)
    head = services.git.facts(services.paths.worktree(run, session.id), base).head
    return (
        head or base,
        *(services.git.commits_since(base, head) if head is not None else ()),
        base,
        run.target_commit,
    )


def _commit(known: tuple[CommitId, ...], said: str) -> CommitId | None:
    if not said:
        return known[0]
    full = len(said) in {40, 64}
    return next(
        (c for c in known if len(said) >= HEX_MIN and c.startswith(said.lower())), CommitId(said) if full else None
    )


def expected(
    services: Services, run: Run, session: Session
) -> tuple[tuple[commands.PublishArtifact, ...], Mapping[Digest, bytes]]:
    """What a report publishes with it: every expected file that is there. Raises Malformed for one that is not what it should be."""
    made: list[commands.PublishArtifact] = []
    bodies: dict[Digest, bytes] = {}
    for one in run.jobs[session.job].spec.artifacts:
        if GLOB & set(one.path):
            continue
        command, data = _command(services, run, session, (one.name, one.path, _expected_kind(one)))
        if command is not None:
            made.append(command)
            bodies[command.digest] = data
    return tuple(made), bodies


def _expected_kind(one: ExpectedArtifact) -> ArtifactKind:
    return ArtifactKind(one.kind) if one.kind in set(ArtifactKind) else ArtifactKind.OTHER


def submitted_as_files(services: Services, run: Run) -> Iterator[tuple[commands.PublishArtifact, bytes]]:
    """Expected files of living sessions whose front matter says whose handoff they are, and that are not published yet."""
    for session in run.sessions.values():
        job = run.jobs[session.job]
        held = job.lease is not None and job.lease.session == session.id
        if session.phase is SessionPhase.ENDED or session.holder or not held or not job.spec.artifacts:
            continue
        published = {a.digest for a in run.artifacts if a.job == session.job and a.attempt == job.attempt}
        for one in job.spec.artifacts:
            found = _as_file(services, run, session, one)
            if found is not None and found[0].digest not in published and found[0].document.nonce:
                yield found


def _as_file(
    services: Services, run: Run, session: Session, one: ExpectedArtifact
) -> tuple[commands.PublishArtifact, bytes] | None:
    """The file as its agent left it; None while it is not there or not finished."""
    if GLOB & set(one.path):
        return None
    try:
        command, data = _command(services, run, session, (one.name, one.path, _expected_kind(one)))
    except (Malformed, Refused):
        return None
    return (command, data) if command is not None else None


def findings(run: Run, session: Session) -> str:
    """What the reviews found that this job needs, as a ledger that can be filled in and published."""
    return ledger_text(reviews_entries(run, run.jobs[session.job]))
