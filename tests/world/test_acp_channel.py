"""The channel `acp` where the host, its file or its socket is not what it should be; and what it makes of limits and counts."""

import json
import os
import socket
import threading
from pathlib import Path

import pytest
from fakes.clock import FakeClock

from gitorch.errors import Unavailable
from gitorch.model.channel import NOT_YET
from gitorch.model.ids import Moment, PromptId, RunId, SessionId
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.session import SessionKey
from gitorch.world.acp.control import FOLDER, NAME, STATE
from gitorch.world.channels.acp import OPENING_MS, SUBMITTED_MS, AcpChannel
from gitorch.world.channels.chain import ChannelChain
from gitorch.world.channels.site import ChannelSite
from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder

P1 = PromptId("p1")
IDLE = {"state": "idle", "evidence": "acp: ready", "receipts": {}, "request": None}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


class Desk:
    """A session's folder without a host: a test writes what a host would."""

    def __init__(self, folder):
        self.control = folder / FOLDER
        self.control.mkdir()
        self.folder = folder
        self.clock = FakeClock()
        record = LaunchRecord(("x",), str(folder), "", self.clock.now(), Preset("x", ("x",)))
        key = SessionKey(RunId("r1"), SessionId("s1"))
        self.channel = AcpChannel(ChannelSite(key, SessionFolder(folder), record, self.clock, None, str(folder)))

    def show(self, **state):
        (self.control / STATE).write_text(json.dumps({**IDLE, **state}))

    def answer(self, data, *, vanishes=False):
        """Answer the next request with these bytes, and hang up; `vanishes` takes the state away before."""
        server = socket.socket(socket.AF_UNIX)
        opened = os.open(self.control, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{opened}/{NAME}")
        os.close(opened)
        server.listen()

        def serve():
            client, _ = server.accept()
            client.recv(65536)
            if vanishes:
                (self.control / STATE).unlink()
                self.clock.sleep(OPENING_MS / 1000 + 1)
            client.sendall(data)
            client.close()
            server.close()

        threading.Thread(target=serve, daemon=True).start()


def test_a_host_that_begins_tells_nothing_and_one_that_stays_silent_is_unavailable(desk):
    assert desk.channel.observe() is None
    assert desk.channel.deliver(P1, "x", None) == "refused: its program is still starting"
    desk.clock.sleep(OPENING_MS / 1000 + 1)
    with pytest.raises(Unavailable, match="does not show its state"):
        desk.channel.observe()


def test_a_state_that_a_dead_host_left_is_not_believed(desk):
    desk.show()
    assert desk.channel.observe().state is AgentState.IDLE
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    ended = " ".join(["S", *["0"] * 18, "7"])
    (desk.folder / "agent").write_text(f"{os.getpid()}\n{os.getpid()} (x) {ended}\n{boot}\n")
    with pytest.raises(Unavailable, match="has ended"):
        desk.channel.observe()


@pytest.mark.parametrize(
    "text", ["", '{"state": "id', "[]", "7", '{"state": 7}', '{"state": "asleep"}', "{}", "\0" * 9, "[" * 90_000]
)
def test_a_state_that_makes_no_sense_tells_nothing(desk, text):
    (desk.control / STATE).write_text(text)
    assert desk.channel.observe() is None
    assert desk.channel.pending() is None
    assert desk.channel.usage() is None


def test_fields_that_are_missing_or_of_another_type_tell_nothing(desk):
    desk.show(
        state="limited", evidence=7, request={"key": "k", "choices": "none", "asked": ["x"]}, counts=[7, {"usage": []}]
    )
    seen = desk.channel.observe()
    assert (seen.state, seen.evidence, seen.resets_at) == (AgentState.LIMITED, "", None)
    assert (seen.request.text, seen.request.command) == ("", "")
    assert desk.channel.answer(seen.request, Option.ONCE, "") == "refused: the program offers no such answer"
    assert desk.channel.usage() is None


@pytest.mark.parametrize(("named", "folder"), [("", ""), ("src", "/src"), ("/elsewhere", None), (7, "")])
def test_a_request_names_the_folder_in_which_the_program_was_started_where_it_names_none(desk, named, folder):
    desk.show(state="dialog", request={"key": "k", "asked": "make", "folder": named})
    assert desk.channel.pending().folder == (named if folder is None else f"{desk.folder}{folder}")


def test_a_socket_that_is_gone_is_unavailable_before_anything_is_sent(desk):
    desk.show()
    with pytest.raises(Unavailable, match="does not answer: No such file"):
        desk.channel.deliver(P1, "x", None)
    (desk.control / NAME).write_text("a file")
    with pytest.raises(Unavailable, match="no socket of this user"):
        desk.channel.interrupt()


@pytest.mark.parametrize("data", [b"", b'{"ok": tr', b"[]\n", b"\xff\n"])
def test_a_host_that_takes_a_text_and_gives_half_an_answer_leaves_its_delivery_unknown(desk, data):
    desk.show()
    desk.answer(data)
    assert desk.channel.deliver(P1, "x", None) == "unknown"


def test_a_text_is_given_once_and_asked_about_until_the_program_begins_with_it(desk):
    desk.show()
    desk.answer(b'{"ok": true, "receipt": "submitted"}\n')
    assert desk.channel.deliver(P1, "x", None) == NOT_YET
    (desk.control / NAME).unlink()
    desk.answer(b'{"ok": true, "receipt": "acknowledged"}\n')
    assert desk.channel.deliver(P1, "x", Moment(desk.clock.now())) == "acknowledged"


def test_a_text_that_a_host_took_before_it_fell_silent_is_not_given_to_the_terminal(desk):
    chain = ChannelChain([desk.channel], SessionFolder(desk.folder), desk.clock)
    desk.show()
    desk.answer(b'{"ok": true, "receipt": "submitted"}\n', vanishes=True)
    assert chain.deliver(P1, "x", None) == NOT_YET
    assert SessionFolder(desk.folder).sent(P1).channel == "acp"


def test_a_text_that_the_program_does_not_report_on_for_long_is_submitted(desk):
    desk.show()
    desk.answer(b'{"ok": true, "receipt": "submitted"}\n')
    assert desk.channel.deliver(P1, "x", Moment(desk.clock.now() - SUBMITTED_MS)) == "submitted"


def test_the_record_of_a_text_that_the_program_has_yet_to_begin_with_stays_until_it_does(desk):
    chain = ChannelChain([desk.channel], SessionFolder(desk.folder), desk.clock)
    desk.show()
    desk.answer(b'{"ok": true, "receipt": "submitted"}\n')
    assert chain.deliver(P1, "x", None) == NOT_YET
    sent = SessionFolder(desk.folder).sent(P1)
    assert (sent.receipt, sent.channel) == ("", "acp")
    (desk.control / NAME).unlink()
    desk.answer(b'{"ok": true, "receipt": "submitted"}\n')
    assert chain.graded(P1, sent) == ""
    (desk.control / NAME).unlink()
    desk.answer(b'{"ok": true, "receipt": "acknowledged"}\n')
    assert chain.graded(P1, sent) == "acknowledged"
    assert SessionFolder(desk.folder).sent(P1).receipt == "acknowledged"


def test_a_host_that_denies_the_caller_refuses_the_text(desk):
    desk.show()
    desk.answer(b'{"ok": false, "reason": "an agent may not direct its own session"}\n')
    assert desk.channel.deliver(P1, "x", None) == "refused: an agent may not direct its own session"


def test_the_end_of_a_limit_is_read_from_the_program_s_error(desk):
    desk.show(state="limited", evidence="acp: You exceeded your quota, try again in 3 hours 20 minutes", since=1_000)
    assert desk.channel.observe().resets_at == Moment(1_000 + 12_000_000)


def usage(desk, program, *counts):
    desk.show(program=program, conversation="c", ended=len(counts), counts=[{"at": 5, **count} for count in counts])
    found = desk.channel.usage() or ()
    assert len({one.id for one in found}) == len(found)
    return [(one.model, one.input, one.output) for one in found]


def draft(tokens_in, tokens_out):
    return {"usage": {"inputTokens": tokens_in, "outputTokens": tokens_out}}


def test_tokens_are_counted_as_each_program_counts_them(desk):
    turns = (draft(100, 10), draft(300, 30), draft(300, 30))
    assert usage(desk, "Qwen Code 0.15", *turns) == [("", 100, 10), ("", 300, 30), ("", 300, 30)]
    assert usage(desk, "Copilot 1.0", *turns) == [("", 100, 10), ("", 200, 20), ("", 0, 0)]
    assert usage(desk, "OpenCode 1.18", *turns) == [], "it counts the last answer of a turn alone"
    count = {"model": "m", "token_count": {"input_tokens": 200, "output_tokens": 20}}
    assert (
        usage(desk, "Gemini CLI 0.61", {"_meta": {"quota": {"model_usage": [count, count]}}}, {})
        == [("m", 200, 20)] * 2
    )


def test_a_turn_keeps_its_id_when_the_oldest_counts_are_dropped(desk):
    desk.show(program="x", conversation="c", ended=3, counts=[draft(1, 1), draft(2, 2)])
    assert [one.id for one in desk.channel.usage()] == ["c:s1:2:0", "c:s1:3:0"]
