"""Two hosts of one ledger for the command line to work on, in memory: clones with commits in common, and all else of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli_memory import START, TARGET, MemoryGit, MemoryLedger
from cli_stage import HUMAN, Stage
from fakes.world import FakeRepository, altered

from gitorch.app.executing.execute import Caller
from gitorch.model.ids import Moment
from gitorch.model.plans.config import Config
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.ports.commits import LastContact

if TYPE_CHECKING:
    from pathlib import Path


class SharedLedger(MemoryLedger):
    """One that several hosts share, over a remote that answered just now."""

    is_shared = True

    def last_contact(self):
        return LastContact("origin", self.tip(), Moment(START))


@dataclass
class HostStage(Stage):
    """One host; `name` is its own."""

    name: str = "desk"
    operator: str = ""
    ledger: MemoryLedger = field(default_factory=SharedLedger)

    @property
    def services(self) -> FakeRepository:
        return altered(super().services, host=Actor(ActorKind.HOST, "gitorch", self.name))

    def who(self) -> Caller:
        if self.operator:
            return Caller(Actor(ActorKind.OPERATOR, self.operator, self.name))
        return Caller(replace(HUMAN, host=self.name))

    def do(self, command, actor=None) -> None:
        super().do(command, actor or self.services.host)


def two_hosts(folder: Path) -> tuple[HostStage, HostStage]:
    """`desk` and `attic`, whose remote has the target as it was in the beginning."""
    made: list[HostStage] = []
    for name in ("desk", "attic"):
        place = folder / name
        place.mkdir()
        made.append(HostStage(folder=place, name=name, config=Config()))
    desk, attic = made
    attic.ledger, attic.clock = desk.ledger, desk.clock
    attic.git = MemoryGit()
    attic.git.commits, attic.git.trees = desk.git.commits, desk.git.trees
    attic.__post_init__()
    held = {"refs/heads/main": TARGET}
    desk.remotes.held["origin"] = attic.remotes.held["origin"] = held
    return desk, attic
