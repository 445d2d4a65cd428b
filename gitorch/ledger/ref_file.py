"""The ledger's ref as git keeps it in files: read in a few system calls, and moved by compare-and-swap under git's own lock.

`dulwich.refs` does the same, but costs each verb that writes 10 ms to import, and one more sync.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Refused, Unavailable
from gitorch.ledger import durable, files, loose_objects
from gitorch.model.ids import CommitId

if TYPE_CHECKING:
    from pathlib import Path

_WIDTH = 40
_HEX_DIGITS = frozenset("0123456789abcdef")


class RefFile:
    """One ref of a repository with SHA-1 and files for refs."""

    def __init__(self, common: Path, ref: str) -> None:
        self._common, self._ref = common, ref
        self._path = f"{common}/{ref}"
        self._folder, _, _ = self._path.rpartition("/")

    def read(self) -> CommitId | None:
        """Read from the ref's file, else from the packed refs: git writes those before it removes the file.

        None where there is no such ref. Raises Corrupt for one that holds no commit, Unavailable.
        """
        try:
            text = self._loose()
            if text is None:
                text = self._packed()
        except IsADirectoryError:  # a branch below this name
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"{self._ref} cannot be read: {error}.") from error

        if text is None:
            return None
        return self._parsed(text)

    def _parsed(self, text: str) -> CommitId:
        """The commit id that the ref holds. Raises Corrupt for any other text, such as that of a symbolic ref."""
        if len(text) == _WIDTH and _HEX_DIGITS.issuperset(text):
            return CommitId(text)

        raise Corrupt(
            f"{self._ref} does not hold a commit but {text[:60]!r}.",
            hint="gitorch recover",
            where=self._ref,
        )

    def _loose(self) -> str | None:
        """The text of the ref's own file, or None where it has none. Raises OSError, UnicodeDecodeError."""
        try:
            return loose_objects.whole_file(self._path).decode("ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _packed(self) -> str | None:
        """The ref's commit in the file of packed refs, or None where it is not there."""
        for line in self._packed_lines():
            if line[_WIDTH + 1 :] == self._ref:
                return line[:_WIDTH]
        return None

    def _packed_lines(self) -> list[str]:
        """The lines of the file of packed refs; none where there is no such file."""
        try:
            return files.read(self._common / "packed-refs", "replace").splitlines()
        except FileNotFoundError:
            return []

    def move(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ref; False when it is not at `old`, or another process is moving it. Durable after `make_durable`.

        Raises Refused when another branch takes the name of the ref or of its folder, and what `read` raises.
        """
        try:
            self._make_folder(is_first=old is None)
            return self._swap(old, new)
        except (
            FileExistsError,
            FileNotFoundError,
        ):  # git holds the lock, or has just packed the ref and removed its folder
            return False
        except (NotADirectoryError, IsADirectoryError) as error:
            raise Refused(
                f"{self._ref} cannot be created because a branch has the name of its folder, or lies below it.",
                hint="git branch -m gitorch gitorch-work",
            ) from error

    def _make_folder(self, *, is_first: bool) -> None:
        """Make the folder of the ref. Raises NotADirectoryError where a branch has its name."""
        try:
            os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103  # a str
        except FileExistsError as error:
            raise NotADirectoryError(self._folder) from error
        if is_first and self._is_packed_otherwise():
            raise NotADirectoryError(self._folder)

    def _is_packed_otherwise(self) -> bool:
        """Whether a packed ref has the name of the folder, or of a ref below this one."""
        folder, _, _ = self._ref.rpartition("/")
        for line in self._packed_lines():
            name = line[_WIDTH + 1 :]
            if name == folder or name.startswith(f"{self._ref}/"):
                return True
        return False

    def _swap(self, old: CommitId | None, new: CommitId) -> bool:
        """Write the ref under git's own lock where it is at `old`. Raises FileExistsError where the lock is held."""
        lock, is_moved = f"{self._path}.lock", False
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            if self.read() == old:
                os.write(descriptor, f"{new}\n".encode())
                durable.write_back(descriptor, self._has_one_journal)
                os.replace(lock, self._path)  # noqa: PTH105  # a str
                is_moved = True
        finally:
            os.close(descriptor)
            if not is_moved:
                os.unlink(lock)  # noqa: PTH108  # the same

        if is_moved and not self._has_one_journal:
            durable.sync(self._folder)
        return is_moved

    def make_durable(self) -> None:
        """Wait until the ref, and everything that was written before it moved, would survive a power cut.

        Where the file system keeps no journal in order, `move` has waited for that.
        """
        if self._has_one_journal:
            with suppress(FileNotFoundError):  # git packed the ref, and synced it
                durable.sync(self._folder)

    @property
    def _has_one_journal(self) -> bool:
        """Whether one sync makes everything before it durable."""
        return durable.has_one_journal(f"{self._common}")
