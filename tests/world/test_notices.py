"""The notification command: real processes that nobody waits for, ended in time, with each failure reported once."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from waiting import until

from gitorch.model.ids import RunId
from gitorch.world.notices import CommandNotices, is_quiet
from gitorch.world.terminal.ringing import sequences

RUN = RunId("auth-7f3a")


def notices(tmp_path: Path, *argv: str, seconds: int = 5) -> CommandNotices:
    return CommandNotices(tmp_path / "home", argv, seconds, {**os.environ, "GITORCH_TOKEN": "secret"})


def script(tmp_path: Path, text: str) -> tuple[str, str]:
    path = tmp_path / "notify.py"
    path.write_text(text, encoding="utf-8")
    return sys.executable, str(path)


KEEP = """
import os, sys
with open({out!r}, "ab") as out:
    out.write(sys.stdin.buffer.read() + b"|" + " ".join([*sys.argv[1:], *(n for n in os.environ if n.startswith("GITORCH") and n != "GITORCH_STARTED_FOR")]).encode() + b"\\n")
"""


def test_the_command_gets_json_on_standard_input_and_its_arguments_unchanged(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sender = notices(tmp_path, *script(tmp_path, KEEP.format(out=str(out))), "$HOME; rm -rf x", "ü")
    sender.send(RUN, "q1-0", {"text": 'Which "name"? 図', "run": RUN})
    until(out.exists)
    until(lambda: out.read_bytes().endswith(b"\n"))
    data, _, words = out.read_text(encoding="utf-8").rpartition("|")
    assert json.loads(data) == {"text": 'Which "name"? 図', "run": RUN, "link": ""}
    assert words == "$HOME; rm -rf x ü\n", "no shell reads it, and no secret is passed on"


def test_each_notice_is_sent_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    argv = script(tmp_path, KEEP.format(out=str(out)))
    assert notices(tmp_path, *argv).sent(RUN) == frozenset()
    for _ in range(3):
        notices(tmp_path, *argv).send(RUN, "q1-0", {})
    notices(tmp_path, *argv).send(RUN, "q1-1", {})
    assert notices(tmp_path, *argv).sent(RUN) == {"q1-0", "q1-1"}
    until(lambda: out.exists() and out.read_bytes().count(b"|\n") == 2)


def test_without_a_command_nothing_is_sent(tmp_path: Path) -> None:
    quiet = notices(tmp_path)
    assert quiet.sent(RUN) is None
    quiet.send(RUN, "q1-0", {})
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("text", "seconds", "why"),
    [
        ("import sys; sys.exit('no display')", 5, "exited with 1: no display"),
        ("import time; time.sleep(60)", 1, "took longer than 1 s and was ended"),
    ],
)
def test_a_failure_is_reported_once_until_the_command_works_again(
    tmp_path: Path, text: str, seconds: int, why: str
) -> None:
    sender = notices(tmp_path, *script(tmp_path, text), seconds=seconds)
    sender.send(RUN, "q1-0", {})
    assert "sleep" not in text or sender._runners[-1].poll() is None, "nobody waits for it"
    assert why in until(sender.failure)
    sender.send(RUN, "q2-0", {})
    until(lambda: all(runner.poll() is not None for runner in sender._runners))
    assert sender.failure() == ""
    script(tmp_path, "pass")
    sender.send(RUN, "q3-0", {})
    until(lambda: not list((tmp_path / "home" / "notices").glob("failure*")))
    script(tmp_path, text)
    sender.send(RUN, "q4-0", {})
    assert why in until(sender.failure)


def test_a_missing_program_is_a_failure_like_any_other(tmp_path: Path) -> None:
    sender = notices(tmp_path, "no-such-program-here")
    sender.send(RUN, "q1-0", {})
    assert "no-such-program-here cannot be run: No such file or directory" in until(sender.failure)


def test_processes_that_the_command_started_are_ended_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = f"import subprocess, time; p = subprocess.Popen(['sleep', '60']); open({str(pid)!r}, 'w').write(str(p.pid)); time.sleep(60)"
    sender = notices(tmp_path, *script(tmp_path, text), seconds=1)
    sender.send(RUN, "q1-0", {})
    until(sender.failure)
    child = int(pid.read_text())

    def gone() -> bool:
        try:
            return Path(f"/proc/{child}/stat").read_text().split()[2] == "Z"
        except OSError:
            return True

    until(gone)


def at(clock: str) -> time.struct_time:
    return time.strptime(clock, "%H:%M")


@pytest.mark.parametrize(
    ("quiet", "clock", "is_it"),
    [
        ((0, 0), "00:00", False),
        ((22 * 60, 7 * 60), "21:59", False),
        ((22 * 60, 7 * 60), "22:00", True),
        ((22 * 60, 7 * 60), "03:30", True),
        ((22 * 60, 7 * 60), "06:59", True),
        ((22 * 60, 7 * 60), "07:00", False),
        ((12 * 60, 13 * 60 + 30), "13:29", True),
        ((12 * 60, 13 * 60 + 30), "13:30", False),
        ((12 * 60, 13 * 60 + 30), "11:59", False),
    ],
)
def test_quiet_hours_may_last_over_midnight(quiet: tuple[int, int], clock: str, is_it: bool) -> None:
    assert is_quiet(quiet, at(clock)) is is_it


def test_in_quiet_hours_nothing_is_to_be_sent_and_afterwards_what_still_waits_is(tmp_path: Path) -> None:
    minute = time.localtime().tm_hour * 60 + time.localtime().tm_min
    argv = ("true",)
    around, later = ((minute - 2) % 1440, (minute + 2) % 1440), ((minute + 5) % 1440, (minute + 9) % 1440)
    assert CommandNotices(tmp_path, argv, 5, os.environ, around).sent(RUN) is None
    assert CommandNotices(tmp_path, argv, 5, os.environ, later).sent(RUN) == frozenset()


def test_a_notice_carries_the_link_of_its_run_and_rings_terminals_without_a_command(tmp_path: Path) -> None:
    rung: list[str] = []
    sender = CommandNotices(tmp_path, (), 5, os.environ, link="http://host/runs/{run}", ring=rung.append)
    assert sender.sent(RUN) == frozenset()
    for _ in range(2):
        sender.send(RUN, "q1-0", {"text": "Which cookie?"})
    assert rung == [f"gitorch {RUN}: Which cookie?"]
    sender.send(RUN, "q2-0", {})
    assert rung[1:] == [f"gitorch {RUN}: "]
    assert json.loads((tmp_path / "notices" / RUN / "q1-0.json").read_text())["link"] == f"http://host/runs/{RUN}"


def test_nothing_in_a_text_can_end_the_sequence_that_carries_it() -> None:
    data = sequences("Which\x07\x1b]0;title\x07 cookie;\nname? " + "x" * 400)
    bell, nine, more, end = data.split(b"\a")
    assert (bell, end) == (b"", b"")
    assert nine.startswith(b"\x1b]9;Which")
    assert more.startswith(b"\x1b]777;notify;gitorch;Which")
    assert data.count(b"\x1b") == 2
    assert data.count(b";") == 1 + 3
    assert len(nine) < 250
