"""The server: reads requests, answers them in the order in which their verbs end, and stops what the client cancels."""

from __future__ import annotations

import os
import signal
import sys
from selectors import EVENT_READ, SelectSelector
from typing import TYPE_CHECKING, Any, NamedTuple

from gitorch.app.reconciler.trouble import bug_sentence
from gitorch.mcp import eras
from gitorch.mcp.messages import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    UNKNOWN_METHOD,
    Fault,
    answer,
    parsed,
    refusal,
)
from gitorch.text.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.mcp.caller import Caller
    from gitorch.mcp.messages import Id, Message
    from gitorch.verbs.calls import CommandLine
    from gitorch.world.verb_process import VerbProcess

GITORCH = "gitorch.cli.main"
IDENTIFY = "gitorch.mcp.identify"
"""What runs for the client: the command line, and the program that says who calls."""

CHUNK_BYTES = 65_536
CALLS_MAX = 8
"""How many verbs run at the same time; a further call is refused, and can be made again."""

LAST_SECONDS = 60.0
"""How long calls may still take when the client has closed its side."""


class Running(NamedTuple):
    """A verb at work for a request, and what makes its answer: from its exit status and its process."""

    message: Message
    process: VerbProcess
    result: Callable[[int, VerbProcess], dict[str, Any]]


class Server:
    """One connection. Requests come from a file descriptor, and answers go to a function, a line each."""

    def __init__(self, source: int, send: Callable[[bytes], None], folder: str, environ: Mapping[str, str]) -> None:
        self._source = source
        self._send = send
        self._folder = folder
        self._environ = environ
        self._client = ""
        self._caller: Caller | None = None
        self._running: dict[Id, Running] = {}
        self._selector = SelectSelector()  # epoll takes no regular file, which standard input may be
        self._lines = Lines()

    def serve(self) -> None:
        """Answer until the client closes its side and the last call has ended."""
        self._selector.register(self._source, EVENT_READ)
        try:
            while self._turn(None):
                pass

            while self._running and self._turn(LAST_SECONDS):
                pass
        finally:
            self._end_all()

    def _turn(self, wait_seconds: float | None) -> bool:
        """Wait for something to read, and read it; false at the end of the requests, and when nothing came in time."""
        ready = self._selector.select(wait_seconds)
        goes_on = bool(ready)
        for key, _ in ready:
            if key.fd == self._source:
                goes_on = self._read_requests()
            else:
                self._read_output(key.data)

        return goes_on

    def _read_requests(self) -> bool:
        """Take in the requests that have come; false at their end."""
        data = os.read(self._source, CHUNK_BYTES)
        lines = self._lines.feed(data)
        if not data:
            self._selector.unregister(self._source)
            lines = self._lines.rest()

        for line in lines:
            self._take(line)

        return bool(data)

    def _take(self, line: bytes | None) -> None:
        """Handle one line; whatever is wrong with it is an error to the client."""
        try:
            message = parsed(line)
            if message is not None:
                self._handle(message)
        except Fault as error:
            self._send(refusal(error))

    def _handle(self, message: Message) -> None:
        """Answer a request, or act on a notification. Raises Fault."""
        if message.id is None:
            self._notice(message)
            return

        if message.id in self._running:
            raise Fault(INVALID_REQUEST, "a request with this id is still at work", message.id)

        try:
            modern = eras.is_modern(message)
            result = self._result(message)
        except Fault as error:
            error.id = message.id
            raise
        except Exception as error:
            raise Fault(INTERNAL_ERROR, bug_sentence(f"{type(error).__name__}: {error}"), message.id) from error

        if result is not None:
            self._send(answer(message.id, eras.dressed(message.method, result, modern=modern)))

    def _notice(self, message: Message) -> None:
        """Stop the request that the client cancels; every other notification needs nothing."""
        if message.method != "notifications/cancelled":
            return

        id_ = message.params.get("requestId")
        if isinstance(id_, str | int) and id_ in self._running:
            self._end(id_)

    def _result(self, message: Message) -> dict[str, Any] | None:
        """The result of a request; None while a verb works on it. Raises Fault."""
        method = METHODS.get(message.method)
        if method is None:
            raise Fault(UNKNOWN_METHOD, f"gitorch has no method {message.method}")

        return method(self, message)

    def initialize(self, message: Message) -> dict[str, Any]:
        """Begin, in the era of the handshake."""
        client = message.params.get("clientInfo")
        if isinstance(client, dict) and isinstance(client.get("name"), str):
            self._client = client["name"]

        return eras.initialized(message.params)

    def discover(self, _: Message) -> dict[str, Any]:
        """Say what is spoken here."""
        return eras.discovered()

    def ping(self, _: Message) -> dict[str, Any]:
        """Show that the server is there."""
        return {}

    def list_tools(self, message: Message) -> dict[str, Any]:
        """The tools of this caller."""
        from gitorch.mcp import tools

        _refuse_cursor(message)
        return {"tools": [tools.definition(verb) for verb in tools.offered(self._who())]}

    def call_tool(self, message: Message) -> dict[str, Any] | None:
        """Start the verb of a tool. Raises Fault for a name that no verb has."""
        from gitorch.errors import Usage
        from gitorch.mcp import results, tools
        from gitorch.verbs.calls import command_line

        name, arguments = message.params.get("name"), message.params.get("arguments")
        verb = tools.verb_of(name)
        if verb is None:
            raise Fault(INVALID_PARAMS, f"there is no tool {name!r}")

        if arguments is not None and not isinstance(arguments, dict):
            raise Fault(INVALID_PARAMS, "the arguments of a tool must be a JSON object")

        if not tools.is_offered(verb, self._who()):
            return results.text_result(self._denial(verb.name), is_error=True)

        try:
            line = command_line(verb, arguments or {})
        except Usage as error:
            return results.text_result(f"usage: {error}", is_error=True)

        return self._start(message, line, lambda status, process: results.of_verb(verb.name, status, process))

    def _denial(self, verb: str) -> str:
        """Why a tool that is not offered does nothing, as a model reads it. An attempt that the rules deny is recorded."""
        import json

        found = json.loads(self._identified(verb) or b"{}")
        denied = found.get("denied") or f"{verb} is no tool; a person runs it: gitorch {verb}"
        return f"denied: {denied}"

    def list_resources(self, message: Message) -> dict[str, Any]:
        """The resources of this caller."""
        from gitorch.mcp import resources

        _refuse_cursor(message)
        return {"resources": [resources.definition(one) for one in resources.readable(self._who())]}

    def list_templates(self, message: Message) -> dict[str, Any]:
        """None: every resource has an address of its own."""
        _refuse_cursor(message)
        return {"resourceTemplates": []}

    def read_resource(self, message: Message) -> dict[str, Any] | None:
        """Start the verb that prints a resource. Raises Fault for an unknown one."""
        from gitorch.mcp import resources, results
        from gitorch.verbs.calls import CommandLine

        uri = message.params.get("uri")
        one = resources.find_resource(uri, self._who())
        if one is None:
            raise Fault(INVALID_PARAMS, f"there is no resource {uri!r}", data={"uri": uri})

        return self._start(
            message,
            CommandLine(one.words),
            lambda status, process: results.of_resource(one.uri, one.kind, status, process),
        )

    def _who(self) -> Caller:
        """Who calls; found once, since a process does not change its ancestors."""
        if self._caller is None:
            from gitorch.mcp.caller import read_caller

            self._caller = read_caller(self._identified())

        return self._caller

    def _identified(self, *verbs: str) -> bytes:
        """What `identify` prints."""
        from gitorch.world.verb_process import PYTHON, output_of

        return output_of([*PYTHON, IDENTIFY, *verbs], self._variables(), self._folder)

    def _variables(self) -> dict[str, str]:
        """The environment of everything that is started for the client."""
        from gitorch.mcp.caller import as_operator

        variables = dict(self._environ)
        if self._caller is not None:
            variables.update(self._caller.variables)

        return as_operator(variables, self._client)

    def _start(
        self, message: Message, line: CommandLine, result: Callable[[int, VerbProcess], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """Start a verb, whose result follows. Raises Fault where too many are at work, or none can be started."""
        from gitorch.mcp.caller import worktree_or
        from gitorch.world.verb_process import PYTHON, VerbProcess

        if message.id is None or len(self._running) >= CALLS_MAX:
            raise Fault(INTERNAL_ERROR, f"{CALLS_MAX} calls are at work; try again when one has ended")

        self._who()
        variables = self._variables()
        folder = worktree_or(self._folder, variables)
        try:
            process = VerbProcess([*PYTHON, GITORCH, *line.words], variables, folder, line.given)
        except (OSError, ValueError) as error:
            raise Fault(INTERNAL_ERROR, f"the verb cannot be started: {error}") from error

        self._running[message.id] = Running(message, process, result)
        self._selector.register(process.descriptor, EVENT_READ, message.id)
        return None

    def _read_output(self, id_: Id) -> None:
        """Take what a verb printed; at its end, answer its request."""
        running = self._running[id_]
        descriptor = running.process.descriptor
        if running.process.read():
            return

        self._selector.unregister(descriptor)
        del self._running[id_]
        status = running.process.finish()
        try:
            result = running.result(status, running.process)
            line = answer(id_, eras.dressed(running.message.method, result, modern=eras.is_modern(running.message)))
        except Fault as error:
            error.id = id_
            line = refusal(error)

        running.process.close()
        self._send(line)

    def _end(self, id_: Id) -> None:
        """End the verb of a request, which gets no answer."""
        running = self._running.pop(id_)
        self._selector.unregister(running.process.descriptor)
        running.process.end()
        running.process.finish()
        running.process.close()

    def _end_all(self) -> None:
        """End every verb that is still at work."""
        for id_ in list(self._running):
            self._end(id_)

        self._selector.close()


METHODS: Mapping[str, Callable[[Server, Message], dict[str, Any] | None]] = {
    "initialize": Server.initialize,
    "server/discover": Server.discover,
    "ping": Server.ping,
    "tools/list": Server.list_tools,
    "tools/call": Server.call_tool,
    "resources/list": Server.list_resources,
    "resources/templates/list": Server.list_templates,
    "resources/read": Server.read_resource,
}


def _refuse_cursor(message: Message) -> None:
    """Raises Fault for a cursor: every list here is one page, so that none was given out."""
    if message.params.get("cursor") is not None:
        raise Fault(INVALID_PARAMS, "there is no page with this cursor")


def serve(folder: str, environ: Mapping[str, str]) -> None:
    """Serve one client on standard input and output until it leaves."""
    out = sys.stdout.fileno()
    signal.signal(signal.SIGTERM, _leave)

    def send(line: bytes) -> None:
        view = memoryview(line)
        while view:
            view = view[os.write(out, view) :]

    try:
        Server(sys.stdin.fileno(), send, folder, environ).serve()
    except (BrokenPipeError, KeyboardInterrupt):
        return


def _leave(*_: object) -> None:
    """End as if the client had left, so that nothing that was started stays behind."""
    raise KeyboardInterrupt
