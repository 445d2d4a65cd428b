"""The documentation is true: its commands run, its links lead somewhere, and the tests that it names exist."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path

import pages
import pytest
import warm

from gitorch import errors

TOP = Path(__file__).resolve().parents[1]
PAGES = sorted([TOP / "README.md", TOP / "CHANGELOG.md", *TOP.glob("docs/**/*.md"), *TOP.glob("templates/*.md")])
NAMES = [page.relative_to(TOP).as_posix() for page in PAGES]
RULES = [
    f"{letter}{number}"
    for letter, last in (
        ("P", 48),
        ("W", 35),
        ("T", 29),
        ("K", 15),
        ("R", 13),
        ("F", 28),
        ("D", 15),
        ("C", 13),
        ("H", 13),
    )
    for number in range(1, last + 1)
]
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
TESTS = r"`tests/[\w/]+\.py::\w+`(, `tests/[\w/]+\.py::\w+`)*"
PROOF = re.compile(rf"not yet(, [^`]*)?|{TESTS}|in part: {TESTS}; not yet: (?=\S)([^`]|`(?!tests/)[^`]+`)+")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_of_a_page_does_what_the_page_shows(page: Path, repo) -> None:
    environment = os.environ | {
        "PATH": os.pathsep.join((str(warm.agents()), str(Path(sys.executable).parent), os.environ["PATH"])),
        "COLUMNS": "120",
    }
    folder = repo("scratch").path
    for step in pages.steps(page.read_text(encoding="utf-8")):
        pages.assert_step(step, folder, environment)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(pages.broken_links(page, TOP)) == []


def parity_faults(text: str, top: Path) -> list[str]:
    """What is wrong with the table of rules: the order and number of its rows, and tests that do not exist."""
    rows = list(pages.rows(text))
    faults = [f"{rule}: listed {count} times" for rule in RULES if (count := [row[0] for row in rows].count(rule)) != 1]
    faults += [f"{row[0]}: no such rule" for row in rows if row[0] not in RULES]
    for rule, words, proof in rows:
        named = NAMED_TEST.findall(proof)
        if not words.strip():
            faults.append(f"{rule}: says nothing")
        if not PROOF.fullmatch(proof):
            faults.append(
                f"{rule}: neither names only tests, nor `in part:` tests and `not yet:` the rest, nor is `not yet`"
            )
        faults += [f"{rule}: no {file}::{name}" for file, name in named if name not in named_tests(top / file)]
    return faults


@cache
def named_tests(file: Path) -> set[str]:
    """The test functions in a file, found by reading its lines: to parse them all takes twenty times as long."""
    if not file.is_file():
        return set()
    return set(re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_rule_is_listed_once_with_a_test_that_exists_or_not_yet() -> None:
    assert parity_faults((TOP / "docs/parity.md").read_text(encoding="utf-8"), TOP) == []


HEAD = "| rule | what holds | proof |\n|---|---|---|\n"
FORM = "neither names only tests, nor `in part:` tests and `not yet:` the rest, nor is `not yet`"
REAL = "`tests/test_docs.py::test_a_wrong_table_of_rules_is_noticed`"
LISTED = "".join(f"| {rule} | words | not yet |\n" for rule in RULES)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + LISTED.replace("| P7 | words | not yet |\n", ""), "P7: listed 0 times"),
        (HEAD + LISTED + "| W35 | words | not yet |\n", "W35: listed 2 times"),
        (HEAD + LISTED + "| T30 | words | not yet |\n", "T30: no such rule"),
        (
            HEAD + LISTED.replace("| T1 | words | not yet |", "| T1 | words | |"),
            f"T1: {FORM}",
        ),
        *(
            (HEAD + LISTED.replace("| T1 | words | not yet |", f"| T1 | words | {proof} |"), f"T1: {FORM}")
            for proof in (
                f"{REAL} but not the rest",
                f"in part: {REAL}",
                f"in part: {REAL}; not yet: ",
                "in part: nothing; not yet: all of it",
                f"not yet, but {REAL}",
                f"{REAL}, {REAL},",
            )
        ),
        (HEAD + LISTED.replace("| T1 | words |", "| T1 | |"), "T1: says nothing"),
        (
            HEAD + LISTED.replace("| P1 | words | not yet |", "| P1 | words | `tests/test_docs.py::test_of_nothing` |"),
            "P1: no tests/test_docs.py::test_of_nothing",
        ),
        (
            HEAD + LISTED.replace("| P1 | words | not yet |", "| P1 | words | `tests/no_such.py::test_x` |"),
            "P1: no tests/no_such.py::test_x",
        ),
    ],
)
def test_a_wrong_table_of_rules_is_noticed(text: str, fault: str) -> None:
    assert parity_faults(text, TOP) == [fault]


@pytest.mark.parametrize(
    "proof", [REAL, f"{REAL}, {REAL}", f"in part: {REAL}; not yet: `beads`, and the rest", "not yet, but it is begun"]
)
def test_a_table_that_names_real_tests_is_right(proof: str) -> None:
    assert parity_faults(HEAD + LISTED.replace("| P1 | words | not yet |", f"| P1 | words | {proof} |"), TOP) == []


STORY = """
<!-- test: run -->
```console
$ echo one > file && cat file
one
$ printf 'a\\n12:30:01 b\\nc\\n'
a
... b
c
```

Words.

```console
$ exit 9
```

<!-- test: run -->

```console
$ cat file; \\
> exit 4  # exit 4
one
$ test ! -e other
```
"""


def test_marked_blocks_are_read_in_order_and_others_are_not() -> None:
    assert list(pages.steps(STORY)) == [
        pages.Step(4, "echo one > file && cat file", 0, "one"),
        pages.Step(6, "printf 'a\\n12:30:01 b\\nc\\n'", 0, "a\n... b\nc"),
        pages.Step(21, "cat file; \\\nexit 4", 4, "one"),
        pages.Step(24, "test ! -e other", 0, ""),
    ]


def test_steps_of_a_page_share_a_folder(tmp_path: Path) -> None:
    for step in pages.steps(STORY):
        pages.assert_step(step, tmp_path, os.environ)
    assert (tmp_path / "file").read_text() == "one\n"


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (pages.Step(7, "false", 0, ""), r"exit 1, the page says 0: line 7: \$ false"),
        (pages.Step(1, "true", 4, ""), "exit 0, the page says 4"),
        (pages.Step(1, "echo two", 0, "one"), "the page shows\none\nfor line 1"),
        (pages.Step(1, "echo one; echo two >&2", 0, "one"), "two"),
        (pages.Step(1, "false | true", 0, ""), "exit 1"),
    ],
)
def test_a_command_that_does_otherwise_than_the_page_fails(step: pages.Step, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=complaint):
        pages.assert_step(step, tmp_path, os.environ)


@pytest.mark.parametrize(
    "text",
    [
        f"{pages.RUN}\n\nWords.\n",
        f"{pages.RUN}\n```sh\n$ true\n```\n",
        f"{pages.RUN}\n```console\nno command\n```\n",
        f"{pages.RUN}\n```console\n```\n",
    ],
)
def test_a_marked_block_that_cannot_run_is_noticed(text: str) -> None:
    with pytest.raises(AssertionError, match="line "):
        list(pages.steps(text))


def test_links_that_lead_nowhere_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# A title: *really*\n", encoding="utf-8")
    page = tmp_path / "docs/page.md"
    page.write_text(
        "# Here\n[ok](../README.md) [ok](../README.md#a-title-really) [ok](#here) [ok](https://example.org) ![no](no.png)\n"
        "[no](gone.md) [no](../README.md#gone) [no](#gone) [no](../../outside.md) `[ok](code.md)`\n",
        encoding="utf-8",
    )
    (tmp_path.parent / "outside.md").touch()
    assert list(pages.broken_links(page, tmp_path)) == [
        "no.png",
        "gone.md",
        "../README.md#gone",
        "#gone",
        "../../outside.md",
    ]


def test_the_table_of_exit_codes_agrees_with_the_errors() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.GitorchError)]
    told = {(row[0], row[1]) for row in pages.rows((TOP / "docs/architecture.md").read_text(encoding="utf-8"))}
    assert {(str(kind.exit_status), kind.code) for kind in kinds} - told == set()
