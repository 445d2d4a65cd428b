"""Decode the input of a terminal into keys: typed text, bracketed pastes, Enter, Backspace, Ctrl-C."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

PASTE_BEGINS = "\x1b[200~"
PASTE_ENDS = "\x1b[201~"
CONTROLS = {
    "\r": "enter",
    "\n": "newline",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x03": "interrupt",
    "\x04": "end",
    "\x15": "clear",
}
ARROWS = {"\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1bOB": "down"}
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O\x00-\x1f])", re.DOTALL)
PLAIN = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]+")


class Key(NamedTuple):
    """One key press, or one piece of text."""

    kind: str
    """`text`, `paste`, `escape`, `other` or a value of `CONTROLS` or `ARROWS`."""

    text: str = ""


class Decoder:
    """Decodes bytes in pieces of any size; a paste is one key, its text exact except for CR."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._pasting = False

    @property
    def undecided(self) -> bool:
        """Whether the input so far ends in an Escape that may be a key or the beginning of a sequence."""
        return bool(self._rest) and not self._pasting

    def feed(self, data: bytes) -> list[Key]:
        """The keys that these bytes complete, in order; the rest is kept for the next call.

        Bytes that are no UTF-8 become replacement characters. Keys that mean nothing to the agent are left out.
        """
        self._rest += self._utf8.decode(data)
        keys: list[Key] = []

        while self._rest:
            key = self._first_key()
            if key is None:
                break

            keys.append(key)

        return [key for key in keys if key.kind != "other"]

    def flush(self) -> list[Key]:
        """The keys of an unfinished sequence when no more bytes came: Escape, and the rest.

        Call it when a short time has passed since `undecided` became true. Without an unfinished sequence it gives nothing.
        """
        if not self.undecided:
            return []

        self._rest = self._rest[1:]
        return [Key("escape"), *self.feed(b"")]

    def _first_key(self) -> Key | None:
        """The first key of the input; None if it is incomplete. Within a paste, nothing but its end is a key."""
        if self._pasting:
            return self._end_of_paste()

        return self._next()

    def _end_of_paste(self) -> Key | None:
        """The whole paste, once its end has arrived; None before. Line ends in it become line feeds."""
        text, mark, rest = self._rest.partition(PASTE_ENDS)
        if not mark:
            return None

        self._pasting, self._rest = False, rest
        return Key("paste", text.replace("\r\n", "\n").replace("\r", "\n"))

    def _next(self) -> Key | None:
        """The first key of the input outside of a paste; None if it is incomplete.

        The beginning of a paste is a key that means nothing, so that the caller goes on with the paste itself.
        """
        if self._rest.startswith(PASTE_BEGINS):
            self._pasting, self._rest = True, self._rest[len(PASTE_BEGINS) :]
            return Key("other")

        if self._rest[0] == "\x1b":
            return self._sequence()

        plain = PLAIN.match(self._rest)
        if plain is not None:
            self._rest = self._rest[plain.end() :]
            return Key("text", plain.group())

        control, self._rest = self._rest[0], self._rest[1:]
        return Key(CONTROLS.get(control, "other"))

    def _sequence(self) -> Key | None:
        """The key of an escape sequence, of which only Escape itself and two arrows matter; None if it is incomplete.

        An Escape before a control character is the key: no sequence continues with one.
        """
        if len(self._rest) > 1 and self._rest[1] < " ":
            self._rest = self._rest[1:]
            return Key("escape")

        found = SEQUENCE.match(self._rest)
        if found is None:
            return None

        self._rest = self._rest[found.end() :]
        return Key(ARROWS.get(found.group(), "other"))
