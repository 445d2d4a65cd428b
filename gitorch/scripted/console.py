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
SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]"
INVISIBLE = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]"
CONTROLS = re.compile(f"{SEQUENCE}|{INVISIBLE}")
"""Escape sequences, control characters, and characters that break or reorder lines."""
ESCAPE_SECONDS = 0.05
"""An Escape that is alone for this time is the key; terminals send a sequence in one piece."""


class Interrupted(Exception):
    """Ctrl-C or Escape was pressed while the agent worked."""


class TerminalClosed(Exception):
    """The terminal was closed."""


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
        """Set up the terminal: raw keys, cooked output.

        Ctrl-C arrives as a key, and a line feed still returns the carriage. Bracketed paste is switched on.
        """
        self._before = termios.tcgetattr(self._keyboard)
        modes = termios.tcgetattr(self._keyboard)
        modes[0] &= ~(termios.BRKINT | termios.ICRNL | termios.INPCK | termios.ISTRIP | termios.IXON)
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        termios.tcsetattr(self._keyboard, termios.TCSANOW, modes)
        signal.signal(signal.SIGWINCH, lambda *_: self._redraw())
        self._write("\x1b[?2004h")

        return self

    def __exit__(self, *_: object) -> None:
        """Restore the terminal, if it is still open."""
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
        """Print one or more lines above the live row.

        Escape sequences, control characters and characters that reorder text are left out, so that no text of an agent can
        draw outside of its lines. Raises TerminalClosed.
        """
        self._write("\r\x1b[J" + CONTROLS.sub("", text) + "\n" + self._drawn())

    def row(self, text: str) -> None:
        """Show this text in the live row; a text that is too long loses its beginning. Raises TerminalClosed."""
        self._row = text
        self._write("\r\x1b[J" + self._drawn())

    def panel(self, lines: Sequence[str]) -> None:
        """Show lines in the place of the live row, until `close_panel`; a line that is too long loses its beginning."""
        self.row("")
        columns = self.columns - 1
        self._panel = len(lines)
        self._write("".join(fitted(line, columns, head="") + "\n" for line in lines))

    def close_panel(self) -> None:
        """Erase the panel, if one is shown."""
        if self._panel:
            self._write(f"\x1b[{self._panel}A\r\x1b[J")

        self._panel = 0

    def key(self, seconds: float | None = None) -> Key | None:
        """The next key; None if none came within this number of seconds.

        Keys that arrived while the agent worked come first. Without a limit it waits until a key comes. Raises TerminalClosed.
        """
        if not self._keys:
            self._keys.extend(self._receive(seconds))

        if not self._keys:
            return None

        return self._keys.popleft()

    def listen(self, seconds: float) -> None:
        """Let this number of seconds pass while working.

        Keys are kept for the prompt, but Ctrl-C or Escape ends the wait at once. Raises Interrupted, TerminalClosed.
        """
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
        """One submitted prompt, edited in the live row; None when the user leaves.

        A line that holds only white space is never submitted. Raises TerminalClosed.
        """
        text = ""
        last_key_at = 0.0
        self.row(PROMPT)

        while True:
            key = self.key()
            if key is None:
                continue

            time.sleep(self.key_seconds)
            if _leaves(key, text):
                return None

            if self._submits(key, text, last_key_at):
                self.row("")
                return text

            if key.kind != "enter":
                text = self._edited(text, key)
                last_key_at = time.monotonic()

            self.row(PROMPT + text)

    def _submits(self, key: Key, text: str, last_key_at: float) -> bool:
        """Whether the key submits the text.

        Every Enter counts for `ignore_enters`, also on an empty line, as in programs that swallow keys
        while they start.
        """
        if key.kind != "enter" or not self._accepts_enter(last_key_at):
            return False

        return bool(text.strip())

    def _accepts_enter(self, last_key_at: float) -> bool:
        """Whether this Enter counts: it does not while Enters are ignored, or when it follows another key too soon."""
        if self.ignore_enters > 0:
            self.ignore_enters -= 1
            return False

        return time.monotonic() - last_key_at >= self.early_enter_seconds

    def _edited(self, text: str, key: Key) -> str:
        """The text after one more key; a paste is lost while pastes are dropped."""
        if key.kind == "paste" and self.drop_pastes > 0:
            self.drop_pastes -= 1
            return text

        return edited(text, key)

    def _receive(self, seconds: float | None) -> Sequence[Key]:
        """The keys that arrive within this number of seconds; None means no limit.

        An Escape that may begin a sequence is waited for only `ESCAPE_SECONDS`, then it counts as the
        key. Raises TerminalClosed.
        """
        limit = seconds
        if self._decoder.undecided:
            limit = ESCAPE_SECONDS

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
        """The live row as it fits the terminal now."""
        drawn = fitted(self._row, self.columns - 1)
        self._row_width = width(drawn)

        return drawn

    def _redraw(self) -> None:
        """Draw the row again after a change of size.

        A narrower terminal may have wrapped the row, so the drawing begins at its first line.
        """
        above = max(self._row_width - 1, 0) // max(self.columns, 1)
        if above:
            self._write(f"\x1b[{above}A")

        self._write("\r\x1b[J" + self._drawn())

    @property
    def columns(self) -> int:
        """The width of the terminal; 80 when it does not say."""
        try:
            return os.get_terminal_size(self._screen).columns or 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        """Write everything to the terminal. Raises TerminalClosed."""
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._screen, data) :]
        except OSError as error:
            raise TerminalClosed from error


def edited(text: str, key: Key) -> str:
    """The prompt's text after one more key.

    Text and pastes are added at the end, Backspace takes the last character with its combining marks, and Ctrl-U or
    Ctrl-C clears the line. Any other key changes nothing.
    """
    if key.kind in {"text", "paste"}:
        return text + key.text

    if key.kind == "newline":
        return text + "\n"

    if key.kind == "backspace":
        return text[: len(text) - _last_character(text)]

    if key.kind in {"clear", "interrupt"}:
        return ""

    return text


def width(text: str) -> int:
    """The columns that a terminal uses for this text: two for a wide character, none for a combining one."""
    return sum(_columns_of(character) for character in text)


def fitted(text: str, columns: int, head: str = PROMPT + "…") -> str:
    """One row of at most this number of columns.

    Line feeds are shown as `⏎`, and control characters are left out. A text that is too long is cut to `head` and its end.
    """
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
    """Whether the key ends the program.

    Ctrl-D and Ctrl-C do on an empty line, and Enter does after `/exit` or `/quit`.
    """
    if key.kind == "enter":
        return text in {"/exit", "/quit"}

    return not text and key.kind in {"end", "interrupt"}


def _last_character(text: str) -> int:
    """The number of characters that one Backspace removes: a character with its combining marks."""
    count = 1
    while count < len(text) and unicodedata.combining(text[-count]):
        count += 1

    return count


def _columns_of(character: str) -> int:
    """2 for a wide character, 0 for a combining mark, 1 for any other."""
    if unicodedata.combining(character):
        return 0

    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 2

    return 1
