"""The logs of a program that speaks the Agent Client Protocol: which lines of them are taken, however they grow."""

import os

import pytest

from gitorch.world.acp.logs import BYTES_MAX, LogFile, ProgramLogs


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def test_a_log_that_is_there_is_read_from_its_end_and_a_new_one_from_its_beginning(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("before\n")
    logs = [LogFile(old), LogFile(new)]
    assert [list(log.added()) for log in logs] == [[], []]
    append(old, "one\ntw")
    append(new, "three\n")
    assert [list(log.added()) for log in logs] == [["one"], ["three"]]
    append(old, "o\n")
    assert [list(log.added()) for log in logs] == [["two"], []]


def test_a_log_that_was_begun_anew_is_read_again(tmp_path):
    path = tmp_path / "log"
    path.write_text("a long first line\n")
    log = LogFile(path)
    path.write_text("next\n")
    assert list(log.added()) == ["next"]


def test_of_a_log_that_grew_by_much_the_newest_part_is_read(tmp_path):
    path = tmp_path / "log"
    log = LogFile(path)
    append(path, "x" * BYTES_MAX + "\nlast\n")
    assert list(log.added())[-1] == "last"
    assert list(log.added()) == []


def test_what_is_no_file_has_no_lines_and_holds_nothing_up(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert [list(LogFile(path).added()) for path in (pipe, tmp_path, tmp_path / "none")] == [[], [], []]


@pytest.mark.parametrize("conversation", ["c-1", "../c-1"])
def test_only_what_is_said_of_this_conversation_is_taken(tmp_path, monkeypatch, conversation):
    monkeypatch.setenv("HOME", str(tmp_path))
    logs = ProgramLogs(["~/logs/{id}.txt", str(tmp_path / "shared.log")])
    (tmp_path / "logs").mkdir()
    assert list(logs.added(conversation)) == []
    for name in ("c-1", "..\\c-1", ".._c-1", "c-2"):
        append(tmp_path / f"logs/{name}.txt", f"of {name}\n")
    append(tmp_path / "c-1.txt", f"outside {conversation}\n")
    append(tmp_path / "shared.log", f"id={conversation} mine\nid=c-2 another's\n")
    own = {"c-1": ["of c-1"], "../c-1": []}[conversation]
    assert list(logs.added(conversation)) == [*own, f"id={conversation} mine"]
    assert list(logs.added(conversation)) == []
