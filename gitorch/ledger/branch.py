"""The ledger's branch, read and written object by object in the git directory: the fast store, for the usual repository.

Loose objects, packs and the ref are files that are read and written here: importing dulwich costs 35 ms, and its porcelain
loses updates and may start a gc. dulwich reads alternates, and packs of forms that are rare.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.ledger import location, lock, loose_objects
from gitorch.ledger.known_damage import unreadable
from gitorch.ledger.packs import Packs
from gitorch.ledger.ref_file import RefFile
from gitorch.ports.commits import StoredCommit
from gitorch.text.records import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dulwich.object_store import DiskObjectStore

    from gitorch.model.ids import CommitId
    from gitorch.ports.commits import NewCommit
    from gitorch.text.records.objects import Builder

_ALGORITHM, _WIDTH = "sha1", 20
_CACHED_MAX = 256
_CACHED_BYTES_MAX = 20_000


class BranchStore:
    """The port `Store` on loose objects and the files of refs.

    Call `extend` with the ledger's lock held. One instance a thread.
    """

    name = "dulwich"

    def __init__(
        self, common: Path, committer: str = "gitorch <gitorch@gitorch.invalid>", ref: str = location.REF
    ) -> None:
        self._common, self._committer, self._ref = common, committer, ref
        self._objects = f"{common}/objects"
        self._ref_file = RefFile(common, ref)
        self._packs = Packs(self._objects)
        self._dulwich: DiskObjectStore | None = None
        self._bodies: dict[str, bytes] = {}
        self._trees: dict[str, objects.Entries] = {}
        self._swept = False
        self._unsynced: tuple[str, ...] = ()

    def tip(self) -> CommitId | None:
        """The ref's commit; None where there is no such ref. Raises Corrupt for one that holds no commit, Unavailable."""
        return self._ref_file.read()

    def extend(self, tip: CommitId | None, commits: Sequence[NewCommit]) -> tuple[CommitId, ...] | None:
        """Write the commits and move the ref; None when it is not at `tip` any more. Needs the ledger's lock.

        Order of durability: objects, their folders where it matters, the ref, its folder. All of it is durable after
        `make_durable`, which needs no lock: of what is not durable yet, a power cut takes the newest records first.
        """
        if self.tip() != tip:
            return None

        self._sweep_once()
        builder = self._built(tip, commits, None)
        loose_objects.write(self._common / "objects", builder.objects)
        ids = self._remembered(builder)
        if not self._ref_file.move(tip, ids[-1]):
            return None
        return ids

    def make_durable(self) -> None:
        """Wait until a power cut would lose nothing of what `extend` and `forward` did."""
        self._ref_file.make_durable()

    def write(
        self, tip: CommitId | None, commits: Sequence[NewCommit], sign: Callable[[str], str] | None = None
    ) -> tuple[CommitId, ...]:
        """Write the commits and keep them in memory; the ref stays where it is. Needs the ledger's lock.

        They are not durable before `forward`: a push that loses its race leaves them behind, and nothing is synced for it.
        """
        self._sweep_once()
        builder = self._built(tip, commits, sign)
        self._unsynced = loose_objects.write_unsynced(self._common / "objects", builder.objects)
        return self._remembered(builder)

    def _remembered(self, builder: Builder) -> tuple[CommitId, ...]:
        """The ids of commits that were written, which memory keeps with their other objects."""
        for identity, (_, body) in builder.objects.items():
            self._remember(identity, body)
        return tuple(builder.commits)

    def _sweep_once(self) -> None:
        """Remove the files that killed writers left, at the first write."""
        if not self._swept:
            self._swept = True
            lock.clear_temporary(self._common, loose_objects.TEMPORARY)

    def _built(self, tip: CommitId | None, commits: Sequence[NewCommit], sign: Callable[[str], str] | None) -> Builder:
        """The objects of these commits on top of the tip."""
        builder = objects.Builder(self._body, tip, _ALGORITHM, self._committer)
        builder.add_all(commits, sign)
        return builder

    def forward(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ref to commits that exist already; False when it is not at `old` any more. Needs the ledger's lock.

        Those that the last `write` wrote are durable first.
        """
        unsynced, self._unsynced = self._unsynced, ()
        loose_objects.sync(self._common / "objects", unsynced)
        return self.tip() == old and self._ref_file.move(old, new)

    def back(self, commit: CommitId) -> Iterator[StoredCommit]:
        """The commits from this one back to the first, newest first, each read when it is asked for. Raises Corrupt."""
        parsed = objects.parse_commit(self._body(commit))
        while True:
            if not parsed.parents:
                yield self._stored(commit, parsed, None)
                return
            parent = parsed.parents[0]
            before = objects.parse_commit(self._body(parent))
            yield self._stored(commit, parsed, before.tree)
            commit, parsed = parent, before

    def first_parents(self, commit: CommitId) -> Iterator[CommitId]:
        """This commit and those before it, newest first, each read when the one before it is asked for. Raises Corrupt."""
        parents: tuple[CommitId, ...] = (commit,)
        while parents:
            yield parents[0]
            parents = objects.parse_commit(self._body(parents[0])).parents

    def since(self, old: CommitId | None, new: CommitId) -> Iterator[StoredCommit]:
        """The commits after `old` up to `new`, oldest first. Raises Corrupt where `old` is not an ancestor.

        It walks back first, so it is meant for the few commits since a known one.
        """
        before = None
        if old is not None:
            before = objects.parse_commit(self._body(old)).tree

        for commit, parsed in reversed(self._walk_back(old, new)):
            yield self._stored(commit, parsed, before)
            before = parsed.tree

    def _stored(self, commit: CommitId, parsed: objects.ParsedCommit, before: str | None) -> StoredCommit:
        """A commit with the files that it added to the tree `before`."""
        changes = objects.changes(self._tree, before, parsed.tree)
        files = {name: self._body(blob) for name, blob in changes.added.items()}
        return StoredCommit(
            commit, parsed.parents, parsed.message, files, changes.touched, parsed.author, parsed.committer
        )

    def _walk_back(self, old: CommitId | None, new: CommitId) -> list[tuple[CommitId, objects.ParsedCommit]]:
        """The commits from `new` back to the one after `old`, newest first. Raises Corrupt where `old` is not met."""
        walked: list[tuple[CommitId, objects.ParsedCommit]] = []
        commit: CommitId | None = new
        while commit != old:
            if commit is None:
                raise Corrupt(f"Commit {old} is not in the history of {new}.", where=self._ref)
            parsed = objects.parse_commit(self._body(commit))
            walked.append((commit, parsed))
            commit = None
            if parsed.parents:
                commit = parsed.parents[0]

        return walked

    def message(self, commit: CommitId) -> str:
        """The message of a commit. Raises Corrupt where it cannot be read."""
        return objects.parse_commit(self._body(commit)).message

    def read(self, commit: CommitId, path: str) -> bytes | None:
        """One plain file as of a commit, or None. Raises Corrupt for an object that cannot be read."""
        entry = objects.find(self._tree, objects.parse_commit(self._body(commit)).tree, path)
        if entry is None:
            return None

        mode, identity = entry
        if mode != objects.FILE:
            return None

        return self._body(identity)

    def paths(self, commit: CommitId, under: str) -> Iterator[str]:
        """All paths of files below a folder, sorted; of the whole tree for an empty name."""
        root = objects.parse_commit(self._body(commit)).tree
        if not under:
            yield from objects.walk(self._tree, root, "")
            return

        entry = objects.find(self._tree, root, under)
        if entry is not None and entry[0] == objects.FOLDER:
            yield from objects.walk(self._tree, entry[1], f"{under}/")

    def _tree(self, identity: str) -> objects.Entries:
        """A tree, kept for a while, since the next commit differs from this one in five trees of many."""
        entries = self._trees.get(identity)
        if entries is None:
            if len(self._trees) > _CACHED_MAX:
                self._trees.clear()
            entries = objects.parse_tree(self._body(identity), _WIDTH)
            self._trees[identity] = entries

        return entries

    def _body(self, identity: str) -> bytes:
        """The body of an object from memory, a loose file or a pack. Raises Corrupt where it is missing or damaged."""
        known = self._bodies.get(identity)
        if known is not None:
            return known

        body = self._stored_body(identity)

        self._remember(identity, body)
        return body

    def _stored_body(self, identity: str) -> bytes:
        """The body from a loose file or a pack. Raises Corrupt where it is missing or damaged."""
        try:
            body = loose_objects.read(self._objects, identity)
            if body is None:
                body = self._packs.body(identity)
            if body is None:
                body = self._foreign_body(identity)
        except KeyError as error:
            raise unreadable(identity, "is missing") from error
        except (OSError, zlib.error, ValueError, IndexError) as error:
            raise unreadable(identity, f"cannot be read ({error})") from error
        return body

    def matching(self, prefix: str) -> Iterator[str]:
        """The ids of all objects that begin with these hex digits, loose or packed."""
        for identity in self._object_store().iter_prefix(prefix.encode()):
            yield identity.decode()

    def _foreign_body(self, identity: str) -> bytes:
        """The body of an object as dulwich finds it, in alternates too. Raises KeyError where there is none."""
        return self._object_store().get_raw(identity.encode())[1]  # type: ignore[arg-type]  # ObjectID is a NewType of bytes

    def _object_store(self) -> DiskObjectStore:
        """All objects, those of packs and alternates too."""
        from dulwich.object_store import DiskObjectStore  # noqa: PLC0415  # 35 ms, needed for rare layouts only

        if self._dulwich is None:
            self._dulwich = DiskObjectStore(os.fspath(self._common / "objects"))
        return self._dulwich

    def _remember(self, identity: str, body: bytes) -> None:
        """Keep a small body in memory: the next append reads the trees near the tip again."""
        if len(body) >= _CACHED_BYTES_MAX:
            return
        if len(self._bodies) > _CACHED_MAX:
            self._bodies.clear()
        self._bodies[identity] = body
