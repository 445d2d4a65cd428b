"""The agent's terminal: plain lines that scroll, one live row below them, and keys as they come."""

from __future__ import annotations

import os
import re
import select
import signal
import termios
import time
import unicodedata
from collections import deque
from typing import TYPE_CHECKING, Self

from gitorch.scripted.keys import Decoder, Key

if TYPE_CHECKING:
    from collections.abc import Sequence

PROMPT = "❯ "
BUSY = "✻ Working… (esc to interrupt)"
TITLE_READY = "✳ ready"
TITLE_BUSY = "⠂ working"
CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ESCAPE_SECONDS = 0.05
"""How long an Escape may be alone before it counts as the key; terminals send a sequence in one piece."""


class Interrupted(Exception):
    """Ctrl-C or Escape was pressed while the agent worked."""


class TerminalClosed(Exception):
    """The terminal is not there any more."""


class Console:
    """Draws on one terminal and reads its keys. As a context manager it sets the terminal up and back."""

    def __init__(self, keyboard: int = 0, screen: int = 1) -> None:
        self.ignore_enters = 0
        self.drop_pastes = 0
        self.early_enter_seconds = 0.0
        self.key_seconds = 0.0
        self._keyboard, self._screen = keyboard, screen
        self._decoder = Decoder()
        self._keys: deque[Key] = deque()
        self._row = ""
        self._row_width = 0
        self._panel = 0

    def __enter__(self) -> Self:
        """Raw keys, cooked output: Ctrl-C arrives as a key, and a line feed still returns the carriage."""
        self._before = termios.tcgetattr(self._keyboard)
        modes = termios.tcgetattr(self._keyboard)
        modes[0] &= ~(termios.BRKINT | termios.ICRNL | termios.INPCK | termios.ISTRIP | termios.IXON)
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        termios.tcsetattr(self._keyboard, termios.TCSANOW, modes)
        signal.signal(signal.SIGWINCH, lambda *_: self._redraw())
        self._write("\x1b[?2004h")
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was found, if it is still there."""
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        try:
            self.row("")
            self._write("\x1b[?2004l")
            termios.tcsetattr(self._keyboard, termios.TCSANOW, self._before)
        except (TerminalClosed, termios.error):
            return

    def title(self, text: str) -> None:
        """Set the terminal's title, which tmux shows as the pane's."""
        self._write(f"\x1b]2;{text}\x07")

    def line(self, text: str) -> None:
        """Print one or more lines above the live row, without what would move the cursor."""
        self._write("\r\x1b[J" + CONTROLS.sub("", text) + "\n" + self._drawn())

    def row(self, text: str) -> None:
        """Put this text in the live row, cut from its left where it is too long."""
        self._row = text
        self._write("\r\x1b[J" + self._drawn())

    def panel(self, lines: Sequence[str]) -> None:
        """Show lines that `close_panel` takes away again, in the place of the live row."""
        self.row("")
        columns = self._columns() - 1
        self._panel = len(lines)
        self._write("".join(fitted(line, columns, head="") + "\n" for line in lines))

    def close_panel(self) -> None:
        """Take the panel away; nothing of it stays on the screen."""
        self._write(f"\x1b[{self._panel}A\r\x1b[J" if self._panel else "")
        self._panel = 0

    def key(self, seconds: float | None = None) -> Key | None:
        """The next key, waiting at most so long for it; None when none came. Raises TerminalClosed."""
        if not self._keys:
            self._keys.extend(self._receive(seconds))
        return self._keys.popleft() if self._keys else None

    def listen(self, seconds: float) -> None:
        """Let time pass while working; keys are kept for the prompt. Raises Interrupted, TerminalClosed."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            keys = self._receive(max(left, 0.0))
            if any(key.kind in {"interrupt", "escape"} for key in keys):
                raise Interrupted
            self._keys.extend(keys)
            if left <= 0:
                return

    def read_line(self) -> str | None:
        """One submitted prompt, edited in the live row; None when the user leaves. Raises TerminalClosed."""
        text, last_key_at = "", 0.0
        self.row(PROMPT)
        while True:
            key = self.key()
            if key is None:
                continue
            time.sleep(self.key_seconds)
            if key.kind == "enter" and self._accepts_enter(last_key_at) and text.strip():
                self.row("")
                return text
            if _leaves(key, text):
                return None
            if key.kind != "enter":
                text, last_key_at = self._edited(text, key), time.monotonic()
            self.row(PROMPT + text)

    def _accepts_enter(self, last_key_at: float) -> bool:
        if self.ignore_enters > 0:
            self.ignore_enters -= 1
            return False
        return time.monotonic() - last_key_at >= self.early_enter_seconds

    def _edited(self, text: str, key: Key) -> str:
        if key.kind == "paste" and self.drop_pastes > 0:
            self.drop_pastes -= 1
            return text
        return edited(text, key)

    def _receive(self, seconds: float | None) -> Sequence[Key]:
        limit = ESCAPE_SECONDS if self._decoder.undecided else seconds
        ready, _, _ = select.select([self._keyboard], [], [], limit)
        if not ready:
            return self._decoder.flush()
        try:
            data = os.read(self._keyboard, 65536)
        except OSError as error:
            raise TerminalClosed from error
        if not data:
            raise TerminalClosed
        return self._decoder.feed(data)

    def _drawn(self) -> str:
        drawn = fitted(self._row, self._columns() - 1)
        self._row_width = width(drawn)
        return drawn

    def _redraw(self) -> None:
        """After a change of size: a row that was wider than the terminal now is wrapped; begin at its first line."""
        above = max(self._row_width - 1, 0) // max(self._columns(), 1)
        self._write((f"\x1b[{above}A" if above else "") + "\r\x1b[J" + self._drawn())

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._screen).columns or 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._screen, data) :]
        except OSError as error:
            raise TerminalClosed from error


def edited(text: str, key: Key) -> str:
    """The prompt's text after one more key."""
    if key.kind in {"text", "paste"}:
        return text + key.text
    if key.kind == "newline":
        return text + "\n"
    if key.kind == "backspace":
        return text[: len(text) - _last_character(text)]
    return "" if key.kind in {"clear", "interrupt"} else text


def width(text: str) -> int:
    """How many columns a terminal gives this text."""
    return sum(_columns_of(character) for character in text)


def fitted(text: str, columns: int, head: str = PROMPT + "…") -> str:
    """One row of at most so many columns: line feeds are shown, and of a long text `head` and the end are kept."""
    shown = text.replace("\n", "⏎").replace("\t", " ")
    shown = "".join(character for character in shown if unicodedata.category(character) != "Cc")
    if width(shown) <= columns:
        return shown
    kept = ""
    for character in reversed(shown):
        if width(head) + width(kept) + _columns_of(character) > columns:
            break
        kept = character + kept
    return head + kept


def _leaves(key: Key, text: str) -> bool:
    return (not text and key.kind in {"end", "interrupt"}) or (key.kind == "enter" and text in {"/exit", "/quit"})


def _last_character(text: str) -> int:
    """How many characters one Backspace takes: a character with the marks that stand on it."""
    count = 1
    while count < len(text) and unicodedata.combining(text[-count]):
        count += 1
    return count


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
