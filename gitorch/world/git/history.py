"""The ledger's history read by git itself: two processes, one pass, memory flat.

`log` names the commits and what each one added, `cat-file` brings the files.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import deque
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt, Unavailable
from gitorch.model.ids import CommitId
from gitorch.ports.ledger import StoredCommit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_AHEAD = 200
"""Files asked for before the first is read: 200 ids of 65 bytes fit in a pipe, so that neither side waits for ever."""

_CHUNK = 1 << 16

_LOG = (
    *("log", "--reverse", "--topo-order", "--raw", "-r", "-z", "--root", "--format=%H%x00%P%x00%B"),
    *("--no-renames", "--no-abbrev", "--no-relative", "--no-color", "--no-show-signature", "--no-ext-diff"),
    *("--ignore-submodules=none", "--diff-merges=off", "--encoding=UTF-8"),
)
"""A third faster than `rev-list | diff-tree`; every setting of a user's that could change the answer is set here."""


class _Header(NamedTuple):
    """A commit before its files are read: paths added with the ids of their blobs, and paths otherwise touched."""

    id: CommitId
    parents: tuple[CommitId, ...]
    message: str
    added: dict[str, bytes]
    touched: tuple[str, ...]


class GitHistory:
    """The port `History`. `env` is the whole environment of git: nothing of the caller's must steer it (`GIT_DIR`)."""

    def __init__(self, common: Path, env: Mapping[str, str]) -> None:
        self._common, self._env = common, {**env, **PLUMBING}

    def stream(self, tip: CommitId, after: CommitId | None = None) -> Iterator[StoredCommit]:
        """See the port. Stops its processes when the caller stops reading."""
        with ExitStack() as stack:
            errors = stack.enter_context(tempfile.TemporaryFile())
            range_ = (tip, *((f"^{after}",) if after else ()), "--")
            shown = stack.enter_context(self._git(errors, *_LOG, *range_, stdin=subprocess.DEVNULL))
            blobs = stack.enter_context(self._git(errors, "cat-file", "--batch", stdin=subprocess.PIPE))
            yield from _with_files(_headers(_out(shown)), _Blobs(blobs, errors))
            _check(shown, errors)

    @contextmanager
    def _git(
        self, errors: IO[bytes], *arguments: str, stdin: int | IO[bytes] | None
    ) -> Iterator[subprocess.Popen[bytes]]:
        # git gives advice about grafts whenever there is a file of them, even the empty one of `PLUMBING`.
        command = ("git", f"--git-dir={self._common}", "-c", "advice.graftFileDeprecated=false", *arguments)
        try:
            process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, env=self._env)
        except OSError as error:
            raise Unavailable(f"git cannot be run: {error}.", hint="install git") from error
        try:
            yield process
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
            process.terminate()
            process.wait()


PLUMBING = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
"""No replaced objects, no grafts: history as it was written. Messages in English, for telling one failure from another."""


def scrubbed(env: Mapping[str, str]) -> dict[str, str]:
    """An environment without git's own variables, which hooks export and which point git elsewhere."""
    return {name: value for name, value in env.items() if not name.startswith("GIT_")}


def _out(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise Unavailable("git has no output.")
    return process.stdout


def _check(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """Raise Corrupt with git's own words when it failed: it could not read what history names."""
    if process.wait() == 0:
        return
    errors.seek(0)
    said = [line for line in errors.read(4000).decode("utf-8", "replace").splitlines() if not line.startswith("hint:")]
    raise Corrupt(f"git cannot read the ledger: {said[0] if said else 'it was ended'}.", hint="git fsck")


def _tokens(out: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := out.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _headers(out: IO[bytes]) -> Iterator[_Header]:
    """Each commit is three tokens, then two for each path: `:<modes> <ids> <status>` and the path."""
    tokens = _tokens(out)
    token = next(tokens, None)
    while token is not None:
        commit, parents, message = token, next(tokens, b""), next(tokens, b"")
        added, touched = {}, []
        while (token := next(tokens, None)) is not None and token.lstrip(b"\n")[:1] == b":":
            _, mode, _, blob, status = token.lstrip(b"\n").split(b" ")
            path = next(tokens, b"").decode("utf-8", "replace")
            if status == b"A" and mode == b"100644":
                added[path] = blob
            else:
                touched.append(path)
        ids = tuple(CommitId(parent.decode()) for parent in parents.split())
        text = message.decode("utf-8", "replace")
        yield _Header(CommitId(commit.strip(b"\n").decode()), ids, text, added, tuple(touched))


def _with_files(headers: Iterator[_Header], blobs: _Blobs) -> Iterator[StoredCommit]:
    """Ask for the files of commits well before reading them, so that cat-file is never waited for."""
    waiting: deque[_Header] = deque()
    for header in headers:
        waiting.append(header)
        blobs.want(header.added.values())
        while blobs.wanted >= _AHEAD:
            yield _filled(waiting.popleft(), blobs)
    for header in waiting:
        yield _filled(header, blobs)


def _filled(header: _Header, blobs: _Blobs) -> StoredCommit:
    added = {path: blobs.next() for path in header.added}
    return StoredCommit(header.id, header.parents, header.message, added, header.touched)


class _Blobs:
    """Files by id from `cat-file --batch`, answered in the order in which they were wanted."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._process, self._errors = process, errors
        self._pending: deque[bytes] = deque()
        self._asked = 0

    @property
    def wanted(self) -> int:
        """How many files were wanted and not yet taken."""
        return self._asked + len(self._pending)

    def want(self, ids: Iterable[bytes]) -> None:
        """Say which files come next; nothing is asked of git before the first is taken."""
        self._pending.extend(ids)

    def next(self) -> bytes:
        """The next file. Raises Corrupt where the repository has lost it."""
        if self._asked < _AHEAD // 4:
            self._ask()
        self._asked -= 1
        out = _out(self._process)
        head = out.readline().split()
        if len(head) != 3:
            if not head:
                _check(self._process, self._errors)
            raise Corrupt(f"Object {head[0].decode() if head else '?'} of the ledger is missing.", hint="git fsck")
        body = out.read(int(head[2]) + 1)
        return body[:-1]

    def _ask(self) -> None:
        number = min(len(self._pending), _AHEAD - self._asked)
        ids = [self._pending.popleft() for _ in range(number)]
        self._asked += number
        if self._process.stdin is not None:
            self._process.stdin.write(b"".join([b"%s\n" % one for one in ids]))
            self._process.stdin.flush()
