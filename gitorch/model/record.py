"""One record of the ledger: who did what and when, chained to the record before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.events import Event
    from gitorch.model.ids import Digest, Moment, RunId


class ActorKind(Words):
    """Who may act: the human who approves, a program or person that drives, one agent's session, or the reconciler."""

    PRINCIPAL = "principal"
    OPERATOR = "operator"
    AGENT = "agent"
    HOST = "host"


class Actor(Value):
    """The author of a record."""

    kind: ActorKind
    name: str
    host: str
    session: str | None = None
    """Set for agents only."""

    @property
    def holder(self) -> str:
        """The name under which it holds manual claims: kind, name and host."""
        return f"{self.kind}/{self.name}@{self.host}"


class FileRef(Value):
    """A file attached to a record; its bytes lie in the run's `files/` under their digest."""

    name: str
    sha256: str
    size: int


class Record(Value):
    """An event in its envelope."""

    seq: int
    prev: Digest
    """The digest of the previous record's file, byte for byte."""
    at: Moment
    """Never runs backwards: the writer's clock or the previous record's time, whichever is later."""
    run: RunId | None
    actor: Actor
    event: Event
    files: tuple[FileRef, ...] = ()
