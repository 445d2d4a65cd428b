"""`gitorch acp-host`: the process in the pane. It runs the program as its child, and ends with it.

It waits for four things at once: the program's messages, the human's keys, gitorch's requests on the control socket, and the end of
the program.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.scripted.console import Console, TerminalClosed
from gitorch.text.acp.messages import text_of
from gitorch.world import processes
from gitorch.world.acp.allowed import may
from gitorch.world.acp.control import FOLDER, STATE, ControlServer
from gitorch.world.acp.conversation import Conversation
from gitorch.world.acp.logs import ProgramLogs
from gitorch.world.acp.outlets import Outlets
from gitorch.world.acp.pane import Pane
from gitorch.world.acp.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.scripted.keys import Key
    from gitorch.text.acp.permission import Request

USAGE = "usage: gitorch acp-host [--resume ID] [--once TEXT] [--log FILE]… -- COMMAND [ARGUMENT …]"
SIGNALS_VARIABLE = "GITORCH_SIGNALS"
SESSION_VARIABLE = "GITORCH_SESSION_KEY"
SIGNAL_CHARS_MAX = 4_000
NOT_STARTED = 127
UNSENT_SECONDS = 0.05
"""How long to wait before the program is offered again what it has not taken yet."""

ENDED_SECONDS = 1.0
"""How often to look whether the program has ended without closing its output, which a child of its own may hold open."""


class Stopped(Exception):
    """gitorch, or the end of the terminal, asked the host to end."""


class Options:
    """What the host was asked to do. Raises ValueError for words that it does not know."""

    def __init__(self, words: Sequence[str]) -> None:
        self.values: dict[str, list[str]] = {"--resume": [], "--once": [], "--log": []}
        rest = list(words)
        while rest and rest[0] != "--":
            name = rest.pop(0)
            if name not in self.values or not rest:
                raise ValueError(USAGE)

            self.values[name].append(rest.pop(0))

        self.argv = rest[1:]
        if not self.argv:
            raise ValueError(USAGE)

    def text(self, name: str) -> str:
        """The last value of an option; empty where it was not given."""
        return "".join(self.values[name][-1:])


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program and speak with it until it ends; its exit status, 2 for wrong words, 127 for a program that cannot be started."""
    try:
        options = Options(words)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2

    try:
        program = Program(options.argv)
    except OSError as error:
        sys.stderr.write(f"{options.argv[0]} cannot be started: {error.strerror}\n")
        return NOT_STARTED

    with Pane(Console()) as pane:
        return Host(program, pane, options, environ).run()


class Host:
    """One program, one pane, one control socket."""

    def __init__(self, program: Program, pane: Pane, options: Options, environ: Mapping[str, str]) -> None:
        self._program = program
        self._pane = pane
        self._once = options.text("--once")
        self._logs = ProgramLogs(options.values["--log"])
        self._environ = environ
        self._folder = str(Path.cwd())
        outlets = Outlets(program.send, pane.show, pane.stream, self._signal, _now)
        self._talk = Conversation(self._folder, options.text("--resume"), outlets, self._may)
        self._changed_at = _now()
        self._noted: tuple[object, ...] = ()
        self._reported: dict[str, Any] = {}
        self._running = True
        self._selector = selectors.DefaultSelector()
        self._control: ControlServer | None = None

    def _may(self, request: Request) -> bool:
        return may(request, self._folder)

    def run(self) -> int:
        """Serve everybody until the program ends; its exit status."""
        self._watch(self._program.output, self._take_messages)
        self._watch(self._program.errors, self._take_errors)
        self._watch(sys.stdin.fileno(), self._take_keys)
        self._listen()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)

        self._talk.begin()
        if self._once:
            self._talk.type_line(self._once)

        with contextlib.suppress(Stopped):
            while self._running:
                self._step()

        if self._control is not None:
            self._control.close()

        return self._end()

    def _watch(self, descriptor: int, then: Callable[[], None]) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, then)

    def _listen(self) -> None:
        """Open the control socket beside the file of signals; a host that was started by hand has none."""
        signals = self._environ.get(SIGNALS_VARIABLE)
        if not signals:
            return

        folder = Path(signals).parent / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            self._control = ControlServer(folder, self._serve)
        except OSError as error:
            self._pane.show(f"! gitorch cannot reach this program: {error}")
            return

        self._watch(self._control.socket.fileno(), self._control.serve)

    def _step(self) -> None:
        """Wait for something to happen, and take it."""
        limit = ENDED_SECONDS
        if self._program.has_unsent:
            limit = UNSENT_SECONDS

        happened = self._selector.select(limit)
        self._take_logs()  # before the messages, which may tell that what the log says is over
        for chosen, _ in happened:
            chosen.data()

        self._program.flush()
        self._note_state()
        if self._program.has_ended:
            self._take_messages()
            self._running = False

    def _note_state(self) -> None:
        """Show the state in the pane and in the file, where it has changed."""
        talk = self._talk
        self._pane.enter(talk.state)
        now = (talk.state, talk.evidence, talk.turns.ended)
        if now != self._noted:
            self._noted = now
            self._changed_at = _now()

        report = self._report()
        if report != self._reported:
            self._reported = report
            self._write(report)

        if self._once and talk.turns.ended:
            self._running = False

    def _write(self, report: dict[str, Any]) -> None:
        """Replace the file with the state."""
        if self._control is None:
            return

        path = self._control.folder / STATE
        draft = path.with_suffix(".tmp")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(report))
            draft.replace(path)

    def _take_messages(self) -> None:
        lines = self._program.messages()
        if lines is None:
            self._running = False
            return

        for line in lines:
            self._talk.take(line)

    def _take_logs(self) -> None:
        """Take what the program has logged since the conversation began."""
        for line in self._logs.added(self._talk.id):
            self._talk.take_log(line)

    def _take_errors(self) -> None:
        text = self._program.error_text()
        if text is None:
            self._selector.unregister(self._program.errors)
            return

        self._pane.stream("! ", text)
        for line in text.splitlines():
            self._talk.take_log(line)

    def _take_keys(self) -> None:
        try:
            for key in self._pane.arrived():
                self._take_key(key)
        except TerminalClosed:
            self._running = False

    def _take_key(self, key: Key) -> None:
        if key.kind in {"interrupt", "escape"} and not self._pane.typed:
            self._talk.cancel("at the pane")
            return

        if key.kind == "end" and not self._pane.typed:
            self._running = False
            return

        line = self._pane.edit(key)
        if line:
            self._take_line(line)

    def _take_line(self, line: str) -> None:
        """A line of the human: the number of an answer while a request waits, else a prompt."""
        pending = self._talk.pending
        if pending is None:
            self._talk.type_line(line)
            return

        key, request = pending
        for number, choice in enumerate(request.choices, start=1):
            if line == str(number):
                self._talk.answer(key, choice.id, "at the pane")
                return

        self._pane.show(f"! Answer with a number from 1 to {len(request.choices)}, or interrupt with Ctrl-C.")

    def _signal(self, event: str, text: str) -> None:
        """Append an event to the file of signals, as a hook of the program would."""
        path = self._environ.get(SIGNALS_VARIABLE)
        if not path:
            return

        event_fields = {"hook_event_name": event, "session_id": self._talk.id, "prompt": text[:SIGNAL_CHARS_MAX]}
        line = json.dumps({"at": _now(), "event": "acp", "text": json.dumps(event_fields)}).encode("ascii") + b"\n"
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def _serve(self, request: dict[str, Any], peer: int) -> dict[str, Any]:
        """Do what gitorch asks on the control socket; see `channels.acp` for the other side."""
        if self._is_of_this_session(peer):
            return {"ok": False, "reason": "an agent may not direct its own session"}

        action = text_of(request, "do")
        match action:
            case "deliver":
                receipt = self._talk.prompt(text_of(request, "prompt"), text_of(request, "text"))
                return {"ok": True, "receipt": receipt}
            case "answer":
                key, choice = text_of(request, "request"), text_of(request, "choice")
                return {"ok": self._talk.answer(key, choice, text_of(request, "by"))}
            case "interrupt":
                return {"ok": self._talk.cancel("by gitorch")}

        return {"ok": False, "reason": f"this host knows no {action!r}"}

    def _is_of_this_session(self, peer: int) -> bool:
        """Whether the caller was started by the program, wherever it has gone since."""
        own = self._environ.get(SESSION_VARIABLE)
        if not own or peer <= 0:
            return False

        return processes.environment(peer, SESSION_VARIABLE).get(SESSION_VARIABLE) == own

    def _report(self) -> dict[str, Any]:
        """Everything that gitorch may want to know; see `channels.acp` for the reader."""
        talk = self._talk
        return {
            "pid": os.getpid(),
            "state": talk.state,
            "evidence": talk.evidence,
            "since": self._changed_at,
            "conversation": talk.id,
            "program": talk.program,
            "receipts": dict(talk.turns.receipts),
            "request": _request(talk.pending),
            "ended": talk.turns.ended,
            "counts": talk.counts,
        }

    def _end(self) -> int:
        """End the program and say how it ended."""
        status = self._program.end()
        self._take_rest()
        if self._once and self._talk.turns.ended:
            return 0

        self._pane.show(f"! The program ended with exit status {status}.")
        return status

    def _take_rest(self) -> None:
        text = self._program.error_text()
        if text:
            self._pane.stream("! ", text)


def _request(pending: tuple[str, Request] | None) -> dict[str, Any] | None:
    if pending is None:
        return None

    key, request = pending
    choices = [{"id": one.id, "name": one.name, "kind": one.kind} for one in request.choices]
    return {
        "key": key,
        "tool": request.kind,
        "asked": request.asked,
        "command": request.command,
        "folder": request.folder,
        "choices": choices,
    }


def _stop(*_: object) -> None:
    """Leave the loop, wherever it is."""
    raise Stopped


def _now() -> int:
    """The time in milliseconds."""
    return time.time_ns() // 1_000_000
