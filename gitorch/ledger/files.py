"""Small files of our own in the git directory, replaced in one step, so that no reader sees half of one."""

from __future__ import annotations

import errno
import os
import stat
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEMPORARY_SUFFIX = "~"
"""How the temporary name of a file ends. A writer that was killed leaves such a file behind."""


def read(path: Path, errors: str = "strict") -> str:
    """The text of a regular file in UTF-8; `errors` says what becomes of other bytes.

    Raises OSError for anything else, so that a named pipe in its place never holds the reader up, and UnicodeDecodeError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        return file.read().decode("utf-8", errors)


def read_sealed(path: Path) -> str:
    """The text that `replace_sealed` gave the file. Raises OSError, and ValueError where its content has changed since."""
    seal, _, text = read(path).partition("\n")
    if seal != _seal(text):
        raise ValueError("its content is not what was written")
    return text


def replace_sealed(path: Path, text: str) -> None:
    """Give the file this text in one step, below a checksum: a disk, an editor or another program may change it."""
    replace(path, f"{_seal(text)}\n{text}")


def _seal(text: str) -> str:
    """Eight hex digits that change with the text. No proof: whoever writes the file can make them, too."""
    return f"{zlib.crc32(text.encode()):08x}"


def replace(path: Path, text: str) -> None:
    """Give the file this text in one step. Not synced: these files can be lost and made again."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        temporary.write_text(text, encoding="utf-8")
    except FileNotFoundError:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")

    temporary.rename(path)
