"""The process that gives a terminal back when the console was killed: `python -I -S terminal_restorer.py MODES SENTENCE`.

Standard input is a pipe from the console, standard output the terminal. The last byte from the pipe says whether the
console has the terminal (`+`) or not (`-`). When the pipe ends while it has it, nobody else is left to restore the modes
that MODES names and to leave the alternate screen. It imports nothing of gitorch, so that it starts in 20 ms.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import termios

HAS_IT = b"+"

RESTORED = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # no reports of the mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # nor of focus, pasted text and size
    "\x1b[<u"  # plain keys
    "\x1b[?1049l\x1b[?7h\x1b[?25h\x1b[0m"  # the usual screen, wrapped lines, a cursor, no colours
)
"""What undoes everything that the console may have asked of the terminal. Terminals ignore what they do not know."""


def main(modes: str, sentence: str) -> None:
    """Wait for the end of the console, and restore the terminal if the console had it."""
    last = b""
    while data := os.read(0, 1024):
        last = data[-1:]

    if last == HAS_IT:
        with contextlib.suppress(OSError, termios.error):  # the terminal may be gone too
            flags, characters = json.loads(modes)
            restore(flags, characters, sentence)


def restore(modes: list[int], characters: list[int], sentence: str) -> None:
    """Set the modes, and say on the usual screen what has happened."""
    attributes: list[int | list[bytes | int]] = [*modes, list(characters)]
    termios.tcsetattr(1, termios.TCSANOW, attributes)
    os.write(1, f"{RESTORED}\r\n{sentence}\r\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
