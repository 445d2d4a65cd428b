"""Two scopes share a path or they do not: held against all short paths there are."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.model.plans.globs import may_overlap, shared_globs
from gitorch.model.plans.workflow import Scope
from gitorch.rules.scope.matching import covered, matches

PATHS = ["/".join(parts) for depth in (1, 2, 3) for parts in product(("a", "b", "ab"), repeat=depth)]
NAMES = ["".join(name) for length in range(1, 9) for name in product("ab", repeat=length)]
GLOBS = st.lists(st.sampled_from(["a", "b", "ab", "*", "a*", "?", "*b", "**"]), min_size=1, max_size=3).map("/".join)


@given(GLOBS, GLOBS)
def test_globs_that_match_a_common_path_overlap(one, other):
    shared = [path for path in PATHS if matches(path, one) and matches(path, other)]

    assert may_overlap(one, other) == may_overlap(other, one)
    assert may_overlap(one, other) or not shared


@given(st.lists(GLOBS, max_size=2), st.lists(GLOBS, max_size=2), st.lists(GLOBS, max_size=2))
def test_scopes_without_a_shared_glob_share_no_path(allowed, forbidden, others):
    one, other = Scope(tuple(allowed), tuple(forbidden)), Scope(tuple(others))
    shared = [path for path in PATHS if covered(path, one) and covered(path, other)]

    assert shared_globs(one, other) is not None or not shared


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("src/**", "docs/**", False),
        ("src/", "src/a.py", True),
        ("src", "src/a.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("**/x.py", "x.py", True),
        ("a*b", "*c", False),
        ("a/**/b", "a/b", True),
        ("[ab]x", "cx", True),
        ("[]]x", "cx", True),
        ("[ab]x", "c", False),
        ("[ab]x", "cxx", False),
        ("[abc]", "dd", False),
        ("a[", "a[", True),
        ("a[b", "a[b", True),
        ("a[b", "a[c", False),
        ("?", "", False),
        ("?", "ab", False),
        ("?b", "a?", True),
        ("*", "**", True),
        ("*", "a/b", False),
        ("**", "a/b/c", True),
        ("a/**", "a", True),
        ("a/**", "b/a", False),
        ("**/b/c", "a/**", True),
        ("**/b", "a/c", True),
        ("a***b", "ab", True),
        ("a***b", "a**b", True),
        ("a*", "*b", True),
        ("a*c", "*b", False),
        ("a**", "a", True),
        ("*a*", "b", False),
        ("*a*", "bab", True),
        ("ab*", "a*c", True),
        ("abc", "a*b*c*", True),
        ("abc", "a*b*d*", False),
        ("a", "ab*", False),
    ],
)
def test_a_pair_of_globs(one, other, expected):
    assert may_overlap(one, other) is expected
    assert may_overlap(other, one) is expected


CLASS = st.sampled_from(["a", "b", "*", "?", "**", "[ab]", "[!a]"])
PARTS = st.lists(CLASS, min_size=1, max_size=4).map("".join)


@given(PARTS, PARTS)
def test_names_with_wildcards_and_without_classes_meet_exactly_where_a_short_name_matches_both(one, other):
    one, other = (part.replace("[ab]", "?").replace("[!a]", "?").replace("**", "*") for part in (one, other))
    shared = [name for name in NAMES if matches(name, one) and matches(name, other)]
    assert may_overlap(f"x/{one}", f"x/{other}") is bool(shared)


@pytest.mark.parametrize(
    ("allowed", "forbidden", "other", "shared"),
    [
        ((), (), (), ("**", "**")),
        (("src/",), (), ("src/a",), ("src/", "src/a")),
        (("a/", "b/"), (), ("c", "b/x"), ("b/", "b/x")),
        (("a/",), ("a/x",), ("a/x",), None),
        (("a/",), ("**",), ("a/x",), None),
        (("a/",), ("a/x/",), ("a/x/y",), None),
        (("a/",), ("a/x/**",), ("a/x/y",), None),
        (("a/",), ("a/x/",), ("a/xy",), ("a/", "a/xy")),
        (("a/",), ("a/x/",), ("a/x",), ("a/", "a/x")),
        (("a/",), ("a/x",), ("a/x/y",), None),
        (("a/",), ("a/*/",), ("a/x/y",), ("a/", "a/x/y")),
        (("a/",), ("a/?/",), ("a/?/y",), ("a/", "a/?/y")),
        (("a/",), ("a/[x]/",), ("a/[x]/y",), ("a/", "a/[x]/y")),
        (("X/",), ("X/",), ("X/y",), None),
        (("a/",), ("b/", "a/x/"), ("a/x/y", "a/z"), ("a/", "a/z")),
        (("a/",), ("a/**/b",), ("a/b",), ("a/", "a/b")),
    ],
)
def test_the_first_pair_that_neither_side_forbids_as_a_whole_is_shared(allowed, forbidden, other, shared):
    assert shared_globs(Scope(allowed, forbidden), Scope(other)) == shared
    swapped = shared_globs(Scope(other), Scope(allowed, forbidden))
    assert swapped == (shared and shared[::-1])
