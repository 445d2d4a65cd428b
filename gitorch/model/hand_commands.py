"""What somebody who works by hand wants of a run, and what is wanted of work that was left behind. See `model.commands`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.artifact import Document, Outcome
    from gitorch.model.ids import Digest, JobId, SessionId


class ClaimJob(Value):
    """Take a job's lease by hand: the one that is named, or the first of the queue. The session is always a new one.

    `tokens` gives the digest of a session's token: its number is known only when the decision is made. `runtime` is what
    works, where it is not the lane's.
    """

    job: JobId | None
    tokens: Callable[[SessionId], Digest]
    nonce: str
    runtime: str = ""


class Heartbeat(Value):
    """The holder of a lease is at work. `fence` 0 means that no number was said."""

    token: Digest
    fence: int = 0


class ReleaseLease(Value):
    """The holder gives a job back as it is."""

    token: Digest
    fence: int = 0


class ExpireLeases(Value):
    """End every lease held by hand whose time has passed."""


class RequeueJob(Value):
    """Queue stale work again."""

    job: JobId
    reason: str


class CancelJob(Value):
    """Give a job up, with everything that cannot be done without it."""

    job: JobId
    reason: str


class PublishArtifact(Value):
    """Keep a document of a job. `trouble` is what is wrong with the file where it lies, `secrets` what it seems to hold.

    `faults` are the claims that were looked up and are not supported; `override` is the principal's reason to keep secrets.
    """

    token: Digest
    name: str
    path: str
    digest: Digest
    size: int
    document: Document
    trouble: str = ""
    secrets: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    override: str = ""
    fence: int = 0


class Decide(Value):
    """The principal's decision about a job's work."""

    job: JobId
    outcome: Outcome
    text: str
    follow_up: str = ""
