"""A permission request whose words come later than its state: it becomes a question with its choices, by every channel and after any delay."""

import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "rules"))

from channel_benches import BENCHES
from play import Play

from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.plans.runtime import CHANNELS
from gitorch.rules.agent_state.by_channel import AHEAD_MS, with_channel
from gitorch.rules.reconciling.dialogs import dialog_trouble
from gitorch.rules.reconciling.withdrawals import withdrawals


@pytest.fixture(params=[*CHANNELS, "fake"])
def bench(request, tmp_path):
    one = BENCHES[request.param](tmp_path)
    yield one
    one.close()


class Tick:
    """What the loop makes of a session whose screen shows half a dialog, at some time after that came up."""

    def __init__(self, channel):
        self.channel = channel
        self.play = Play()
        self.play.begin({"api": ()})
        self.play.launch("api")
        (self.session,) = self.play.run.sessions.values()
        self.since = self.play.at

    def after(self, ms):
        """The open questions about it so long after the dialog came up."""
        now = Moment(self.since + ms)
        screen = SessionObservation(True, True, AgentState.DIALOG, changed_at=self.since, evidence="tail: dialog")
        seen = with_channel(screen, self.channel.observe(), now)
        for withdrawal in list(withdrawals(self.play.run, Observed(now, {self.session.id: seen}, None))):
            self.play.do(withdrawal)
        if not self.play.run.is_asked_about(self.session):
            trouble = dialog_trouble(self.play.run, self.session, seen, now)
            if trouble is not None:
                self.play.do(trouble)
        return self.play.run.open_questions()


@pytest.mark.each(3)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("longest_ms", [AHEAD_MS - 1, 60_000], ids=["soon", "late"])
def test_a_request_becomes_a_question_with_its_choices_however_late_it_comes(bench, longest_ms, seed):
    chance = Random(f"{longest_ms} {seed}")
    late_ms = chance.randrange(longest_ms)
    bench.rest()
    bench.begin_to_ask()
    tick = Tick(bench.channel)
    for ms in sorted(chance.randrange(late_ms + 1) for _ in range(4)):
        asked = tick.after(ms)
        assert asked == () or ms >= AHEAD_MS, "asked before its choices could be known"
    bench.ask("make")
    (question,) = tick.after(late_ms)
    assert question.options[:2] == ("allow", "reject")
    assert tick.after(late_ms + 1_000) == (question,)
