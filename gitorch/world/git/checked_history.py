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

_GROUP = 32
"""Folders that are requested together."""

_KNOWN_MAX = 250
"""Folders that are kept between two chunks. Most of them never change again."""

_Wanted = tuple[str, bytes]
"""The id of an object, and the kind that it must have."""
_Pair = tuple[int, str, str, str]
"""A folder that differs: the position of the commit in its chunk, the folder's path, empty or with a slash at the end,
and its trees in the commit before and in this one, empty for none.
"""


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
        chunk = list(islice(ids, _CHUNK))
        stored.request(chunk, b"commit")
        while chunk:
            then = list(islice(ids, _CHUNK))
            commits, problem = _tried(checking, chunk, then)
            yield from stored.replaced  # before the problem, of which they may be the cause
            stored.replaced.clear()
            yield from commits
            if problem is not None:
                raise problem
            chunk = then
        if listed.wait() != 0:
            raise Corrupt(f"git cannot read every commit up to {tip}.", hint="gitorch recover", where=tip)


def _tried(checking: _Checking, ids: list[str], then: list[str]) -> tuple[list[StoredCommit], Corrupt | None]:
    """The next commits, or why they cannot be read."""
    try:
        return checking.chunk(ids, then), None
    except Corrupt as error:
        return [], error


class _Objects:
    """Objects by id, from `git cat-file`, which reads the next ones while those before them are judged."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process, self._answers = process, answers_of(process)
        self._requested: dict[_Wanted, None] = {}
        """What git was asked for and has not yet answered, the oldest request first."""
        self._early: dict[_Wanted, bytes] = {}
        """The bodies of objects that were read before they were taken."""
        self._named: set[str] = set()
        self.replaced: list[StoredObject] = []
        """Those whose content does not match their name, each named once."""

    def request(self, ids: Iterable[str], kind: bytes) -> None:
        """Have git read these objects, in this order. Raises Corrupt as `take` does, for an older request."""
        wanted = dict.fromkeys([(identity, kind) for identity in ids])
        missing = iter([one for one in wanted if one not in self._requested and one not in self._early])
        while some := list(islice(missing, _AHEAD)):
            while len(self._requested) + len(some) > _AHEAD:
                self._read_early()
            requests = "\ncontents ".join([identity for identity, _ in some])
            send(self._process, f"contents {requests}\nflush\n".encode())
            self._requested.update(dict.fromkeys(some))

    def take(self, identity: str, kind: bytes) -> bytes:
        """The body of an object, which is kept no longer. Raises Corrupt for one that is missing or of another kind."""
        wanted = identity, kind
        early = self._early.pop(wanted, None)
        if early is not None:
            return early

        if wanted not in self._requested:
            self.request([identity], kind)
        while next(iter(self._requested)) != wanted:
            self._read_early()
        del self._requested[wanted]
        return self._answer(identity, kind)

    def _read_early(self) -> None:
        """Read the answer to the oldest request, which somebody will take later."""
        oldest = next(iter(self._requested))
        del self._requested[oldest]
        self._early[oldest] = self._answer(*oldest)

    def _answer(self, identity: str, kind: bytes) -> bytes:
        """The next answer, which is that for this object."""
        described = self._answers.readline()[len(identity) + 1 : -1]  # `tree 123`, as git hashes it before the content
        found, _, size = described.partition(b" ")
        if not size:
            raise _unreadable(identity, "is missing or cannot be read")

        body = body_after(self._answers, int(size), identity)
        if object_names.name_of(described, body, len(identity)) != identity and identity not in self._named:
            self._named.add(identity)
            self.replaced.append(StoredObject(identity, found.decode(), body))
        if found != kind:
            raise _unreadable(identity, f"is a {found.decode()}, not a {kind.decode()}")
        return body


class _Checking:
    """The folders of the newest commit that was read, and what follows it."""

    def __init__(self, stored: _Objects, width: int) -> None:
        self._stored, self._width = stored, width
        self._root = ""
        """The tree of the newest commit."""
        self._known: dict[str, Folder] = {}
        """Folders by their trees: those that another version may follow."""

    def chunk(self, ids: list[str], then: list[str]) -> list[StoredCommit]:
        """The next commits, which must have been requested; `then` are those that follow, to be requested meanwhile."""
        commits = {identity: objects.parse_commit(self._stored.take(identity, b"commit")) for identity in ids}
        changes = self._changes([commit.tree for commit in commits.values()])
        wanted = dict.fromkeys([blob for one in changes for blob in one.added.values()])
        self._stored.request(wanted, b"blob")
        self._stored.request(then, b"commit")
        blobs = {blob: self._stored.take(blob, b"blob") for blob in wanted}

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
        pairs: list[_Pair] = []
        for number, tree in enumerate(trees):
            found.append(_Changes({}, []))
            if tree != self._root:
                pairs.append((number, "", self._root, tree))
            self._root = tree

        if len(self._known) > _KNOWN_MAX:
            self._known.clear()
        self._request(pairs)
        while pairs:
            pairs = self._below(pairs, found)
        return found

    def _below(self, pairs: list[_Pair], found: list[_Changes]) -> list[_Pair]:
        """The folders that differ in these folders. They are requested in groups, so that git is never without work."""
        below: list[_Pair] = []
        requested = 0
        for pair in pairs:
            self._compare(pair, found[pair[0]], below)
            if len(below) - requested >= _GROUP:
                self._request(below[requested:])
                requested = len(below)
        self._request(below[requested:])
        return below

    def _request(self, pairs: list[_Pair]) -> None:
        """Have git read the new trees of these folders."""
        self._stored.request([new for _, _, _, new in pairs if new], b"tree")

    def _body(self, tree: str) -> bytes:
        """The body of a tree; empty where there is none."""
        if not tree:
            return b""
        return self._stored.take(tree, b"tree")

    def _before(self, tree: str) -> Folder:
        """The version of a folder that another one follows."""
        known = self._known.pop(tree, None)
        if known is not None:
            return known
        return folders.compare(folders.NO_FOLDER, self._body(tree), self._width)[0]

    def _compare(self, pair: _Pair, changes: _Changes, below: list[_Pair]) -> None:
        """Note what changed in a folder, and add the folders in it that differ."""
        _, folder, old_tree, new_tree = pair
        self._known[new_tree], changed = folders.compare(self._before(old_tree), self._body(new_tree), self._width)

        for name, old, new in changed:
            path = folder + name.decode("utf-8", "replace")
            tree, other = _tree(old), _tree(new)
            if tree or other:
                below.append((pair[0], f"{path}/", tree, other))
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
