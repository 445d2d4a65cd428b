"""The newest records in one file, `<common git dir>/gitorch/cache/recent`: whoever follows the ledger reads them at once.

Reading a record from git takes eight objects and 0.25 ms; one of eight writers has to follow seven records before each of its
own. Each line is `["<parent>", "<commit>", "<path>", "<the record's file>"]`. Nothing here is believed for its own sake: the
newest line must have the digest that the tip's commit names, and by the chain of digests that covers every line before it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.ledger import layout
from gitorch.model.ids import CommitId
from gitorch.model.json_text import json_of, parse_json
from gitorch.ports.commits import StoredCommit
from gitorch.text.records import digests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitorch.ports.commits import NewCommit
    from gitorch.ports.ledger import Store

BYTES_MAX = 1_000_000
"""A longer file begins anew, with the record that comes next."""

_TAIL = 65_536
"""How much of the end is read: some 60 records. A reader that is further behind reads commits."""

_LINE_MAX = 20_000
"""A longer record is left out, and readers fetch it from its commit."""

_PARTS = 4
"""Of a line."""


class Recent:
    """The newest records of one clone."""

    def __init__(self, store: Store, common: Path) -> None:
        self._store, self._path = store, f"{common}/gitorch/cache/recent"

    def add(self, parent: CommitId | None, ids: Sequence[CommitId], commits: Sequence[NewCommit]) -> None:
        """Note commits that the branch has got just now. Needs the ledger's lock; a failed write costs readers time only."""
        lines = []
        for identity, commit in zip(ids, commits, strict=True):
            for path, data in commit.files.items():
                if layout.is_record(path) and len(data) < _LINE_MAX:
                    lines.append(f"\n{json_of([parent, identity, path, data.decode()], ensure_ascii=False)}")
            parent = identity

        with suppress(OSError):
            self._write("".join(lines).encode())

    def _write(self, lines: bytes) -> None:
        """Add whole lines, each with its line break first, so that half a line of a killed writer spoils no other."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK  # never waits for a pipe's reader
        descriptor = os.open(self._path, flags, 0o644)
        try:
            if os.fstat(descriptor).st_size > BYTES_MAX:
                os.ftruncate(descriptor, 0)
            os.write(descriptor, lines)
        finally:
            os.close(descriptor)

    def since(self, base: CommitId, tip: CommitId) -> list[StoredCommit] | None:
        """The commits after `base` up to `tip`, each with its record alone; None where the file does not tell them.

        Of everything else in them, the id and the parent are the file's word. Raises Corrupt for a tip that cannot be read.
        """
        try:
            commits = _chained(self._tail(base), base, tip)
        except (OSError, ValueError, TypeError):
            return None

        if not commits or not self._is_newest(commits[-1], tip):
            return None
        return commits

    def _tail(self, base: CommitId) -> str:
        """The lines after that of the commit `base`; empty where it is not among the newest."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            size = os.fstat(descriptor).st_size
            tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
        finally:
            os.close(descriptor)

        start = tail.rfind(f'\n["{base}", '.encode())
        if start < 0:
            return ""
        return tail[start + 1 :].decode()

    def _is_newest(self, commit: StoredCommit, tip: CommitId) -> bool:
        """Whether the tip's commit names the digest of this record."""
        (data,) = commit.added.values()
        return commit.id == tip and self._store.message(tip).endswith(f"\nGitorch-Record: {digests.digest(data)}\n")


def _chained(lines: str, base: CommitId, tip: CommitId) -> list[StoredCommit]:
    """The commits that these lines tell up to `tip`; none where one is missing. Raises ValueError, TypeError."""
    commits: list[StoredCommit] = []
    before = base
    for line in lines.split("\n"):
        parts = parse_json(line)
        if [type(part) for part in parts] != [str] * _PARTS:
            return []
        parent, identity, path, text = parts
        if parent != before:
            return []
        commits.append(StoredCommit(CommitId(identity), (before,), "", {path: text.encode()}))
        before = CommitId(identity)
        if before == tip:
            break
    return commits
