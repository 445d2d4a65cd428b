"""Two hosts of one ledger, in memory: `desk` prepared a run and works on it, `attic` looks at the same ledger."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_memory import START, TARGET, MemoryLedger
from cli_stage import UNATTENDED, Stage
from fakes.clock import FakeClock
from fakes.world import FakeFiles, altered

from gitorch.model.ids import Moment
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.ports.commits import LastContact

ATTIC = Actor(ActorKind.HOST, "gitorch", "attic")


class SharedLedger(MemoryLedger):
    """One that several hosts share, over a remote that answered just now."""

    is_shared = True

    def last_contact(self):
        return LastContact("origin", self.tip(), Moment(START))


@pytest.fixture
def stage(tmp_path):
    """The host `desk`, which prepared the run and works on api."""
    settings = replace(UNATTENDED, test_command="make test")
    made = Stage(folder=tmp_path, ledger=SharedLedger()).begin_run({"api": (), "ui": ()}, settings).launch("api")
    made.remotes.held["origin"] = {"refs/heads/main": TARGET}
    return made


@pytest.fixture
def desk(stage):
    return altered(stage.services, clock=FakeClock(START), files=FakeFiles())


@pytest.fixture
def attic(stage):
    """Another host of the same ledger, with a clock and files of its own."""
    return altered(stage.services, host=ATTIC, clock=FakeClock(START), files=FakeFiles())
