"""gitorch's own tmux server, called through the command line with a time limit on every call.

Each call that a tick or a delivery makes is one batch of tmux commands, which the server runs without anything in between. ADR 7 has the
reason and the figures for each; `server` leaves the rest to libtmux.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.values import Value, field
from gitorch.world.files import lock
from gitorch.world.reaper import STARTED_VARIABLE
from gitorch.world.spawning import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.ports.world import Clock
    from gitorch.world.program_result import ProgramResult

NO_SERVER = ("no server running on", "no current target")
"""The messages of tmux that prove that there is no session: no server, or one without sessions that is about to end."""

NOT_CONNECTED = "error connecting to "
UNREACHABLE = ("(No such file or directory)", "(Connection refused)")
"""The reasons of a failed connection that prove that there is no server."""

PASSING = ("server exited unexpectedly", "lost server")
COLUMNS, ROWS = 200, 50

FIELDS = (
    *("session_name", "pane_id", "pane_pid", "pane_dead", "pane_in_mode", "window_activity", "session_attached"),
    *("cursor_x", "cursor_y", "pid", "start_time", "@gitorch_typed", "@gitorch_pressed", "pane_title"),
)
FORMAT = " ".join(f"#{{{name}}}" for name in FIELDS)


class Pane(Value):
    """One pane as `list-panes` shows it."""

    session: str
    id: str
    pid: int
    dead: bool
    in_mode: bool
    active_at: int
    """Unix time of its last output, in seconds."""
    attached: int
    """The number of clients that are attached to its session."""
    cursor_x: int
    cursor_y: int
    server: str
    typed: str
    """The prompt that was last pasted into it: a pane option of ours, `@gitorch_typed`."""
    pressed: str
    """The prompt for which the submit key was last pressed: `@gitorch_pressed`."""
    title: str


class Listing(Value):
    """Every pane of the server."""

    server: str = ""
    """Which server: `pid:start`; empty when none is running."""
    panes: tuple[Pane, ...] = field(default=())


def says_no_server(message: str) -> bool:
    """Whether a message of tmux proves that there is no session."""
    if says(message, NO_SERVER):
        return True

    return NOT_CONNECTED in message and says(message, UNREACHABLE)


def says(message: str, phrases: Sequence[str]) -> bool:
    """Whether one of these phrases is in a message. A pattern would cost each look 0.005 × the import of click to compile."""
    return any(map(message.__contains__, phrases))


def parse_panes(text: str) -> Listing:
    """Read `list-panes -F FORMAT`. Raises Unavailable for output that has another form."""
    panes = tuple(map(_parse_pane, text.splitlines()))
    return Listing(panes[0].server if panes else "", panes)


def _parse_pane(line: str) -> Pane:
    """Read one line. The title comes last, because it alone may hold blanks."""
    parts = line.split(" ", len(FIELDS) - 1)
    if len(parts) != len(FIELDS):
        raise Unavailable(f"tmux listed a pane in a form that gitorch does not know: {line!r}", hint="gitorch doctor")

    session, pane, pid, dead, mode, active, attached, x, y, server, start, typed, pressed, title = parts
    return Pane(
        session=session,
        id=pane,
        pid=int(pid),
        dead=dead == "1",
        in_mode=mode not in {"", "0"},
        active_at=int(active),
        attached=int(attached or 0),
        cursor_x=int(x or 0),
        cursor_y=int(y or 0),
        server=f"{server}:{start}",
        typed=typed,
        pressed=pressed,
        title=title,
    )


class Tmux:
    """One tmux server, named by its socket, started with an empty configuration and environment.

    The environment of a server leaks into every session on it, and that of a client into the server it starts; so every call gets the same
    few variables. TMUX_TMPDIR is not among them: two callers who differ in it would see two servers.
    """

    def __init__(self, name: str, environ: Mapping[str, str], clock: Clock, wait_seconds: float = 5.0) -> None:
        self.name = name
        named = ("-u", "-L", name, "-f", "/dev/null")
        # -N: only `server_start` starts a server, since one that a client starts has no marks.
        self._argv = ("tmux", "-N", *named)
        self.server_argv = ("tmux", "-D", *named)
        self.socket = Path("/tmp") / f"tmux-{os.getuid()}" / name  # noqa: S108 - the folder that tmux uses
        self._clock = clock
        self._wait_seconds = wait_seconds
        self.env = {
            "PATH": environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "HOME": environ.get("HOME", "/"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        # The mark: an agent can make an attached client run a command (`detach-client -E`).
        marked = f"{STARTED_VARIABLE}=attach"
        self.watching = ("env", "-u", "TMUX", "-u", "TMUX_TMPDIR", marked, *self._argv)
        """The command with which a human's client reaches this server, before the commands of tmux."""

    def answers(self) -> bool:
        """Whether the server accepts connections."""
        return not _refuses(self.socket)

    def call(self, *arguments: str, given: bytes = b"") -> ProgramResult:
        """One call, repeated once when the server was just ending. Raises Unavailable when tmux is missing or hangs."""
        argv = [*self._argv, *arguments]
        result = run(argv, self.env, given=given, wait_seconds=self._wait_seconds)
        if result.status != 0 and says(result.err, PASSING):
            self._clock.sleep(0.05)
            result = run(argv, self.env, given=given, wait_seconds=self._wait_seconds)

        return result

    def output(self, *arguments: str, given: bytes = b"") -> str:
        """The output of a call that must succeed. Raises Unavailable with tmux's message."""
        result = self.call(*arguments, given=given)
        if result.status != 0:
            raise Unavailable(f"tmux could not {arguments[0]}: {result.err}", hint="gitorch doctor")

        return result.out

    def call_if(
        self,
        pane: str,
        condition: str,
        command: str,
        *,
        otherwise: str = "",
        before: Sequence[str] = (),
        given: bytes = b"",
    ) -> ProgramResult:
        """Run a tmux command if a condition holds for the pane. The server does both in one step, so nothing comes between.

        Else it runs `otherwise` and prints `refused`. `before` is a command that runs first, in the same call, with `given` as its input.
        """
        refused = "display-message -p refused"
        if otherwise:
            refused = f"{otherwise} ; {refused}"

        first = (*before, ";") if before else ()
        return self.call(*first, "if-shell", "-F", "-t", pane, condition, command, refused, given=given)

    def list(self) -> Listing:
        """Every pane of the server; none where no server runs for certain. Raises Unavailable for any other failure."""
        result = self.call("list-panes", "-a", "-F", FORMAT)
        if result.status == 0:
            return parse_panes(result.out)

        if says_no_server(result.err):
            return Listing()

        raise Unavailable(f"tmux could not list its panes: {result.err}", hint="gitorch doctor")

    def capture(self, panes: Sequence[Pane], nonce: str, history: int = 0) -> Mapping[str, str]:
        """The visible text of these panes by pane id, in one call; panes that vanished meanwhile are left out.

        A dead pane was scrolled up by one line when tmux wrote its notice below, so that line is read with it. `nonce`
        separates the texts; it must not be guessable, so that no text on a screen can pose as the separator.
        """
        if not panes:
            return {}

        result = self.call(*_capture_arguments(panes, nonce, history))
        if result.status == 0:
            texts = result.out.split(f"{nonce}\n")[1:]
            return dict(zip((pane.id for pane in panes), texts, strict=True))

        return self._capture_each(panes, nonce, history)

    def _capture_each(self, panes: Sequence[Pane], nonce: str, history: int) -> Mapping[str, str]:
        """The texts of panes of which one has vanished, each captured alone."""
        found: dict[str, str] = {}
        if len(panes) > 1:
            for pane in panes:
                found |= self.capture([pane], nonce, history)

        return found

    def observe_pane(self, pane: str, nonce: str) -> tuple[Pane, str] | None:
        """One pane and its visible text from the same moment; None when there is no such pane. Raises Unavailable."""
        result = self.call(
            *("display-message", "-p", "-t", pane, FORMAT, ";"),
            *("display-message", "-p", nonce, ";"),
            *("capture-pane", "-p", "-t", pane),
        )
        if result.status == 0:
            line, _, text = result.out.partition(f"\n{nonce}\n")
            return parse_panes(line).panes[0], text

        if says_no_server(result.err) or "can't find pane" in result.err:
            return None

        raise Unavailable(f"tmux could not show pane {pane}: {result.err}", hint="gitorch doctor")

    def remove_socket(self) -> bool:
        """Remove the socket that a server left when it ended (tmux 3.3a always does); true when there is none any more.

        It holds the lock that tmux takes to start a server, so that the socket of one that is just starting is never removed.
        """
        if not self.socket.exists():
            return True

        starting = self.socket.with_name(f"{self.socket.name}.lock")
        descriptor = lock(starting)
        if descriptor is None:
            return False

        try:
            if not _refuses(self.socket):
                return False

            self.socket.unlink(missing_ok=True)
        finally:
            starting.unlink(missing_ok=True)
            os.close(descriptor)

        return True


def _capture_arguments(panes: Sequence[Pane], nonce: str, history: int) -> list[str]:
    """The commands that print the nonce and then the text of each pane."""
    arguments: list[str] = []
    for pane in panes:
        if arguments:
            arguments.append(";")

        arguments += ["display-message", "-p", nonce, ";"]
        arguments += ["capture-pane", "-p", "-S", str(-history - pane.dead), "-t", pane.id]

    return arguments


def _refuses(path: Path) -> bool:
    """Whether nobody listens on this socket for certain."""
    import socket  # noqa: PLC0415  3 ms that a listing does not pay

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        try:
            client.connect(str(path))
        except OSError as error:
            return error.errno in {errno.ECONNREFUSED, errno.ENOENT}

    return False


def plain(text: str) -> str:
    """Text for an argument in which tmux expands formats and times (`pipe-pane`)."""
    return text.replace("#", "##").replace("%", "%%")
