"""A whole history as its objects tell it: each is compared with its name, and git's own listing of changes is not believed.

A folder that is the same as in the commit before was checked there, so that only what changed is read. Commits are read in
chunks, one level of folders after the other, so that git always has many objects to read ahead.
"""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt
from gitorch.model.ids import CommitId
from gitorch.ports.commits import StoredCommit, StoredObject
from gitorch.text.records import folders, object_names, objects
from gitorch.world.git.pipes import answers_of, body_after, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.text.records.folders import Folder
    from gitorch.text.records.objects import Entry
    from gitorch.world.git.object_reader import ObjectReader

_CHUNK = 64
"""Commits read together. More take more memory and are slower, since they do not fit into the processor's caches."""

_AHEAD = 200
"""Objects requested at once: 200 requests of 74 bytes fit into a pipe, so neither side can block the other."""


class _Pair(NamedTuple):
    """A folder in one commit and in the commit before it: the ids of two different trees, empty for none."""

    commit: int
    """The position of the commit in its chunk."""
    path: str
    """With a slash at the end; empty for the root."""
    before: str
    after: str


class _Changes(NamedTuple):
    """What a commit did to files."""

    added: dict[str, str]
    """The blob id of each plain file that it added, by path."""
    touched: list[str]
    """Every other path."""


def checked(reader: ObjectReader, tip: CommitId) -> Iterator[StoredCommit | StoredObject]:
    """Every commit up to `tip`, oldest first, and before them each object whose content does not match its name.

    What a commit adds follows from the commit before it in this order. Raises Corrupt where an object is missing or is
    not what it must be, Unavailable.
    """
    listing = ("rev-list", "--reverse", "--topo-order", tip, "--")
    with ExitStack() as stack:
        listed = stack.enter_context(reader.git(*listing, stdin=subprocess.DEVNULL))
        read = stack.enter_context(reader.git("cat-file", "--batch-command", "--buffer", stdin=subprocess.PIPE))
        ids = (line.decode().rstrip("\n") for line in answers_of(listed))
        stored = _Objects(read)
        checking = _Checking(stored, len(tip) // 2)
        while chunk := list(islice(ids, _CHUNK)):
            commits, problem = _tried(checking, chunk)
            yield from stored.replaced  # before the problem, of which they may be the cause
            stored.replaced.clear()
            yield from commits
            if problem is not None:
                raise problem
        if listed.wait() != 0:
            raise Corrupt(f"git cannot read every commit up to {tip}.", hint="gitorch recover", where=tip)


def _tried(checking: _Checking, ids: list[str]) -> tuple[list[StoredCommit], Corrupt | None]:
    """The next commits, or why they cannot be read."""
    try:
        return checking.chunk(ids), None
    except Corrupt as error:
        return [], error


class _Objects:
    """Objects by id, from `git cat-file`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process, self._answers = process, answers_of(process)
        self.replaced: list[StoredObject] = []
        """Those whose content does not match their name."""

    def read(self, ids: Iterable[str], kind: str) -> dict[str, bytes]:
        """The bodies of these objects by id, each read once. Raises Corrupt for one that is missing or of another kind."""
        waiting = iter(dict.fromkeys(ids))
        found: dict[str, bytes] = {}
        while some := list(islice(waiting, _AHEAD)):
            requests = "".join([f"contents {identity}\n" for identity in some])
            send(self._process, f"{requests}flush\n".encode())
            for identity in some:
                found[identity] = self._next(identity, kind)
        return found

    def _next(self, identity: str, kind: str) -> bytes:
        """The next answer, which is that for this object."""
        _, _, described = (
            self._answers.readline().rstrip().partition(b" ")
        )  # `tree 123`, as git hashes it before the content
        found, _, size = described.partition(b" ")
        if not size:
            raise _unreadable(identity, "is missing or cannot be read")

        body = body_after(self._answers, int(size), identity)
        if object_names.name_of(described, body, len(identity)) != identity:
            self.replaced.append(StoredObject(identity, found.decode(), body))
        if found != kind.encode():
            raise _unreadable(identity, f"is a {found.decode()}, not a {kind}")
        return body


class _Checking:
    """The folders of the newest commit that was read, and what follows it."""

    def __init__(self, stored: _Objects, width: int) -> None:
        self._stored, self._width = stored, width
        self._root = ""
        """The tree of the newest commit."""
        self._known: dict[str, Folder] = {"": folders.NO_FOLDER}
        """The folders of the last chunk, by their trees."""

    def chunk(self, ids: list[str]) -> list[StoredCommit]:
        """The next commits."""
        bodies = self._stored.read(ids, "commit")
        commits = {identity: objects.parse_commit(body) for identity, body in bodies.items()}
        changes = self._changes([commit.tree for commit in commits.values()])
        blobs = self._stored.read((blob for one in changes for blob in one.added.values()), "blob")

        following = []
        for (identity, commit), (added, touched) in zip(commits.items(), changes, strict=True):
            files = {path: blobs[added[path]] for path in sorted(added)}
            names = commit.author, commit.committer
            following.append(
                StoredCommit(CommitId(identity), commit.parents, commit.message, files, tuple(sorted(touched)), *names)
            )
        return following

    def _changes(self, trees: list[str]) -> list[_Changes]:
        """What each commit with one of these trees did to the files of the one before it."""
        found: list[_Changes] = []
        pairs = []
        for number, tree in enumerate(trees):
            found.append(_Changes({}, []))
            if tree != self._root:
                pairs.append(_Pair(number, "", self._root, tree))
            self._root = tree

        older = self._known
        self._known = {"": folders.NO_FOLDER}
        while pairs:
            self._load(pairs, older)
            pairs = [below for pair in pairs for below in self._compare(pair, found[pair.commit])]
        return found

    def _load(self, pairs: list[_Pair], older: dict[str, Folder]) -> None:
        """Have the folders of one level at hand. Those that follow another are not yet parsed."""
        wanted = {tree for pair in pairs for tree in (pair.before, pair.after)} - self._known.keys()
        missing = wanted - older.keys()
        for tree in wanted - missing:
            self._known[tree] = older[tree]
        for tree, body in self._stored.read(missing, "tree").items():
            self._known[tree] = folders.Folder(body, ())

    def _compare(self, pair: _Pair, changes: _Changes) -> Iterator[_Pair]:
        """Note what changed in a folder, and give the folders in it that differ."""
        before, after = self._known[pair.before], self._known[pair.after]
        if before.body and not before.ends:
            before, _ = folders.compare(folders.NO_FOLDER, before.body, self._width)
        self._known[pair.after], changed = folders.compare(before, after.body, self._width)

        for name, old, new in changed:
            path = pair.path + name.decode("utf-8", "replace")
            tree, other = _tree(old), _tree(new)
            if tree or other:
                yield _Pair(pair.commit, f"{path}/", tree, other)
            else:
                objects.note_file(path, old, new, changes.added, changes.touched)


def _tree(entry: Entry | None) -> str:
    """The id of a folder's tree; empty for none and for a file."""
    if entry is None or entry[0] != objects.FOLDER:
        return ""
    return entry[1].hex()


def _unreadable(identity: str, problem: str) -> Corrupt:
    """The error for an object that cannot be used."""
    return Corrupt(f"Object {identity} of the ledger {problem}.", hint="gitorch recover", where=identity)
