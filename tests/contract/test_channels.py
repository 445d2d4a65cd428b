"""What every `ports.channels.Channel` promises, whatever program it talks to."""

import pytest
from channel_benches import BENCHES, ON_TMUX

from gitorch.errors import Unavailable
from gitorch.model.channel import ReceiptGrade
from gitorch.model.ids import PromptId
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option
from gitorch.model.plans.runtime import CHANNELS, TERMINAL
from gitorch.model.values import replace
from gitorch.world.channels.table import MAKERS

LINE = "Read .gitorch/brief.md and do what it says."
LINES = "One line with `backquotes` and $(a command)\n! and a second one\n\tindented"


def bench_of(name):
    return pytest.param(BENCHES[name], id=name, marks=[pytest.mark.tmux] if name in ON_TMUX else [])


@pytest.fixture(params=[bench_of(name) for name in BENCHES])
def bench(request, tmp_path):
    one = request.param(tmp_path)
    yield one
    one.close()


def test_every_channel_of_presets_can_be_made_and_is_under_this_contract():
    assert set(MAKERS) == set(CHANNELS)
    assert set(BENCHES) == {*CHANNELS, TERMINAL, "fake"}


def test_a_text_begins_one_turn_and_its_receipt_is_graded(bench):
    bench.rest()
    receipt = bench.channel.deliver(PromptId("p1"), LINE, None)
    if receipt is not None:  # a channel that only observes and answers leaves delivery to the next one
        assert receipt in set(ReceiptGrade)
        assert bench.turns() == [LINE]


def test_a_text_of_several_lines_arrives_byte_for_byte_where_nothing_is_typed(bench):
    bench.rest()
    receipt = bench.channel.deliver(PromptId("p1"), LINES, None)
    if bench.lines and receipt is not None:
        assert (receipt, bench.turns()) == ("acknowledged", [LINES])


def test_a_text_that_was_begun_before_is_not_given_twice(bench):
    bench.rest()
    first = bench.channel.deliver(PromptId("p1"), LINE, None)
    if first is not None:
        assert bench.channel.deliver(PromptId("p1"), LINE, 1) in {first, "unknown"}
        assert bench.turns() == [LINE]


def test_a_program_that_asks_for_permission_is_given_no_text(bench):
    bench.rest()
    bench.ask("make")
    receipt = bench.channel.deliver(PromptId("p1"), LINE, None)
    assert receipt is None or receipt.startswith("refused: ")
    assert bench.turns() == []


def test_the_state_is_told_as_it_changes(bench):
    bench.rest()
    assert bench.state(*READY) in READY
    bench.work()
    assert bench.state(AgentState.WORKING) is AgentState.WORKING
    bench.ask("make")
    assert bench.state(AgentState.DIALOG) is AgentState.DIALOG
    bench.settle()
    assert bench.state(*READY) in READY


@pytest.mark.parametrize("option", [Option.ONCE, Option.REJECT])
def test_a_permission_request_is_told_whole_and_answered_once(bench, option):
    bench.rest()
    assert bench.channel.pending() is None
    bench.ask("make")
    request = bench.channel.pending()
    assert "make" in request.text
    assert bench.channel.answer(request, option, "") == "answered"
    assert bench.answered() == option
    assert bench.channel.answer(request, option, "").startswith("refused: ")


def test_an_answer_to_another_request_is_refused(bench):
    bench.rest()
    bench.ask("make")
    other = replace(bench.channel.pending(), id="another", text="rm -r .", command="rm -r .")
    assert bench.channel.answer(other, Option.ONCE, "").startswith("refused: ")
    assert bench.channel.pending() is not None


def test_a_request_that_a_human_settled_at_the_program_is_not_pending_any_more(bench):
    bench.rest()
    bench.ask("make")
    request = bench.channel.pending()
    bench.settle()
    assert bench.channel.pending() is None
    assert bench.channel.answer(request, Option.ONCE, "").startswith("refused: ")


def test_an_interrupted_turn_ends_and_the_program_waits(bench):
    bench.rest()
    bench.work()
    if bench.channel.interrupt() is not None:
        assert bench.state(*READY) in READY


def test_between_two_turns_there_is_nothing_to_interrupt(bench):
    bench.rest()
    told = bench.channel.interrupt()
    assert told is None or told == "refused: no turn is under way"
    assert bench.state(*READY) in READY


def test_a_program_that_cannot_be_reached_is_unavailable_or_has_ended(bench):
    bench.rest()
    bench.vanish()
    try:
        told = bench.channel.observe()
    except Unavailable:
        return
    assert told is None or told.state is AgentState.EXITED
