"""Whatever a person decides beside a merge, the ledger says of the run what its target shows (F16)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import HUMAN, RUN, Desk
from fakes.world import altered

from gitorch.app.executing.execute import execute_verb
from gitorch.app.reconciler.tick import tick
from gitorch.errors import Busy, Refused
from gitorch.model import commands as c
from gitorch.model.values import replace
from gitorch.model.work.run import RunPhase

DECISIONS = {
    "cancel": c.CancelRun("not wanted"),
    "reject": c.RejectMerge((), "not wanted"),
    "rework": c.RejectMerge(("api",), "once more"),
    "send back": c.SendBack("api", text="once more", commit=""),
    "retry": c.RetryJob("api", "once more"),
}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s").reported("api").approve()


def decide(desk, name):
    command = DECISIONS[name]
    if isinstance(command, c.SendBack):
        command = replace(command, commit=desk.run.jobs["api"].handoff.commit)
    return execute_verb(desk.services, RUN, HUMAN, command, name)


def moving(desk, before=lambda: None, after=lambda: None):
    """The repository whose git does these things just before and just after it moved the target."""

    def move(self, *words, **more):
        before()
        result = type(desk.git).move(self, *words, **more)
        after()
        return result

    other = type("Watched", (type(desk.git),), {"move": move})()
    vars(other).update(vars(desk.git))
    return altered(desk.services, git=other)


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_waits_for_a_merge_that_is_being_made(desk, name):
    met = []

    def decides():
        with pytest.raises(Busy):
            decide(desk, name)
        met.append(name)

    tick(moving(desk, before=decides), RUN)
    assert met == [name]
    desk.settle()
    assert desk.run.merged is not None
    assert desk.run.phase is RunPhase.COMPLETED


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_after_an_unrecorded_merge_is_refused_and_the_merge_is_recorded(desk, name):
    def dies():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tick(moving(desk, after=dies), RUN)
    assert desk.run.merged is None
    assert desk.git.resolve("main") == desk.run.report.merged_commit
    with pytest.raises(Refused, match="has the merge of") as refusal:
        decide(desk, name)
    assert refusal.value.hint == "gitorch up --once"
    desk.settle()
    assert desk.run.merged is not None


@pytest.mark.parametrize("name", ["cancel", "reject", "rework", "send back"])
def test_a_decision_before_the_merge_keeps_the_target(desk, name):
    before = desk.git.resolve("main")
    decide(desk, name)
    desk.tick(5)
    assert (desk.run.merged, desk.git.resolve("main")) == (None, before)
