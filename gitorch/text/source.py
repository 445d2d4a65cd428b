"""Text files: bytes become numbered lines, or a problem that says why they are not text."""

from __future__ import annotations

from gitorch.errors import Problem
from gitorch.model.values import Value


class Source(Value):
    """The text of a file. Lines and columns count from 1."""

    path: str
    text: str
    """Without byte order mark; line feeds are the only line ends."""
    lines: tuple[str, ...]

    def line(self, number: int) -> str:
        """A line; empty for a number that the file does not have."""
        if 0 < number <= len(self.lines):
            return self.lines[number - 1]
        return ""

    def problem(self, line: int, message: str, fix: str, column: int = 0) -> Problem:
        """A problem on this line.

        Column 0 means the first character that is not blank; line 0 means the first line.
        """
        if not column:
            text = self.line(line)
            indent = len(text) - len(text.lstrip())
            column = 1
            if text.strip():
                column = indent + 1

        return Problem(self.path, max(line, 1), column, message, fix)

    @property
    def front_matter_lines(self) -> int:
        """How many lines the front matter takes, both of its `---` lines included; 0 without any.

        It may end with `...`, too. A text whose first line is `---` without such an end has no front matter.
        """
        if self.lines[0].rstrip() != "---":
            return 0

        for number, line in enumerate(self.lines[1:], 2):
            if line.rstrip() in {"---", "..."}:
                return number

        return 0

    def front_matter(self) -> Source:
        """Only the YAML of the front matter, with its lines where they are in the file.

        Empty, with one blank line, for a text without front matter.
        """
        lines = ("", *self.lines[1 : self.front_matter_lines - 1])
        return Source(self.path, "\n".join(lines), lines)

    def without_front_matter(self) -> str:
        """The text with blank lines in place of its front matter, so that line numbers stay true."""
        skipped = self.front_matter_lines
        return "\n".join(("",) * skipped + self.lines[skipped:])

    def column(self, line: int, text: str) -> int:
        """The column where a text begins on a line, counted from 1; 0 when the line does not contain it."""
        return self.line(line).find(text) + 1


def source_of(path: str, text: str) -> Source:
    """A source from decoded text, without byte order mark and with line feeds as the only line ends."""
    uniform = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Source(path, uniform, tuple(uniform.split("\n")))


def read_source(path: str, data: bytes, bytes_max: int) -> Source | Problem:
    """Decode a file.

    A file that is larger than `bytes_max`, empty, binary or not UTF-8 is a problem, with the place of the first wrong byte.
    """
    if len(data) > bytes_max:
        message = f"The file has {len(data):,} bytes; at most {bytes_max:,} are allowed."
        return Problem(path, 1, 1, message, "Split it, or move text that no agent needs into other files.")

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The file is not UTF-8: byte 0x{data[error.start]:02x} is invalid here."
        fix = f"Save it as UTF-8, for example: iconv -f {_probable_encoding(data)} -t UTF-8 {path}"
        return Problem(path, *_place(data, error.start), message, fix)

    return _checked_source(path, data, text)


def _checked_source(path: str, data: bytes, text: str) -> Source | Problem:
    """The source of a text that is not empty and holds no NUL byte."""
    nul = data.find(b"\0")
    if nul >= 0:
        message = "The file contains a NUL byte, so it is not text."
        return Problem(path, *_place(data, nul), message, "Save it as UTF-8 text (not UTF-16).")

    if not text.removeprefix("\ufeff").strip():
        return Problem(path, 1, 1, "The file is empty.", "Write it, or name another file.")

    return source_of(path, text)


def _probable_encoding(data: bytes) -> str:
    """The most likely encoding of a file that is not UTF-8, for the command that converts it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    return "WINDOWS-1252"


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column of a byte, counted from 1; the column counts characters."""
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1
