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
        ("src", "src/a.py", False),
        ("a/*.py", "a/b/c.py", False),
        ("**/x.py", "x.py", True),
        ("a*b", "*c", False),
        ("a/**/b", "a/b", True),
        ("[ab]x", "cx", True),
    ],
)
def test_a_pair_of_globs(one, other, expected):
    assert may_overlap(one, other) is expected
