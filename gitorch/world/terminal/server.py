"""libtmux on gitorch's own server, for what happens once in a session's life or at a person's command (ADR 7).

Importing libtmux costs 53 ms, so this module is imported by the call that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libtmux import Server
from libtmux.common import tmux_cmd
from libtmux.exc import LibTmuxException

from gitorch.errors import Unavailable
from gitorch.world.terminal.tmux import says, says_no_server

if TYPE_CHECKING:
    from gitorch.world.program_result import ProgramResult
    from gitorch.world.terminal.tmux import Tmux

ABSENT = ("can't find session", "session not found")


class _CommandResult(tmux_cmd):
    """A command's result in the form that libtmux reads."""

    def __init__(self, arguments: list[str], result: ProgramResult) -> None:
        self.cmd = arguments
        self.stdout = result.out.splitlines()
        self.stderr = result.err.splitlines()
        self.returncode = result.status


class AgentServer(Server):
    """libtmux's server, whose commands run with our time limit and environment.

    libtmux's own runner waits without end, and passes the caller's environment on. Its listings go past this class, and are empty on any
    failure: they are not used.
    """

    def __init__(self, tmux: Tmux) -> None:
        super().__init__(socket_name=tmux.name)
        self._tmux = tmux

    def cmd(self, cmd: str, *args: Any, target: str | int | None = None) -> tmux_cmd:
        """Run one command. Raises Unavailable when tmux is missing or hangs."""
        arguments = [cmd]
        if target is not None:
            arguments += ["-t", str(target)]

        arguments += map(str, args)
        return _CommandResult(arguments, self._tmux.call(*arguments))

    def end_session(self, name: str) -> None:
        """End the session of exactly this name; harmless when there is none. Raises Unavailable."""
        try:
            self.kill_session(f"={name}")
        except LibTmuxException as error:
            if _says_absent(str(error)):
                return

            raise Unavailable(f"tmux could not end session {name}: {error}", hint="gitorch doctor") from error


def _says_absent(message: str) -> bool:
    """Whether tmux says that there is no server, or no such session."""
    return says_no_server(message) or says(message, ABSENT)
