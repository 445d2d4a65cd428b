"""The channels of one session in their order: what falls to the next one, and what is never given twice."""

import pytest
from fakes.channels import FakeChannel
from fakes.clock import FakeClock

from gitorch.model.dialog import PermissionRequest
from gitorch.model.ids import PromptId
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.world.channels.chain import REST_MS, ChannelChain
from gitorch.world.terminal.session_files import DeliveryRecord, SessionFolder

P1 = PromptId("p1")
TEXT = "Read .gitorch/brief.md and do what it says."


class Chain:
    """Two channels above a terminal; `again` is the same session in another process."""

    def __init__(self, folder):
        self.folder = SessionFolder(folder)
        self.clock = FakeClock()
        self.first, self.second, self.terminal = FakeChannel("first"), FakeChannel("second"), FakeChannel("terminal")
        self.chain = self.again()

    def again(self):
        return ChannelChain((self.first, self.second), self.folder, self.clock)

    def deliver(self):
        return self.chain.deliver(P1, TEXT, self.terminal)

    def turns(self):
        return [list(one.turns.values()) for one in (self.first, self.second, self.terminal)]


@pytest.fixture
def one(tmp_path):
    return Chain(tmp_path)


def test_the_first_channel_delivers_and_the_others_are_not_asked(one):
    assert one.deliver() == "acknowledged"
    assert one.turns() == [[TEXT], [], []]
    assert (one.folder.sent(P1).receipt, one.folder.sent(P1).channel) == ("acknowledged", "first")


def test_a_channel_that_does_not_answer_is_skipped_and_named_and_asked_again_after_a_while(one):
    one.first.silent = "its socket is gone"
    assert one.chain.observe()[0] == "second"
    assert one.chain.skipped == {"first": "its socket is gone"}
    asked = one.first.asked
    one.first.silent = ""
    assert one.chain.observe()[0] == "second"
    assert one.first.asked == asked
    one.clock.sleep(REST_MS / 1000)
    assert one.chain.observe()[0] == "first"
    assert one.chain.skipped == {}


def test_a_text_goes_to_the_terminal_only_when_no_channel_took_it(one):
    one.first.silent = one.second.silent = "no answer"
    assert one.deliver() == "acknowledged"
    assert one.turns() == [[], [], [TEXT]]
    assert one.folder.sent(P1) is None  # the terminal keeps its own record


def test_a_text_that_a_channel_began_is_not_given_to_another_one(one):
    one.first.cut = True
    with pytest.raises(KeyboardInterrupt):
        one.deliver()
    one.first.silent, one.first.turns = "its socket is gone", {P1: TEXT}
    one.chain = one.again()
    assert one.deliver() == "unknown"
    assert one.turns() == [[TEXT], [], []]


def test_a_text_that_was_cut_short_is_found_in_the_records_of_the_program(one):
    one.first.cut = True
    with pytest.raises(KeyboardInterrupt):
        one.deliver()
    one.chain = one.again()
    assert (one.deliver(), one.turns()) == ("acknowledged", [[TEXT], [], []])


def test_a_refused_text_stays_with_its_channel_and_leaves_no_record(one):
    one.first.state = AgentState.WORKING
    assert one.deliver().startswith("refused: ")
    assert one.turns() == [[], [], []]
    assert one.folder.sent(P1) is None


def test_a_text_that_stands_typed_is_not_given_to_a_channel_that_is_back(one):
    one.first.silent = one.second.silent = "no answer"
    one.deliver()
    one.folder.write_sent(P1, DeliveryRecord(TEXT, one.clock.now(), "submitted"))
    one.first.silent = one.second.silent = ""
    one.chain = one.again()
    one.deliver()
    assert one.turns() == [[], [], [TEXT]]


def test_only_the_request_that_is_pending_is_answered_and_with_the_reason(one):
    request = PermissionRequest("r1", "make", "Bash", "make", "/srv")
    one.first.request = request
    assert one.chain.answer(request, Option.REJECT, "not now") == "answered"
    assert one.first.answers == [("r1", "reject", "not now")]
    assert one.chain.answer(request, Option.REJECT, "not now").startswith("refused: ")


def test_a_turn_is_interrupted_at_the_terminal_only_when_no_channel_can(one):
    one.first.state = one.terminal.state = AgentState.WORKING
    assert one.chain.interrupt(one.terminal) == "interrupted"
    assert (one.first.state, one.terminal.state) == (AgentState.IDLE, AgentState.WORKING)


def test_leaving_a_session_closes_its_channels(one):
    one.chain.close()
    assert (one.first.closed, one.second.closed) == (True, True)
