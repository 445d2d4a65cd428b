"""The command that tells people: real processes, never waited for, ended in time, its failure said once."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from waiting import until

from gitorch.model.ids import RunId
from gitorch.world.notices import CommandNotices

RUN = RunId("auth-7f3a")


def notices(tmp_path: Path, *argv: str, seconds: int = 5) -> CommandNotices:
    return CommandNotices(tmp_path / "home", argv, seconds, {**os.environ, "GITORCH_TOKEN": "secret"})


def script(tmp_path: Path, text: str) -> tuple[str, str]:
    path = tmp_path / "told.py"
    path.write_text(text, encoding="utf-8")
    return sys.executable, str(path)


KEEP = """
import os, sys
with open({out!r}, "ab") as out:
    out.write(sys.stdin.buffer.read() + b"|" + " ".join([*sys.argv[1:], *(n for n in os.environ if n.startswith("GITORCH"))]).encode() + b"\\n")
"""


def test_the_command_gets_json_on_its_input_and_its_words_untouched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = notices(tmp_path, *script(tmp_path, KEEP.format(out=str(out))), "$HOME; rm -rf x", "ü")
    told.tell(RUN, "q1-0", {"text": 'Which "name"? 図', "run": RUN})
    until(out.exists)
    until(lambda: out.read_bytes().endswith(b"\n"))
    data, _, words = out.read_text(encoding="utf-8").rpartition("|")
    assert json.loads(data) == {"text": 'Which "name"? 図', "run": RUN}
    assert words == "$HOME; rm -rf x ü\n", "no shell reads it, and no secret is passed on"


def test_each_notice_is_told_once_whoever_asks(tmp_path: Path) -> None:
    out = tmp_path / "out"
    argv = script(tmp_path, KEEP.format(out=str(out)))
    assert notices(tmp_path, *argv).told(RUN) == frozenset()
    for _ in range(3):
        notices(tmp_path, *argv).tell(RUN, "q1-0", {})
    notices(tmp_path, *argv).tell(RUN, "q1-1", {})
    assert notices(tmp_path, *argv).told(RUN) == {"q1-0", "q1-1"}
    until(lambda: out.exists() and out.read_bytes().count(b"|\n") == 2)


def test_without_a_command_nobody_is_told(tmp_path: Path) -> None:
    quiet = notices(tmp_path)
    assert quiet.told(RUN) is None
    quiet.tell(RUN, "q1-0", {})
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("text", "seconds", "why"),
    [
        ("import sys; sys.exit('no display')", 5, "exited with 1: no display"),
        ("import time; time.sleep(60)", 1, "took longer than 1 s and was ended"),
    ],
)
def test_a_failure_is_said_once_until_the_command_works_again(
    tmp_path: Path, text: str, seconds: int, why: str
) -> None:
    told = notices(tmp_path, *script(tmp_path, text), seconds=seconds)
    told.tell(RUN, "q1-0", {})
    assert "sleep" not in text or told._runners[-1].poll() is None, "nobody waits for it"
    assert why in until(told.failure)
    told.tell(RUN, "q2-0", {})
    until(lambda: all(runner.poll() is not None for runner in told._runners))
    assert told.failure() == ""
    script(tmp_path, "pass")
    told.tell(RUN, "q3-0", {})
    until(lambda: not list((tmp_path / "home" / "notices").glob("failure*")))
    script(tmp_path, text)
    told.tell(RUN, "q4-0", {})
    assert why in until(told.failure)


def test_a_program_that_is_not_there_is_a_failure_like_any_other(tmp_path: Path) -> None:
    told = notices(tmp_path, "no-such-program-here")
    told.tell(RUN, "q1-0", {})
    assert "no-such-program-here cannot be run: No such file or directory" in until(told.failure)


def test_what_the_command_started_is_ended_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = f"import subprocess, time; p = subprocess.Popen(['sleep', '60']); open({str(pid)!r}, 'w').write(str(p.pid)); time.sleep(60)"
    told = notices(tmp_path, *script(tmp_path, text), seconds=1)
    told.tell(RUN, "q1-0", {})
    until(told.failure)
    child = int(pid.read_text())

    def gone() -> bool:
        try:
            return Path(f"/proc/{child}/stat").read_text().split()[2] == "Z"
        except OSError:
            return True

    until(gone)
