"""On a ledger that hosts share, a tick records what it found with one push, and what goes wrong with one fact ends no other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from fakes.ledger import FakeLedger

from gitorch.app.executing import execute as executing
from gitorch.app.hosts.offer import Offer, save_offer
from gitorch.app.reconciler.loop import loop
from gitorch.app.reconciler.tick import tick
from gitorch.app.reconciler.together import Together
from gitorch.errors import Away, Busy, Unavailable, Usage
from gitorch.model import commands as c
from gitorch.model.ids import Moment
from gitorch.model.work.fault import Step
from gitorch.ports.commits import LastContact
from gitorch.rules.guards.granting import active

ONE, OTHER = Step("one", "doing one"), Step("other", "doing another")


class PushedLedger(FakeLedger):
    """A shared ledger that notes the types of the records of each push, and fails as a test says."""

    is_shared = True

    def __init__(self):
        super().__init__()
        self.pushes, self.faults = [], []

    def last_contact(self):
        return LastContact("origin", self.tip(), Moment(0))

    def append(self, run, actor, at, decide):
        if self.faults:
            raise self.faults.pop(0)
        made = super().append(run, actor, at, decide)
        if made[1]:
            self.pushes.append([type(one.record.event).__name__ for one in made[1]])
        return made


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "s", ledger=PushedLedger())
    made.remotes.held["origin"] = {"refs/heads/main": made.begun}
    made.services.programs.printed["scripted"] = "1.0"
    made.begin({"api": (), "ui": ()}).do(c.StartRun())
    made.ledger.pushes.clear()
    return made


def test_the_leases_of_a_tick_are_one_push_and_so_are_the_signs_of_life(desk):
    desk.tick()
    assert desk.ledger.pushes == [["LeaseGranted", "LeaseGranted"]]
    desk.tick(2)
    assert desk.ledger.pushes[1][:2] == ["SessionAlive", "SessionAlive"]
    assert {desk.session(job).phase for job in ("api", "ui")} == {"alive"}


def test_a_ledger_of_this_clone_alone_records_each_fact_at_once(desk):
    desk.ledger.is_shared = False
    desk.tick()
    assert desk.ledger.pushes == [["LeaseGranted"], ["LeaseGranted"]]


def test_what_another_host_overtook_is_dropped_and_the_rest_recorded(desk, monkeypatch):
    append = desk.ledger.append

    def overtaken(run, actor, at, decide):
        monkeypatch.setattr(desk.ledger, "append", append)
        desk.do(c.CancelJob("ui", "enough"), CALLER.actor)
        return append(run, actor, at, decide)

    monkeypatch.setattr(desk.ledger, "append", overtaken)
    desk.tick()
    assert desk.ledger.pushes[-1] == ["LeaseGranted"]
    assert (desk.run.jobs["ui"].phase, desk.run.jobs["api"].lease.session) == ("canceled", "s1")


def failing_for(monkeypatch, job):
    """Deciding a lease of this job raises what no rule raises."""
    decided_all = executing.decided_all

    def decide(state, orders):
        if any(getattr(order.command, "job", None) == job for order in orders):
            raise Unavailable("the moon is away")
        return decided_all(state, orders)

    monkeypatch.setattr(executing, "decided_all", decide)


def test_a_fact_that_cannot_be_decided_is_a_fault_of_its_step_alone(desk, monkeypatch):
    failing_for(monkeypatch, "ui")
    desk.tick()
    assert desk.run.jobs["api"].lease is not None
    assert desk.run.jobs["ui"].lease is None
    assert list(desk.run.faults) == ["record-GrantLease:ui:s2"]
    monkeypatch.undo()
    desk.clock.moment += 60_000
    desk.tick()
    assert (desk.run.jobs["ui"].lease is not None, desk.run.faults) == (True, {})


def test_facts_that_cannot_be_pushed_together_are_recorded_one_by_one(desk):
    desk.ledger.faults = [Usage("tests.log is too large")]
    desk.tick()
    assert desk.ledger.pushes == [["LeaseGranted"], ["LeaseGranted"]]


@pytest.mark.parametrize("fault", [Away("origin cannot be reached"), Busy("others push")])
def test_a_remote_that_is_away_is_told_once_and_everything_is_found_again(desk, fault):
    desk.ledger.faults = [fault]
    result = tick(desk.services, RUN)
    assert (result.failure, desk.ledger.pushes) == (fault, [])
    desk.tick()
    assert desk.ledger.pushes == [["LeaseGranted", "LeaseGranted"]]


def test_a_step_that_fails_takes_back_what_it_held_and_nothing_else(desk):
    facts = Together()
    command, recording = c.StartRun(), executing.Recording((c.StartRun(),), {})
    facts.begin(ONE)
    assert not facts.hold(command, recording), "it is closed"
    facts.is_open = True
    assert facts.hold(command, recording)
    facts.begin(OTHER)
    facts.hold(command, recording)
    facts.drop()
    assert not facts.is_holding
    with facts.closed():
        assert not facts.hold(command, recording)
    assert facts.hold(command, recording)
    assert [one.step for one in facts.take()] == [ONE, OTHER]
    assert facts.take() == []


def loop_while_away(desk, monkeypatch, after, *, stay):
    """Why the loop ended while the remote does not answer after so many times, the seconds that it took, and what it said."""
    said, asked, begun = [], [], desk.clock.now()

    def refresh():
        asked.append(1)
        if len(asked) > after:
            raise Away("origin cannot be reached")

    monkeypatch.setattr(desk.ledger, "refresh", refresh)

    def stopping():
        """After ten minutes."""
        return desk.clock.now() - begun > 600_000

    result = loop(desk.services, RUN, stay=stay, stopping=stopping, say=said.append)
    assert [type(error) for error in result.errors] == [Away]
    return result.why, (desk.clock.now() - begun) / 1000, said


def test_who_does_not_stay_waits_a_minute_for_a_remote_that_is_away_and_who_stays_for_ever(desk, monkeypatch):
    why, seconds, said = loop_while_away(desk, monkeypatch, 0, stay=False)
    assert (why, 40 < seconds < 75) == ("broken", True)
    assert said == ["origin cannot be reached; gitorch tries again"]
    assert loop_while_away(desk, monkeypatch, 0, stay=True)[0] == "stopped"


def test_nobody_leaves_agents_that_work_alone_while_the_remote_is_away(desk, monkeypatch):
    desk.tick(3)
    assert len(desk.run.sessions) == 2
    why, _, said = loop_while_away(desk, monkeypatch, 2, stay=False)
    assert (why, said) == ("stopped", [])


@pytest.mark.parametrize("agents", [1, 2, 3])
def test_a_host_with_few_agents_brings_every_epic_through_its_reviews(desk, agents):
    save_offer(desk.services, Offer((), agents))
    ticked, most = desk.tick, []

    def tick_and_count(times=1):
        for _ in range(times):
            ticked()
            most.append(active(desk.run))

    desk.tick = tick_and_count
    desk.finish("api", "ui")
    assert max(most) == min(agents, 2), "two epics, each of which is written or reviewed"
    assert {str(desk.run.jobs[job].phase) for job in ("api", "ui", "api.quality", "ui.quality")} == {"completed"}
