"""Without a script any plan comes to its end: real files, real commits, answers to every finding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_stand import git

from gitorch.model.plans.workflow import Scope
from gitorch.model.work.artifact import ArtifactKind
from gitorch.rules.scope.matching import covered
from gitorch.scripted.brief import Brief, Raised, parse_brief
from gitorch.scripted.defaults import default_steps, place
from gitorch.scripted.reports import in_scope
from gitorch.text.artifact import parse_artifact


def subjects(repo):
    return git(repo, "log", "--format=%s", "--reverse").splitlines()[1:]


def test_each_task_becomes_a_file_and_a_commit(play_default, fake, repo):
    fake.brief["tasks"] = ["Read the rows", {"title": "Größe: 10 €", "line": 3}]
    play_default()
    assert git(repo, "ls-files", "api").split() == ["api/01-read-the-rows.md", "api/02-gr-e-10.md"]
    assert subjects(repo) == ["Read the rows", "Größe: 10 €"]
    assert fake.calls("handoff")[0][0] == "DONE"
    assert git(repo, "status", "--porcelain") == ""


def test_tasks_of_the_same_text_stay_distinct_after_a_restart(play_default, fake, repo):
    fake.brief["tasks"] = ["Same", "Same"]
    play_default()
    whole = git(repo, "rev-parse", "HEAD")
    git(repo, "reset", "-q", "--hard", "HEAD~1")
    play_default()
    assert git(repo, "ls-files", "api").split() == ["api/01-same.md", "api/02-same.md"]
    assert git(repo, "rev-parse", "HEAD^{tree}") == git(repo, "rev-parse", f"{whole}^{{tree}}")
    assert subjects(repo) == ["Same", "Same"]


def test_each_finding_gets_a_change_and_a_reply(play_default, fake, repo):
    fake.brief |= {
        "attempt": 2,
        "findings": [{"number": 1, "title": "Wrong"}, {"number": 3, "title": "Thin"}],
    }
    play_default()
    head = git(repo, "rev-parse", "HEAD")
    assert subjects(repo) == ["Finding 1 (attempt 2): Wrong", "Finding 3 (attempt 2): Thin"]
    assert fake.calls("handoff")[0][-4:] == ["--reply", f"1=fixed:{head}", "--reply", f"3=fixed:{head}"]


def test_a_second_attempt_without_findings_still_changes_something(play_default, fake, repo):
    fake.brief["attempt"] = 2
    play_default()
    assert len(subjects(repo)) == 1


def test_a_reviewer_looks_at_the_changes_and_accepts(play_default, fake, repo):
    (repo / "a.py").write_text("a\n")
    git(repo, "add", ".")
    git(repo, "-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "A")
    fake.brief |= {"kind": "review", "subject": "api", "commit": git(repo, "rev-parse", "HEAD")}
    play_default()
    assert "a.py | 1 +" in (repo / ".gitorch/scripted/run.log").read_text()
    assert fake.calls("verdict")[0][:3] == ["accept", "--commit", fake.brief["commit"]]
    assert fake.calls("handoff") == []


def test_owed_files_are_written(play_default, fake, repo):
    fake.brief["artifacts"] = [{"path": "docs/report.md"}]
    play_default()
    assert git(repo, "show", "HEAD:docs/report.md") == "The API"


@pytest.mark.parametrize(
    ("allowed", "forbidden", "path", "own"),
    [
        ((), (), "api/01-x.md", True),
        (("src/**",), (), "src/api/01-x.md", True),
        (("src/*.py",), (), "src/api-01-x.py", True),
        (("src/**/*.py",), (), "src/api/01-x.py", True),
        (("**/*.md",), (), "api/01-x.md", True),
        (("a.py", "src/**"), (), "src/api/01-x.md", True),
        (("a.py",), (), "a.py", False),
        (("src/**", "docs/**"), ("src/**",), "docs/api/01-x.md", True),
        (("docs/",), (), "docs/api/01-x.md", True),
        (("*.c",), (), "api-01-x.c", True),
        (("*",), (), "api-01-x.md", True),
        (("*.c", "src/*.h"), ("*.c",), "src/api-01-x.h", True),
        (("src/*/*.c",), (), "src/api/api-01-x.c", True),
        (("tests/test_*.py",), (), "tests/test_api-01-x.py", True),
        (("src/*/main.go",), (), "src/api/main.go", True),
        (("lib/[ab]*.rs",), (), "lib/aapi-01-x.rs", True),
        (("v?.txt",), (), "vx.txt", True),
        (("**",), (), "api/01-x.md", True),
    ],
)
def test_the_default_files_stand_inside_the_scope(allowed, forbidden, path, own):
    brief = Brief("api", allowed=allowed, forbidden=forbidden)
    assert place(brief, "01-x") == (path, own)


PARTS = st.sampled_from(["src", "*", "**", "a*", "*.c", "test_*.py", "v?", "[ab]", "[a-c]x.h", "docs", "*.tar.gz"])
GLOBS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@given(GLOBS)
def test_a_default_file_stands_inside_whatever_scope_gitorch_reads(glob):
    path, _ = place(Brief("api", allowed=(glob,)), "01-x")
    assert covered(path, Scope((glob,)))


@given(
    GLOBS, st.lists(st.sampled_from(["src", "a", "api", "x.c", "test_x.py", "vx", "bx.h"]), min_size=1).map("/".join)
)
def test_the_practice_agent_reads_a_scope_as_gitorch_does(glob, path):
    assert in_scope(path, (glob,), ()) == covered(path, Scope((glob,)))


@pytest.mark.parametrize(("suffix", "line"), [("c", "// Do it\n"), ("go", "// Do it\n"), ("py", "# Do it\n")])
def test_a_default_file_has_comments_of_its_language(suffix, line):
    steps = default_steps(Brief("api", title="T", tasks=("Do it",), allowed=(f"*.{suffix}",)))
    assert steps[0].option("text") == line


def test_a_default_file_that_is_code_has_its_text_as_comments():
    steps = default_steps(Brief("api", title="T", tasks=("Do it",), allowed=("src/*.py",)))
    assert steps[0].option("text") == "# Do it\n"


def test_every_default_step_has_its_own_place():
    steps = default_steps(
        Brief("api", findings=(Raised(1, "minor", "a", "", 0, ""), Raised(2, "minor", "b", "", 0, "")))
    )
    assert len({step.place for step in steps}) == len(steps)


ENTRIES = [
    {
        "number": 1,
        "source": "attack",
        "severity": "important",
        "title": 'Quote "it"',
        "disposition": "",
        "path": "a.py",
        "line": 3,
        "detail": "Or: not",
    },
    {
        "number": 2,
        "source": "use",
        "severity": "note",
        "title": "Later",
        "disposition": "accepted",
        "path": "",
        "line": 0,
        "detail": "",
    },
]


@pytest.mark.parametrize("kind", list(ArtifactKind))
def test_an_owed_document_of_every_kind_is_valid(kind):
    data = {"job": "api", "title": "The API: part “2”", "entries": ENTRIES, "test_command": "make test"}
    brief = parse_brief(data | {"artifacts": [{"path": "docs/owed.md", "kind": str(kind)}]})
    (written,) = [step for step in default_steps(brief) if step.text == "docs/owed.md"]
    read = parse_artifact("docs/owed.md", written.options["text"].encode(), kind)
    assert read.kind is kind
    if kind is ArtifactKind.FINDINGS_LEDGER:
        assert [(e.number, e.source, e.title, e.place, e.detail) for e in read.entries] == [
            (1, "attack", 'Quote "it"', "a.py:3", "Or: not"),
            (2, "use", "Later", "", ""),
        ]
    if kind is ArtifactKind.SYNTHESIS:
        assert read.answers == (1, 2)


def test_an_owed_path_with_a_wildcard_is_left_out():
    brief = parse_brief({"job": "api", "artifacts": [{"path": "docs/*.md", "kind": "other"}]})
    assert [step for step in default_steps(brief) if "*" in step.text] == []


def test_a_second_run_changes_what_the_first_one_left():
    first, second = (default_steps(Brief("api", title="The API", base=base * 40)) for base in "ab")
    assert first[0].options["text"] == "The API (on aaaaaaaaaa)\n"
    assert second[0].options["text"] == "The API (on bbbbbbbbbb)\n"
