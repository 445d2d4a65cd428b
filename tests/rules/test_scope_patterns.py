"""A glob of a scope that can match nothing is named, with the path that was probably meant (F3)."""

from __future__ import annotations

import pytest

from gitorch.model.plans.globs import may_overlap, shared_globs
from gitorch.model.plans.plan import Pattern
from gitorch.model.plans.workflow import Scope
from gitorch.rules.scope.matching import matches
from gitorch.rules.scope.patterns import check_patterns

FILES = ("README.md", "docs/guide.md", "src/queue/a.py", "src/Web/b.ts", "test/c.py")


def pattern(glob: str, line: int = 5, *, forbids: bool = False) -> Pattern:
    return Pattern("api", glob, line, 8, forbids)


def found(*patterns: Pattern, announced=()) -> tuple[list[str], list[str]]:
    findings = check_patterns("plan.md", patterns, FILES, announced, "main")
    assert all(problem.fix for problem in (*findings.problems, *findings.remarks))
    return [p.message for p in findings.problems], [p.message for p in findings.remarks]


@pytest.mark.parametrize(
    "glob", ["docs", "docs/", "docs/**", "**/*.py", "README.md", "src/*/a.py", "*.md", "test/?.py"]
)
def test_a_glob_that_matches_a_file_is_sound(glob):
    assert found(pattern(glob)) == ([], [])


@pytest.mark.parametrize(
    ("glob", "near"),
    [
        ("dcos/**", "docs/**"), ("doc", "docs/**"), ("Docs/**", "docs/**"), ("tests/**", "test/**"),
        ("src/web/**", "src/Web/**"), ("src/queue/aa.py", "src/queue/a.py"), ("readme.md", "README.md"),
        ("src/quue/*.py", "src/queue/**"),
    ],
)  # fmt: skip
def test_a_glob_that_differs_from_a_path_in_a_few_letters_is_a_problem(glob, near):
    assert found(pattern(glob)) == ([f"`{glob}` of epic `api` matches no file of main. Did you mean `{near}`?"], [])


@pytest.mark.parametrize("forbids", [False, True])
def test_words_are_one_problem_a_line(forbids):
    words = [pattern("Backend", forbids=forbids), pattern("only", forbids=forbids), pattern("docs", forbids=forbids)]

    assert found(*words) == (["`Backend only` of epic `api` matches no file of main."], [])


def test_a_path_of_a_new_place_is_a_remark_with_the_place_of_that_name():
    assert found(pattern("lib/**"), pattern("queue/*.py")) == (
        [],
        ["`lib/**`, `queue/*.py` of epic `api` match no file of main yet. Did you mean `src/queue/**`?"],
    )
    assert found(pattern("lib/**"), pattern("new/x", 6)) == (
        [],
        ["`lib/**` of epic `api` matches no file of main yet.", "`new/x` of epic `api` matches no file of main yet."],
    )


@pytest.mark.parametrize("announced", ["dcos/a.md", "dcos/", "dcos/**", "dcos"])
def test_a_path_that_the_plan_announces_makes_the_glob_sound(announced):
    assert found(pattern("dcos/**"), announced=(announced,)) == ([], [])


def test_a_glob_may_forbid_what_another_epic_is_to_write():
    theirs = Pattern("web", "lib/**", 9, 8)

    assert found(pattern("lib/secret/**", forbids=True), theirs)[1] == [
        "`lib/**` of epic `web` matches no file of main yet."
    ]
    assert found(pattern("lib/secret/**", forbids=True))[1] == [
        "`lib/secret/**` of epic `api` matches no file of main yet."
    ]


@pytest.mark.parametrize(
    ("path", "glob", "covered"),
    [("docs/a/b.md", "docs", True), ("docs", "docs", True), ("docsx/a", "docs", False), ("a/docs/b", "docs", False),
     ("x/docs/b", "*/docs", True), ("docs.md/a", "*.md", False), ("docs/a.md", "docs/a.md", True)],
)  # fmt: skip
def test_a_folder_named_without_a_slash_means_its_contents(path, glob, covered):
    assert matches(path, glob) is covered


def test_a_folder_overlaps_with_everything_in_it_and_forbids_all_of_it():
    assert may_overlap("docs", "docs/a.md")
    assert may_overlap("docs/a.md", "docs")
    assert not may_overlap("docs", "docsx/a.md")
    assert shared_globs(Scope(("docs/a.md",)), Scope((), ("docs",))) is None
