"""The process that sets up a checkout and runs one command in it: `python -m gitorch.world.check_runner SOCKET PYTHONPATH`, with a JSON spec on stdin.

It delivers the result, with the output that it read itself, through a socket that it shares with the gitorch that started
it. Nothing else can write there: unlike a file or a pipe, a socket of another process cannot be opened. When that gitorch
ends, the socket closes, and the runner ends the command and delivers nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.plans.preparation import NOT_SET_UP
from gitorch.model.values import Value, field
from gitorch.world import processes, reaper
from gitorch.world.clock import SystemClock
from gitorch.world.preparing import copy_files, link_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from gitorch.world.process import Process

VARIABLE = "GITORCH_CHECK"
"""In the environment of everything that a run starts, so that all of it can be found and ended."""

HALF_BYTES = 500_000
"""How much of the output is kept from its beginning, and as much from its end."""

TAIL_LINES = 30
PASSED = "passed"
BLOCK = 65_536
DRAIN_SECONDS = 5.0
POLL_SECONDS = 0.25
"""How long it takes at most until the runner notices that its gitorch has ended."""


class Spec(Value):
    """What a runner has to do."""

    command: str
    """Empty for a run that only sets up."""
    cwd: str
    wait_seconds: float
    folder: str
    """The run's folder, for the log that people can follow while the command runs."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the environment has beside that of gitorch."""
    setup: str = ""
    """The command that makes the checkout ready; without success nothing else is run."""
    setup_wait_seconds: float = 0
    root: str = ""
    """Where copies and links come from."""
    copies: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


class Output:
    """The output of the command as it is read: the first `HALF_BYTES`, then the last ones, and what was left out between."""

    def __init__(self) -> None:
        self._first = bytearray()
        self._last: deque[bytes] = deque()
        self._last_bytes = 0
        self._left_out = 0

    def copy(
        self,
        source: BinaryIO,
        log: BinaryIO,
    ) -> None:
        """Read until the output ends, and write its beginning to a log as it comes, then its end."""
        while block := os.read(source.fileno(), BLOCK):
            self.add(block, log)
        log.write(self.end())
        log.flush()

    def add(
        self,
        block: bytes,
        log: BinaryIO,
    ) -> None:
        """Keep a part of the output, and write it to a log while that has room."""
        room = max(HALF_BYTES - len(self._first), 0)
        log.write(block[:room])
        log.flush()
        self._first += block[:room]
        self._keep_last(block[room:])

    def _keep_last(self, block: bytes) -> None:
        if not block:
            return
        self._last.append(block)
        self._last_bytes += len(block)
        while self._last_bytes - len(self._last[0]) >= HALF_BYTES:
            dropped = self._last.popleft()
            self._last_bytes -= len(dropped)
            self._left_out += len(dropped)

    def end(self) -> bytes:
        """What is kept beyond the first `HALF_BYTES`, after a line about what was left out."""
        gap = b""
        if self._left_out:
            gap = f"\n[gitorch left out {counted(self._left_out, 'byte')} here]\n".encode()
        return gap + b"".join(self._last)

    def kept(self) -> bytes:
        """All that is kept."""
        return bytes(self._first) + self.end()


class Outcome(Value):
    """How a test command ended."""

    outcome: str
    """`passed`, `failed`, `timed-out`, or `not-set-up`."""
    exit_status: int | None
    """None when the time limit ended it."""
    seconds: float


class _Work:
    """The commands of one run, with the output of all of them."""

    def __init__(
        self,
        spec: Spec,
        env: Mapping[str, str],
        parent: socket.socket,
        log: BinaryIO,
    ) -> None:
        self.spec, self.parent, self.log = spec, parent, log
        self.env = {**env, **spec.variables, VARIABLE: spec.folder, reaper.STARTED_VARIABLE: "tests"}
        self.output = Output()

    def outcome(self) -> Outcome:
        """Set up the checkout, then run the command."""
        spec, began = self.spec, time.monotonic()
        reason = self._place_files()
        if reason:
            self.output.add(f"{reason}\n".encode(), self.log)
            return Outcome(NOT_SET_UP, None, 0.0)

        if spec.setup:
            outcome = self._command(spec.setup, spec.setup_wait_seconds)
            if outcome.outcome != PASSED:
                return Outcome(NOT_SET_UP, outcome.exit_status, outcome.seconds)

        if spec.command:
            return self._command(spec.command, spec.wait_seconds)
        return Outcome(PASSED, 0, round(time.monotonic() - began, 3))

    def _place_files(self) -> str:
        """Copy and link what the checkout gets from the root; why that failed, empty when it did not."""
        root, checkout = Path(self.spec.root), Path(self.spec.cwd)
        try:
            copy_files(root, checkout, self.spec.copies)
            link_files(root, checkout, self.spec.links)
        except OSError as error:
            return str(error)
        return ""

    def _command(
        self,
        command: str,
        wait_seconds: float,
    ) -> Outcome:
        """Run a command in its own process group. Nothing that it started is left afterwards."""
        began = time.monotonic()
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self.spec.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        reader = threading.Thread(target=self.output.copy, args=(process.stdout, self.log), daemon=True)
        reader.start()
        status = _wait(process, began + wait_seconds, self.parent)
        seconds = time.monotonic() - began
        _end(self.spec.folder, process.pid)
        process.wait()
        reader.join(DRAIN_SECONDS)
        return Outcome(_outcome(status), status, round(seconds, 3))


def run(
    spec: Spec,
    env: Mapping[str, str],
    parent: socket.socket,
) -> tuple[Outcome, bytes] | None:
    """Set up the checkout and run the command; the outcome, and the output of both. Nothing that they started is left.

    None when the gitorch at the other end of the socket has ended.
    """
    with (Path(spec.folder) / "log").open("wb") as log:
        work = _Work(spec, env, parent, log)
        outcome = work.outcome()
    if _has_ended(parent):
        return None
    return outcome, work.output.kept()


def _wait(
    process: subprocess.Popen[bytes],
    limit: float,
    parent: socket.socket,
) -> int | None:
    """The exit status of the command; None when its time is over, or when our gitorch has ended."""
    while time.monotonic() < limit and not _has_ended(parent):
        try:
            return process.wait(timeout=min(POLL_SECONDS, max(limit - time.monotonic(), 0)))
        except subprocess.TimeoutExpired:
            continue
    return None


def _has_ended(parent: socket.socket) -> bool:
    """Whether the other end of the socket is closed. It never sends anything, so it is readable only then."""
    readable, _, _ = select.select([parent], [], [], 0)
    return bool(readable)


def _outcome(status: int | None) -> str:
    if status is None:
        return "timed-out"
    if status == 0:
        return PASSED
    return "failed"


def _end(folder: str, root: int) -> None:
    """End what is left: the command itself after the time limit, and everything it put in the background."""

    def find(everything: Mapping[int, Process]) -> set[int]:
        group = {pid for pid, one in everything.items() if one.group == root}
        return (group | processes.marked(VARIABLE, folder)) - {os.getpid()}

    processes.end(find, SystemClock())


def message(outcome: Outcome, output: bytes) -> bytes:
    """A result as the runner sends it: one line of JSON with the length of the output, then the output."""
    head = {"outcome": outcome.outcome, "exit_status": outcome.exit_status, "seconds": outcome.seconds}
    return json.dumps({**head, "bytes": len(output)}).encode() + b"\n" + output


def parse_message(data: bytes) -> tuple[Outcome, bytes] | None:
    """A result that arrived whole; None while a part of it is missing."""
    head, newline, output = data.partition(b"\n")
    if not newline:
        return None
    values = json.loads(head)
    if len(output) < values["bytes"]:
        return None
    return Outcome(values["outcome"], values["exit_status"], float(values["seconds"])), output


def _end_adopted() -> None:
    """End what left the command's family and was given to this process, such as a daemon with an environment of its own."""

    def find(everything: Mapping[int, Process]) -> set[int]:
        return processes.below([os.getpid()], everything)

    processes.end(find, SystemClock())


def main() -> int:
    """Run what the spec says and deliver the result; the exit status is 0 when it was delivered."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    parent = socket.socket(fileno=int(sys.argv[1]))
    parent.set_inheritable(False)
    spec = Spec(**json.load(sys.stdin))
    env = {name: value for name, value in os.environ.items() if name not in {VARIABLE, "PYTHONPATH"}}
    if sys.argv[2]:
        env["PYTHONPATH"] = sys.argv[2]
    reaper.mark_process()
    reaper.adopt_orphans()
    result = run(spec, env, parent)
    _end_adopted()
    if result is None:
        return 1
    return _deliver(parent, result)


def _deliver(parent: socket.socket, result: tuple[Outcome, bytes]) -> int:
    """Send the result to the parent; the exit status is 0 when it was delivered."""
    try:
        parent.sendall(message(*result))
    except OSError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
