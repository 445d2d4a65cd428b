"""What standard input and output are, and what a hook reads and writes, in this process: with pipes, files and a terminal."""

from __future__ import annotations

import io
import json
import os
import sys
import termios

import pytest

from gitorch.app.reconciler import trouble
from gitorch.cli import bug, hook, main
from gitorch.cli.call import Streams, _controls, from_process, streams_of
from gitorch.errors import REPLACED


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard input and output a terminal of 100 columns and 30 lines, from the call on, and gives its descriptor."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (30, 100))
    with os.fdopen(os.dup(slave), encoding="utf-8") as reads, os.fdopen(slave, "w", encoding="utf-8") as draws:

        def become() -> int:
            monkeypatch.setattr(sys, "stdin", reads)
            monkeypatch.setattr(sys, "stdout", draws)
            return draws.fileno()

        yield become
    os.close(master)


def test_a_terminal_asks_draws_and_has_its_size_and_colours(terminal):
    terminal()
    assert streams_of({}) == Streams(asks=True, draws=True, columns=100, lines=30, colours=True, controls=False)


@pytest.mark.parametrize(
    ("environ", "columns", "colours"),
    [
        ({"COLUMNS": "60"}, 60, True),
        ({"COLUMNS": "wide"}, 100, True),
        ({"COLUMNS": "٦٠"}, 100, True),
        ({"COLUMNS": "0"}, 100, True),
        ({"NO_COLOR": "1"}, 100, False),
        ({"NO_COLOR": ""}, 100, True),
        ({"TERM": "dumb"}, 100, False),
        ({"TERM": "xterm"}, 100, True),
    ],
)
def test_the_environment_overrides_width_and_colours_of_a_terminal(terminal, environ, columns, colours):
    terminal()
    found = streams_of(environ)
    assert (found.columns, found.lines, found.colours) == (columns, 30, colours)


@pytest.mark.parametrize(("size", "shown"), [((0, 0), (80, 24)), ((0, 50), (50, 24)), ((9, 0), (80, 9))])
def test_a_terminal_that_reports_no_size_has_the_usual_one(terminal, size, shown):
    termios.tcsetwinsize(terminal(), size)
    found = streams_of({})
    assert (found.columns, found.lines) == shown


@pytest.mark.parametrize(("environ", "columns"), [({}, 0), ({"COLUMNS": "72"}, 72)])
def test_a_pipe_is_not_asked_and_cuts_nothing_unless_a_width_is_wished(monkeypatch, environ, columns):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert streams_of(environ) == Streams(asks=False, draws=False, columns=columns, lines=0, colours=False)


def test_closed_streams_are_no_terminals(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stdout", None)
    assert streams_of({}) == Streams()


def test_output_without_a_descriptor_has_the_usual_size(monkeypatch):
    class Shown(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys, "stdout", Shown())
    found = streams_of({})
    assert (found.asks, found.draws, found.columns, found.lines) == (False, True, 80, 24)


def test_a_descriptor_that_is_no_terminal_controls_nothing(tmp_path):
    with (tmp_path / "file").open("w") as file:
        assert _controls(file.fileno()) is False


def test_the_call_of_this_process_has_its_environment_folder_and_streams(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "33")
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    call = from_process()
    assert (call.folder, call.environ["COLUMNS"], call.streams.columns) == (tmp_path, "33", 33)
    assert call.environ is not os.environ
    assert out.errors == "backslashreplace"


def fed(monkeypatch, data: bytes) -> None:
    """Standard input holds this, and ends."""
    reads, writes = os.pipe()
    os.write(writes, data)
    os.close(writes)
    monkeypatch.setattr(sys, "stdin", os.fdopen(reads, encoding="utf-8"))


@pytest.mark.parametrize(
    ("words", "data", "event", "text"),
    [
        (["Stop"], 'he said "ü"'.encode(), "Stop", 'he said "ü"'),
        ([], b"", "", ""),
        (["A", "B"], b"\xff", "A", "\ufffd"),
    ],
)
def test_a_hook_appends_one_line_and_prints_nothing(monkeypatch, tmp_path, capsys, words, data, event, text):
    signals = tmp_path / "signals"
    monkeypatch.setenv("GITORCH_SIGNALS", str(signals))
    for _ in range(2):
        fed(monkeypatch, data)
        monkeypatch.setattr(sys, "argv", ["gitorch", "hook", *words])
        main.main()
        sys.stdin.close()
    lines = [json.loads(line) for line in signals.read_text(encoding="ascii").splitlines()]
    assert [(line["event"], line["text"], len(str(line["at"]))) for line in lines] == [(event, text, 13)] * 2
    assert signals.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("place", ["", "gone/signals", "."])
def test_a_hook_that_cannot_write_does_nothing(monkeypatch, tmp_path, place):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITORCH_SIGNALS", place)
    fed(monkeypatch, b"x")
    hook.hook(["Stop"])
    sys.stdin.close()
    assert list(tmp_path.iterdir()) == []


def test_a_hook_at_a_terminal_or_without_input_has_no_text(monkeypatch, tmp_path, terminal):
    monkeypatch.setenv("GITORCH_SIGNALS", str(tmp_path / "signals"))
    terminal()
    hook.hook(["Stop"])
    monkeypatch.setattr(sys, "stdin", None)
    hook.hook(["Stop"])
    assert [json.loads(line)["text"] for line in (tmp_path / "signals").read_text().splitlines()] == ["", ""]


def test_a_report_leaves_out_the_values_of_secret_variables_alone():
    environ = {
        "PATH": "/usr/bin:/opt/tool",
        "API_KEY": "k-123456",
        "my_token": "t-1234567",
        "LONG_SECRET": "t-12345678",
    }
    text = "ran in /usr/bin:/opt/tool with k-123456, t-1234567, t-12345678 and nonce-7"
    assert bug.without_secrets(text, environ, ("verdict", "--nonce", "nonce-7")) == (
        "ran in /usr/bin:/opt/tool with [left out], [left out], [left out] and [left out]"
    )
    assert bug.without_secrets("abcde", {"A_KEY": "abcde"}) == "abcde", "too short to be a secret"
    assert bug.without_secrets("abcdef", {"A_KEY": "abcdef"}) == "[left out]"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_bug_is_named_even_where_no_report_can_be_written(stage, monkeypatch, form):
    monkeypatch.setattr(bug, "write_report", lambda *_: "")
    stage.broken = ValueError("odd")
    answer = stage.gitorch("status", *form)
    assert answer.status == 70
    if form:
        error = json.loads(answer.out)["error"]
        assert error == {"code": "bug", "message": "gitorch has a bug: ValueError: odd", "hint": "", "where": ""}
    else:
        assert answer.err == "gitorch: gitorch has a bug: ValueError: odd\n  no report could be written\n"


@pytest.mark.parametrize(
    ("file", "began", "words"),
    [
        (trouble.__file__, float("inf"), "gitorch has a bug: ValueError: odd"),
        (
            trouble.__file__,
            0.0,
            "gitorch was installed anew while this ran, so leave this and start it again (ValueError: odd)",
        ),
        (
            "/nowhere/bug.py",
            float("inf"),
            "gitorch was installed anew while this ran, so leave this and start it again (ValueError: odd)",
        ),
    ],
    ids=["older than the call", "written since", "removed since"],
)
def test_an_error_after_an_upgrade_is_not_called_a_bug(monkeypatch, file, began, words):
    monkeypatch.setattr(trouble, "__file__", file)
    assert trouble.bug_sentence("ValueError: odd", began) == words


def test_a_step_of_the_loop_that_fails_after_an_upgrade_is_not_called_a_bug(monkeypatch):
    assert trouble.trouble(ValueError("odd")).message.startswith("gitorch has a bug: ValueError: odd")
    monkeypatch.setattr(trouble, "__file__", "/nowhere/trouble.py")
    assert trouble.trouble(ValueError("odd")).message.startswith(f"{REPLACED} (ValueError: odd")


def test_the_call_says_when_it_began(stage, monkeypatch):
    monkeypatch.setattr(trouble, "BEGAN", 0.0)
    stage.broken = ValueError("odd")
    assert "gitorch has a bug: ValueError: odd" in stage.gitorch("status").err


def test_a_process_whose_files_are_gone_says_so_without_a_traceback(stage, monkeypatch):
    monkeypatch.setitem(sys.modules, "gitorch.cli.bug", None)
    stage.broken = ModuleNotFoundError("No module named 'gitorch.x'")
    answer = stage.gitorch("status")
    assert answer.status == 70
    assert answer.err == f"gitorch: {REPLACED} (ModuleNotFoundError: No module named 'gitorch.x')\n"


def test_an_agent_is_told_to_hold_where_the_ledger_is_damaged(stage):
    from gitorch.cli.boundary import HOLD
    from gitorch.errors import Corrupt

    stage.begin_run().launch("api")
    stage.broken = Corrupt("record 2 was changed", "gitorch recover", "abc1234")
    people = json.loads(stage.gitorch("status", "--json").out)["error"]
    assert (people["message"], people["hint"]) == ("record 2 was changed", "gitorch recover")
    agents = json.loads(stage.as_agent("api").gitorch("status", "--json").out)["error"]
    assert (agents["message"], agents["hint"], agents["where"]) == (f"record 2 was changed {HOLD}", "", "abc1234")
