"""Nothing that an agent can write stops the loop that reads it: files of any content, size, type and nesting (K11)."""

import json
import os
import shutil
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.errors import Malformed
from gitorch.model.ids import Moment, PromptId, RunId, SessionId
from gitorch.model.plans.runtime import Preset, StateSign
from gitorch.model.values import asdict, replace
from gitorch.model.work.session import SessionKey
from gitorch.rules.agent_state.hooks import read_hook
from gitorch.text.outbox_entry import decode
from gitorch.world.clock import SystemClock
from gitorch.world.files import LocalFiles, lock, read_json, read_regular, write_own
from gitorch.world.outbox import WorktreeOutboxes
from gitorch.world.terminal import transcript as transcripts
from gitorch.world.terminal.answering import answers
from gitorch.world.terminal.receipts import proof, transcript_sizes
from gitorch.world.terminal.session_cache import SessionCache
from gitorch.world.terminal.session_files import DeliveryRecord, LaunchRecord, SessionFolder, parse_signals
from gitorch.world.terminal.transcript import Transcript

PRESET = Preset("p", ("p",), transcript="log/*.jsonl", signs={"busy": (StateSign("transcript", "busy"),)})
RECORD = LaunchRecord(("p",), "/w", "p1", Moment(5), PRESET, server="1:2", pane="%1", pane_pid=7)
KEY = SessionKey(RunId("r"), SessionId("s1"))
GOOD = b'{"at": 7, "event": "stop"}'
DEEP = b'{"a":' * 3_000 + b"1" + b"}" * 3_000
NAMES = st.sampled_from(
    [
        *("at", "event", "text", "asked", "option", "rule", "line", "receipt", "lost", "transcripts", "shown"),
        *("gitorch", "run", "token", "report", "verdict", "status", "summary", "hook_event_name", "session_id"),
        *asdict(RECORD),
        *asdict(PRESET),
    ]
)
WORDS = st.sampled_from(
    ["stop", "prompt", "claude", "once", "outbox/1", "DONE", "(", "[", "\x00", "\ud800", "UserPromptSubmit", "%1"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**30), 1e308, float("nan"), float("-inf"), 2**63])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | WORDS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)
NASTY = [
    b"",
    b"\n",
    b"null",
    b"[]",
    b"\xff\xfe{}",
    DEEP,
    b"[" * 100_000,
    b"1" * 10_000,
    b'{"at": ' + b"9" * 5_000 + b', "event": "stop"}',
    b'{"at": 1e999, "event": "stop"}',
    b'{"at": NaN, "event": "stop"}',
    b'{"at": 7, "event": "claude", "text": ' + json.dumps(DEEP.decode()).encode() + b"}",
    b'{"at": -1, "event": "stop"}',
    b'{"at": "x", "event": "stop"}',
    b'{"at": 7, "event": "stop"',
]


@st.composite
def documents(draw):
    """A JSON document as an agent may write it: any bytes, any value, or a good record with some fields changed."""
    kind = draw(st.sampled_from(["bytes", "nasty", "value", "launch", "delivery"]))
    if kind == "bytes":
        return draw(st.binary(max_size=60))
    if kind == "nasty":
        return draw(st.sampled_from(NASTY))
    if kind == "value":
        return written(draw(VALUES))
    record = asdict(RECORD) if kind == "launch" else asdict(DeliveryRecord("line", Moment(3)))
    changes = draw(st.dictionaries(st.sampled_from(sorted(record)), VALUES, max_size=3))
    if kind == "launch" and draw(st.booleans()):
        preset = {
            **asdict(PRESET),
            **draw(st.dictionaries(st.sampled_from(sorted(asdict(PRESET))), VALUES, max_size=2)),
        }
        changes["preset"] = preset
    return written({**record, **changes})


def written(value):
    return json.dumps(value).encode("utf-8", "surrogatepass")


def examine(place, data):
    """Put this content wherever an agent may, and read all of it as a tick does."""
    folder = SessionFolder(place)
    for name in (
        "launch.json",
        "agent",
        "exit",
        "signals.jsonl",
        "answers.jsonl",
        "answering.json",
        "output.log",
        "sent/p1.json",
    ):
        (place / name).write_bytes(data)
    launch = folder.launch()
    assert launch is None or isinstance(launch.preset, Preset)
    sent = folder.sent(PromptId("p1"))
    assert sent is None or isinstance(sent.lost, int)
    folder.agent()
    folder.exit_status()
    folder.output_tail(5)
    given_answers, at = answers(place)
    assert (at is None) == (not given_answers)
    SessionCache(folder).reread()
    parse_signals(data)
    assert [signal.event for signal in parse_signals(b"\n".join((GOOD, data.replace(b"\n", b""), GOOD)))].count(
        "stop"
    ) >= 2
    read_hook("claude", data.decode("utf-8", "replace"))
    with_malformed(data)
    (place / "log/x.jsonl").write_bytes(data + b"\n")
    transcript = Transcript(LaunchRecord(("p",), str(place), "", Moment(5), PRESET), "/")
    transcript.follow(SystemClock().now())
    proof(folder, DeliveryRecord("line", Moment(3)), PRESET, place, "/")


def with_malformed(data):
    try:
        decode("entry.json", data)
    except Malformed:
        return


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    (folder / "sent").mkdir()
    (folder / "log").mkdir()
    return folder


@given(documents())
def test_whatever_an_agent_writes_into_a_sessions_files_is_read_or_passed_over(place, data):
    examine(place, data)


@pytest.mark.slow
@settings(max_examples=20_000)
@given(documents())
def test_twenty_thousand_documents_are_read_or_passed_over(place, data):
    examine(place, data)


@pytest.mark.parametrize("data", NASTY)
def test_a_bad_hook_event_is_passed_over_and_the_next_one_is_read(place, data):
    examine(place, data)
    folder = SessionFolder(place)
    folder.signals_path.write_bytes(data + b"\n" + GOOD + b"\n")
    cache = SessionCache(folder)
    cache.reread()
    assert cache.hook.event == "stop"


def test_hook_events_that_no_hook_wrote_are_counted_once_each_and_those_without_a_meaning_are_not(place):
    folder = SessionFolder(place)
    folder.signals_path.write_bytes(b"\n".join([b"null", DEEP, b'{"at": 7, "event": "Unused"}', GOOD, b'{"at": -1']))
    cache = SessionCache(folder)
    for _ in range(2):
        cache.reread()
        assert (cache.broken_hooks, cache.hook.event) == (2, "stop")

    with folder.signals_path.open("ab") as file:
        file.write(b"}\n")
    cache.reread()
    assert cache.broken_hooks == 3


@pytest.mark.parametrize(("name", "broken"), [("t.jsonl", [3, 3, 4]), ("t.log", [0, 0, 0])])
def test_lines_of_a_transcript_that_are_no_object_are_counted_once_each(tmp_path, name, broken):
    preset = replace(PRESET, transcript=name)
    transcript = Transcript(LaunchRecord(("p",), str(tmp_path), "", Moment(0), preset), "/")
    path, counted = tmp_path / name, []
    path.write_bytes(b'{"type": "user"}\nnull\n\n{}\n{"cut": \n{"a" 1}\n{"not yet')
    for number, added in enumerate((b"", b'": 1}\n', b"[1]\n")):
        with path.open("ab") as file:
            file.write(added)
        transcript.follow(Moment(10_000 * (number + 1)))
        counted.append(transcript.broken_lines)
    assert counted == broken


@pytest.mark.parametrize("whole", [False, True], ids=["torn", "whole"])
def test_a_line_that_a_long_transcript_is_entered_in_is_no_broken_one(tmp_path, monkeypatch, whole):
    monkeypatch.setattr(transcripts, "BYTES_MAX", 100)
    preset = replace(PRESET, transcript="t.jsonl")
    transcript = Transcript(LaunchRecord(("p",), str(tmp_path), "", Moment(0), preset), "/")
    line = b'{"text": "%s"}\n' % (b"x" * 87)
    assert len(line) == 100
    path = tmp_path / "t.jsonl"
    path.write_bytes(line * 2 if whole else line * 2 + b'{"more": 1}\n')
    transcript.follow(Moment(10_000))
    path.write_bytes(path.read_bytes() + b"none\n")
    transcript.follow(Moment(20_000))
    assert transcript.broken_lines == 1


def make_pipe(path):
    os.mkfifo(path)


def make_folder(path):
    path.mkdir()


def make_loop(path):
    path.symlink_to(path)


def make_device(path):
    path.symlink_to("/dev/zero")


def make_socket_name(path):
    os.mknod(path, stat.S_IFSOCK | 0o600)


def make_unreadable(path):
    path.write_bytes(GOOD)
    path.chmod(0)


MAKERS = (make_pipe, make_folder, make_loop, make_device, make_socket_name, make_unreadable)


@pytest.mark.parametrize("make", MAKERS)
def test_a_file_of_another_kind_neither_blocks_nor_stops_a_reader(tmp_path, make):
    (tmp_path / "sent").mkdir()
    (tmp_path / "log").mkdir()
    for name in (
        "launch.json",
        "agent",
        "exit",
        "signals.jsonl",
        "answers.jsonl",
        "answering.json",
        "output.log",
        "sent/p1.json",
        "log/x.jsonl",
    ):
        make(tmp_path / name)
    folder = SessionFolder(tmp_path)
    assert folder.launch() is None
    assert folder.sent(PromptId("p1")) is None
    assert folder.output_tail(5) in {"", GOOD.decode()}  # root reads everything
    assert answers(tmp_path)[0] == ()
    SessionCache(folder).reread()
    transcript = Transcript(LaunchRecord(("p",), str(tmp_path), "", Moment(0), PRESET), "/")
    transcript.follow(SystemClock().now())
    assert not proof(folder, DeliveryRecord("line", Moment(3)), PRESET, tmp_path, "/")
    transcript_sizes(PRESET, tmp_path, "/")


@pytest.mark.parametrize("make", MAKERS)
def test_an_outbox_entry_of_another_kind_is_passed_over_and_the_next_one_is_read(tmp_path, make):
    outboxes = WorktreeOutboxes()
    outboxes.post(tmp_path, "good.json", b"{}")
    make(tmp_path / ".gitorch/outbox/bad.json")
    assert "good.json" in [entry.name for entry in outboxes.waiting(tmp_path)]


def test_a_file_is_read_up_to_a_limit_from_its_beginning_or_its_end(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_regular(path, 4) == b"0123"
    assert read_regular(path, 4, 8) == b"89"
    assert read_regular(path, 4, last=True) == b"6789"
    assert read_regular(tmp_path / "none", 4) is None
    assert read_regular(tmp_path / "\0", 4) is None


def test_a_json_file_that_is_nested_too_deeply_is_no_object(tmp_path):
    (tmp_path / "deep").write_bytes(b'{"a":' * 100_000)
    assert read_json(tmp_path / "deep") is None


def test_a_long_addition_of_hook_events_is_read_from_its_end(tmp_path):
    folder = SessionFolder(tmp_path)
    folder.signals_path.write_bytes(b'{"at": 1, "event": "prompt"}\n' * 200_000 + GOOD + b"\n")
    cache = SessionCache(folder)
    cache.reread()
    assert cache.hook.event == "stop"
    folder.signals_path.write_bytes(b'{"at": 9, "event": "error"}\n')
    cache.reread()
    assert cache.hook.event == "error"


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("obstacle", ["file", "above", "above/folder"])
def test_a_file_of_ours_is_written_and_locked_whatever_stands_in_its_way(tmp_path, make, obstacle):
    path = tmp_path / "above/folder/file"
    (tmp_path / obstacle if obstacle != "file" else path).parent.mkdir(parents=True, exist_ok=True)
    make(tmp_path / obstacle if obstacle != "file" else path)
    write_own(path, b"ours")
    assert path.read_bytes() == b"ours"
    make(path.with_name("lock"))
    os.close(lock(path.with_name("lock")))


def test_a_brief_is_not_written_through_a_link_of_the_agents(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/.gitorch").symlink_to(tmp_path / "elsewhere")
    LocalFiles(tmp_path / "home").write(tmp_path / "tree/.gitorch/brief.md", b"brief")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (tmp_path / "tree/.gitorch/brief.md").read_bytes() == b"brief"


@pytest.mark.tmux
def test_a_session_whose_files_are_removed_at_any_moment_is_observed_and_stopped(lab):
    key = lab.ready()
    terminals = lab.terminals
    for step in (
        lambda: lab.look(key),
        lambda: lab.deliver(key),
        lambda: terminals.receipts(key),
        terminals.pids,
        lambda: terminals.screen(key),
        lambda: lab.another().observe([key]),
    ):
        shutil.rmtree(lab.home, ignore_errors=True)
        step()
    shutil.rmtree(lab.home, ignore_errors=True)
    terminals.stop(key)
    assert not lab.look(key).present
