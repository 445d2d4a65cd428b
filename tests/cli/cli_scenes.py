"""Scenes that several doors show: work that was sent back with findings, replied to, and handed in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli_stage import RUN, Stage, commit

from gitorch.app.executing.execute import execute
from gitorch.app.work.context import token_digest
from gitorch.model import commands as c
from gitorch.model.events import ArtifactPublished
from gitorch.model.ids import JobId, SessionId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.artifact import ArtifactKind, Document
from gitorch.model.work.message import PRINCIPAL
from gitorch.model.work.review import Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.model.work.usage import ModelUsage, UsageReading
from gitorch.text.records.digests import digest

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId

API = JobId("api")

FOUND = (
    Finding(Severity.BLOCKING, "The error is dropped", "src/a.py", 3, "It must be\nraised."),
    Finding(Severity.MINOR, "A name", "a.py"),
    *(Finding(Severity.NOTE, f"Note {number}") for number in range(7)),
)

ARTIFACTS = (
    ("notes", "docs/notes.txt", b"# One\n", 6),
    ("notes", "docs/notes.txt", b"# Two \xff\n", 400_000),
    ("page", "docs/page.md", b"# Page\n\n* one\n", 14),
    ("film", "film.txt", b"not shown", 400_001),
)
"""Name, path, bytes, and the size that their record says."""


def reworked(stage: Stage) -> Stage:
    """Work with artifacts, a verdict with findings, replies in a second round, messages and usage."""
    stage.begin_run({"api": (), "ui": ()}).launch("api")
    author = Actor(ActorKind.AGENT, "api", "desk", "s1")
    token = token_digest("token of s1")
    for name, path, data, size in ARTIFACTS:
        command = c.PublishArtifact(token, name, path, digest(data), size, Document(ArtifactKind.OTHER), faults=("?",))
        execute(stage.services, RUN, author, command, {ArtifactPublished: {name: data}})
    stage.submit_handoff("api").launch("api.spec")
    reviewer = Actor(ActorKind.AGENT, "api.spec", "desk", "s2")
    no = Choice.NEEDS_REVISION
    stage.do(c.GiveVerdict(token_digest("token of s2"), None, "nonce-one", commit("api-1"), no, FOUND, "no"), reviewer)
    stage.do(c.GrantLease(API, SessionId("s1"), False, token, "nonce-one"))
    replies = tuple(Reply(number, Disposition.FALSE_POSITIVE, f"proof\n{number}") for number in range(1, 10))
    hand_in(stage, author, commit("api-2"), replies)
    usage = ModelUsage("opus", input=51_200, cached=7, output=42, requests=3, cost_micros=120_000)
    stage.do(c.RecordUsage(SessionId("s1"), UsageReading("claude", (usage,))))
    for number in range(6):
        stage.do(c.SendMessage((PRINCIPAL,), f"word {number}"), reviewer)
    return stage


def hand_in(stage: Stage, author: Actor, head: CommitId, replies: tuple[Reply, ...]) -> None:
    """Report another commit on the branch of the first epic."""
    stage.git.tips[stage.run.branch_of(API)] = head
    facts = c.WorkFacts(head, (), 1, ("a.py",))
    token = token_digest(f"token of {author.session}")
    stage.do(c.SubmitHandoff(token, None, ReportStatus.DONE, "again", facts, replies=replies), author)
