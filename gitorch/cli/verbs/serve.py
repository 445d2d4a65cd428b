"""`serve`: the web page, which needs the extra `gitorch[web]`."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gitorch.cli.boundary import TERMINATED
from gitorch.cli.interruption import INTERRUPTED, Interrupted
from gitorch.cli.verb_function import verb
from gitorch.errors import Unavailable
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from types import FrameType

    from gitorch.app.executing.execute import Caller
    from gitorch.cli.call import Call
    from gitorch.verbs.calls import CommandLine
    from gitorch.wiring.repository import Repository

SERVER = "gitorch.web.server"
"""By name: doors do not import each other, and this one may not be installed."""


@verb("serve")
def serve(call: Call, port: int | None, path: str | None, allow_changes: bool) -> None:
    """Show runs, diffs, questions and the ledger as web pages on this machine, until Ctrl-C."""
    if allow_changes:
        call.people_only("serve --allow-changes")
    services = call.services  # outside of a repository there is nothing to serve
    server = _server()
    listening = None
    if path is not None:
        listening = call.folder / path

    def announce(served: Any) -> None:
        values = {"url": served.url, "socket": served.path, "token": served.token, "changes": allow_changes}
        call.say(values, _text(served, allow_changes=allow_changes))
        sys.stdout.flush()

    def report_bug(error: Exception) -> str:
        from gitorch.cli.bug import write_report

        return write_report(error, call.words, call)

    def carry_out(repository: Repository, caller: Caller, line: CommandLine) -> None:
        from gitorch.cli import quiet

        quiet.carry_out(call, repository, caller, *line)

    signal.signal(signal.SIGTERM, _terminated)
    options = server.Options(port, listening, allow_changes)
    del services
    try:
        with server.ready(lambda: call.open(call.folder, call.environ), options, carry_out, report_bug) as made:
            announce(made.served)
            made.run()
    except KeyboardInterrupt:
        raise Interrupted("the page is closed", INTERRUPTED) from None


def _terminated(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl-C, so that a socket does not stay behind."""
    del number, frame
    raise Interrupted("the page is closed", TERMINATED)


def _server() -> Any:
    """The module of the server. Raises Unavailable without the extra."""
    try:
        return import_module(SERVER)
    except ModuleNotFoundError as error:
        message = f"the web page needs {error.name}, which is not installed"
        raise Unavailable(message, install_command()) from None


def _text(served: Any, *, allow_changes: bool) -> str:
    """Where the page is, and what can be done there."""
    lines = [f"The page is open at {served.url}"]
    if served.path is not None:
        lines = [f"The page is open on the socket {served.path}", f"Its address there: {served.url}"]

    lines.append("Changes are off. Turn them on: gitorch serve --allow-changes")
    if allow_changes:
        lines[-1] = "The page may answer, reject, pause and recover. Approvals stay with gitorch approve."
    return "\n".join([*lines, "Ctrl-C closes it."])


def install_command() -> str:
    """The command that installs what the web page needs."""
    return f"{shell_word(sys.executable)} -m pip install 'gitorch[web]'"
