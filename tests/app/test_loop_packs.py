"""How long an idle loop rests, and when it has git pack loose objects."""

import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))
import pytest
from desk import Desk
from fakes.world import FakeClock, FakeGit

from gitorch.app.reconciler.loop import LOOK_SECONDS, PULSE_SECONDS, WAITING_PULSE_SECONDS, loop, pulse_seconds
from gitorch.app.reconciler.packing import LOOSE_OBJECTS_MAX, PACK_PAUSE_MS, pack_if_due
from gitorch.errors import Unavailable
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.model.work.review import ReportStatus

NEVER = Moment(0)


def services():
    return SimpleNamespace(clock=FakeClock(), git=FakeGit())


def test_few_loose_objects_are_not_packed():
    idle = services()
    idle.git.loose = LOOSE_OBJECTS_MAX - 1
    assert pack_if_due(idle, NEVER) == NEVER
    assert idle.git.loose == LOOSE_OBJECTS_MAX - 1


def test_many_loose_objects_are_packed_and_not_again_before_a_pause():
    idle = services()
    idle.git.loose = LOOSE_OBJECTS_MAX
    done = pack_if_due(idle, NEVER)
    assert (done, idle.git.loose) == (idle.clock.now(), 0)
    idle.git.loose = LOOSE_OBJECTS_MAX
    assert pack_if_due(idle, done) == done
    assert idle.git.loose == LOOSE_OBJECTS_MAX
    idle.clock.sleep(PACK_PAUSE_MS / 1000)
    assert pack_if_due(idle, done) == done + PACK_PAUSE_MS
    assert idle.git.loose == 0


def test_a_git_that_does_not_answer_is_not_asked_again_at_every_pulse():
    idle = services()
    asked = []

    def silent(loose_min):
        asked.append(loose_min)
        raise Unavailable("git gave no answer")

    idle.git.pack = silent
    assert pack_if_due(idle, pack_if_due(idle, NEVER)) == idle.clock.now()
    assert asked == [LOOSE_OBJECTS_MAX]


def test_agents_are_observed_at_most_125_times_a_second():
    assert pulse_seconds(0) == pulse_seconds(25) == PULSE_SECONDS
    assert all(agents / pulse_seconds(agents) <= 125 + 1e-6 for agents in range(1, 500))
    assert pulse_seconds(50) == 2 * PULSE_SECONDS


def test_a_loop_rests_as_long_as_nothing_has_happened_while_only_people_can_go_on(tmp_path):
    desk = Desk(tmp_path / "s")
    desk.reported("api")
    spent = rests(desk, desk.approve, 30)
    quiet = [sum(spent[:at]) for at in range(len(spent))]
    for rest, before in list(zip(spent, quiet, strict=True))[:-1]:
        assert rest == pytest.approx(min(max(before, PULSE_SECONDS), WAITING_PULSE_SECONDS), abs=0.25)
    assert spent[-2] == pytest.approx(WAITING_PULSE_SECONDS, abs=0.2)
    assert spent[-1] <= PULSE_SECONDS, "an answer ends the rest at once"


def test_a_loop_that_rests_looks_whether_an_agent_wrote_something_and_then_looks_closely(tmp_path):
    desk = Desk(tmp_path / "s").begin({"api": ()})
    desk.tick(3)
    desk.submit("api", status=ReportStatus.NEEDS_CONTEXT, questions=("Which name?",))
    desk.settle()

    def writes():
        desk.terminals.become(desk.key("api"), AgentState.WORKING, "a person pressed Enter")

    *_, long, cut = rests(desk, writes, 30)
    assert long == pytest.approx(WAITING_PULSE_SECONDS, abs=0.2)
    assert cut == pytest.approx(LOOK_SECONDS, abs=0.2)


def rests(desk, happens, many):
    """The seconds between many ticks of a loop; something happens right after the last but one, while the loop rests."""
    ticks = []

    def stopping():
        if len(ticks) == many - 1 and desk.clock.now() > ticks[-1]:
            happens()
        return len(ticks) == many

    loop(desk.services, None, stay=True, show=lambda _: ticks.append(desk.clock.now()), stopping=stopping)
    return [(later - sooner) / 1000 for sooner, later in pairwise(ticks)]
