"""A text file at the door: bytes become lines with numbers, or a problem that says why they cannot."""

from __future__ import annotations

from gitorch.errors import Problem
from gitorch.model.values import Value


class Source(Value):
    """The text of a file, without byte order mark and with line feeds as its only line ends; lines count from 1."""

    path: str
    text: str
    lines: tuple[str, ...]

    def problem(self, line: int, message: str, fix: str, column: int = 0) -> Problem:
        """A problem on this line; column 0 stands for the first character of the line that is not blank."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        indent = len(text) - len(text.lstrip()) if text.strip() else 0
        return Problem(self.path, max(line, 1), column or indent + 1, message, fix)

    def column(self, line: int, words: str) -> int:
        """Where `words` begin on a line, counted from 1; 0 when they are not there."""
        return self.lines[line - 1].find(words) + 1 if 0 < line <= len(self.lines) else 0


def source_of(path: str, text: str) -> Source:
    """A source from decoded text, with line ends made uniform."""
    uniform = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Source(path, uniform, tuple(uniform.split("\n")))


def read_source(path: str, data: bytes, bytes_max: int) -> Source | Problem:
    """Decode a file, or say why it is no text that anybody could have meant."""
    if len(data) > bytes_max:
        return Problem(
            path,
            1,
            1,
            f"The file has {len(data):,} bytes; at most {bytes_max:,} are read.",
            "Split it, or move what the agents do not need into other files.",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(data, error.start)
        return Problem(
            path,
            line,
            column,
            f"The file is not UTF-8: byte 0x{data[error.start]:02x} cannot stand here.",
            f"Save it as UTF-8, for example: iconv -f {_probably(data)} -t UTF-8 {path}",
        )
    nul = data.find(b"\0")
    if nul >= 0:
        line, column = _place(data, nul)
        return Problem(
            path, line, column, "The file holds a NUL byte, so it is not text.", "Save it as UTF-8 text (not UTF-16)."
        )
    if not text.removeprefix("\ufeff").strip():
        return Problem(path, 1, 1, "The file is empty.", "Write it, or name another file.")
    return source_of(path, text)


def _probably(data: bytes) -> str:
    """The encoding that a file which is no UTF-8 was most likely written in."""
    return "UTF-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "WINDOWS-1252"


def _place(data: bytes, offset: int) -> tuple[int, int]:
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1
