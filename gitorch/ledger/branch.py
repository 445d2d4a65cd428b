"""The ledger's branch, written object by object: the fast store, for the usual repository.

It never calls dulwich's porcelain, whose commit loses updates and may start a gc. It uses as little of dulwich as a verb
needs, since importing it costs 35 ms: loose objects are read here, packs and alternates by dulwich.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Refused, Unavailable
from gitorch.ledger import files, location, lock, loose_objects, ref_file
from gitorch.ledger.known_damage import unreadable
from gitorch.model.ids import CommitId
from gitorch.ports.ledger import StoredCommit
from gitorch.text.records import objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dulwich.object_store import DiskObjectStore

    from gitorch.ports.ledger import NewCommit
    from gitorch.text.records.objects import Builder

_ALGORITHM, _WIDTH = "sha1", 20
_HEX_DIGITS = frozenset("0123456789abcdef")
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
        self._path, self._objects = f"{common}/{ref}", f"{common}/objects"
        self._packs: DiskObjectStore | None = None
        self._bodies: dict[str, bytes] = {}
        self._trees: dict[str, objects.Entries] = {}
        self._swept = False

    def tip(self) -> CommitId | None:
        """Read from the ref's file, else from the packed refs: git writes those before it removes the file."""
        try:
            text = self._loose_ref()
            if text is None:
                text = self._packed_ref()
        except IsADirectoryError:  # a branch below this name
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"{self._ref} cannot be read: {error}.") from error

        if text is None:
            return None
        return self._parsed(text)

    def _parsed(self, text: str) -> CommitId:
        """The commit id that the ref holds. Raises Corrupt for any other text, such as that of a symbolic ref."""
        if len(text) == 2 * _WIDTH and _HEX_DIGITS.issuperset(text):
            return CommitId(text)

        raise Corrupt(
            f"{self._ref} does not hold a commit but {text[:60]!r}.",
            hint="gitorch recover",
            where=self._ref,
        )

    def _loose_ref(self) -> str | None:
        """The text of the ref's own file, or None where it has none. Raises OSError, UnicodeDecodeError."""
        try:
            return loose_objects.whole_file(self._path).decode("ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _packed_ref(self) -> str | None:
        """The ref's commit in the file of packed refs, or None where it is not there."""
        return self._packed_refs().get(self._ref)

    def _packed_refs(self) -> dict[str, str]:
        """The commits in the file of packed refs, by the names of their refs."""
        try:
            lines = files.read(self._common / "packed-refs", "replace").splitlines()
        except FileNotFoundError:
            return {}

        return {line[41:]: line[:40] for line in lines if line[:1] not in {"#", "^"}}

    def extend(self, tip: CommitId | None, commits: Sequence[NewCommit]) -> tuple[CommitId, ...] | None:
        """Write the commits and move the ref; None when it is not at `tip` any more. Needs the ledger's lock.

        Order of durability: objects, their folders where it matters, the ref, its folder.
        """
        if self.tip() != tip:
            return None

        ids = self.write(tip, commits)
        if not self._move(tip, ids[-1]):
            return None
        return ids

    def write(
        self, tip: CommitId | None, commits: Sequence[NewCommit], sign: Callable[[str], str] | None = None
    ) -> tuple[CommitId, ...]:
        """Write the commits and keep them in memory; the ref stays where it is. Needs the ledger's lock."""
        self._sweep_once()
        builder = self._built(tip, commits, sign)
        loose_objects.write(self._common / "objects", builder.objects)
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

    def _move(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ref by compare-and-swap; False when it is not at `old` or another process is moving it.

        Raises Refused when another branch takes the name of the ref or of its folder.
        """
        try:
            if old is None:
                self._ensure_free()
            moved = ref_file.move(self._path, new, lambda: self.tip() == old)
        except (NotADirectoryError, FileExistsError, IsADirectoryError) as error:
            raise Refused(
                f"{self._ref} cannot be created because a branch has the name of its folder, or lies below it.",
                hint="git branch -m gitorch gitorch-work",
            ) from error

        if moved:
            loose_objects.sync(os.path.dirname(self._path))  # noqa: PTH120  # a str

        return moved

    def _ensure_free(self) -> None:
        """Raise FileExistsError where a packed ref has the name of the ref's folder, or lies below the ref."""
        for name in self._packed_refs():
            if self._ref.startswith(f"{name}/") or name.startswith(f"{self._ref}/"):
                raise FileExistsError(name)

    def forward(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ref to commits that exist already; False when it is not at `old` any more. Needs the ledger's lock."""
        return self.tip() == old and self._move(old, new)

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
        added, touched = objects.changes(self._tree, before, parsed.tree)
        files = {name: self._body(blob) for name, blob in added.items()}
        return StoredCommit(commit, parsed.parents, parsed.message, files, touched, parsed.author, parsed.committer)

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
                body = self._packed_body(identity)
        except KeyError as error:
            raise unreadable(identity, "is missing") from error
        except (OSError, zlib.error, ValueError) as error:
            raise unreadable(identity, f"cannot be read ({error})") from error
        return body

    def matching(self, prefix: str) -> Iterator[str]:
        """The ids of all objects that begin with these hex digits, loose or packed."""
        for identity in self._object_store().iter_prefix(prefix.encode()):
            yield identity.decode()

    def _packed_body(self, identity: str) -> bytes:
        """The body of an object from the packs, those of alternates too. Raises KeyError where there is none."""
        return self._object_store().get_raw(identity.encode())[1]  # type: ignore[arg-type]  # ObjectID is a NewType of bytes

    def _object_store(self) -> DiskObjectStore:
        """All objects, those of packs and alternates too."""
        from dulwich.object_store import DiskObjectStore  # noqa: PLC0415  # 35 ms, needed for packs only

        if self._packs is None:
            self._packs = DiskObjectStore(os.fspath(self._common / "objects"))
        return self._packs

    def _remember(self, identity: str, body: bytes) -> None:
        """Keep a small body in memory: the next append reads the trees near the tip again."""
        if len(body) >= _CACHED_BYTES_MAX:
            return
        if len(self._bodies) > _CACHED_MAX:
            self._bodies.clear()
        self._bodies[identity] = body
