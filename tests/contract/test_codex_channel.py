"""What Codex's channel promises beyond the contract: texts sent once, requests of whoever asks, and servers that fail."""

import json
import os
import socket
import threading

import pytest
from codex_bench import CodexBench, site
from fakes.app_server import FakeAppServer, server_frame
from world.terminal_lab import wait_for

from gitorch.errors import Unavailable
from gitorch.model.ids import Moment, PromptId
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option
from gitorch.model.values import replace
from gitorch.world.channels import app_server, codex
from gitorch.world.channels.codex import CodexChannel
from gitorch.world.terminal.template import CONTROL_SOCKET, SOCKETS

P1 = PromptId("p1")
NOW = Moment(10**13)
TEXTS = [
    "one line",
    "a\nb\n",
    "!ls",
    "/quit",
    "`x` $(id) \\ \"'",
    "\ttabs\t",
    "ünïcode 🎉",
    "@file",
    "#x",
    "-x",
    "x" * 20_000,
]


@pytest.fixture
def bench(tmp_path):
    made = CodexBench(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("text", TEXTS, ids=[text[:8] for text in TEXTS])
def test_a_text_of_any_kind_begins_a_turn_as_it_is(bench, text):
    assert bench.channel.deliver(P1, text, None) == "acknowledged"
    assert bench.turns() == [text]


def test_a_text_that_the_turn_took_otherwise_is_not_acknowledged(bench):
    bench.server.takes = str.strip
    assert bench.channel.deliver(P1, " padded ", None) == "unknown"


def test_a_turn_that_does_not_show_its_text_is_not_acknowledged(bench, monkeypatch):
    monkeypatch.setattr(codex, "TAKEN_SECONDS", 0.1)
    bench.server.shows = False
    assert bench.channel.deliver(P1, "hello", None) == "submitted"


def test_the_first_turn_of_a_conversation_that_nobody_can_join_yet_is_begun_and_then_followed(bench):
    bench.server.begun = False
    assert bench.channel.observe().state is AgentState.IDLE
    assert bench.channel.deliver(P1, "hello", None) == "acknowledged"
    bench.server.ask("make")
    assert wait_for(bench.channel.pending).command == "make"


def test_a_text_that_the_server_refuses_is_not_given(bench):
    bench.server.error = "the thread is closed"
    assert bench.channel.deliver(P1, "hello", None) == "refused: the thread is closed"
    bench.server.error = None
    assert bench.channel.deliver(P1, "hello", None) == "acknowledged"
    assert bench.turns() == ["hello"]


def test_a_turn_under_way_is_given_no_text(bench):
    bench.work()
    bench.state(AgentState.WORKING)
    assert bench.channel.deliver(P1, "hello", None) == "refused: the agent works on a turn"


def test_another_process_finds_the_text_that_was_sent_before(bench):
    assert bench.channel.deliver(P1, "hello", None) == "acknowledged"
    bench.server.end()
    another = CodexChannel(bench.site)
    assert another.deliver(P1, "hello", NOW) == "acknowledged"
    assert another.deliver(P1, "something else", NOW) == "unknown"
    another.close()
    assert bench.turns() == ["hello"]


def test_a_text_that_certainly_never_arrived_is_sent_by_the_next_process(bench):
    long_ago = Moment(1)
    assert bench.channel.deliver(P1, "hello", long_ago) == "acknowledged"
    assert bench.turns() == ["hello"]


def test_a_text_that_was_sent_just_now_is_waited_for_before_it_is_sent_again(bench, monkeypatch):
    monkeypatch.setattr(codex, "CUT_SHORT_MS", 300)
    begun_at = bench.site.clock.now()
    item = {
        "type": "userMessage",
        "clientId": f"gitorch/{bench.site.key.name}/p1",
        "content": [{"type": "text", "text": "hello"}],
    }
    threading.Timer(0.1, bench.server.items.append, [item]).start()
    assert bench.channel.deliver(P1, "hello", begun_at) == "acknowledged"
    assert len(bench.server.items) == 1


def test_what_a_human_does_at_the_program_is_noticed(bench):
    bench.server.begin()
    bench.state(AgentState.WORKING)
    bench.server.ask("make")
    request = wait_for(bench.channel.pending)
    bench.server.settle()
    wait_for(lambda: bench.channel.pending() is None)
    assert bench.channel.answer(request, Option.ONCE, "").startswith("refused: ")
    assert bench.server.decisions == []
    bench.server.end("interrupted")
    bench.state(AgentState.WAITING)


def test_a_request_that_comes_after_its_state_is_part_of_the_first_observation(bench):
    bench.state(AgentState.IDLE)
    bench.server.become("active", "waitingOnApproval")
    threading.Timer(0.1, bench.server.ask, ["make"]).start()
    bench.state(AgentState.DIALOG)
    assert bench.channel.observe().request.command == "make"
    another = CodexChannel(bench.site)
    assert another.observe().request.command == "make"
    another.close()


def test_a_refusal_tells_the_turn_the_reason(bench):
    bench.work()
    bench.ask("rm -r .")
    assert bench.channel.answer(bench.channel.pending(), Option.REJECT, "Not here.") == "answered"
    assert (bench.server.decisions, bench.server.steered) == ([{"decision": "decline"}], ["Not here."])


def test_permissions_are_granted_as_they_were_asked_for_or_not_at_all(bench):
    wanted = {"network": {"enabled": True}}
    bench.server.ask("", method="item/permissions/requestApproval", permissions=wanted, reason="To install")
    request = wait_for(bench.channel.pending)
    assert request.text == 'To install {"network": {"enabled": true}}'
    assert bench.channel.answer(request, Option.ONCE, "") == "answered"
    bench.server.ask("", method="item/permissions/requestApproval", number=8, permissions=wanted)
    assert bench.channel.answer(wait_for(bench.channel.pending), Option.REJECT, "") == "answered"
    assert bench.server.decisions == [{"permissions": wanted, "scope": "turn"}, {"permissions": {}, "scope": "turn"}]


def test_a_usage_limit_is_told_with_its_end(bench):
    bench.work()
    bench.state(AgentState.WORKING)
    windows = {"primary": {"usedPercent": 100, "resetsAt": 5}, "secondary": {"usedPercent": 3, "resetsAt": 9}}
    bench.server.tell("account/rateLimits/updated", rateLimits=windows)
    bench.server.end("failed", "usageLimitExceeded")
    bench.state(AgentState.LIMITED)
    assert bench.channel.observe().resets_at == 5_000
    assert [one.used_percent for one in bench.channel.limits()] == [100.0, 3.0]
    another = CodexChannel(bench.site)
    assert another.observe().state is AgentState.LIMITED, "also to whoever comes later"
    another.close()


def used(bench):
    told = bench.channel.usage()
    return told and {(one.id, one.model, one.input, one.cached, one.output, one.requests) for one in told}


def test_what_each_conversation_has_used_is_its_total_also_for_whoever_missed_some_of_it(bench):
    assert used(bench) is None
    bench.server.use(100, 40, 10)
    bench.server.use(100, 40, 10)
    wait_for(lambda: used(bench) == {("t1", "stand-in", 60, 40, 10, 1)})
    bench.server.others = {"sub": {"threadSource": "subagent", "parentThreadId": "t1", "model": "small"}}
    bench.server.use(7, 0, 1, thread="sub")
    bench.server.use(9, 0, 1, thread="title")
    another = CodexChannel(bench.site)
    assert another.usage() is None, "nothing was told to it yet"
    bench.server.use(300, 40, 30)
    wait_for(lambda: used(bench) == {("t1", "stand-in", 260, 40, 30, 2), ("sub", "small", 7, 0, 1, 1)})
    assert [(one.input, one.output, one.requests) for one in wait_for(another.usage)] == [(260, 30, 1)]
    another.close()


def test_usage_stays_counted_over_the_end_of_a_server(bench):
    bench.state(AgentState.IDLE)
    bench.server.use(100, 0, 10)
    wait_for(lambda: used(bench))
    bench.server.close()
    with pytest.raises(Unavailable):
        wait_for(lambda: bench.channel.observe() is None)
    path = bench.site.folder.path / CONTROL_SOCKET
    path.unlink()
    bench.server = FakeAppServer(path, bench.site.folder.path)
    bench.state(AgentState.IDLE)
    bench.server.use(200, 0, 20)
    wait_for(lambda: used(bench) == {("t1", "stand-in", 200, 0, 20, 2)})


@pytest.mark.parametrize("older", [{"createdAt": 1}, {"createdAt": 10**10, "forkedFromId": "t0"}])
def test_what_a_conversation_used_before_the_session_is_not_told_for_its_own(tmp_path, older):
    made = CodexBench(tmp_path)
    made.server.others = {"t1": older}
    started = replace(made.site.launch, started_at=Moment(5_000_000))
    channel = CodexChannel(replace(made.site, launch=started))
    channel.observe()
    made.server.use(100, 0, 10)
    made.server.begin()
    wait_for(lambda: channel.observe().state is AgentState.WORKING)
    assert channel.usage() is None
    channel.close()
    made.close()


def test_a_conversation_that_is_opened_beside_ours_changes_nothing_and_one_that_replaces_it_is_followed(bench):
    bench.state(AgentState.IDLE)
    bench.server.ask("make")
    request = wait_for(bench.channel.pending)
    bench.server.tell("thread/started", thread={"id": "title"})
    assert bench.channel.pending() == request
    bench.server.thread = "t2"
    bench.server.tell("thread/started", thread={"id": "t2"})
    bench.server.settle()
    bench.server.become("idle")
    bench.state(*READY)
    assert bench.channel.deliver(P1, "hello", None) == "acknowledged"


def test_a_conversation_in_another_folder_is_not_ours(bench):
    bench.server.folder = "/elsewhere"
    assert bench.channel.observe() is None
    assert bench.channel.deliver(P1, "hello", None) is None
    assert bench.turns() == []


def test_a_server_that_is_not_there_yet_is_no_fault_until_it_should_be(tmp_path):
    one = site(tmp_path)
    now = one.clock.now()
    early = CodexChannel(replace(one, launch=replace(one.launch, started_at=now)))
    assert (early.observe(), early.pending()) == (None, None)
    assert early.deliver(P1, "hello", None) == "refused: its conversation is not open yet"
    late = CodexChannel(replace(one, launch=replace(one.launch, started_at=Moment(now - codex.COME_UP_MS - 1))))
    with pytest.raises(Unavailable, match="cannot be reached"):
        late.observe()


def test_a_server_that_ends_is_said_and_one_that_comes_back_is_used_again(bench):
    bench.state(AgentState.IDLE)
    bench.server.close()
    with pytest.raises(Unavailable, match="has ended"):
        wait_for(lambda: bench.channel.observe() is None)
    path = bench.site.folder.path / CONTROL_SOCKET
    path.unlink()
    bench.server = FakeAppServer(path, bench.site.folder.path)
    bench.server.begin()
    bench.state(AgentState.WORKING)


def listening(path, reaction):
    """A listener that gives each client to `reaction` and keeps it."""
    listener, kept = socket.socket(socket.AF_UNIX), []
    listener.bind(str(path))
    listener.listen()

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            kept.append(client)
            reaction(client)

    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 404 Not Found\r\n\r\n", b"SSH-2.0-OpenSSH\r\n\r\n", b"\xff" * 20_000],
    ids=["silence", "another server", "another protocol", "noise"],
)
def test_whatever_listens_instead_is_unavailable_within_a_moment(tmp_path, monkeypatch, answer):
    monkeypatch.setattr(app_server, "REPLY_SECONDS", 0.2)
    (tmp_path / "control").mkdir()
    listener = listening(tmp_path / CONTROL_SOCKET, lambda client: client.sendall(answer))
    with pytest.raises(Unavailable):
        CodexChannel(site(tmp_path)).observe()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize("data", [b"\x83\x01x", b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", b"\x88\x00"])
def test_a_server_that_sends_no_messages_any_more_is_left(bench, data):
    bench.state(AgentState.IDLE)
    bench.server._clients[0].sendall(data)
    with pytest.raises(Unavailable):
        wait_for(lambda: bench.channel.observe() is None)
    bench.state(AgentState.IDLE)


def test_half_a_message_is_waited_for_and_a_ping_is_answered(bench):
    bench.state(AgentState.IDLE)
    client = bench.server._clients[0]
    params = {"threadId": "t1", "status": {"type": "active", "activeFlags": []}}
    frame = server_frame(json.dumps({"method": "thread/status/changed", "params": params}).encode())
    client.sendall(frame[:20])
    assert bench.channel.observe().state is AgentState.IDLE
    client.sendall(frame[20:])
    bench.state(AgentState.WORKING)


def test_in_a_sandbox_only_a_socket_in_the_sessions_own_folder_is_used(tmp_path):
    control, sockets = (tmp_path / CONTROL_SOCKET).parent, tmp_path / SOCKETS
    control.mkdir()
    sockets.mkdir()
    (tmp_path / CONTROL_SOCKET).symlink_to("/tmp/codex-daemon-0/abc")
    server = FakeAppServer(sockets / "abc", tmp_path)
    channel = CodexChannel(site(tmp_path))
    assert channel.observe().state is AgentState.IDLE
    channel.close()

    other = tmp_path / "other.sock"
    (sockets / "abc").rename(other)
    (sockets / "abc").symlink_to(other)
    with pytest.raises(Unavailable, match="not its own"):
        CodexChannel(site(tmp_path)).observe()
    server.close()


def test_a_socket_whose_path_is_too_long_for_an_address_is_reached(tmp_path):
    deep = tmp_path / ("d" * 120)
    (deep / "control").mkdir(parents=True)
    here = os.open(deep / "control", os.O_RDONLY)
    server = FakeAppServer(f"/proc/self/fd/{here}/server.sock", deep)
    channel = CodexChannel(site(deep))
    assert channel.observe().state is AgentState.IDLE
    channel.close()
    server.close()
    os.close(here)
