"""Git's objects as bytes: the ids and forms of real git, and the difference between any two trees."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitorch.errors import Corrupt
from gitorch.model.ids import CommitId
from gitorch.text.records.objects import (
    FILE,
    FOLDER,
    Builder,
    ParsedCommit,
    changes,
    find,
    object_id,
    parse_commit,
    parse_tree,
    tree_body,
    walk,
)
from gitorch.text.records.signed_commit import parse_signed

LINK, EXECUTABLE, SUBMODULE = b"120000", b"100755", b"160000"
WHO = "t <t@t> 0 +0000"


@pytest.mark.parametrize(
    ("kind", "body", "algorithm", "identity"),
    [
        ("blob", b"", "sha1", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        ("blob", b"hello\n", "sha1", "ce013625030ba8dba906f756967f9e9ca394464a"),
        ("tree", b"", "sha1", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
        ("blob", b"", "sha256", "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"),
        ("tree", b"", "sha256", "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"),
    ],
)
def test_an_id_is_that_of_git(kind, body, algorithm, identity):
    assert object_id(kind, body, algorithm) == identity


@pytest.mark.parametrize("width", [20, 32])
def test_a_tree_reads_back_with_folders_in_the_order_of_git(width):
    raw = bytes(range(width))
    entries = {b"a": (FOLDER, raw), b"a.b": (FILE, raw[::-1]), b"a0": (LINK, b"\0" * width), b"\xff": (EXECUTABLE, raw)}
    body = tree_body(entries)
    assert body.index(b"100644 a.b\0") < body.index(b"40000 a\0") < body.index(b"120000 a0\0")
    assert parse_tree(body, width) == entries
    assert parse_tree(b"", width) == {}


@pytest.mark.parametrize("body", [b"junk", b"100644 a\0short", b"100644 a\0" + b"x" * 20 + b"y", b"9 a\0" + b"x" * 20])
def test_bytes_that_are_no_tree_are_corrupt(body):
    with pytest.raises(Corrupt, match="A tree of the ledger cannot be read") as caught:
        parse_tree(body, 20)
    assert caught.value.hint == "gitorch recover"


T, P, Q = "1" * 40, CommitId("2" * 40), CommitId("3" * 40)
SIGNED = "gpgsig -----BEGIN\n \n line\n"


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        (f"tree {T}\nauthor {WHO}\ncommitter c\n\nsubject\n\nbody\n", (T, (), "subject\n\nbody\n", WHO, "c")),
        (f"tree {T}\nparent {P}\nauthor a\ncommitter c\n\n", (T, (P,), "", "a", "c")),
        (f"tree {T}\nparent {P}\nparent {Q}\nauthor a\ncommitter c\n{SIGNED}\nm", (T, (P, Q), "m", "a", "c")),
        (f"tree {T}", (T, (), "", "", "")),
        (f"tree {T}\n\ntree {P}\nparent {Q}\nauthor x", (T, (), f"tree {P}\nparent {Q}\nauthor x", "", "")),
    ],
    ids=["first", "child", "signed merge", "bare", "headers in the message"],
)
def test_a_commit_is_read_by_its_parts(body, parsed):
    assert parse_commit(body.encode()) == ParsedCommit(*parsed)


def test_bytes_of_a_commit_that_are_not_utf_8_are_replaced():
    parsed = parse_commit(b"tree %s\nauthor \xff <a>\n\nm\xe9" % T.encode())
    assert (parsed.author, parsed.message) == ("\ufffd <a>", "m\ufffd")


@pytest.mark.parametrize(("body", "trees"), [("", 0), (f"parent {P}\n\ntree {T}", 0), (f"tree {T}\ntree {T}\n\nm", 2)])
def test_a_commit_names_exactly_one_tree(body, trees):
    with pytest.raises(Corrupt, match=f"A commit of the ledger names {trees} trees.") as caught:
        parse_commit(body.encode())
    assert caught.value.hint == "gitorch recover"


class Trees:
    """Trees of nested mappings by id; a leaf is a pair of mode and content."""

    def __init__(self) -> None:
        self.known: dict[str, dict[bytes, tuple[bytes, bytes]]] = {}
        self.read: list[str] = []

    def put(self, nested) -> str:
        entries = {}
        for name, inner in nested.items():
            if isinstance(inner, dict):
                entries[name.encode()] = (FOLDER, bytes.fromhex(self.put(inner)))
            else:
                entries[name.encode()] = (inner[0], hashlib.sha1(inner[1]).digest())
        identity = object_id("tree", tree_body(entries), "sha1")
        self.known[identity] = entries
        return identity

    def __call__(self, identity: str):
        self.read.append(identity)
        return self.known[identity]


def leaves(nested, under: str = "") -> dict[str, tuple[bytes, bytes]]:
    """The leaves of a nested mapping by path, as a plain walk finds them."""
    found = {}
    for name, inner in nested.items():
        if isinstance(inner, dict):
            found |= leaves(inner, f"{under}{name}/")
        else:
            found[under + name] = inner
    return found


LEAF = st.tuples(st.sampled_from([FILE, FILE, LINK, EXECUTABLE, SUBMODULE]), st.sampled_from([b"1", b"2"]))
NAME = st.sampled_from(["a", "a.b", "a0", "b"])
NESTED = st.recursive(
    st.dictionaries(NAME, LEAF, max_size=3),
    lambda inner: st.dictionaries(NAME, LEAF | inner, max_size=3),
    max_leaves=6,
)


@given(st.none() | NESTED, NESTED)
def test_the_difference_between_two_trees_is_that_of_their_leaves(old, new):
    trees = Trees()
    before, after = leaves(old or {}), leaves(new)
    found = changes(trees, None if old is None else trees.put(old), trees.put(new))

    fresh = {path: leaf for path, leaf in after.items() if path not in before}
    assert found.added == {path: hashlib.sha1(body).hexdigest() for path, (mode, body) in fresh.items() if mode == FILE}
    gone = {path for path, leaf in before.items() if after.get(path) != leaf}
    assert sorted(found.touched) == sorted({*gone, *(path for path, leaf in fresh.items() if leaf[0] != FILE)})


def test_only_trees_that_differ_are_read():
    trees = Trees()
    same = {f"f{number}": (FILE, b"1") for number in range(3)}
    old, new = trees.put({"same": same, "other": {}}), trees.put({"same": same, "other": {"x": (FILE, b"1")}})
    assert list(changes(trees, old, new).added) == ["other/x"]
    assert trees.put(same) not in trees.read


@given(NESTED)
def test_every_leaf_is_walked_in_the_order_of_git_and_found_by_its_path(nested):
    trees = Trees()
    root = trees.put(nested)
    expected = leaves(nested)
    assert list(walk(trees, root, "")) == sorted(expected, key=lambda path: path.encode())
    assert list(walk(trees, root, "top/")) == [f"top/{path}" for path in walk(trees, root, "")]
    for path, (mode, body) in expected.items():
        assert find(trees, root, path) == (mode, hashlib.sha1(body).hexdigest())
        assert find(trees, root, f"{path}/below") is None
    assert find(trees, root, "absent") is None


def test_a_folder_is_found_too():
    trees = Trees()
    inner = {"b": (FILE, b"1")}
    assert find(trees, trees.put({"a": inner}), "a") == (FOLDER, trees.put(inner))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@given(
    rounds=st.lists(
        st.dictionaries(
            st.sampled_from(["a", "d/x", "d/y", "d/e/z", "twin/x", "twin/y"]), st.binary(max_size=3), min_size=1
        ),
        min_size=1,
        max_size=4,
    )
)
@example(rounds=[{"d/x": b"", "twin/x": b""}, {"d/y": b""}, {"twin/z": b""}])
def test_commits_that_are_built_hold_the_files_added_and_follow_each_other(algorithm, rounds):
    builder = Builder(lambda _: b"", None, algorithm, "c <c>")
    expected, parent = {}, ()
    for number, files in enumerate(rounds):
        builder.add(files, f"m{number}\n", "a <a>", 1_000 * number + 999)
        parsed = parse_commit(builder.objects[builder.commits[-1]][1])
        expected |= files
        stamp = f"{number} +0000"
        assert parsed == ParsedCommit(parsed.tree, parent, f"m{number}\n", f"a <a> {stamp}", f"c <c> {stamp}")
        parent = (builder.commits[-1],)

    width = hashlib.new(algorithm).digest_size

    def tree(identity):
        return parse_tree(builder.objects[identity][1], width)

    held = {path: find(tree, parsed.tree, path) for path in walk(tree, parsed.tree, "")}
    assert {path: builder.objects[found[1]] for path, found in held.items()} == {
        path: ("blob", data) for path, data in expected.items()
    }
    assert all(object_id(kind, body, algorithm) == name for name, (kind, body) in builder.objects.items())


@given(NAME, st.binary(max_size=3))
def test_a_builder_goes_on_from_the_tip_and_makes_only_what_is_new(name, data):
    first = Builder(lambda _: b"", None, "sha1", "c")
    first.add({"d/kept": b"kept", "top": b"top"}, "m", "a", 0)
    after = Builder(lambda identity: first.objects[identity][1], first.commits[-1], "sha1", "c")
    after.add({f"d/{name}": data}, "m", "a", 0)

    held = {name: body for name, (_, body) in {**first.objects, **after.objects}.items()}

    def tree(identity):
        return parse_tree(held[identity], 20)

    assert list(walk(tree, parse_commit(held[after.commits[-1]]).tree, "")) == sorted(["d/kept", f"d/{name}", "top"])
    assert sorted(kind for kind, _ in after.objects.values()) == ["blob", "commit", "tree", "tree"]


def test_only_the_last_of_several_commits_is_signed():
    added = [Added({f"{n}.txt": b"x"}, f"commit {n}", "t <t@t>", 1_000 * n) for n in range(3)]
    builders = [Builder(lambda _: b"", None, "sha1", "c <c>") for _ in range(2)]
    builders[0].add_all(added, lambda text: f"signed {len(text)}\n more")
    for one in added:
        builders[1].add(one.files, one.message, one.author, one.at)
    assert builders[0].commits[:2] == builders[1].commits[:2]
    body = builders[0].objects[builders[0].commits[2]][1]
    signature = f"signed {len(unsigned(body))}\n more\n"
    assert parse_signed(body) == (*parse_signed(unsigned(body))[:4], signature, unsigned(body).decode())
    assert parse_signed(body)[1:4] == ((builders[1].commits[1],), "commit 2", "t <t@t> 2 +0000")


class Added(NamedTuple):
    """A commit to be added."""

    files: dict[str, bytes]
    message: str
    author: str
    at: int


def unsigned(body: bytes) -> bytes:
    """A commit without its signature of two lines."""
    return re.sub(rb"gpgsig .*\n .*\n", b"", body)


def test_the_signature_of_a_commit_may_stand_among_other_lines():
    head = "tree {0}\nparent {0}\nauthor a <a> 1 +0000\ncommitter c <c> 1 +0000".format("a" * 40)
    plain = f"{head}\nencoding x\n more\n\ntext\n\n gpgsig more\n"
    signed = plain.replace("\nencoding", "\ngpgsig-sha256 one\n two\n \n three\nencoding")
    found = parse_signed(signed.encode())
    assert (found.signature, found.signed) == ("one\ntwo\n\nthree\n", plain)
    assert parse_signed(plain.encode()).signature == ""
    assert (found.tree, found.parents, found.author) == ("a" * 40, (CommitId("a" * 40),), "a <a> 1 +0000")
    assert "\ufffd" in parse_signed(signed.replace("text", "x").encode().replace(b"x", b"\xff", 1)).signed
