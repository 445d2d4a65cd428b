"""`gitorch hook EVENT`: the command in a runtime's hooks. It never fails the agent, and costs a bare interpreter.

It loads only the modules imported here, and `main` calls it before it imports click: an agent waits for its hooks.
"""

import json
import os
import sys
import time
from select import select

TEXT_BYTES_MAX = 64_000
"""Of the text on standard input; the rest is read and dropped, so that its writer gets no broken pipe."""

SILENCE_SECONDS = 1.0
"""After this time without input, the text is complete: some runtimes never close standard input."""


def hook(words: list[str]) -> None:
    """Append one line to the file that GITORCH_SIGNALS names; do nothing if that fails.

    One write in append mode keeps the lines of hooks apart that run at the same time.
    """
    path = os.environ.get("GITORCH_SIGNALS", "")
    if not path:
        return

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except (OSError, ValueError):
        return

    event = ""
    if words:
        event = words[0]

    try:
        os.write(descriptor, _line(event, _text()))
    except OSError:
        return
    finally:
        os.close(descriptor)


def _line(event: str, text: str) -> bytes:
    """One line of JSON with the time in milliseconds. ASCII keeps it valid whatever the terminal's encoding is."""
    signal = {"at": time.time_ns() // 1_000_000, "event": event, "text": text}
    return json.dumps(signal).encode("ascii") + b"\n"


def _text() -> str:
    """The runtime's text on standard input; empty if standard input is a terminal, closed or missing."""
    try:
        if sys.stdin is None or sys.stdin.isatty():
            return ""

        return _read_all(sys.stdin.fileno())
    except (OSError, ValueError):
        return ""


def _read_all(descriptor: int) -> str:
    """Everything until the end or until a silence."""
    kept = b""
    while select([descriptor], [], [], SILENCE_SECONDS)[0]:
        more = os.read(descriptor, TEXT_BYTES_MAX)
        if not more:
            break

        kept += more[: TEXT_BYTES_MAX - len(kept)]

    return kept.decode("utf-8", "replace")
