"""The process that runs one test command to its end: `python -m gitorch.world.check_runner FOLDER`.

It outlives gitorch, keeps the time limit, keeps the first and last of the output, writes `result.json` in one step, and
takes the checkout away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.errors import GitorchError
from gitorch.world import processes
from gitorch.world.clock import SystemClock
from gitorch.world.files import read_json, write_json
from gitorch.world.git.runner import GitRunner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from gitorch.world.processes import Process

VARIABLE = "GITORCH_CHECK"
"""In the environment of everything that a run starts, so that nothing of it is left behind."""

HALF_BYTES = 500_000
"""How much of the log is kept from its beginning, and as much from its end."""

TAIL_LINES = 30
BLOCK = 65_536
DRAIN_SECONDS = 5.0


def record(source: BinaryIO, log: BinaryIO) -> None:
    """Copy output until it ends: the first `HALF_BYTES` as they come, then the last, with a line about what lies between."""
    room, last, held, left_out = HALF_BYTES, deque[bytes](), 0, 0
    while block := os.read(source.fileno(), BLOCK):
        first, rest = block[:room], block[room:]
        room -= len(first)
        log.write(first)
        log.flush()
        if rest:
            last.append(rest)
            held += len(rest)
        while last and held - len(last[0]) >= HALF_BYTES:
            held -= len(last[0])
            left_out += len(last.popleft())
    if left_out:
        log.write(f"\n[gitorch left out {left_out} bytes here]\n".encode())
    for block in last:
        log.write(block)
    log.flush()


def run(folder: Path, spec: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    """Run the command in its own process group; what came of it. Nothing that it started is left afterwards."""
    began = time.monotonic()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", spec["command"]],
            cwd=spec["cwd"],
            env={**env, VARIABLE: str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        reader = threading.Thread(target=record, args=(process.stdout, log), daemon=True)
        reader.start()
        try:
            status = process.wait(timeout=spec["wait_seconds"])
        except subprocess.TimeoutExpired:
            status = None
        seconds = time.monotonic() - began
        _end(folder, process.pid)
        process.wait()
        reader.join(DRAIN_SECONDS)
    outcome = "timed-out" if status is None else "passed" if status == 0 else "failed"
    return {"outcome": outcome, "exit_status": status, "seconds": round(seconds, 3)}


def _end(folder: Path, root: int) -> None:
    """End what is left: the command itself after the time limit, and whatever it put in the background."""

    def find(everything: Mapping[int, Process]) -> set[int]:
        group = {pid for pid, one in everything.items() if one.group == root}
        return (group | processes.marked(VARIABLE, str(folder))) - {os.getpid()}

    processes.end(find, SystemClock())


def remove_checkout(path: Path, env: Mapping[str, str]) -> None:
    """Take the checkout away; what the command wrote there is nobody's work."""
    with contextlib.suppress(GitorchError):
        GitRunner(path, env, SystemClock()).run("worktree", "remove", "--force", "--force", "--", str(path))
    shutil.rmtree(path, ignore_errors=True)


def main() -> int:
    """Run what `spec.json` says; the exit status is 0 whenever a result was written."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    spec = read_json(folder / "spec.json")
    if spec is None:
        return 1
    env = {name: value for name, value in os.environ.items() if name not in {VARIABLE, "PYTHONPATH"}}
    if sys.argv[2]:
        env["PYTHONPATH"] = sys.argv[2]
    result = run(folder, spec, env)
    write_json(folder / "result.json", result)
    remove_checkout(Path(spec["cwd"]), env)
    return 0


if __name__ == "__main__":
    sys.exit(main())
