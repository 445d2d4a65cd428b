"""`gitorch hook EVENT`: what a runtime calls from its own hooks. It costs a bare interpreter and never fails the agent.

Nothing but what is imported here is loaded, and `main` calls this before it imports click: an agent waits for its hooks.
"""

import json
import os
import sys
import time
from select import select

TEXT_BYTES_MAX = 64_000
"""Of the text on standard input; the rest is read and dropped, so that nobody who writes it gets a broken pipe."""

SILENCE_SECONDS = 1.0
"""How long standard input may say nothing without ending: some runtimes never close it."""


def hook(words: list[str]) -> None:
    """Append one line to the file that GITORCH_SIGNALS names; silent where that cannot be done.

    One write in append mode, so that lines of hooks that run at the same time never mix.
    """
    path = os.environ.get("GITORCH_SIGNALS", "")
    if not path:
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except (OSError, ValueError):
        return
    try:
        os.write(descriptor, _line(words[0] if words else "", _text()))
    except OSError:
        return
    finally:
        os.close(descriptor)


def _line(event: str, text: str) -> bytes:
    signal = {"at": time.time_ns() // 1_000_000, "event": event, "text": text}
    return json.dumps(signal).encode("ascii") + b"\n"


def _text() -> str:
    """What the runtime says on standard input; empty where it is a terminal, closed or missing."""
    try:
        return "" if sys.stdin is None or sys.stdin.isatty() else _heard(sys.stdin.fileno())
    except (OSError, ValueError):
        return ""


def _heard(descriptor: int) -> str:
    kept = b""
    while select([descriptor], [], [], SILENCE_SECONDS)[0] and (more := os.read(descriptor, TEXT_BYTES_MAX)):
        kept += more[: TEXT_BYTES_MAX - len(kept)]
    return kept.decode("utf-8", "replace")
