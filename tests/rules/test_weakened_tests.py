"""What a patch takes away from tests, and which changed files a test command runs."""

from __future__ import annotations

import pytest

from gitorch.model.work.report import FileChange, HowChanged
from gitorch.rules.views.weakened_tests import changed_test_files, run_by_command, weakened_tests


def patch(path: str, *lines: str) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,9 +1,9 @@\n" + "\n".join(lines) + "\n"


CASES = [
    ("test_a.py", ("-def test_a():", "-    assert x == 1"), "1 test fewer, 1 assertion fewer"),
    ("tests/b.py", ("+@pytest.mark.skip", " def test_a():"), "1 more skipped or marked"),
    ("tests/b.py", ("+@pytest.mark.xfail(reason='x')",), "1 more skipped or marked"),
    ("tests/b.py", ("-    assert a == 1", "-    assert b == 2", "+    assert a"), "1 assertion fewer"),
    ("tests/b.py", ("-    assert a == 1", "+    assert a == 2"), None),
    ("tests/b.py", ("-def test_a():", "+def test_b():", "+def test_c():"), None),
    ("tests/b.py", ("-@pytest.mark.skip", "+"), None),
    ("src/b.py", ("-    assert a", "+@skip"), None),
    ("a.test.js", ("-  it('adds', () => {", "+  it.skip('adds', () => {"), "1 test fewer, 1 more skipped or marked"),
    ("a.spec.ts", ("-    expect(a).toBe(1);",), "1 assertion fewer"),
    ("a_test.go", ("-func TestA(t *testing.T) {", "-\tt.Fatal(err)"), "1 test fewer, 1 assertion fewer"),
    ("a_test.go", ("+\tt.Skip()",), "1 more skipped or marked"),
    ("tests/a.rs", ("+#[ignore]",), "1 more skipped or marked"),
    ("src/test/ATest.java", ("+  @Disabled", "-  @Test"), "1 test fewer, 1 more skipped or marked"),
    ("spec/a_spec.rb", ("-  it('adds') do", "+  xit('adds') do"), "1 test fewer, 1 more skipped or marked"),
]


@pytest.mark.parametrize(("path", "lines", "said"), CASES)
def test_a_weakened_file_of_tests_is_named_with_what_it_lost(path, lines, said):
    assert weakened_tests(patch(path, *lines)) == (() if said is None else (f"{path}: {said}",))


def test_each_file_is_judged_by_itself_and_a_deleted_one_is_left_to_the_report():
    deleted = "diff --git a/test_c.py b/test_c.py\ndeleted file mode 100644\n--- a/test_c.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-def test_c():\n"
    text = (
        patch("test_a.py", "-def test_a():") + deleted + patch("test_b.py", "+def test_b():", "--- a/assert", "+++ b/x")
    )
    assert weakened_tests(text) == ("test_a.py: 1 test fewer", "test_b.py: 1 assertion fewer")
    assert weakened_tests("") == ()


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("sh ./scripts/test.sh --fast", ("scripts/test.sh",)),
        ("cd a && scripts/test.sh; true", ("scripts/test.sh",)),
        ("CONFIG='check.cfg' make", ("check.cfg",)),
        ("make test", ()),
    ],
)
def test_the_files_that_a_command_names_are_found(command, found):
    assert run_by_command(("scripts/test.sh", "check.cfg", "src/test.sh"), command) == found


def test_a_reviewer_is_told_of_deleted_tests_and_of_what_runs_them():
    changes = [
        FileChange("test_a.py", HowChanged.DELETED),
        FileChange("test_b.py", HowChanged.MODIFIED),
        FileChange("src/a.py", HowChanged.DELETED),
        FileChange("Makefile", HowChanged.MODIFIED),
        FileChange("run.sh", HowChanged.ADDED),
    ]
    assert list(changed_test_files(changes, "sh run.sh")) == [
        "test_a.py: deleted",
        "Makefile: changed, and it may decide what the test command runs",
        "run.sh: changed, and it may decide what the test command runs",
    ]
