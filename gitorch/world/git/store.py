"""The ledger's branch written by the git command line: for repositories that dulwich cannot write safely.

SHA-256, reftable, partial clones, unknown extensions. An append takes four short processes: `for-each-ref` reads the
ref, `cat-file` the trees, `unpack-objects` (or `index-pack` for many) writes all objects at once, and `update-ref` moves
the ref by compare-and-swap.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import zlib
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Refused, Unavailable
from gitorch.model.ids import CommitId
from gitorch.text.records import objects
from gitorch.world.git.directories import GitDirectories
from gitorch.world.git.history import GitHistory
from gitorch.world.git.pipes import answers_of, end, send
from gitorch.world.git.runner import PLUMBING, CommandLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gitorch.ports.commits import NewCommit, StoredCommit

_DURABLE = ("-c", "core.fsync=loose-object,pack,pack-metadata,reference", "-c", "core.fsyncMethod=fsync")
"""By default git syncs no loose object and no ref: after a power loss the ref names objects that are not there."""

_QUIET = ("-c", "core.logAllRefUpdates=false")
_LOOSE_MAX = 100
"""More objects than this stay in one pack, as with git's own fetch."""

_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_NAME_TAKEN = ("cannot create", "exists; cannot", "Not a directory", "Is a directory")
"""Parts of git's message when another ref occupies the ledger's name."""
_MISSING_TIP = re.compile(r"missing object ([0-9a-f]{40,64}) for refs/")
"""What git says where a ref names an object that is not there."""

_WAIT_SECONDS = 60


class GitStore:
    """Implements `ports.ledger.Store` with the git command line. Callers of `extend` and `forward` hold the ledger's lock."""

    name = "git"

    def __init__(
        self,
        common: Path,
        env: Mapping[str, str],
        committer: str = "gitorch <gitorch@gitorch.invalid>",
        ref: str = "refs/heads/gitorch/ledger",
    ) -> None:
        self._directories = GitDirectories(common, common)
        self._line = CommandLine(self._directories, env)
        self._committer, self._ref = committer, ref
        self._history = GitHistory(common, env)

    def tip(self) -> CommitId | None:
        """The newest commit of the ledger; None when there is no ledger. Raises Corrupt when the ref holds no commit."""
        listed = self._git("for-each-ref", "--format=%(refname) %(objectname) %(objecttype) %(symref)", "--", self._ref)
        text = ""
        for line in self._output(listed).decode().splitlines():
            name, _, rest = line.strip().partition(" ")
            if name == self._ref:  # git also lists the refs below it
                text = rest
        if not text:
            return None
        identity, kind, *symbolic = text.split(" ")
        if kind != "commit" or any(symbolic):
            raise Corrupt(
                f"{self._ref} does not hold a commit but {text[:60]!r}.", hint="gitorch recover", where=self._ref
            )
        return CommitId(identity)

    def extend(self, tip: CommitId | None, commits: Sequence[NewCommit]) -> tuple[CommitId, ...] | None:
        """Append commits on top of `tip` and return their ids; None when the ledger has another tip."""
        if self.tip() != tip:
            return None
        ids = self.write(tip, commits)
        if not self._move(tip, ids[-1]):
            return None
        return ids

    def make_durable(self) -> None:
        """Nothing: git syncs whatever it writes for this store before it ends."""

    def write(
        self, tip: CommitId | None, commits: Sequence[NewCommit], sign: Callable[[str], str] | None = None
    ) -> tuple[CommitId, ...]:
        """Write the commits on top of `tip` and return their ids; the ledger stays where it is."""
        with self._reader() as read:
            builder = objects.Builder(read, tip, self._algorithm, self._committer)
            builder.add_all(commits, sign)
        self._write(builder.objects)
        return tuple(builder.commits)

    def _write(self, fresh: dict[str, tuple[str, bytes]]) -> None:
        command = ("unpack-objects", "-q")
        if len(fresh) > _LOOSE_MAX:
            command = ("index-pack", "--stdin")
        self._output(self._git(*_DURABLE, *command, stdin=_pack(fresh, self._algorithm)))

    def _move(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ref by compare-and-swap; false when another writer moved it or holds its lock. Raises Refused, Unavailable."""
        expected = old or "0" * len(new)
        result = self._git(*_DURABLE, *_QUIET, "update-ref", "--no-deref", self._ref, new, expected)
        if result.returncode == 0:
            return True
        message = result.stderr.decode("utf-8", "replace").strip()
        if self.tip() != old or _lock_is_held(message):
            return False
        if any(reason in message for reason in _NAME_TAKEN):
            hint = "git branch -m gitorch gitorch-work"
            raise Refused(f"{self._ref} cannot be created: {message}.", hint=hint)
        raise Unavailable(f"git cannot move {self._ref}: {message}.")

    def forward(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ledger from `old` to an existing commit; false when the ledger has another tip."""
        return self.tip() == old and self._move(old, new)

    def back(self, commit: CommitId) -> Iterator[StoredCommit]:
        """The commits from this one back to the first, newest first. Raises Corrupt."""
        yield from self._history.back(commit)

    def first_parents(self, commit: CommitId) -> Iterator[CommitId]:
        """This commit and those before it, newest first. Raises Corrupt."""
        parents: tuple[CommitId, ...] = (commit,)
        with self._reader() as body:
            while parents:
                yield parents[0]
                parents = objects.parse_commit(body(parents[0])).parents

    def since(self, old: CommitId | None, new: CommitId) -> Iterator[StoredCommit]:
        """The commits after `old` up to `new`, oldest first. Raises Corrupt when `old` is not in the history of `new`."""
        if old is not None and old != new:
            result = self._git("merge-base", "--is-ancestor", old, new)
            if result.returncode != 0:
                raise Corrupt(f"Commit {old} is not in the history of {new}.", where=self._ref)
        yield from self._history.stream(new, old)

    def message(self, commit: CommitId) -> str:
        """The message of a commit. Raises Corrupt where it cannot be read."""
        with self._reader() as body:
            return objects.parse_commit(body(commit)).message

    def read(self, commit: CommitId, path: str) -> bytes | None:
        """The bytes of a regular file at a commit; None when there is none."""
        entry = self._output(self._git("ls-tree", "-z", commit, "--", path)).decode("utf-8", "replace")
        mode, _, rest = entry.partition(" ")
        if mode != "100644":
            return None
        with self._reader() as body:
            return body(rest.split(" ")[1].split("\t")[0])

    def matching(self, prefix: str) -> Iterator[str]:
        """The ids of all objects that begin with these hex digits, four or more."""
        yield from self._output(self._git("rev-parse", f"--disambiguate={prefix}")).decode().split()

    def paths(self, commit: CommitId, under: str) -> Iterator[str]:
        """The paths of all files at a commit, or of those below the folder `under`."""
        arguments = ["ls-tree", "-r", "-z", "--name-only", commit]
        if under:
            arguments += ("--", f"{under}/")
        listed = self._output(self._git(*arguments))
        yield from listed.decode("utf-8", "replace").split("\0")[:-1]

    @cached_property
    def _algorithm(self) -> str:
        return self._output(self._git("rev-parse", "--show-object-format")).decode().strip()

    @contextmanager
    def _reader(self) -> Iterator[objects.Read]:
        """A function that returns the body of an object by its id, from one git process."""
        command, env = self._command("cat-file", "--batch")
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=env)
        except OSError as error:
            raise Unavailable(f"git cannot be run: {error}.", hint="install git") from error
        try:
            yield lambda identity: _body(process, identity)
        finally:
            end(process)

    def _command(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        argv, env = self._line.command(self._directories, arguments)
        return argv, env | PLUMBING

    def _git(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command, env = self._command(*arguments)
        try:
            return subprocess.run(
                command, input=stdin, capture_output=True, env=env, check=False, timeout=_WAIT_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"git cannot be asked: {error}.", hint="install git") from error

    def _output(self, result: subprocess.CompletedProcess[bytes]) -> bytes:
        """The standard output of a git command. Raises Unavailable with git's first message when it failed."""
        if result.returncode == 0:
            return result.stdout
        reason = f"exit status {result.returncode}"
        lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
        if lines:
            reason = lines[0]
        missing = _MISSING_TIP.search(reason)
        if missing is not None:
            identity = missing[1]
            raise Corrupt(f"Object {identity} of the ledger is missing.", hint="gitorch recover", where=identity)
        raise Unavailable(f"git failed: {reason}.")


def _lock_is_held(message: str) -> bool:
    """Whether git failed because another writer holds the ref's lock."""
    return ".lock" in message and "File exists" in message


def _body(process: subprocess.Popen[bytes], identity: str) -> bytes:
    """The body of one object from `cat-file --batch`. Raises Corrupt when the repository has lost it."""
    send(process, f"{identity}\n".encode())
    answers = answers_of(process)
    head = answers.readline().split()
    if len(head) != 3:
        raise Corrupt(f"Object {identity} of the ledger is missing.", hint="gitorch recover", where=identity)
    return answers.read(int(head[2]) + 1)[:-1]


def _pack(fresh: dict[str, tuple[str, bytes]], algorithm: str) -> bytes:
    """The objects as a pack without deltas, which git reads from its standard input."""
    parts = [b"PACK", (2).to_bytes(4), len(fresh).to_bytes(4)]
    for kind, body in fresh.values():
        parts += [_size(_KINDS[kind], len(body)), zlib.compress(body, 1)]
    data = b"".join(parts)
    return data + hashlib.new(algorithm, data, usedforsecurity=False).digest()


def _size(kind: int, size: int) -> bytes:
    """Type and size in the encoding of packs: 4 bits of the size beside the type, then 7 in each further byte."""
    first, rest = kind << 4 | size & 15, size >> 4
    encoded = bytearray()
    while rest:
        encoded.append(first | 128)
        first, rest = rest & 127, rest >> 7
    encoded.append(first)
    return bytes(encoded)
