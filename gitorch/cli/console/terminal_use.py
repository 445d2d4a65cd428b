"""What needs the real terminal: approving, an agent's terminal, and the shell behind the console."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitorch.cli.boundary import run
from gitorch.cli.call import Call, streams_of
from gitorch.cli.output import ask_to_go_on, write
from gitorch.cli.verbs.terminal import environ_outside_tmux
from gitorch.errors import GitorchError
from gitorch.model.work.session import SessionKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import App

    from gitorch.model.ids import RunId, SessionId
    from gitorch.world.terminal_guard import TerminalGuard


class Terminal:
    """The terminal that the console stands on, for the time that something else has it."""

    def __init__(self, call: Call, guard: TerminalGuard) -> None:
        self._call = call
        self._guard = guard

    @contextmanager
    def _lent(self, app: App[str]) -> Iterator[None]:
        """Lend the terminal while the block runs: the console stands back, and Ctrl-C interrupts only what has it."""
        with app.suspend(), interruptible():
            self._guard.disarm()
            try:
                yield
            finally:
                self._guard.arm()

    def run_verb(self, app: App[str], words: Sequence[str]) -> str:
        """Run a command line on the terminal, exactly as if it was typed in the shell; a sentence about its end."""
        with self._lent(app):
            call = Call(self._call.environ, self._call.folder, self._call.open, streams_of(self._call.environ))
            status = run(list(words), call)
            ask_to_go_on("Press Enter to return to the console")

        if status == 0:
            return f"gitorch {words[0]} is done."

        return f"gitorch {words[0]} ended with status {status}; nothing else was changed."

    def attach(self, app: App[str], run_id: RunId, session: SessionId) -> str:
        """Show an agent's terminal until its user detaches; a sentence where that cannot be done."""
        services = self._call.open(self._call.folder, self._call.environ)
        try:
            argv = services.terminals.attach_argv(SessionKey(run_id, session))
        except GitorchError as error:
            return error.sentence

        environ = environ_outside_tmux(self._call.environ)
        with self._lent(app):
            write(f"gitorch: this is the terminal of {session}; Ctrl-b d comes back")
            try:
                child = os.posix_spawnp(argv[0], argv, environ)
            except OSError as error:
                return f"{argv[0]} cannot be run: {error.strerror}"

            os.waitpid(child, 0)

        return ""

    def stop_process(self, app: App[str]) -> None:
        """Stop this process and its group until the shell continues it; nothing happens where no shell could do that."""
        with app.suspend():
            before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.killpg(os.getpgrp(), signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, before)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt what has the terminal, and not the console behind it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def let_go() -> None:
    """Stand on the null device from now on: the terminal is gone, and whoever wrote to it would fail or wait for ever."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)

    os.close(null)
