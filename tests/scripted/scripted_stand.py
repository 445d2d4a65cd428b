"""A `gitorch` that only records and answers, and a real terminal to run the scripted agent in."""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from waiting import LIMIT_SECONDS

from gitorch.scripted.__main__ import main
from gitorch.scripted.brief import Brief
from gitorch.scripted.catalogue import ACTS
from gitorch.scripted.client import GitorchClient
from gitorch.scripted.console import Console
from gitorch.scripted.context import TurnContext
from gitorch.scripted.script import parse
from gitorch.scripted.worktree import Worktree

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
BRIEF_LINE = "Read .gitorch/brief.md and do what it says."
NONCE = "n0nce"
FILES_MAX = 1024
"""More than a test process has open."""

# The line of the interpreter takes no path with blanks, so the shell starts it; to Python the same lines are a text.
FAKE_GITORCH = """#!/bin/sh
'''exec' "{python}" -IS "$0" "$@"
' '''
import fcntl, json, os, sys
folder = {folder!r}
words = sys.argv[1:]
text = sys.stdin.read() if words[0] == "hook" else ""
with open(folder + "/calls.jsonl", "a+") as log:
    fcntl.flock(log, fcntl.LOCK_EX)
    log.seek(0)
    before = sum(json.loads(line)["words"][0] == words[0] for line in log)
    log.write(json.dumps({{"words": words, "text": text}}) + "\\n")
with open(folder + "/answers.json") as file:
    answers = json.load(file)
replies = answers["replies"].get(words[0], [])
if words[0] == "brief" and not replies:
    print(json.dumps({{"ok": True, "brief": answers["brief"]}}))
    sys.exit(0)
status, said = replies[min(before, len(replies) - 1)] if replies else (0, "ok " + words[0])
print(said)
sys.exit(status)
"""


class FakeGitorch:
    """A `gitorch` on PATH that logs every call; `brief` and `replies` say what it answers, the last reply for ever."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.brief = {
            "job": "api",
            "kind": "build",
            "title": "The API",
            "attempt": 1,
            "nonce": NONCE,
            "text": "Build the API.",
        }
        self.replies: dict[str, list[tuple[int, str]]] = {}
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        program = self.bin / "gitorch"
        program.write_text(FAKE_GITORCH.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        self.save()

    def save(self) -> None:
        fresh = self.folder / "answers.new"
        fresh.write_text(json.dumps({"brief": self.brief, "replies": self.replies}))
        fresh.replace(self.folder / "answers.json")

    def calls(self, verb: str) -> list[list[str]]:
        """The words after the verb of every call so far."""
        return [call["words"][1:] for call in self._log() if call["words"][0] == verb]

    def hooks(self) -> list[tuple[str, str]]:
        return [(call["words"][1], call["text"]) for call in self._log() if call["words"][0] == "hook"]

    def _log(self) -> list[dict]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def agent(*arguments: str) -> Callable[[], int]:
    """The scripted agent with these arguments, for a process that has imported it: 0.1 s less of the processor each time.

    `test_scripted_tmux` starts it as a program.
    """
    return lambda: main(list(arguments))


class Terminal:
    """A program in a process and a pseudo terminal of its own; everything it printed is in `output`."""

    def __init__(self, program: Callable[[], int], cwd: Path, env: dict[str, str], columns: int = 100) -> None:
        self.output = ""
        self.status: int | None = None
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            become(program, env)
        self.resize(columns)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

    def send(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def paste(self, text: str) -> None:
        self.send(f"\x1b[200~{text}\x1b[201~")

    def until(self, sign, since: int = 0, seconds: float = LIMIT_SECONDS) -> None:
        """Read what the program prints until a condition holds, or until a regular expression is found after `since`."""
        holds = sign if callable(sign) else lambda: re.search(sign, self.output[since:])
        limit = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < limit, f"{sign} not seen in time; printed so far:\n{self.output}"
            self._read(0.05)

    def until_ready(self, since: int = 0) -> None:
        """Until the prompt is there again, with its title after `since`."""
        self.until(lambda: self.output.rfind("✳ ready") >= since and self.row() == "❯ ")

    def until_over(self, seconds: float = LIMIT_SECONDS) -> int:
        """Until the program has ended; its exit status, or minus the signal's number."""
        self.until(self._is_over, seconds=seconds)
        assert self.status is not None
        return self.status

    def row(self) -> str:
        """What stands in the live row."""
        return re.sub(r"\x1b\][^\x07]*\x07", "", self.output.rpartition("\x1b[J")[2])

    def shown(self) -> str:
        """The output without escape sequences."""
        return re.sub(r"\x1b(\][^\x07]*\x07|\[[0-9;?]*[A-Za-z])", "", self.output).replace("\r", "")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it, if it has not ended, and whatever it started."""
        if self.status is None:
            os.killpg(self.pid, number)
            self.until_over()

    def close(self) -> None:
        self.kill()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _is_over(self) -> bool:
        pid, raw = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self._read(0)
            self.status = os.waitstatus_to_exitcode(raw)
        return bool(pid)

    def _read(self, seconds: float) -> None:
        if select.select([self._master], [], [], seconds)[0]:
            try:
                self.output += os.read(self._master, 1 << 16).decode(errors="replace")
            except OSError:
                select.select([], [], [], 0.005)  # the other end is closed: only the exit is left to come


def become(program: Callable[[], int], env: dict[str, str]) -> None:
    """Be this program in a forked process, with nothing of the tests but their modules. Never returns."""
    status = 70
    try:
        faulthandler.disable()
        os.closerange(3, FILES_MAX)
        os.environ.clear()
        os.environ.update(env)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
        status = program()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 the process ends here, and says why
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def git(cwd: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def environment(fake: FakeGitorch, script: Path, *, signals: bool = True) -> dict[str, str]:
    env = {
        "PATH": f"{fake.bin}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(fake.folder),
        "LC_ALL": "C.UTF-8",
        "TMUX_TMPDIR": os.environ.get("TMUX_TMPDIR", tempfile.gettempdir()),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GITORCH_SCRIPT": str(script),
        "GITORCH_JOB": "api",
    }
    return env | ({"GITORCH_SIGNALS": str(fake.folder / "signals.jsonl")} if signals else {})


def script_of(text: str):
    return parse(text, "agents.toml", ACTS)


def steps_of(text: str):
    """Steps written as inline tables, one or more lines each, in a turn of their own."""
    tables = re.sub(r"^(\s*)\{", r"\1,{", text.strip(), flags=re.MULTILINE).lstrip(",")
    return script_of("[[turn]]\nstep = [" + tables + "]\n").turns[0].steps


def context_of(repo: Path, fake: FakeGitorch, prompt: str = "brief") -> TurnContext:
    """A context at a terminal that nobody looks at and nobody types into."""
    fake.save()
    keyboard, _ = os.pipe()
    gitorch = GitorchClient()
    brief = gitorch.brief()
    assert isinstance(brief, Brief), brief
    return TurnContext(Console(keyboard, os.open(os.devnull, os.O_WRONLY)), Worktree(repo), gitorch, brief, prompt)
