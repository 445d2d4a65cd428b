"""The process that runs one notification command: `python -I notice_runner.py SECONDS NOTICE FAILURE WORD…`.

It outlives gitorch, gives the command the notice as JSON on standard input, and ends it with everything it started when
the time is over. It writes a failure to FAILURE, and removes that file after the next success. It imports nothing of
gitorch, so that it starts in 20 ms.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

TAIL_CHARACTERS = 400


def main(seconds: str, notice: str, failure: str, *argv: str) -> None:
    """Run the command, and keep the reason of its failure until gitorch has reported it."""
    reported = Path(f"{failure}.reported")
    reason = failure_reason(float(seconds), Path(notice), list(argv))
    if not reason:
        Path(failure).unlink(missing_ok=True)
        reported.unlink(missing_ok=True)
    elif not reported.exists():
        temporary = Path(f"{failure}.{os.getpid()}")
        temporary.write_text(reason, encoding="utf-8")
        temporary.replace(failure)


def failure_reason(seconds: float, notice: Path, argv: list[str]) -> str:
    """Run the command, and say why it failed; empty when it succeeded."""
    try:
        with notice.open("rb") as data:
            process = subprocess.Popen(
                argv, stdin=data, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
            )
    except OSError as error:
        return f"{argv[0]} cannot be run: {error.strerror}"
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _kill_group(process)
        return f"{argv[0]} took longer than {seconds:g} s and was ended"
    if process.returncode == 0:
        return ""
    tail = errors.decode("utf-8", "replace").strip()[-TAIL_CHARACTERS:]
    return f"{argv[0]} exited with {process.returncode}: {tail}".rstrip(": ")


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the command's process group; a process that left the group is not ours to kill."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
