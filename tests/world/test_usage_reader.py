"""Following the files in which a program writes down its usage."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from gitorch.model.channel import TokenUsage
from gitorch.model.ids import Moment
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.usage import ModelUsage, UsageReading, total
from gitorch.text.records import timestamps
from gitorch.world.terminal import usage_reader
from gitorch.world.terminal.session_files import LaunchRecord
from gitorch.world.terminal.session_usage import SessionUsage
from gitorch.world.terminal.usage_reader import SEARCH_MS, UsageReader

if TYPE_CHECKING:
    from pathlib import Path

START = Moment(1_795_903_800_000)
TREE = "/home/ada/a tree"


def reader(home: Path, usage: str, *files: str) -> UsageReader:
    preset = Preset("x", ("x",), usage=usage, usage_files=files)
    return UsageReader(LaunchRecord((), TREE, "", START, preset), str(home))


def message(id_: str, read: int, at: int = START + 1) -> str:
    usage = {"input_tokens": read, "output_tokens": 1}
    said = {"id": id_, "model": "opus", "usage": usage}
    return json.dumps({"type": "assistant", "timestamp": timestamps.iso(Moment(at)), "message": said}) + "\n"


@pytest.fixture
def claude(tmp_path: Path) -> UsageReader:
    (tmp_path / "projects/-home-ada-a-tree/c1/subagents").mkdir(parents=True)
    files = ("~/projects/{slug}/*.jsonl", "~/projects/{slug}/*/subagents/*.jsonl")
    return reader(tmp_path, "claude", *files)


def folder(home: Path) -> Path:
    return home / "projects/-home-ada-a-tree"


def test_growing_files_new_files_and_subagents_are_counted_as_they_come(tmp_path, claude):
    first = folder(tmp_path) / "c1.jsonl"
    first.write_text(message("m1", 100) + message("m1", 100))
    assert total(claude.follow(START).models) == ModelUsage(input=100, output=1, requests=1)
    half = message("m2", 20)
    with first.open("a") as file:
        file.write(half[:30])
    assert total(claude.follow(START).models).input == 100, "a line without its end is read later"
    with first.open("a") as file:
        file.write(half[30:])
    (folder(tmp_path) / "c1/subagents/agent-a.jsonl").write_text(message("m3", 3))
    (folder(tmp_path) / "c2.jsonl").write_text(message("m4", 4) + message("m1", 100))
    assert total(claude.follow(Moment(START + SEARCH_MS)).models) == ModelUsage(input=127, output=4, requests=4)
    assert claude.read_all() == reader(tmp_path, "claude", *CLAUDE).read_all(), "a new reader comes to the same"


CLAUDE = ("~/projects/{slug}/*.jsonl", "~/projects/{slug}/*/subagents/*.jsonl")


def test_a_resumed_conversation_counts_from_the_start_of_the_session_on(tmp_path, claude):
    path = folder(tmp_path) / "c1.jsonl"
    path.write_text(message("m1", 100, START - 1) + message("m2", 20, START))
    assert total(claude.follow(START).models).input == 20
    stale = folder(tmp_path) / "old.jsonl"
    stale.write_text(message("m3", 3))
    os.utime(stale, ns=(0, (START - 5_000) * 1_000_000))
    assert total(claude.read_all().models).input == 20, "nothing was written to it since the start"


def test_a_file_is_read_in_bounded_steps_and_a_pipe_holds_nothing_up(tmp_path, claude, monkeypatch):
    monkeypatch.setattr(usage_reader, "CHUNK_BYTES", 400)
    path = folder(tmp_path) / "c1.jsonl"
    path.write_text("".join(message(f"m{n}", 1) for n in range(10)) + "x" * 1000 + "\n" + message("last", 1))
    os.mkfifo(folder(tmp_path) / "pipe.jsonl")
    assert total(claude.follow(START).models).input < 10
    assert total(claude.read_all().models).input == 11


def test_only_conversations_of_the_same_folder_count(tmp_path):
    day = tmp_path / "sessions/2026/11/28"
    day.mkdir(parents=True)
    for name, cwd in (("rollout-a.jsonl", TREE), ("rollout-b.jsonl", "/home/ada/other")):
        lines = (
            {"type": "session_meta", "payload": {"cwd": cwd}},
            {"type": "token_usage_record", "payload": {"response_id": name, "usage": {"input_tokens": 100}}},
        )
        at = timestamps.iso(Moment(START + 1))
        (day / name).write_text("".join(json.dumps({"timestamp": at, **line}) + "\n" for line in lines))
    assert total(reader(tmp_path, "codex", "~/sessions/*/*/*/rollout-*.jsonl").follow(START).models).input == 100

    chats = tmp_path / "tmp/tree/chats"
    chats.mkdir(parents=True)
    head = {"projectHash": hashlib.sha256(TREE.encode()).hexdigest()}
    said = {"id": "g", "timestamp": at, "type": "gemini", "model": "pro", "tokens": {"input": 9}}
    (chats / "session-1.jsonl").write_text(json.dumps(head) + "\n" + json.dumps(said) + "\n")
    assert total(reader(tmp_path, "gemini", "~/tmp/*/chats/session-*.jsonl").follow(START).models).input == 9


def test_a_database_is_read_for_the_messages_of_the_folder_while_its_program_writes_it(tmp_path):
    path = tmp_path / "opencode.db"
    database = sqlite3.connect(path)
    database.execute("pragma journal_mode=wal")
    database.execute("create table session (id text, directory text)")
    database.execute("create table message (id text, session_id text, time_created integer, data text)")
    database.executemany("insert into session values (?, ?)", [("s1", TREE), ("s2", TREE), ("s3", "/other")])
    said = json.dumps({"role": "assistant", "modelID": "m", "cost": 0.5, "tokens": {"input": 10, "output": 1}})
    rows = [
        ("a", "s1", START, said),
        ("b", "s2", START + 9, said),
        ("c", "s3", START, said),
        ("d", "s1", START - 1, said),
    ]
    database.executemany("insert into message values (?, ?, ?, ?)", rows)
    database.commit()
    reading = reader(tmp_path, "opencode", "~/opencode.db")
    wanted = ModelUsage(input=20, output=2, requests=2, cost_micros=1_000_000)
    assert total(reading.follow(START).models) == wanted
    assert total(reading.follow(Moment(START + SEARCH_MS)).models) == wanted
    (tmp_path / "broken.db").write_bytes(b"no database")
    assert reader(tmp_path, "opencode", "~/broken.db").follow(START).models == ()
    database.close()


class Telling:
    """The channels of a session, of which one tells what it used."""

    def __init__(self) -> None:
        self.answers: list[TokenUsage] | None = None

    def ask(self, question):
        answer = question(self)
        return None if answer is None else ("acp", answer)

    def usage(self):
        return self.answers


def told(id_: str, read: int) -> TokenUsage:
    return TokenUsage(id_, "acp", "opus", START, input=read)


def test_a_channel_wins_over_files_unless_it_knows_less(tmp_path, claude):
    (folder(tmp_path) / "c1.jsonl").write_text(message("m1", 100))
    launch = LaunchRecord((), TREE, "", START, Preset("x", ("x",), usage="claude", usage_files=CLAUDE))
    usage, chain = SessionUsage(launch, str(tmp_path)), Telling()
    assert usage.follow(chain, START).source == "claude"
    chain.answers = [told("a", 60)]
    assert usage.read_all(chain).source == "claude", "the channel was opened too late"
    chain.answers = [told("a", 60), told("b", 80)]
    assert usage.read_all(chain) == UsageReading("acp", (ModelUsage("opus", 140, requests=2),))
    chain.answers = [told("b", 80), told("c", 1)]
    assert total(usage.read_all(chain).models).input == 141, "it forgot an answer, which was kept"


def test_a_cost_that_only_the_channel_knows_is_added_to_the_tokens_of_the_files(tmp_path, claude):
    (folder(tmp_path) / "c1.jsonl").write_text(message("m1", 100))
    launch = LaunchRecord((), TREE, "", START, Preset("x", ("x",), usage="claude", usage_files=CLAUDE))
    usage, chain = SessionUsage(launch, str(tmp_path)), Telling()
    chain.answers = [TokenUsage("cost", "claude", "opus", START, cost_usd=0.25)]
    assert usage.read_all(chain) == UsageReading(
        "claude", (ModelUsage("opus", 100, output=1, requests=1, cost_micros=250_000),)
    )
    chain.answers = [TokenUsage("cost", "claude", "haiku", START, cost_usd=0.5)]
    assert total(usage.read_all(chain).models).cost_micros == 500_000
