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


ANSWER_BYTES_MAX = 64_000
POLL_SECONDS = 0.1
FIXED_WORDS = 2


def hook(words: list[str]) -> None:
    """Append one line to the file that GITORCH_SIGNALS names; do nothing if that fails.

    With a number of seconds as second word, it then waits for so long for an answer to what it was called for, and prints it.
    """
    if words == ["context"]:
        from gitorch.cli.context import print_context

        print_context()
        return

    path = os.environ.get("GITORCH_SIGNALS", "")
    if not path:
        return

    event = ""
    if words:
        event = words[0]

    seconds = _seconds(words)
    if not seconds:
        _append(path, {"event": event, "text": _text()})
        return

    request = os.urandom(8).hex()
    if _append(path, {"event": event, "text": _text(), "id": request, "wait": seconds}):
        _await_answer(path, request, seconds)


def _seconds(words: list[str]) -> int:
    """For how long to wait for an answer; 0 for not at all."""
    if len(words) < FIXED_WORDS or not words[1].isdecimal():
        return 0

    return int(words[1])


def _append(path: str, signal: dict[str, object]) -> bool:
    """Append one line of JSON with the time in milliseconds; false where that fails.

    One write in append mode keeps the lines of hooks apart that run at the same time. ASCII keeps a line valid whatever the terminal's
    encoding is.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except (OSError, ValueError):
        return False

    line = json.dumps({"at": time.time_ns() // 1_000_000, **signal}).encode("ascii") + b"\n"
    try:
        os.write(descriptor, line)
    except OSError:
        return False
    finally:
        os.close(descriptor)

    return True


def _await_answer(path: str, request: str, seconds: int) -> None:
    """Print the answer that appears beside the file of signals, and say so there; an empty one, or none in time, prints nothing."""
    place = os.path.join(os.path.dirname(path), "answers", request)  # noqa: PTH118, PTH120  importing pathlib costs 5 ms
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            time.sleep(POLL_SECONDS)
            continue

        answer = os.read(descriptor, ANSWER_BYTES_MAX)
        os.close(descriptor)
        os.write(1, answer)
        if answer:
            _append(path, {"event": "answered", "text": request})

        return


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
