"""Git's objects as bytes: blobs, trees and commits, for SHA-1 and SHA-256 alike.

Both stores build their commits here, since dulwich's own classes give SHA-1 ids whatever the repository's format.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from gitorch.errors import Corrupt
from gitorch.model.ids import CommitId

FILE, FOLDER = b"100644", b"40000"

Entries = dict[bytes, tuple[bytes, bytes]]
"""A tree: name to mode and raw object id."""

Read = Callable[[str], bytes]
"""The body of an object by its id. Raises Corrupt where it is missing."""


Tree = Callable[[str], Entries]
"""The entries of a tree by its id; not to be changed."""


class ParsedCommit(NamedTuple):
    """What the ledger needs of a commit."""

    tree: str
    parents: tuple[CommitId, ...]
    message: str


class Changes(NamedTuple):
    """What one commit did to the tree before it: plain files added, by path with their ids, and paths otherwise touched."""

    added: dict[str, str]
    touched: tuple[str, ...]


def object_id(kind: str, body: bytes, algorithm: str) -> str:
    """The id that git gives to an object; `algorithm` is `sha1` or `sha256`."""
    return hashlib.new(algorithm, b"%s %d\0" % (kind.encode(), len(body)) + body, usedforsecurity=False).hexdigest()


def parse_tree(body: bytes, width: int) -> Entries:
    """The entries of a tree; `width` is the length of a raw id. Raises Corrupt."""
    found = _entry(width).findall(body)
    if sum(map(len, itertools.chain.from_iterable(found))) + 2 * len(found) != len(body):
        raise Corrupt("A tree of the ledger cannot be read.", hint="git fsck")
    return {name: (mode, raw) for mode, name, raw in found}


@cache
def _entry(width: int) -> re.Pattern[bytes]:
    """One regular expression, since a loop costs five times as much and trees are most of what an append reads."""
    return re.compile(b"([0-7]+) ([^\\0]+)\\0(.{%d})" % width, re.DOTALL)


def tree_body(entries: Entries) -> bytes:
    """The bytes of a tree: sorted as git sorts, folders as if their names ended in a slash."""
    names = sorted(entries, key=lambda name: name + b"/" if entries[name][0] == FOLDER else name)
    return b"".join([b"%s %s\0%s" % (entries[name][0], name, entries[name][1]) for name in names])


def parse_commit(body: bytes) -> ParsedCommit:
    """Tree, parents and message of a commit. Raises Corrupt."""
    head, _, message = body.decode("utf-8", "replace").partition("\n\n")
    lines = [line.partition(" ") for line in head.split("\n")]
    trees = [value for key, _, value in lines if key == "tree"]
    if len(trees) != 1:
        raise Corrupt("A commit of the ledger names no tree.", hint="git fsck")
    return ParsedCommit(trees[0], tuple(CommitId(value) for key, _, value in lines if key == "parent"), message)


class Builder:
    """Makes commits one on top of the other, with every object they need, and writes nothing.

    `objects` maps ids to kind and body in an order in which each object follows what it refers to; `commits` are the new
    ids, oldest first.
    """

    def __init__(self, read: Read, tip: CommitId | None, algorithm: str, committer: str) -> None:
        self._read, self._algorithm, self._committer = read, algorithm, committer
        self._width = hashlib.new(algorithm, usedforsecurity=False).digest_size
        self._tip = tip
        self.commits: list[CommitId] = []
        self.objects: dict[str, tuple[str, bytes]] = {}
        self._trees: dict[bytes, Entries] = {}
        self._root: Entries = {} if tip is None else self._tree(bytes.fromhex(parse_commit(read(tip)).tree))

    def add(self, files: Mapping[str, bytes], message: str, author: str, at: int) -> None:
        """One more commit that adds these files. `at` is in milliseconds, of which git keeps the seconds."""
        changed: dict[tuple[bytes, ...], Entries] = {(): self._root}
        for path, data in files.items():
            *folders, name = path.encode().split(b"/")
            self._descend(changed, folders)[name] = (FILE, self._keep("blob", data))
        root = b""
        for where in sorted(changed, key=len, reverse=True):  # deepest first, so that the root comes last
            root = self._keep("tree", tree_body(changed[where]))
            if where:
                self._trees[root] = changed[where]
                changed[where[:-1]][where[-1]] = (FOLDER, root)
        parent = f"parent {self._tip}\n" if self._tip else ""
        when = f"{at // 1000} +0000"
        head = f"tree {root.hex()}\n{parent}author {author} {when}\ncommitter {self._committer} {when}\n"
        self._tip = CommitId(self._keep("commit", f"{head}\n{message}".encode()).hex())
        self.commits.append(self._tip)

    def _descend(self, changed: dict[tuple[bytes, ...], Entries], folders: list[bytes]) -> Entries:
        """The entries of a folder, opened for change with all folders above it."""
        entries = changed[()]
        where: tuple[bytes, ...] = ()
        for folder in folders:
            where = (*where, folder)
            if where not in changed:
                old = entries.get(folder)
                changed[where] = self._tree(old[1]) if old and old[0] == FOLDER else {}
            entries = changed[where]
        return entries

    def _tree(self, raw: bytes) -> Entries:
        """A tree as a dict of its own, since it is going to be changed."""
        known = self._trees.pop(raw, None)
        if known is not None:
            return known
        made = self.objects.get(raw.hex())
        return parse_tree(made[1] if made else self._read(raw.hex()), self._width)

    def _keep(self, kind: str, body: bytes) -> bytes:
        identity = object_id(kind, body, self._algorithm)
        self.objects.setdefault(identity, (kind, body))
        return bytes.fromhex(identity)


def changes(tree: Tree, old: str | None, new: str) -> Changes:
    """What turned one tree into another. A changed or removed file, a link and an executable count as touched."""
    added: dict[str, str] = {}
    touched: list[str] = []
    _compare(tree, (tree(old) if old else {}, tree(new)), "", added, touched)
    return Changes(added, tuple(touched))


def _compare(tree: Tree, sides: tuple[Entries, Entries], under: str, added: dict[str, str], touched: list[str]) -> None:
    before, after = sides
    for name in [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]:
        old, new = before.get(name), after.get(name)
        path = under + name.decode("utf-8", "replace")
        if FOLDER in {old and old[0], new and new[0]}:
            _compare(tree, (_inside(tree, old), _inside(tree, new)), f"{path}/", added, touched)
        if old and old[0] != FOLDER:
            touched.append(path)
        elif new and new[0] == FILE:
            added[path] = new[1].hex()
        elif new and new[0] != FOLDER:
            touched.append(path)


def _inside(tree: Tree, entry: tuple[bytes, bytes] | None) -> Entries:
    return tree(entry[1].hex()) if entry and entry[0] == FOLDER else {}


def find(tree: Tree, root: str, path: str) -> tuple[bytes, str] | None:
    """Mode and id of what stands at a path, or None."""
    mode, identity = FOLDER, root
    for name in path.encode().split(b"/"):
        entry = tree(identity).get(name) if mode == FOLDER else None
        if entry is None:
            return None
        mode, identity = entry[0], entry[1].hex()
    return mode, identity


def walk(tree: Tree, root: str, under: str) -> Iterator[str]:
    """All paths of files in a tree, sorted, each with `under` before it."""
    entries = tree(root)
    for name in sorted(entries, key=lambda name: name + b"/" if entries[name][0] == FOLDER else name):
        mode, raw = entries[name]
        path = under + name.decode("utf-8", "replace")
        if mode == FOLDER:
            yield from walk(tree, raw.hex(), f"{path}/")
        else:
            yield path
