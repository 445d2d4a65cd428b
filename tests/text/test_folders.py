"""What changed between two versions of a folder, told from its bytes, is what a comparison of all entries tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.errors import Corrupt
from gitorch.text.records import objects
from gitorch.text.records.folders import NO_FOLDER, compare
from gitorch.text.records.objects import FILE, FOLDER, tree_body

WIDTH = 20
IDS = st.sampled_from(
    [bytes(20), b"\0" * 19 + b"\1", b"100644 a\0" + b"b" * 11, b"\xff" * 20, b"40000 x\0" * 2 + b"1234"]
)
NAMES = st.sampled_from(
    [b"a", b"a.b", b"a0", b"files", b"00", b"01", b"02", b"\xff", b"000001-x.yaml", b"000002-x.yaml"]
)
TREES = st.dictionaries(NAMES, st.tuples(st.sampled_from([FILE, FOLDER, b"100755", b"160000"]), IDS))


def told(old, new):
    before, _ = compare(NO_FOLDER, tree_body(old), WIDTH)
    (body, ends, _), changes = compare(before, tree_body(new), WIDTH)
    return (body, ends), sorted(changes, key=str)


def as_counted(old, new):
    """The changes by comparing entry with entry; a file and a folder of one name are two things."""
    found = []
    for name in old.keys() | new.keys():
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if was and now and (was[0] == FOLDER) != (now[0] == FOLDER):
            found += [(name, was, None), (name, None, now)]
        else:
            found.append((name, was, now))
    return sorted(found, key=str)


@given(old=TREES, new=TREES)
def test_changes_are_those_of_a_whole_comparison(old, new):
    folder, changes = told(old, new)
    assert changes == as_counted(old, new)
    assert folder == compare(NO_FOLDER, tree_body(new), WIDTH)[0][:2]


@given(tree=TREES, name=NAMES, entry=st.tuples(st.sampled_from([FILE, FOLDER]), IDS))
def test_one_entry_that_came_or_changed_is_told_alone(tree, name, entry):
    folder, changes = told(tree, tree | {name: entry})
    assert changes == as_counted(tree, tree | {name: entry})
    assert folder == compare(NO_FOLDER, tree_body(tree | {name: entry}), WIDTH)[0][:2]


ONE, TWO = (b"100644 %s\0" % name + bytes(20) for name in (b"a", b"b"))
BROKEN = {
    "cut short": ONE[:-1],
    "more after it": ONE + b"x",
    "no name": b"100644 \0" + bytes(20),
    "a path as a name": b"100644 a/b\0" + bytes(20),
    "no mode": b"a\0" + bytes(20),
    "out of order": TWO + ONE,
    "a name that stands twice": ONE + ONE[:-1] + b"\1",
    "a folder sorted as a file": b"40000 a\0" + bytes(20) + b"100644 a.b\0" + bytes(20),
}


@pytest.mark.parametrize("old", [b"", ONE, ONE + TWO], ids=["after nothing", "after one", "after two"])
@pytest.mark.parametrize("body", BROKEN.values(), ids=list(BROKEN))
def test_bytes_that_git_would_not_write_are_corrupt(old, body):
    before, _ = compare(NO_FOLDER, old, WIDTH)
    with pytest.raises(Corrupt, match="A tree of the ledger"):
        compare(before, body, WIDTH)


def test_an_entry_is_as_objects_reads_it():
    tree = {b"a": (FILE, bytes(20)), b"b": (FOLDER, b"\1" * 20)}
    changes = told({}, tree)[1]
    assert {name: entry for name, _, entry in changes} == objects.parse_tree(tree_body(tree), WIDTH)
