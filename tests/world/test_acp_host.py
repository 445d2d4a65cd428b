"""`gitorch acp-host` in a terminal of its own, with a program that does what its prompts say."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from acp_terminal import Host
from waiting import until

from gitorch.world.acp.control import NAME, ask


@pytest.fixture
def host(tmp_path):
    made = []

    def make(*words, **more):
        made.append(Host(tmp_path, *words, **more))
        return made[-1]

    yield make
    for one in made:
        one.kill()
        os.close(one.terminal)


def test_prompts_of_gitorch_lines_of_a_human_and_answers_of_both_go_through_one_host(host):
    it = host()
    it.reaches("idle")
    assert stat.S_IMODE((it.control / NAME).stat().st_mode) == 0o600
    text = "plan it\n!with `$(x)` and Ünïcode\n\t😀"
    assert it.ask(do="deliver", prompt="p1", text=text) == {"ok": True, "receipt": "submitted"}
    until(lambda: it.state()["receipts"] == {"p1": "acknowledged"} and it.state()["state"] == "waiting")
    assert it.told() == [{"prompt": text}]
    assert it.ask(do="deliver", prompt="p1", text=text)["receipt"] == "acknowledged"

    it.type("my half li", enter="")
    it.ask(do="deliver", prompt="p2", text="run make clean")
    request = it.reaches("dialog")["request"]
    assert (request["asked"], request["folder"]) == ("make clean", str(it.tree))
    assert it.ask(do="answer", request="other", choice="yes-1") == {"ok": False}
    assert it.ask(do="answer", request=request["key"], choice="yes-1", by="q1") == {"ok": True}
    it.reaches("waiting")
    it.shows("Allow once (q1)")

    it.type("ne")
    it.shows("You said my half line.")
    it.type("run make dirty")
    it.reaches("dialog")
    it.type("9")
    it.shows("Answer with a number from 1 to 3")
    it.type("3")
    it.reaches("waiting")
    assert [one.get("prompt") or one["outcome"]["optionId"] for one in it.told()[1:]] == [
        "run make clean",
        "yes-1",
        "my half line",
        "run make dirty",
        "no-1",
    ]
    assert it.told()[0] == {"prompt": text}, "nothing was sent twice"


def test_a_turn_is_interrupted_by_gitorch_and_at_the_pane(host):
    it = host()
    it.reaches("idle")
    assert it.ask(do="interrupt") == {"ok": False}
    it.ask(do="deliver", prompt="p1", text="hang")
    it.shows("acp working")
    assert it.ask(do="interrupt") == {"ok": True}
    it.reaches("waiting")
    it.type("hang")
    it.reaches("working")
    it.type("\x03", enter="")
    it.reaches("waiting")
    it.type("hang")
    it.reaches("working")
    it.type("\x1b", enter="")
    it.reaches("waiting")
    assert sum("cancelled" in one for one in it.told()) == 3
    it.shows("~ Let me think.")


def test_a_usage_limit_is_known_from_the_log_and_from_standard_error(host, tmp_path):
    it = host("--log", str(tmp_path / "{id}.txt"), "--log", str(tmp_path / "none"))
    it.reaches("idle")
    it.ask(do="deliver", prompt="p1", text="hang on")
    until(lambda: it.state()["receipts"] == {"p1": "acknowledged"}, what="its only report")
    (tmp_path / "fake-session-1.txt").write_text("[ERROR] 429 Your quota ends. Please try again in 3 hours.\n")
    assert it.reaches("limited")["evidence"].endswith("Please try again in 3 hours.")
    it.ask(do="interrupt")
    it.reaches("waiting")

    go_on = tmp_path / "go-on"
    it.ask(do="deliver", prompt="p2", text=f"retry {go_on}")
    it.reaches("limited")
    go_on.touch()
    it.reaches("waiting")
    it.shows("Resumed.")


def test_hostile_output_reaches_the_terminal_as_text(host):
    it = host()
    it.reaches("idle")
    it.type("hostile")
    it.shows("end")
    it.reaches("waiting")
    drawn = it.output[it.output.index("» hostile") :]
    for sequence in ("\x1b[2J", "\x1b[31m", "\x1b]0", "\x9b", "\u202e", "\x08"):
        assert sequence not in drawn


def test_messages_that_make_no_sense_are_said_and_the_program_goes_on(host):
    it = host()
    it.reaches("idle")
    it.type("odd")
    it.reaches("waiting")
    for text in ("a line of a library", "agent_weather", "session/future", "fs/read_text_file"):
        it.shows(text)
    assert it.told()[-1] == {"refused": -32601}


@pytest.mark.parametrize(("deed", "status"), [("crash 3", 3), ("half", 0), ("orphan", 5)])
def test_the_host_ends_with_its_program_and_says_so(host, deed, status):
    it = host()
    it.reaches("idle")
    it.type(deed)
    assert it.end() == status
    it.read()
    assert f"The program ended with exit status {status}." in it.text()
    assert ("I cannot go on" in it.text()) == (status == 3)
    assert list(it.control.iterdir()) == [], "nothing claims that it still runs"


def test_the_program_ends_with_its_host(host):
    it = host()
    it.reaches("idle")
    it.ask(do="deliver", prompt="p1", text="hang")
    it.reaches("working")
    it.process.send_signal(signal.SIGTERM)
    it.end()
    children = Path(f"/proc/{it.process.pid}/task/{it.process.pid}/children")
    assert not children.exists()


def test_a_program_that_cannot_be_started_or_was_not_named_ends_the_host(host, tmp_path):
    it = host(agent=("no-such-program-anywhere",))
    assert it.end() == 127
    it.read()
    assert "no-such-program-anywhere cannot be started: No such file or directory" in it.text()
    done = subprocess.run(
        [sys.executable, "-m", "gitorch.cli.main", "acp-host", "--resume"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr[:24]) == (2, "usage: gitorch acp-host ")


def test_a_program_of_a_later_version_is_said_and_stays_on_the_screen(host):
    it = host(agent=("version=2",))
    it.shows("The program speaks version 2 of the protocol, and gitorch speaks version 1.")
    assert it.reaches("error")["request"] is None
    assert it.ask(do="deliver", prompt="p1", text="x")["receipt"].startswith("refused: the agent is error")


def test_a_conversation_is_resumed_by_its_id(host):
    it = host("--resume", "old-1")
    assert it.reaches("idle")["conversation"] == "old-1"
    assert it.told() == [{"resumed": "old-1"}]


def test_a_one_shot_host_ends_with_its_turn(host):
    it = host("--once", "plan this")
    assert it.end() == 0
    assert it.told() == [{"prompt": "plan this"}]


def test_a_program_cannot_direct_its_own_session(host):
    it = host()
    it.reaches("idle")
    code = f"from pathlib import Path\nfrom gitorch.world.acp.control import ask\nprint(ask(Path({str(it.control / NAME)!r}), {{'do': 'deliver', 'prompt': 'p9', 'text': 'x'}}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "GITORCH_SESSION_KEY": "test/host"},
        check=True,
    )
    assert "an agent may not direct its own session" in done.stdout
    assert it.told() == []


def test_requests_that_make_no_sense_are_hung_up_on(host):
    it = host()
    it.reaches("idle")
    assert it.ask(do="dance") == {"ok": False, "reason": "this host knows no 'dance'"}
    assert it.ask(do=7)["ok"] is False
    for request in (b"[]\n", b"{\n", b"\xff\n", b"[" * 90_000 + b"\n"):
        assert raw(it.control / NAME, request) == b""
    assert it.ask(do="interrupt") == {"ok": False}


def raw(path, data):
    import socket

    with socket.socket(socket.AF_UNIX) as client:
        opened = os.open(path, os.O_PATH)
        client.connect(f"/proc/self/fd/{opened}")
        os.close(opened)
        client.sendall(data)
        try:
            return client.recv(100)
        except ConnectionError:
            return b""


def test_nobody_is_asked_through_a_link_or_where_no_host_listens(tmp_path, host):
    with pytest.raises(OSError, match="No such file"):
        ask(tmp_path / NAME, {"do": "interrupt"})
    (tmp_path / NAME).write_text("a file")
    with pytest.raises(OSError, match="no socket of this user"):
        ask(tmp_path / NAME, {"do": "interrupt"})
    it = host()
    it.reaches("idle")
    (tmp_path / "link").symlink_to(it.control / NAME)
    with pytest.raises(OSError, match="no socket of this user"):
        ask(tmp_path / "link", {"do": "interrupt"})
