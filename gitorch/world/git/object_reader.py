"""Whole objects read by git, with their kind: nothing here believes that an object's content matches its name."""

from __future__ import annotations

import subprocess
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from gitorch.errors import Corrupt, Unavailable
from gitorch.model.ids import CommitId
from gitorch.ports.commits import StoredObject
from gitorch.world.git.directories import GitDirectories
from gitorch.world.git.pipes import BUFFER_BYTES, answers_of, body_after, patiently, send, widen
from gitorch.world.git.ref_files import RefFiles
from gitorch.world.git.runner import PLUMBING, CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_AHEAD = 200
"""Objects requested before the first is read: 200 ids of 65 bytes fit in a pipe, so neither side can block the other."""

_NO_SHORTCUTS = ("-c", "core.commitGraph=false", "-c", "advice.graftFileDeprecated=false")
"""The commit graph repeats parents and trees in a file that is not an object, so that it could name others."""


class ObjectReader:
    """Reads objects of one repository. `env` is git's whole environment, so it must hold no `GIT_DIR` of the caller's."""

    def __init__(self, common: Path, env: Mapping[str, str]) -> None:
        self._directories = GitDirectories(common, common)
        self._line = CommandLine(self._directories, env)
        self._refs = RefFiles(common)

    def objects(self, ids: Iterable[str]) -> Iterator[StoredObject]:
        """These objects, in this order. Raises Corrupt for one that is missing, Unavailable where git cannot be run."""
        return self.object_groups((ids,))

    def object_groups(self, groups: Iterable[Iterable[str]]) -> Iterator[StoredObject]:
        """The objects of each group, in this order. A group is taken only when the objects of those before it were given.

        Raises Corrupt for an object that is missing, Unavailable where git cannot be run.
        """
        with self.git("cat-file", "--batch", stdin=subprocess.PIPE) as process:
            for ids in groups:
                yield from _answered(process, ids)

    def commits(self) -> Iterator[tuple[CommitId, bytes]]:
        """Every commit of the repository with its body, also those that no ref names, in no order.

        One that cannot be read is passed over. Raises Unavailable.
        """
        for stored in self._readable(self._ids_of_commits()):
            yield CommitId(stored.id), stored.body

    def _readable(self, ids: list[str]) -> Iterator[StoredObject]:
        """Those of these objects that can be read."""
        done = 0
        while done < len(ids):
            try:
                for stored in self.objects(ids[done:]):
                    done += 1
                    yield stored
            except Corrupt:
                done += 1  # git ends at an object that it cannot read

    def _ids_of_commits(self) -> list[str]:
        """The ids of all commits, loose or packed, those of alternates included."""
        found = []
        listing = ("cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)", "--unordered")
        with self.git(*listing, stdin=subprocess.DEVNULL) as process:
            for line in process.stdout or ():
                kind, _, identity = line.decode().rstrip("\n").partition(" ")
                if kind == "commit":
                    found.append(identity)
        return found

    def refs(self) -> tuple[str, ...]:
        """The full names of all refs, sorted; a name that is no UTF-8 with replacement characters. Raises Unavailable."""
        known = self._refs.every()
        if known is not None:
            return tuple(known)
        with self.git("for-each-ref", "--format=%(refname)", stdin=subprocess.DEVNULL) as process:
            return tuple(line.decode("utf-8", "replace").rstrip("\n") for line in process.stdout or ())

    @contextmanager
    def git(self, *arguments: str, stdin: int | IO[bytes] | None) -> Iterator[subprocess.Popen[bytes]]:
        """A git process, ended when the block is left. Raises Unavailable where git cannot be run."""
        command, env = self._line.command(self._directories, (*_NO_SHORTCUTS, *arguments))
        env |= PLUMBING
        try:
            process = subprocess.Popen(
                command,
                bufsize=BUFFER_BYTES,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=env,
            )
        except OSError as error:
            raise Unavailable(f"git cannot be run: {error}.", hint="install git") from error
        widen(process)
        with patiently(process):
            yield process


def _answered(process: subprocess.Popen[bytes], ids: Iterable[str]) -> Iterator[StoredObject]:
    """Request these objects, some ahead of those that were read, and read them in this order."""
    answers = answers_of(process)
    requested: deque[str] = deque()
    batch: list[str] = []
    for identity in ids:
        batch.append(identity)
        if len(requested) + len(batch) == _AHEAD:
            _request(process, batch, requested)
            for _ in range(_AHEAD // 2):
                yield _next(answers, requested.popleft())
    _request(process, batch, requested)
    while requested:
        yield _next(answers, requested.popleft())


def _request(process: subprocess.Popen[bytes], batch: list[str], requested: deque[str]) -> None:
    """Send a batch of ids, and move them to those that were requested."""
    send(process, "".join(f"{identity}\n" for identity in batch).encode())
    requested.extend(batch)
    batch.clear()


def _next(answers: IO[bytes], identity: str) -> StoredObject:
    """The answer to one request."""
    return _object(answers, answers.readline(), identity)


def _object(answers: IO[bytes], header: bytes, identity: str) -> StoredObject:
    """An object after its header line `<id> <kind> <size>`. Raises Corrupt for every other line."""
    fields = header.split()
    if len(fields) != 3:
        name = identity or header.partition(b" ")[0].decode("utf-8", "replace")
        raise Corrupt(f"Object {name} of the ledger is missing or cannot be read.", hint="gitorch recover", where=name)
    name, kind, size = fields[0].decode(), fields[1].decode(), int(fields[2])
    return StoredObject(identity or name, kind, body_after(answers, size, name))
