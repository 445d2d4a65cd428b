"""When an idle loop has git pack loose objects."""

import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent))
from fakes.world import FakeClock, FakeGit

from gitorch.app.reconciler.loop import LOOSE_OBJECTS_MAX, PACK_PAUSE_MS, PULSE_SECONDS, pack_if_due, pulse_seconds
from gitorch.errors import Unavailable
from gitorch.model.ids import Moment

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
