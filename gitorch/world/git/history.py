"""The ledger's history as git reads it: two processes, one pass, constant memory.

`git log` lists the commits and the paths that each one added, `git cat-file` returns the files.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import deque
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt, Unavailable
from gitorch.model.ids import CommitId
from gitorch.ports.commits import StoredCommit
from gitorch.world.git.directories import GitDirectories
from gitorch.world.git.pipes import answers_of, body_after, patiently, send
from gitorch.world.git.runner import PLUMBING, CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from gitorch.ports.commits import StoredObject

_AHEAD = 200
"""Files requested before the first is read: 200 ids of 65 bytes fit in a pipe, so neither process can block the other."""

_CHUNK = 1 << 16

_LOG = (
    *("log", "--raw", "-r", "-z", "--root", "--date=raw"),
    "--format=%H%x00%P%x00%an <%ae> %ad%x00%cn <%ce> %cd%x00%B",
    *("--no-renames", "--no-abbrev", "--no-relative", "--no-color", "--no-show-signature"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--diff-merges=off", "--encoding=UTF-8"),
)
"""A third faster than `rev-list | diff-tree`; fixes every setting of the user's that could change the output."""


class _Header(NamedTuple):
    """A commit before its files are read."""

    id: CommitId
    parents: tuple[CommitId, ...]
    author: str
    committer: str
    """`name <address> seconds zone`, as of the author."""
    message: str
    added: dict[str, bytes]
    """The blob id of each regular file that the commit added, by path."""
    touched: tuple[str, ...]
    """Every other path that the commit changed."""


class GitHistory:
    """Implements `ports.ledger.History`."""

    def __init__(self, common: Path, env: Mapping[str, str]) -> None:
        self._directories = GitDirectories(common, common)
        self._line = CommandLine(self._directories, env)
        self._common, self._env = common, env

    def stream(self, tip: CommitId, after: CommitId | None = None) -> Iterator[StoredCommit]:
        """The commits up to `tip` that `after` does not have, oldest first.

        Ends its git processes when the caller stops reading.
        Raises Corrupt when the repository lacks an object.
        Raises Unavailable when git cannot be run.
        """
        revisions: tuple[str, ...] = (tip,)
        if after is not None:
            revisions = (tip, f"^{after}")
        yield from self._commits("--reverse", "--topo-order", *revisions)

    def _commits(self, *arguments: str) -> Iterator[StoredCommit]:
        """The commits that `git log` lists with these arguments, in its order, with the files that they added."""
        with ExitStack() as stack:
            errors = stack.enter_context(tempfile.TemporaryFile())
            log = stack.enter_context(self._git(errors, *_LOG, *arguments, "--", stdin=subprocess.DEVNULL))
            blobs = stack.enter_context(self._git(errors, "cat-file", "--batch", stdin=subprocess.PIPE))
            yield from _with_files(_headers(answers_of(log)), _Blobs(blobs, errors))
            _check(log, errors)

    def back(self, commit: CommitId) -> Iterator[StoredCommit]:
        """The commits from this one back to the first, newest first. Raises Corrupt, Unavailable."""
        yield from self._commits("--first-parent", commit)

    def objects(self, ids: Iterable[str]) -> Iterator[StoredObject]:
        """These objects, in this order, unchecked. Raises Corrupt for one that is missing, Unavailable."""
        from gitorch.world.git.object_reader import ObjectReader  # noqa: PLC0415  # for approve, merge and verify only

        return ObjectReader(self._common, self._env).objects(ids)

    def object_groups(self, groups: Iterable[Iterable[str]]) -> Iterator[StoredObject]:
        """The objects of each group; a group is taken only when those before it were given."""
        from gitorch.world.git.object_reader import ObjectReader  # noqa: PLC0415  # for approve, merge and verify only

        return ObjectReader(self._common, self._env).object_groups(groups)

    def checked(self, tip: CommitId) -> Iterator[StoredCommit | StoredObject]:
        """Every commit up to `tip`, oldest first, its objects compared with their names. Raises Corrupt, Unavailable."""
        from gitorch.world.git import checked_history, history_process  # noqa: PLC0415  # for verify only
        from gitorch.world.git.object_reader import ObjectReader  # noqa: PLC0415  # the same

        reader = ObjectReader(self._common, self._env)
        if history_process.is_long(reader, tip):
            return history_process.checked_apart(self._common, self._env, tip)
        return checked_history.checked(reader, tip)

    def commits(self) -> Iterator[tuple[CommitId, bytes]]:
        """Every commit of the repository with its body, in no order. Raises Unavailable."""
        from gitorch.world.git.object_reader import ObjectReader  # noqa: PLC0415  # for lost ledgers only

        return ObjectReader(self._common, self._env).commits()

    def refs(self) -> tuple[str, ...]:
        """The full names of all refs, sorted. Raises Unavailable."""
        from gitorch.world.git.object_reader import ObjectReader  # noqa: PLC0415  # the same

        return ObjectReader(self._common, self._env).refs()

    @contextmanager
    def _git(
        self, errors: IO[bytes], *arguments: str, stdin: int | IO[bytes] | None
    ) -> Iterator[subprocess.Popen[bytes]]:
        # git prints advice about grafts whenever there is a graft file, even the empty one of `PLUMBING`.
        # The commit graph repeats parents and trees in a file that is no object, so a forged one could name others.
        settings = ("-c", "advice.graftFileDeprecated=false", "-c", "core.commitGraph=false")
        command, env = self._line.command(self._directories, (*settings, *arguments))
        env |= PLUMBING
        try:
            process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, env=env)
        except OSError as error:
            raise Unavailable(f"git cannot be run: {error}.", hint="install git") from error
        with patiently(process):
            yield process


def _check(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """Raise Corrupt with git's first error message when it failed: it could not read what history names."""
    if process.wait() == 0:
        return
    errors.seek(0)
    reason = "it was ended"
    for line in errors.read(4000).decode("utf-8", "replace").splitlines():
        if not line.startswith("hint:"):
            reason = line
            break
    raise Corrupt(f"git cannot read the ledger: {reason}.", hint="gitorch recover")


def _tokens(out: IO[bytes]) -> Iterator[bytes]:
    """The NUL-separated parts of an output, without reading it whole."""
    rest = b""
    while chunk := out.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _headers(out: IO[bytes]) -> Iterator[_Header]:
    """Each commit is five tokens, then two for each path: `:<modes> <ids> <status>` and the path."""
    tokens = _tokens(out)
    token = next(tokens, None)
    while token is not None:
        commit, parents, author, committer, message = token, *(next(tokens, b"") for _ in range(4))
        added, touched = {}, []
        token = next(tokens, None)
        while token is not None and token.lstrip(b"\n").startswith(b":"):
            _, mode, _, blob, status = token.lstrip(b"\n").split(b" ")
            path = next(tokens, b"").decode("utf-8", "replace")
            if status == b"A" and mode == b"100644":
                added[path] = blob
            else:
                touched.append(path)
            token = next(tokens, None)
        ids = tuple(CommitId(parent.decode()) for parent in parents.split())
        yield _Header(
            id=CommitId(commit.strip(b"\n").decode()),
            parents=ids,
            author=author.decode("utf-8", "replace"),
            committer=committer.decode("utf-8", "replace"),
            message=message.decode("utf-8", "replace"),
            added=added,
            touched=tuple(touched),
        )


def _with_files(headers: Iterator[_Header], blobs: _Blobs) -> Iterator[StoredCommit]:
    """Request the files of commits well before reading them, so that we never wait for cat-file."""
    waiting: deque[_Header] = deque()
    for header in headers:
        waiting.append(header)
        blobs.request(header.added.values())
        while blobs.requested >= _AHEAD:
            yield _filled(waiting.popleft(), blobs)
    for header in waiting:
        yield _filled(header, blobs)


def _filled(header: _Header, blobs: _Blobs) -> StoredCommit:
    added = {path: blobs.next() for path in header.added}
    return StoredCommit(
        header.id, header.parents, header.message, added, header.touched, header.author, header.committer
    )


class _Blobs:
    """Files by id from `cat-file --batch`, returned in the order of the requests."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._process, self._errors = process, errors
        self._unsent: deque[bytes] = deque()
        self._sent = 0

    @property
    def requested(self) -> int:
        """How many files were requested and not yet returned."""
        return self._sent + len(self._unsent)

    def request(self, ids: Iterable[bytes]) -> None:
        """Queue files; nothing is sent to git before the first of them is read."""
        self._unsent.extend(ids)

    def next(self) -> bytes:
        """The next requested file. Raises Corrupt when the repository has lost it."""
        if self._sent < _AHEAD // 4:
            self._send()
        self._sent -= 1
        out = answers_of(self._process)
        head = out.readline().split()
        if not head:
            _check(self._process, self._errors)
            raise Corrupt("Object ? of the ledger is missing.", hint="gitorch recover")
        if len(head) != 3:
            name = head[0].decode()
            raise Corrupt(f"Object {name} of the ledger is missing.", hint="gitorch recover", where=name)
        return body_after(out, int(head[2]), head[0].decode())

    def _send(self) -> None:
        """Send queued requests to git until `_AHEAD` of them are unanswered."""
        number = min(len(self._unsent), _AHEAD - self._sent)
        ids = [self._unsent.popleft() for _ in range(number)]
        self._sent += number
        send(self._process, b"".join([b"%s\n" % one for one in ids]))
