"""What is read of a session that is gone: its output as far as it was text."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from world.terminal_lab import run_script, wait_for

from gitorch.world import processes
from gitorch.world.kept_output import redact_kept_output, without_secrets
from gitorch.world.terminal.launch import LOG_BYTES
from gitorch.world.terminal.session_files import SessionFolder, folder_of, readable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain\r\n\r\n  lines \r\n", "plain\n  lines"),
        ("\x1b[38;5;211mred\x1b[39m and \x1b[1mbold\x1b[22m", "red and bold"),
        ("\x1b[2GFailed\x1b[9Gto\x1b[12Gconnect", " Failed to connect"),
        ("Failed\x1b[Cto\x1b[1Cconnect", "Failed to connect"),
        ("\x1b[H\x1b[2Jtop\x1b[12;4Hbelow\x1b[Elast", "top\nbelow\nlast"),
        ("\x1b]0;a title\x07\x1b]8;;https://example.invalid\x1b\\text\x1b]8;;\x1b\\", "text"),
        ("one\rtwo", "one\ntwo"),
        ("a\x00b\x7fc", "abc"),
        ("naïve 図 🙂", "naïve 図 🙂"),
        ("\x1b[?2004l\x1b(B\x1b7\x1b8\x1b[>4m", ""),
    ],
)
def test_text_is_left_of_what_a_terminal_was_sent(written: str, read: str) -> None:
    assert readable(written.encode()) == read


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert readable(b"caf\xe9") == "caf�"


TOKEN = "gh" + "p_" + "a1B2" * 9


def test_a_secret_is_taken_out_of_kept_output_and_no_other_byte_changes():
    before = f"\x1b[1mtoken\x1b[m {TOKEN}\r\n".encode() + b"\xff\x00end"
    assert without_secrets(before) == b"\x1b[1mtoken\x1b[m [redacted: a GitHub token]\r\n\xff\x00end"
    assert (
        without_secrets(b"\x1b[1m no secret: https://example.invalid \xff")
        == b"\x1b[1m no secret: https://example.invalid \xff"
    )


def test_a_secret_with_control_sequences_within_leaves_plain_text():
    torn = f"\x1b[1m{TOKEN[:12]}\x1b[32m{TOKEN[12:]}\x1b[m done\r\nnext".encode()
    assert without_secrets(torn) == b"[redacted: a GitHub token] done\nnext"


def test_what_is_read_of_kept_output_holds_no_secret(tmp_path):
    (tmp_path / "output.tail").write_text(f"a\n{TOKEN}\n")
    assert SessionFolder(tmp_path).output_tail(5) == "a\n[redacted: a GitHub token]"


def test_kept_output_is_rewritten_once_and_readable_by_its_owner_alone(tmp_path):
    for name in ("output.log", "output.tail"):
        (tmp_path / name).write_text(f"{name} {TOKEN}\n")
    redact_kept_output(tmp_path)
    once = {path.name: (path.read_text(), path.stat().st_ino) for path in tmp_path.iterdir()}
    redact_kept_output(tmp_path)
    assert {path.name: (path.read_text(), path.stat().st_ino) for path in tmp_path.iterdir()} == once
    assert {text for text, _ in once.values()} == {f"{name} [redacted: a GitHub token]\n" for name in once}
    assert set(once) == {"output.log", "output.tail"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_the_last_output_is_kept_although_its_recorder_had_no_time_to_read_it(lab):
    key = run_script(lab, "until test -e go; do sleep 0.05; done; seq 1 99999; echo the last words; sleep 600")
    recorder = wait_for(lambda: [pid for pid in processes.table() if processes.command(pid) == f"head -c {LOG_BYTES}"])
    mine = [pid for pid in recorder if str(lab.home) in processes.command(processes.table()[pid].parent)]
    os.kill(mine[0], signal.SIGSTOP)
    (lab.cwd / "go").touch()
    wait_for(lambda: "the last words" in lab.terminals.screen(key))
    threading.Timer(0.5, os.kill, (mine[0], signal.SIGCONT)).start()
    lab.terminals.stop(key)
    assert wait_for(lambda: b"the last words" in (folder_of(lab.home, key).path / "output.log").read_bytes())


def test_nothing_is_written_where_no_output_was_kept(tmp_path):
    redact_kept_output(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_taken_out_of_the_output_once_the_session_is_over(lab):
    key = run_script(lab, f"echo the token {TOKEN}; seq 1 300000; echo again {TOKEN}; sleep 600")
    wait_for(lambda: "again" in lab.terminals.screen(key))
    folder = folder_of(lab.home, key).path
    lab.terminals.stop(key)
    wait_for(lambda: b"again [redacted" in (folder / "output.tail").read_bytes())
    assert (folder / "output.log").read_bytes().startswith(b"the token [redacted: a GitHub token]")
    assert TOKEN.encode() not in (folder / "output.log").read_bytes() + (folder / "output.tail").read_bytes()
