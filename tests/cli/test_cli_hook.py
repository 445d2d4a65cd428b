"""The hook: one line, nothing else, and never a failure."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import cli_processes as processes

from gitorch.cli import hook as status_line
from gitorch.cli.call import Call
from gitorch.cli.hook import TEXT_BYTES_MAX
from gitorch.cli.hook import hook as run_hook


def hook(signals, event="Stop", typed=b"", *python: str):
    env = {} if signals is None else {"GITORCH_SIGNALS": str(signals)}
    return processes.call(*python, "-m", "gitorch.cli.main", "hook", event, env=env, typed=typed)


def lines(signals):
    return [json.loads(line) for line in signals.read_text().splitlines()]


def test_a_hook_appends_one_line_with_moment_event_and_text(tmp_path):
    signals = tmp_path / "signals"
    done = hook(signals, "Stop", 'he said "ü"\n'.encode())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    hook(signals, "SessionStart")
    first, second = lines(signals)
    assert (first["event"], first["text"]) == ("Stop", 'he said "ü"\n')
    assert [len(str(line["at"])) for line in (first, second)] == [13, 13], "milliseconds"
    assert (second["event"], second["text"]) == ("SessionStart", "")


def test_a_hook_without_a_file_does_nothing(tmp_path):
    for signals in (None, "", tmp_path / "gone" / "signals", tmp_path):
        done = hook(signals, typed=b"x")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_text_of_a_hook_is_bounded_and_all_of_it_is_read(tmp_path):
    done = hook(tmp_path / "signals", typed=b"x" * 1_000_000)
    assert done.returncode == 0
    assert len(lines(tmp_path / "signals")[0]["text"]) == TEXT_BYTES_MAX


def test_invalid_utf_8_is_replaced(tmp_path):
    hook(tmp_path / "signals", typed=b"\xff\x00")
    assert lines(tmp_path / "signals")[0]["text"] == "�\x00"


def test_a_hook_whose_input_never_ends_ends_itself(tmp_path):
    argv = (sys.executable, "-m", "gitorch.cli.main", "hook", "Stop")
    env = processes.environment(GITORCH_SIGNALS=str(tmp_path / "signals"))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, env=env) as process:
        process.stdin.write(b"still here")
        process.stdin.flush()
        assert process.wait(processes.LIMIT_SECONDS) == 0
    assert lines(tmp_path / "signals")[0]["text"] == "still here"


def test_hooks_at_the_same_time_write_whole_lines(tmp_path):
    argv = (sys.executable, "-m", "gitorch.cli.main", "hook", "Stop")
    env = processes.environment(GITORCH_SIGNALS=str(tmp_path / "signals"))
    (tmp_path / "text").write_bytes(b"y" * 60_000)  # a hook waits for its input only for a while
    with contextlib.ExitStack() as stack:
        texts = [stack.enter_context((tmp_path / "text").open("rb")) for _ in range(6)]
        several = [subprocess.Popen(argv, stdin=text, env=env) for text in texts]
    for process in several:
        assert process.wait(processes.LIMIT_SECONDS) == 0
    assert [len(line["text"]) for line in lines(tmp_path / "signals")] == [60_000] * 6


def test_a_hook_loads_nothing_but_a_bare_interpreter(tmp_path):
    done = hook(tmp_path / "signals", "Stop", b"", "-X", "importtime")
    loaded = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert "gitorch.cli.hook" in loaded
    assert loaded & {"click", "dataclasses", "pathlib", "gitorch.errors", "gitorch.cli.boundary"} == set()


def test_the_hook_of_bundles_tells_how_the_runs_stand_and_never_fails(stage, tmp_path, monkeypatch, capsys):
    environ = {}
    monkeypatch.setattr("gitorch.cli.context.from_process", lambda: Call(environ, tmp_path, lambda *_: stage.services))
    run_hook(["context"])
    assert capsys.readouterr().out == "", "there is no run"
    stage.begin_run()
    run_hook(["context"])
    told = json.loads(capsys.readouterr().out)["hookSpecificOutput"]
    assert told["hookEventName"] == "SessionStart"
    assert "auth-7f3a" in told["additionalContext"]
    environ["GITORCH_RUN"] = "auth-7f3a"
    run_hook(["context"])
    assert capsys.readouterr().out == "", "an agent has its brief"


def test_the_status_line_is_kept_and_the_user_s_own_is_shown(tmp_path):
    signals, project, home = tmp_path / "s" / "signals", tmp_path / "p", tmp_path / "h"
    for one in (signals.parent, project / ".claude", home):
        one.mkdir(parents=True)

    def shown(cost, **more):
        text = json.dumps({"cost": {"total_cost_usd": cost}, "workspace": {"project_dir": str(project)}, **more})
        env = {"GITORCH_SIGNALS": str(signals), "CLAUDE_CONFIG_DIR": str(home)}
        done = processes.call("-m", "gitorch.cli.main", "hook", "status-line", env=env, typed=text.encode())
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout

    assert shown(1) == b"", "there is none"
    (home / "settings.json").write_text('{"statusLine": {"type": "command", "command": "echo mine; cat"}}')
    assert shown(2, name="ü").startswith(b'mine\n{"cost": {"total_cost_usd": 2}')
    (project / ".claude" / "settings.json").write_text('{"statusLine": {"command": "gitorch hook status-line"}}')
    assert shown(3) == b"", "never itself"
    costs = [
        json.loads((signals.parent / name).read_text())["cost"]["total_cost_usd"]
        for name in ("status-line-first", "status-line")
    ]
    assert costs == [1, 3]
    assert sorted(path.name for path in signals.parent.iterdir()) == ["status-line", "status-line-first"]


def test_the_user_s_own_status_line_gets_all_of_the_text_however_long_it_is(tmp_path):
    (tmp_path / "settings.json").write_text('{"statusLine": {"command": "wc -c"}}')
    env = {"GITORCH_SIGNALS": str(tmp_path / "signals"), "CLAUDE_CONFIG_DIR": str(tmp_path)}
    done = processes.call("-m", "gitorch.cli.main", "hook", "status-line", env=env, typed=b"\xff" * TEXT_BYTES_MAX)
    assert int(done.stdout) == 3 * TEXT_BYTES_MAX, "each byte that is no text is replaced by a character of three"


def test_the_status_line_keeps_the_first_and_the_newest_text_and_becomes_the_user_s_own(tmp_path, monkeypatch):
    became, given = [], []

    def move(source, stream):
        assert stream == 0
        given.append(os.read(source, 100_000).decode())

    signals = str(tmp_path / "signals")
    with monkeypatch.context() as here:
        here.setattr(status_line.os, "execv", lambda *words: became.append(words))
        here.setattr(status_line.os, "dup2", move)
        here.setattr(status_line, "_own_status_line", lambda text: text)
        for text in ("cat", "", "gitorch hook StatusLine", "jq ."):
            status_line.show_status_line(signals, text)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"status-line-first": "cat", "status-line": "jq ."}
    assert became == [("/bin/sh", ["sh", "-c", "cat"]), ("/bin/sh", ["sh", "-c", "jq ."])]
    assert given == ["cat", "jq ."]


def test_an_answer_is_printed_once_it_appears_and_that_is_told_beside_it(tmp_path, monkeypatch):
    printed, waited = [], []
    answers = tmp_path / "answers"
    answers.mkdir()

    def appear(seconds):
        waited.append(seconds)
        if len(waited) == 2:
            (answers / "r1").write_text("yes")

    monkeypatch.setattr(status_line.time, "sleep", appear)
    monkeypatch.setattr(status_line, "_append", lambda path, entry: printed.append((path, entry)))
    signals = str(tmp_path / "signals")
    (answers / "r2").write_text("")
    with monkeypatch.context() as here:
        here.setattr(status_line.os, "write", lambda stream, data: printed.append((stream, data)))
        for request, seconds in (("r1", 60), ("r2", 60), ("r3", 0)):
            status_line._await_answer(signals, request, seconds)
    assert printed[:2] == [(1, b"yes"), (signals, {"event": "answered", "text": "r1"})]
    assert waited == [status_line.POLL_SECONDS] * 2
    assert printed[2:] == [(1, b"")], "an empty answer is not told, and none in time prints nothing"


def test_the_user_s_own_status_line_is_looked_for_where_claude_code_does(tmp_path, monkeypatch):
    project, user, home = tmp_path / "p", tmp_path / "u", tmp_path / "h"
    places = [
        (project / ".claude" / "settings.local.json", '{"statusLine": {"command": "local"}}'),
        (project / ".claude" / "settings.json", '{"statusLine": {"command": "shared"}}'),
        (user / "settings.json", '{"statusLine": {"command": "user"}}'),
    ]
    for path, text in [*places, (home / ".claude" / "settings.json", '{"statusLine": {"command": "home"}}')]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(user))
    told = json.dumps({"workspace": {"project_dir": str(project)}})
    found = []
    for (path, _), spoiled in zip(places, ("{}", "no JSON", '{"statusLine": {"command": 5}}'), strict=True):
        found.append(status_line._own_status_line(told))
        path.write_text(spoiled)
    assert found == ["local", "shared", "user"]
    assert status_line._own_status_line(told) == ""
    monkeypatch.delenv("CLAUDE_CONFIG_DIR")
    assert status_line._own_status_line("no JSON") == "home"
