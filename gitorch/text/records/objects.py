"""Git's objects as bytes: blobs, trees and commits, for SHA-1 and SHA-256 alike.

Both stores build their commits here, since dulwich's own classes compute SHA-1 ids even in a SHA-256 repository.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.counts import counted
from gitorch.model.hashes import hex_hash
from gitorch.model.ids import CommitId
from gitorch.model.values import Value

if TYPE_CHECKING:
    from typing import Protocol

    class Addition(Protocol):
        """A commit to be added: files by path, message, author, and milliseconds."""

        @property
        def files(self) -> Mapping[str, bytes]: ...  # noqa: D102  # the class says it
        @property
        def message(self) -> str: ...  # noqa: D102  # the same
        @property
        def author(self) -> str: ...  # noqa: D102  # the same
        @property
        def at(self) -> int: ...  # noqa: D102  # the same


Sign = Callable[[str], str]
"""Gives the armored SSH signature of a commit's text."""

ID_BYTES = {"sha1": 20, "sha256": 32}
"""The length of a raw object id by the repository's algorithm."""

_SIGNATURE = {"sha1": "gpgsig", "sha256": "gpgsig-sha256"}
"""The header of a commit's signature by the repository's algorithm."""

FILE, FOLDER = b"100644", b"40000"

Entry = tuple[bytes, bytes]
"""Mode and raw object id of one name in a tree."""

Entries = dict[bytes, Entry]
"""A tree, by name."""

Read = Callable[[str], bytes]
"""Gives the body of an object by its id. Raises Corrupt where it is missing."""

Tree = Callable[[str], Entries]
"""Gives the entries of a tree by its id. The caller must not change them."""


class ParsedCommit(Value):
    """The parts of a commit that the ledger needs."""

    tree: str
    parents: tuple[CommitId, ...]
    message: str
    author: str
    """`name <address> seconds zone`"""
    committer: str


class Changes(Value):
    """The difference between two trees."""

    added: dict[str, str]
    """The ids of plain files that only the new tree has, by path."""
    touched: tuple[str, ...]
    """Paths that were changed or removed, and added links, executables and submodules."""


def object_id(kind: str, body: bytes, algorithm: str) -> str:
    """The id that git gives to an object, in hex.

    `kind` is `blob`, `tree` or `commit`; `algorithm` is `sha1` or `sha256`.
    """
    return hex_hash(algorithm, b"%s %d\0" % (kind.encode(), len(body)) + body)


def parse_tree(body: bytes, width: int) -> Entries:
    """The entries of a tree; `width` is the length of a raw id in bytes.

    Raises Corrupt for bytes that are not a tree.
    """
    found = _entry(width).findall(body)
    if sum(map(len, itertools.chain.from_iterable(found))) + 2 * len(found) != len(body):
        raise Corrupt("A tree of the ledger cannot be read.", hint="gitorch recover")

    return {name: (mode, raw) for mode, name, raw in found}


@cache
def _entry(width: int) -> re.Pattern[bytes]:
    """One entry of a tree. A loop would cost five times as much, and an append reads mostly trees."""
    return re.compile(b"([0-7]+) ([^\\0]+)\\0(.{%d})" % width, re.DOTALL)


def tree_body(entries: Entries) -> bytes:
    """The bytes of a tree.

    Sorted as git sorts: folders as if their names ended in a slash.
    """
    lines = []
    for name in _git_order(entries):
        mode, raw = entries[name]
        lines.append(b"%s %s\0%s" % (mode, name, raw))

    return b"".join(lines)


def _git_order(entries: Entries) -> list[bytes]:
    """The names of a tree in git's order, in which a folder is compared as if its name ended in a slash."""

    def key(name: bytes) -> bytes:
        if entries[name][0] == FOLDER:
            return name + b"/"
        return name

    return sorted(entries, key=key)


def parse_commit(body: bytes) -> ParsedCommit:
    """The parts of a commit; bytes that are not UTF-8 are replaced.

    Raises Corrupt for one that does not name exactly one tree.
    """
    head, _, message = body.decode("utf-8", "replace").partition("\n\n")
    trees, parents, names = _headers(head)

    if len(trees) != 1:
        raise Corrupt(f"A commit of the ledger names {counted(len(trees), 'tree')}.", hint="gitorch recover")

    return ParsedCommit(trees[0], tuple(parents), message, names["author"], names["committer"])


def _headers(head: str) -> tuple[list[str], list[CommitId], dict[str, str]]:
    """The trees, the parents and the names in the head of a commit."""
    trees, parents, names = [], [], {"author": "", "committer": ""}

    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        if key == "tree":
            trees.append(value)
        elif key == "parent":
            parents.append(CommitId(value))
        elif key in names:
            names[key] = value
    return trees, parents, names


class Builder:
    """Makes commits one on top of the other, with every object that they need, and writes nothing."""

    def __init__(self, read: Read, tip: CommitId | None, algorithm: str, committer: str) -> None:
        self._read, self._algorithm, self._committer = read, algorithm, committer
        self._width = ID_BYTES[algorithm]
        self._tip = tip
        self.commits: list[CommitId] = []
        """The ids of the new commits, oldest first."""
        self.objects: dict[str, tuple[str, bytes]] = {}
        """The kind and body of each new object by its id. An object follows all objects that it refers to."""
        self._trees: dict[bytes, Entries] = {}
        self._root: Entries = {}
        if tip is not None:
            self._root = self._tree(bytes.fromhex(parse_commit(read(tip)).tree))

    def add(self, files: Mapping[str, bytes], message: str, author: str, at: int, sign: Sign | None = None) -> None:
        """One more commit that adds these files. `at` is in milliseconds; git keeps only the seconds."""
        root = self._add_files(files)
        parent = ""
        if self._tip:
            parent = f"parent {self._tip}\n"

        when = f"{at // 1000} +0000"
        head = f"tree {root.hex()}\n{parent}author {author} {when}\ncommitter {self._committer} {when}\n"
        if sign is not None:
            signature = sign(f"{head}\n{message}").strip().replace("\n", "\n ")
            head += f"{_SIGNATURE[self._algorithm]} {signature}\n"
        self._tip = CommitId(self._keep("commit", f"{head}\n{message}".encode()).hex())
        self.commits.append(self._tip)

    def add_all(self, commits: Sequence[Addition], sign: Sign | None = None) -> None:
        """Add these commits, and sign the last of them."""
        for commit in commits[:-1]:
            self.add(commit.files, commit.message, commit.author, commit.at)
        last = commits[-1]
        self.add(last.files, last.message, last.author, last.at, sign)

    def _add_files(self, files: Mapping[str, bytes]) -> bytes:
        """Add files to the root and make new trees of all folders on their paths. Returns the raw id of the new root."""
        changed: dict[tuple[bytes, ...], Entries] = {(): self._root}
        for path, data in files.items():
            *folders, name = path.encode().split(b"/")
            self._descend(changed, folders)[name] = (FILE, self._keep("blob", data))

        raw = b""

        for where in sorted(changed, key=len, reverse=True):  # deepest first, so that the root comes last
            raw = self._keep("tree", tree_body(changed[where]))
            if where:
                self._trees[raw] = changed[where]
                changed[where[:-1]][where[-1]] = (FOLDER, raw)

        return raw

    def _descend(self, changed: dict[tuple[bytes, ...], Entries], folders: list[bytes]) -> Entries:
        """The entries of a folder, opened for change with all folders above it."""
        entries = changed[()]
        where: tuple[bytes, ...] = ()

        for folder in folders:
            where = (*where, folder)
            if where not in changed:
                old = entries.get(folder)
                changed[where] = {}
                if old is not None and old[0] == FOLDER:
                    changed[where] = self._tree(old[1])
            entries = changed[where]

        return entries

    def _tree(self, raw: bytes) -> Entries:
        """The entries of a tree, which the caller may change."""
        known = self._trees.pop(raw, None)
        if known is not None:
            return known

        identity = raw.hex()
        fresh = self.objects.get(identity)
        if fresh is not None:
            return parse_tree(fresh[1], self._width)

        return parse_tree(self._read(identity), self._width)

    def _keep(self, kind: str, body: bytes) -> bytes:
        """Add an object. Returns its raw id."""
        identity = object_id(kind, body, self._algorithm)
        self.objects.setdefault(identity, (kind, body))
        return bytes.fromhex(identity)


def changes(tree: Tree, old: str | None, new: str) -> Changes:
    """What turns the tree `old`, or an empty one, into the tree `new`. Reads only trees that differ."""
    added: dict[str, str] = {}
    touched: list[str] = []
    before: Entries = {}
    if old is not None:
        before = tree(old)

    _compare(tree, (before, tree(new)), "", added, touched)
    return Changes(added, tuple(touched))


def _compare(tree: Tree, sides: tuple[Entries, Entries], under: str, added: dict[str, str], touched: list[str]) -> None:
    """Collect the differences between two folders at the path `under`."""
    before, after = sides
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue

        path = under + name.decode("utf-8", "replace")
        if is_folder(old) or is_folder(new):
            _compare(tree, (_inside(tree, old), _inside(tree, new)), f"{path}/", added, touched)

        note_file(path, old, new, added, touched)


def note_file(path: str, old: Entry | None, new: Entry | None, added: dict[str, str], touched: list[str]) -> None:
    """Collect what happened to the file at one path. Folders are compared by their files."""
    if old is not None and old[0] != FOLDER:
        touched.append(path)
    elif new is None or new[0] == FOLDER:
        return
    elif new[0] == FILE:
        added[path] = new[1].hex()
    else:
        touched.append(path)


def is_folder(entry: Entry | None) -> bool:
    """Whether there is an entry, and it is a folder."""
    if entry is None:
        return False
    return entry[0] == FOLDER


def _inside(tree: Tree, entry: Entry | None) -> Entries:
    """The entries of a folder; none where this is not a folder."""
    if entry is not None and entry[0] == FOLDER:
        return tree(entry[1].hex())
    return {}


def find(tree: Tree, root: str, path: str) -> tuple[bytes, str] | None:
    """Mode and id of the entry at a path; None when there is none.

    Raises Corrupt when a tree on the way is missing.
    """
    mode, identity = FOLDER, root
    for name in path.encode().split(b"/"):
        if mode != FOLDER:
            return None

        entry = tree(identity).get(name)
        if entry is None:
            return None

        mode, identity = entry[0], entry[1].hex()

    return mode, identity


def walk(tree: Tree, root: str, under: str) -> Iterator[str]:
    """All paths of files in a tree, sorted, each with `under` before it.

    Links, executables and submodules count as files.
    """
    entries = tree(root)
    for name in _git_order(entries):
        mode, raw = entries[name]
        path = under + name.decode("utf-8", "replace")
        if mode == FOLDER:
            yield from walk(tree, raw.hex(), f"{path}/")
        else:
            yield path
