"""Branches read from git's own files, where a repository keeps them in files: a tick asks for a few, and a process costs it 2 ms."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.model.ids import CommitId
from gitorch.world.git.known_file import KnownFile
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

COMMIT = re.compile(rb"(?=.*[1-9a-f])(?:[0-9a-f]{40}|[0-9a-f]{64})")
"""A commit's id as git writes it; one of zeros alone is none."""
_REF = re.compile(r"refs/heads(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
"""Names that are those of files below the git directory, whatever the file system does with other letters."""
_NAME = re.compile(rb"refs(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+")
_PASSED_OVER = re.compile(r"^\.|\.lock$")
"""Names of files that are no refs for git."""
_SYMBOLIC = b"ref: "
_FILE_BYTES_MAX = 65
_LINE_BYTES_MAX = 4096
_OTHER_STORE = rb"(?i)refstorage"


class RefFiles:
    """The refs of the repository with this git directory, which its worktrees share."""

    def __init__(self, common: Path) -> None:
        self._common = common
        self._other_store = KnownFile(common / "config", lambda data: re.search(_OTHER_STORE, data) is not None)
        self._packed = KnownFile(common / "packed-refs", _parsed)

    def read(self, refs: Sequence[str]) -> Mapping[str, CommitId] | None:
        """The commits of these full names of branches, without those that do not exist.

        None where only git can say it: refs in another store, symbolic and damaged ones, and files that cannot be read.
        """
        with suppress(OSError, ValueError):
            self._require_files()
            return self._all(refs)
        return None

    def every(self) -> Mapping[str, CommitId] | None:
        """Every ref with its commit or tag, sorted by name, as a main checkout has them.

        None where only git can say it, as of a symbolic ref that leads to no other of them.
        """
        with suppress(OSError, ValueError):
            self._require_files()
            loose = dict(_loose(self._common / "refs", "refs"))
            packed = self._every_packed()  # after the loose ones: git packs a ref before it removes its file
            return _resolved({**packed, **loose})
        return None

    def _require_files(self) -> None:
        """Raise ValueError for refs in another store, and OSError where the settings cannot be read."""
        if self._other_store.content() or (self._common / "reftable").exists():
            raise ValueError("refs are not kept in files")

    def existing(self, ref: str) -> CommitId | None:
        """The commit of a branch whose object lies in a file of its own; empty where there is no such branch.

        None where only git can say it, as of an object that is packed or missing.
        """
        found = self.read([ref])
        if found is None:
            return None

        commit = found.get(ref)
        if commit is None:
            return CommitId("")

        path = self._common / "objects" / commit[:2] / commit[2:]
        if path.is_file():
            return commit
        return None

    def _all(self, refs: Sequence[str]) -> Mapping[str, CommitId]:
        """The same. Raises ValueError for a ref that holds no commit, OSError for one that is no file."""
        found = {}
        for ref in refs:
            commit = self._one(ref)
            if commit:
                found[ref] = CommitId(commit.decode())
        return found

    def _one(self, ref: str) -> bytes:
        """From the ref's own file, else from the packed ones: git writes those before it removes the file. Empty for none."""
        path = self._common / ref
        if not _REF.fullmatch(ref) or path.is_symlink():  # git takes a link for a symbolic ref
            raise ValueError(ref)
        try:
            line = whole(path, _FILE_BYTES_MAX + 1)
        except (FileNotFoundError, NotADirectoryError):
            line = self._packed_line(ref)
        commit = line.removesuffix(b"\n")
        if line and not COMMIT.fullmatch(commit):
            raise ValueError(ref)
        return commit

    def _packed_line(self, ref: str) -> bytes:
        """The commit of a packed ref; empty where it is not among them."""
        try:
            return self._packed.content().get(ref.encode(), b"")
        except FileNotFoundError:
            return b""

    def _every_packed(self) -> Mapping[bytes, bytes]:
        """The commits of the packed refs, read anew: what was pushed or tampered with is compared with them."""
        try:
            return _parsed(whole(self._common / "packed-refs"))
        except FileNotFoundError:
            return {}


def _loose(folder: Path, name: str) -> Iterator[tuple[bytes, bytes]]:
    """What the file of each loose ref below a folder holds. Raises OSError, and ValueError for a link."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _PASSED_OVER.search(entry.name):
                continue
            path, ref = folder / entry.name, f"{name}/{entry.name}"
            if entry.is_symlink():
                raise ValueError(ref)
            if entry.is_dir():
                yield from _loose(path, ref)
            else:
                yield ref.encode(), whole(path, _LINE_BYTES_MAX)


def _resolved(lines: Mapping[bytes, bytes]) -> Mapping[str, CommitId]:
    """The commits of refs, sorted, by what is written for each. Raises ValueError for what git may pass over."""
    found = {}
    for ref in sorted(lines):
        line = lines[ref].removesuffix(b"\n")
        if line.startswith(_SYMBOLIC):
            line = lines.get(line.removeprefix(_SYMBOLIC), b"").removesuffix(b"\n")
        if not _NAME.fullmatch(ref) or not COMMIT.fullmatch(line):
            raise ValueError(ref)
        found[ref.decode()] = CommitId(line.decode())
    return found


def _parsed(data: bytes) -> Mapping[bytes, bytes]:
    """The file of packed refs, as commits by names, without the first line and those with the commits of tags."""
    found = {}
    for line in data.splitlines():
        commit, _, name = line.partition(b" ")
        if not commit.startswith((b"#", b"^")):
            found[name] = commit
    return found
