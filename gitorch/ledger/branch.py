"""The ledger's branch, written object by object and moved by dulwich: the fast store, for the usual repository.

Never dulwich's porcelain, whose commit loses updates and may start a gc; and as little of dulwich as a verb needs, since
importing it costs 35 ms: loose objects are read here, packs and alternates by dulwich, refs moved by dulwich.
"""

from __future__ import annotations

import os
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Refused, Unavailable
from gitorch.ledger import location, lock
from gitorch.model.ids import CommitId
from gitorch.ports.ledger import StoredCommit
from gitorch.text.records import objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dulwich.object_store import DiskObjectStore

    from gitorch.ports.ledger import NewCommit

_ALGORITHM, _WIDTH = "sha1", 20
_TEMPORARY = "tmp_obj_gitorch_"  # `git prune` sweeps tmp_obj_*, should we not
_CACHED_MAX = 256


class BranchStore:
    """The port `Store` on loose objects and the files of refs.

    `extend` is to be called with the ledger's lock held. One instance a thread.
    """

    name = "dulwich"

    def __init__(
        self, common: Path, committer: str = "gitorch <gitorch@gitorch.invalid>", ref: str = location.REF
    ) -> None:
        self._common, self._committer, self._ref = common, committer, ref
        self._path, self._objects = f"{common}/{ref}", f"{common}/objects"
        self._packs: DiskObjectStore | None = None
        self._bodies: dict[str, bytes] = {}
        self._trees: dict[str, objects.Entries] = {}
        self._swept = False

    def tip(self) -> CommitId | None:
        """Read from the ref's file, else from the packed refs: git writes those before it removes the file."""
        text: str | None
        try:
            text = _whole(self._path).decode("ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            text = self._packed()
        except IsADirectoryError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"{self._ref} cannot be read: {error}.") from error
        if text is None:
            return None
        if len(text) != 2 * _WIDTH or set(text) - set("0123456789abcdef"):
            raise Corrupt(f"{self._ref} does not hold a commit but {text[:60]!r}.", hint="git fsck", where=self._ref)
        return CommitId(text)

    def _packed(self) -> str | None:
        try:
            lines = (self._common / "packed-refs").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        return next((line[:40] for line in lines if line[41:] == self._ref), None)

    def extend(self, tip: CommitId | None, commits: Sequence[NewCommit]) -> tuple[CommitId, ...] | None:
        """See the port. Order of durability: objects, their folders where it matters, the ref, its folder."""
        if self.tip() != tip:
            return None
        if not self._swept:
            self._swept = True
            lock.clear_temporary(self._common, _TEMPORARY)
        builder = objects.Builder(self._body, tip, _ALGORITHM, self._committer)
        for commit in commits:
            builder.add(commit.files, commit.message, commit.author, commit.at)
        _write(self._common / "objects", builder.objects)
        if not self._move(tip, builder.commits[-1]):
            return None
        self._remember(builder.objects)
        return tuple(builder.commits)

    def _move(self, old: CommitId | None, new: CommitId) -> bool:
        from dulwich.file import FileLocked  # noqa: PLC0415  # 10 ms that reading verbs do not pay
        from dulwich.refs import DiskRefsContainer, Ref  # noqa: PLC0415  # the same

        refs, name = DiskRefsContainer(os.fspath(self._common)), Ref(self._ref.encode())
        try:
            if old is None:  # set_if_equals(None) would not compare at all
                moved = refs.add_if_new(name, new.encode())  # type: ignore[arg-type]  # ObjectID is a NewType of bytes
            else:
                moved = refs.set_if_equals(name, old.encode(), new.encode())  # type: ignore[arg-type]  # the same
        except FileLocked:
            return False
        except (NotADirectoryError, FileExistsError, IsADirectoryError) as error:
            raise Refused(
                f"{self._ref} cannot be created because a branch has the name of its folder, or lies below it.",
                hint="git branch -m gitorch <another name>",
            ) from error
        if moved:
            _sync(os.path.dirname(self._path))  # noqa: PTH120  # a str
        return moved

    def forward(self, old: CommitId | None, new: CommitId) -> bool:
        """See the port. To be called with the ledger's lock held."""
        return self.tip() == old and self._move(old, new)

    def since(self, old: CommitId | None, new: CommitId) -> Iterator[StoredCommit]:
        """See the port. Walks back first: meant for the few commits since a known one."""
        path: list[tuple[CommitId, objects.ParsedCommit]] = []
        at: CommitId | None = new
        while at != old:
            if at is None:
                raise Corrupt(f"Commit {old} is not in the history of {new}.", where=self._ref)
            parsed = objects.parse_commit(self._body(at))
            path.append((at, parsed))
            at = parsed.parents[0] if parsed.parents else None
        before = objects.parse_commit(self._body(old)).tree if old else None
        for commit, parsed in reversed(path):
            added, touched = objects.changes(self._tree, before, parsed.tree)
            files = {name: self._body(blob) for name, blob in added.items()}
            yield StoredCommit(commit, parsed.parents, parsed.message, files, touched)
            before = parsed.tree

    def read(self, commit: CommitId, path: str) -> bytes | None:
        """See the port."""
        found = objects.find(self._tree, objects.parse_commit(self._body(commit)).tree, path)
        return self._body(found[1]) if found and found[0] == objects.FILE else None

    def paths(self, commit: CommitId, under: str) -> Iterator[str]:
        """See the port."""
        root = objects.parse_commit(self._body(commit)).tree
        found = objects.find(self._tree, root, under) if under else (objects.FOLDER, root)
        if found and found[0] == objects.FOLDER:
            yield from objects.walk(self._tree, found[1], f"{under}/" if under else "")

    def _tree(self, identity: str) -> objects.Entries:
        """Kept for a while, since the next commit differs from this one in five trees of many."""
        entries = self._trees.get(identity)
        if entries is None:
            if len(self._trees) > _CACHED_MAX:
                self._trees.clear()
            entries = self._trees[identity] = objects.parse_tree(self._body(identity), _WIDTH)
        return entries

    def _body(self, identity: str) -> bytes:
        known = self._bodies.get(identity)
        if known is not None:
            return known
        try:
            body = self._loose(identity)
            if body is None:
                body = self._stored(identity)
        except (KeyError, OSError, zlib.error, ValueError) as error:
            reason = "is missing" if isinstance(error, KeyError) else f"cannot be read ({error})"
            raise Corrupt(f"Object {identity} of the ledger {reason}.", hint="git fsck", where=identity) from error
        self._remember({identity: ("", body)})
        return body

    def _loose(self, identity: str) -> bytes | None:
        try:
            packed = _whole(f"{self._objects}/{identity[:2]}/{identity[2:]}")
        except FileNotFoundError:
            return None
        head, _, body = zlib.decompress(packed).partition(b"\0")
        if int(head.split(b" ")[1]) != len(body):
            raise ValueError("its length is not what it says")
        return body

    def _stored(self, identity: str) -> bytes:
        from dulwich.object_store import DiskObjectStore  # noqa: PLC0415  # 35 ms, needed for packs only

        if self._packs is None:
            self._packs = DiskObjectStore(os.fspath(self._common / "objects"))
        return self._packs.get_raw(identity.encode())[1]  # type: ignore[arg-type]  # ObjectID is a NewType of bytes

    def _remember(self, fresh: dict[str, tuple[str, bytes]]) -> None:
        """Trees near the tip are read again by the next append."""
        if len(self._bodies) > _CACHED_MAX:
            self._bodies.clear()
        self._bodies.update({identity: body for identity, (_, body) in fresh.items() if len(body) < 20_000})


def _whole(path: str) -> bytes:
    """A file in four system calls where `Path.read_bytes` takes nine: an append reads a dozen, and a tip is asked for often."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = [os.read(descriptor, 65_536)]
        while len(parts[-1]) == 65_536:
            parts.append(os.read(descriptor, 65_536))
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _write(store: Path, fresh: dict[str, tuple[str, bytes]]) -> None:
    """Loose objects, each written aside, all synced, then renamed into place; those that exist are kept and freshened."""
    waiting: list[tuple[int, str, str]] = []
    aside = f"{store}/{_TEMPORARY}{os.getpid()}_{os.urandom(4).hex()}_"
    for identity, (kind, body) in fresh.items():
        target = f"{store}/{identity[:2]}/{identity[2:]}"
        if not _freshen(target):
            temporary = f"{aside}{len(waiting)}"
            waiting.append((_loose(temporary, kind, body), temporary, target))
    for descriptor, *_ in waiting:  # before the first rename, which would give the next sync more to do
        os.fsync(descriptor)
        os.close(descriptor)
    for _, temporary, target in waiting:
        _place(temporary, target)
    if not _ordered(store):
        for folder in {target[:-39] for *_, target in waiting}:
            _sync(folder)


@cache
def _ordered(store: Path) -> bool:
    """Whether syncing the ref also makes durable what was renamed before it, so that no folder need be synced for that.

    ext4 and xfs keep one journal in order. btrfs logs each synced file for itself, and what cannot be known counts as it.
    Saves 7 of 16 syncs an append.
    """
    device = store.stat().st_dev
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    here = f"{os.major(device)}:{os.minor(device)}"
    kinds = [line.partition(" - ")[2].split(" ")[0] for line in mounts if line.split(" ")[2] == here]
    return bool(kinds) and set(kinds) <= {"ext4", "xfs"}


def _freshen(target: str) -> bool:
    """Whether the object is there, now as young as if it had just been written, so that no prune takes it from us.

    An empty file is what a power loss leaves of an object that was never synced: it is written again.
    """
    try:
        os.utime(target)
        return os.stat(target).st_size > 0  # noqa: PTH116  # Path costs more than the call
    except FileNotFoundError:
        return False
    except PermissionError:  # somebody else's file: it cannot be freshened, but it is there
        return True


def _loose(path: str, kind: str, body: bytes) -> int:
    """Write an object aside and leave it open for syncing.

    The advice makes the kernel write it out at once, so that the syncs that follow find most of the work done: 1.8 ms for
    seven files instead of 2.8.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    data = memoryview(zlib.compress(b"%s %d\0" % (kind.encode(), len(body)) + body, 1))
    while data:
        data = data[os.write(descriptor, data) :]
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    return descriptor


def _place(temporary: str, target: str) -> None:
    try:
        os.rename(temporary, target)  # noqa: PTH104  # Path costs more than the call
    except FileNotFoundError:
        os.makedirs(target[:-39], exist_ok=True)  # noqa: PTH103  # the same
        os.rename(temporary, target)  # noqa: PTH104  # the same


def _sync(path: str) -> None:
    """Of a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
