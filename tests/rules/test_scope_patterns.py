"""A glob of a scope that can match nothing is named, with the path that was probably meant (F3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.model.path_text import characters_of
from gitorch.model.plans.globs import may_overlap, shared_globs
from gitorch.model.plans.plan import Pattern
from gitorch.model.plans.workflow import Scope
from gitorch.rules.scope import patterns
from gitorch.rules.scope.matching import matches
from gitorch.rules.scope.patterns import check_patterns

FILES = ("README.md", "docs/guide.md", "src/queue/a.py", "src/Web/b.ts", "test/c.py")


def pattern(glob: str, line: int = 5, *, forbids: bool = False) -> Pattern:
    return Pattern("api", glob, line, 8, forbids)


def found(*named: Pattern, announced=()) -> tuple[list[str], list[str]]:
    findings = check_patterns("plan.md", named, FILES, announced, "main")
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


@pytest.mark.parametrize("announced", ["**", "*", "d*/**", "d*/a.md"])
def test_a_wider_glob_in_the_text_hides_no_misspelt_one(announced):
    assert found(pattern("dcos/**"), announced=(announced,)) == found(pattern("dcos/**"))


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


@pytest.mark.parametrize("number", [100, 3000])
def test_each_glob_of_a_plan_is_compared_with_few_paths_however_many_there_are(monkeypatch, number):
    """Both a plan of 3,000 epics and a repository of many files cost each glob some comparisons."""
    compared = []
    for name in ("matches", "may_overlap"):
        real = getattr(patterns, name)
        monkeypatch.setattr(patterns, name, lambda *pair, real=real: compared.append(pair) or real(*pair))
    files = [f"src/part{one}/file{two}.py" for one in range(number) for two in range(3)]
    announced = [f"new/part{one}/a.py" for one in range(number)]
    globs = [
        pattern
        for one in range(number)
        for pattern in (
            Pattern(f"e{one}", f"src/part{one}/**", one, 1),
            Pattern(f"e{one}", f"new/part{one}/", one, 1),
            Pattern(f"e{one}", f"later/part{one}/**", one, 1),
            Pattern(f"e{one}", f"later/part{one}/generated.py", one, 1, forbids=True),
        )
    ]
    findings = check_patterns("plan.md", globs, files, announced, "main")
    assert [len(findings.problems), len(findings.remarks)] == [0, number]
    assert len(compared) <= 5 * len(globs)


PARTS = st.sampled_from(["a", "b", "ab", "*", "**", "?", "[a-c]", "a*", "\\303\\251", "é"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
ANY_GLOBS = st.lists(st.builds(lambda path, end: path + end, PATHS, st.sampled_from(["", "/"])), max_size=8)


@given(ANY_GLOBS, ANY_GLOBS, st.lists(st.lists(st.sampled_from(["a", "b", "ab", "é"]), min_size=1).map("/".join)))
def test_globs_are_compared_with_everything_that_they_can_meet(globs, announced, files):
    names = sorted((characters_of(file), file) for file in files)
    known = patterns._Globs(announced)
    for glob in globs:
        assert patterns._has_match(names, glob) == any(matches(file, glob) for file in files)
        assert known.meet(glob) == any(may_overlap(glob, other) for other in announced)
