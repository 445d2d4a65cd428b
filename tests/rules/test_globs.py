"""Write scopes: what a glob covers, case by case and against a slow oracle."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.model.plans.workflow import Scope
from gitorch.rules.scope.matching import covered, matches, outside

CASES = [
    ("src/api.py", "src/api.py", True),
    ("src/api.py", "src/*.py", True),
    ("src/deep/api.py", "src/*.py", False),
    ("src/deep/api.py", "src/**/*.py", True),
    ("src/api.py", "src/**/*.py", True),
    ("src/api.py", "**/*.py", True),
    ("api.py", "**/*.py", True),
    ("src/deep/api.py", "src/**", True),
    ("src/deep/api.py", "src/", True),
    ("src", "src/", False),
    ("source/api.py", "src/", False),
    ("src", "src/**", False),
    ("api.py", "a?i.py", True),
    ("a/i.py", "a?i.py", False),
    ("v1.py", "v[0-9].py", True),
    ("vx.py", "v[!0-9].py", True),
    ("vx.py", "v[^0-9].py", True),
    ("v1.py", "v[!0-9].py", False),
    ("v/py", "v[!0-9]py", False),
    ("v-.py", "v[a-].py", True),
    ("v.py", "v[z-a].py", False),
    ("va.py", "v[!z-a].py", True),
    ("a!.py", "a[!].py", True),
    ("a[!].py", "a[!].py", False),
    ("a[].py", "a[].py", True),
    ("a.py", "a+py", False),
    ("aXpy", "a.py", False),
    ("API.py", "api.py", False),
    ("a\nb.py", "a*", True),
    (".hidden", "*", True),
    ("a", "", False),
]


@pytest.mark.parametrize(("path", "glob", "yes"), CASES)
def test_a_glob_matches(path: str, glob: str, yes: bool) -> None:
    assert matches(path, glob) is yes


SCOPES = [
    (Scope(), "anything.py", True),
    (Scope(allowed=("src/**",)), "src/a.py", True),
    (Scope(allowed=("src/**",)), "docs/a.md", False),
    (Scope(allowed=("src/**", "docs/*")), "docs/a.md", True),
    (Scope(forbidden=("secrets/",)), "a.py", True),
    (Scope(forbidden=("secrets/",)), "secrets/key", False),
    (Scope(allowed=("**",), forbidden=("*.lock",)), "uv.lock", False),
]


@pytest.mark.parametrize(("scope", "path", "yes"), SCOPES)
def test_a_scope_covers(scope: Scope, path: str, yes: bool) -> None:
    assert covered(path, scope) is yes


def test_paths_outside_a_scope_are_sorted() -> None:
    assert outside(("src/a.py", "z", "b"), Scope(allowed=("src/",))) == ("b", "z")


def oracle(path: str, glob: str) -> bool:
    """The meaning of a glob, word for word and without regular expressions."""
    if glob.endswith("/"):
        return oracle_from(path, glob + "**")
    return oracle_from(path, glob)


def oracle_from(path: str, glob: str) -> bool:
    rests = range(len(path) + 1)
    if not glob:
        return not path
    if glob.startswith("**/"):
        rest = glob[3:]
        return oracle_from(path, rest) or any(
            path[i - 1] == "/" and oracle_from(path[i:], rest) for i in range(1, len(path) + 1)
        )
    if glob.startswith("**"):
        return any(oracle_from(path[i:], glob[2:]) for i in rests)
    if glob.startswith("*"):
        return any("/" not in path[:i] and oracle_from(path[i:], glob[1:]) for i in rests)
    members, rest = class_of(glob)
    if not path:
        return False
    fits = path[0] != "/" if glob[0] == "?" else path[0] == glob[0]
    if members is not None:
        fits = path[0] != "/" and member(path[0], members)
    return fits and oracle_from(path[1:], rest)


def class_of(glob: str) -> tuple[str | None, str]:
    """What stands between the brackets at the beginning of a glob, if a class does, and what follows."""
    inside, closed, rest = glob[1:].partition("]")
    return (inside, rest) if glob[0] == "[" and closed and inside and "/" not in inside else (None, glob[1:])


def member(prompt: str, members: str) -> bool:
    negated = members[0] in "!^" and len(members) > 1
    left = members[1:] if negated else members
    found = False
    while left:
        if len(left) > 2 and left[1] == "-":
            found |= left[0] <= prompt <= left[2]
            left = left[3:]
        else:
            found |= left[0] == prompt
            left = left[1:]
    return found is not negated


@given(st.text("ab/.", max_size=6), st.text("ab/.*?", max_size=6))
def test_globs_agree_with_the_oracle(path: str, glob: str) -> None:
    assert matches(path, glob) is oracle(path, glob)


@settings(max_examples=300)
@given(
    st.text("abc-/!^", max_size=2),
    st.text("ab/", max_size=1),
    st.text("abc-!^\\[&|~", min_size=1, max_size=4),
    st.text("ab*", max_size=1),
)
def test_classes_agree_with_the_oracle(path: str, before: str, members: str, after: str) -> None:
    glob = f"{before}[{members}]{after}"
    assert matches(path, glob) is oracle(path, glob)


@pytest.mark.parametrize(
    ("glob", "covers"),
    [(r"caf\xe9.txt", True), ("caf?.txt", True), ("caf??.txt", False), ("*", True), (r"caf\xe8.txt", False)],
)
def test_a_byte_that_is_no_text_is_one_character_of_a_path(glob: str, covers: bool) -> None:
    assert matches(r"caf\xe9.txt", glob) is covers
