"""gitorch's own tmux server, asked through the command line with a time limit on every call.

libtmux is not used for this: its lists are empty on any failure (0.62), which would read as "no sessions", and one of its
listings costs 12.6 ms at 100 sessions where `list-panes -a` costs 2.6.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.values import Value, field
from gitorch.world.files import lock
from gitorch.world.programs import ProgramResult, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.ports.world import Clock

NO_SERVER = re.compile(
    r"no server running on|no current target|error connecting to .*\((No such file or directory|Connection refused)\)"
)
"""What tmux says when there certainly is no session: no server, or one without sessions on its way out."""

PASSING = re.compile(r"server exited unexpectedly|lost server")
COLUMNS, ROWS = 200, 50

FIELDS = (
    *("session_name", "pane_id", "pane_pid", "pane_dead", "pane_in_mode", "window_activity", "session_attached"),
    *("cursor_x", "cursor_y", "pid", "start_time", "@gitorch_typed", "@gitorch_pressed", "pane_title"),
)
FORMAT = " ".join(f"#{{{name}}}" for name in FIELDS)


class Pane(Value):
    """One pane as `list-panes` shows it. `active_at` counts seconds; `typed` and `pressed` are our marks in the server."""

    session: str
    id: str
    pid: int
    dead: bool
    in_mode: bool
    active_at: int
    attached: int
    cursor_x: int
    cursor_y: int
    server: str
    typed: str
    pressed: str
    title: str


class Listing(Value):
    """Every pane of the server, and which server that is: `pid:start`, empty when none is running."""

    server: str = ""
    panes: tuple[Pane, ...] = field(default=())


def parse_panes(text: str) -> Listing:
    """Read `list-panes -F FORMAT`. The title comes last, because it alone may hold spaces."""
    panes: list[Pane] = []
    for line in text.splitlines():
        parts = line.split(" ", len(FIELDS) - 1)
        if len(parts) != len(FIELDS):
            raise Unavailable(f"tmux listed a pane in words that are not understood: {line!r}")
        session, pane, pid, dead, mode, active, attached, x, y, server, start, typed, pressed, title = parts
        panes.append(
            Pane(
                session,
                pane,
                int(pid),
                dead == "1",
                mode not in {"", "0"},
                int(active),
                int(attached or 0),
                int(x or 0),
                int(y or 0),
                f"{server}:{start}",
                typed,
                pressed,
                title,
            )
        )
    return Listing(panes[0].server if panes else "", tuple(panes))


class Tmux:
    """One tmux server, named by its socket, started with an empty configuration and environment.

    What a server starts with leaks into every session on it, and what a client has into the server it starts; so every
    call gets the same few variables. TMUX_TMPDIR is not among them: two callers who differ in it would see two servers.
    """

    def __init__(self, name: str, environ: Mapping[str, str], clock: Clock, wait_seconds: float = 5.0) -> None:
        self._argv = ("tmux", "-u", "-L", name, "-f", "/dev/null")
        self.socket = Path("/tmp") / f"tmux-{os.getuid()}" / name  # noqa: S108 - where tmux itself puts it
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._env = {
            "PATH": environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "HOME": environ.get("HOME", "/"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        self.attach = ("env", "-u", "TMUX", "-u", "TMUX_TMPDIR", *self._argv, "attach-session", "-t")

    def ask(self, *words: str, given: bytes = b"") -> ProgramResult:
        """One call, asked again once when the server was just going away. Raises Unavailable when tmux is missing or hangs."""
        argv = [*self._argv, *words]
        done = run(argv, self._env, given=given, wait_seconds=self._wait_seconds)
        if done.status != 0 and PASSING.search(done.err):
            self._clock.sleep(0.05)
            done = run(argv, self._env, given=given, wait_seconds=self._wait_seconds)
        return done

    def tell(self, *words: str, given: bytes = b"") -> str:
        """One call that must succeed; its output. Raises Unavailable with tmux's own words."""
        done = self.ask(*words, given=given)
        if done.status != 0:
            raise Unavailable(f"tmux could not {words[0]}: {done.err}", hint="gitorch doctor")
        return done.out

    def list(self) -> Listing:
        """Every pane of the server. A server that certainly is not running has none; any other failure is Unavailable."""
        done = self.ask("list-panes", "-a", "-F", FORMAT)
        if done.status == 0:
            return parse_panes(done.out)
        if NO_SERVER.search(done.err):
            return Listing()
        raise Unavailable(f"tmux could not list its panes: {done.err}", hint="gitorch doctor")

    def capture(self, panes: Sequence[Pane], nonce: str, history: int = 0) -> Mapping[str, str]:
        """The visible text of these panes, by pane id, in one call; panes that vanished meanwhile are left out.

        A dead pane was scrolled up by one line when tmux wrote its notice below, so that line is read with it. `nonce`
        separates them; it must not be guessable, so that no text on a screen can pose as the separator.
        """
        if not panes:
            return {}
        words: list[str] = []
        for pane in panes:
            words += [*((";",) if words else ()), "display-message", "-p", nonce, ";"]
            words += ["capture-pane", "-p", "-S", str(-history - pane.dead), "-t", pane.id]
        done = self.ask(*words)
        if done.status != 0 and len(panes) > 1:
            return {pane: text for one in panes for pane, text in self.capture([one], nonce, history).items()}
        if done.status != 0:
            return {}
        return dict(zip((pane.id for pane in panes), done.out.split(f"{nonce}\n")[1:], strict=True))

    def observe_pane(self, pane: str, nonce: str) -> tuple[Pane, str] | None:
        """One pane and its visible text from the same moment; None when there is no such pane."""
        done = self.ask(
            "display-message",
            "-p",
            "-t",
            pane,
            FORMAT,
            ";",
            "display-message",
            "-p",
            nonce,
            ";",
            "capture-pane",
            "-p",
            "-t",
            pane,
        )
        if done.status != 0:
            if NO_SERVER.search(done.err) or "can't find pane" in done.err:
                return None
            raise Unavailable(f"tmux could not show pane {pane}: {done.err}", hint="gitorch doctor")
        line, _, text = done.out.partition(f"\n{nonce}\n")
        return parse_panes(line).panes[0], text

    def remove_socket(self) -> bool:
        """Remove the socket that a server left when it ended (tmux 3.3a always does); whether there is none any more.

        Under the lock that tmux takes to start a server, so that the socket of one that is just starting is never taken.
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


def _refuses(path: Path) -> bool:
    """Whether certainly nobody listens on this socket."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(1.0)
        try:
            caller.connect(str(path))
        except OSError as error:
            return error.errno in {errno.ECONNREFUSED, errno.ENOENT}
    return False


def literal(word: str) -> str:
    """A word that tmux takes as it is: an argument's last `;` would end the command."""
    return f"{word[:-1]}\\;" if word.endswith(";") else word


def plain(text: str) -> str:
    """Text for a place where tmux expands formats and times (`pipe-pane`)."""
    return text.replace("#", "##").replace("%", "%%")
