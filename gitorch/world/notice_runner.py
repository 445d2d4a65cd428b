"""The process that runs one notification to its end: `python -I notice_runner.py SECONDS NOTICE FAILURE WORD…`.

It outlives gitorch, gives the command its JSON on standard input, and ends it with everything it started when the time is
over. What went wrong is left in FAILURE; what works again takes that away. Stands alone: it starts in 20 ms.
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
    """Run the command, and keep why it failed until it has been said."""
    said = Path(f"{failure}.said")
    why = outcome(float(seconds), Path(notice), list(argv))
    if not why:
        Path(failure).unlink(missing_ok=True)
        said.unlink(missing_ok=True)
    elif not said.exists():
        aside = Path(f"{failure}.{os.getpid()}")
        aside.write_text(why, encoding="utf-8")
        aside.replace(failure)


def outcome(seconds: float, notice: Path, argv: list[str]) -> str:
    """Why the command failed, in words; empty when it did not."""
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
        _end(process)
        return f"{argv[0]} took longer than {seconds:g} s and was ended"
    tail = errors.decode("utf-8", "replace").strip()[-TAIL_CHARACTERS:]
    return f"{argv[0]} exited with {process.returncode}: {tail}".rstrip(": ") if process.returncode else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group; what left it on purpose is not ours."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
