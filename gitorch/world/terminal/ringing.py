"""Rings the terminals of people who look at an agent: a bell, and a notification where the terminal shows one.

The sequences go to each client's own terminal, past tmux, so that no setting of tmux is needed.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from gitorch.world.terminal.tmux import Tmux

TEXT_MAX = 200
"""Characters of a notification; terminals cut longer ones."""


def ring_clients(tmux: Tmux, text: str) -> None:
    """Ring every client of the server. One that does not answer, or has gone, is left out; nothing waits for a terminal."""
    with contextlib.suppress(Unavailable):
        for terminal in tmux.call("list-clients", "-F", "#{client_tty}").out.split():
            _write(terminal, sequences(text))


def sequences(text: str) -> bytes:
    """BEL, OSC 9 (iTerm2, WezTerm, Ghostty, kitty) and OSC 777 (urxvt, foot); a terminal ignores what it does not know.

    Nothing in the text can end a sequence: control characters are replaced, and semicolons, which separate, too.
    """
    shown = " ".join(safe_text(text).split())[:TEXT_MAX].replace(";", ",")
    return f"\a\x1b]9;{shown}\a\x1b]777;notify;gitorch;{shown}\a".encode()


def _write(terminal: str, data: bytes) -> None:
    """Write to a terminal without waiting for it and without taking it over."""
    with contextlib.suppress(OSError):
        descriptor = os.open(terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)
