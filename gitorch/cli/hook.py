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

    if event == "status-line":
        show_status_line(path, _text())
        return

    seconds = _seconds(words)
    if not seconds:
        _append(path, {"event": event, "text": _text()})
        return

    request = os.urandom(8).hex()
    if _append(path, {"event": event, "text": _text(), "id": request, "wait": seconds}):
        _await_answer(path, request, seconds)


def show_status_line(path: str, text: str) -> None:
    """Keep what Claude Code tells its status line, beside the file of signals, and become the user's own status line.

    The first text of a session is kept too: the cost of a conversation that is resumed began in an earlier session.
    """
    place = os.path.join(os.path.dirname(path), "status-line")  # noqa: PTH118, PTH120  importing pathlib costs 5 ms
    for name in (f"{place}-first", place):
        if name == place or not os.path.exists(name):  # noqa: PTH110  the same
            _replace(name, text)

    command = _own_status_line(text)
    if not command or "gitorch hook" in command:
        return

    os.dup2(_stream_of(text), 0)
    os.execv("/bin/sh", ["sh", "-c", command])  # noqa: S606  as Claude Code runs it


def _stream_of(text: str) -> int:
    """A stream that holds a text, for a program that takes this one's place."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    os.write(writes, text.encode())  # as much as a pipe holds: nobody reads yet
    os.close(writes)
    if hasattr(os, "memfd_create"):  # on Linux it holds all of it
        reads = os.memfd_create("status-line")
        os.write(reads, text.encode())
        os.lseek(reads, 0, os.SEEK_SET)

    return reads


def _replace(name: str, text: str) -> None:
    """Write a file whole, or not at all."""
    part = f"{name}.{os.getpid()}"
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.write(descriptor, text.encode())
        os.close(descriptor)
        os.replace(part, name)  # noqa: PTH105  the same
    except OSError:
        return


def _own_status_line(text: str) -> str:
    """The command of the status line in the settings of the project or of the user, as Claude Code looks for it; empty without one."""
    value = _parsed(text)
    project = str(_parsed(json.dumps(value.get("workspace"))).get("project_dir", ""))
    user = os.environ.get("CLAUDE_CONFIG_DIR") or os.path.expanduser("~/.claude")  # noqa: PTH111  the same
    for settings in (
        f"{project}/.claude/settings.local.json",
        f"{project}/.claude/settings.json",
        f"{user}/settings.json",
    ):
        command = _status_line_in(settings)
        if command:
            return command

    return ""


def _status_line_in(settings: str) -> str:
    """The command of the status line in one file of settings; empty without one."""
    try:
        with open(settings, encoding="utf-8") as file:  # noqa: PTH123  the same
            value = _parsed(file.read(TEXT_BYTES_MAX))
    except (OSError, ValueError):
        return ""

    command = _parsed(json.dumps(value.get("statusLine"))).get("command")
    if isinstance(command, str):
        return command

    return ""


def _parsed(text: str) -> dict[str, object]:
    """The object that a text of JSON is; an empty one for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}

    if isinstance(value, dict):
        return value

    return {}


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

    return kept.decode(errors="replace")
