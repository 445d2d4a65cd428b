"""What `make agents` says at its end: every program that was named, with its version and what passed, or why it is not there."""

from __future__ import annotations

import pytest
from install import reason
from seen import BEGIN, END, Seen

PAGE = f"Before.\n\n{BEGIN}| program | version | whole runs | lives | texts | permission requests | faults |\n|---|\n{END}\nAfter.\n"


def seen(version: str, **counts: int) -> Seen:
    """One program of this version, with so many whole runs that ended so."""
    made = Seen(("codex",), {"codex": "it was not asked for its version"})
    made.missing, made.versions = {}, {"codex": version}
    made.counts["codex", "whole runs"].update(counts)
    return made


def test_what_cannot_be_installed_is_said_with_its_reason() -> None:
    assert Seen(("aider",), {"aider": "`pip install` ended with 1"}).lines() == [
        "aider is not installed: `pip install` ended with 1"
    ]


def test_each_program_is_told_with_its_version_and_what_came_of_its_tests() -> None:
    assert seen("1.2.3", passed=2, failed=1).lines() == ["codex 1.2.3: whole runs: 1 failed, 2 passed"]
    assert seen("1.2.3").lines() == ["codex 1.2.3: nothing was run"]


def test_the_page_keeps_what_was_seen_of_the_same_version_and_forgets_another() -> None:
    page = seen("1.2.3", passed=2).page(PAGE)
    assert "| codex | 1.2.3 | 2 passed | not run | not run | not run | not run |\n" in page
    assert seen("1.2.3").page(page) == page
    assert "| codex | 1.2.4 | not run |" in seen("1.2.4").page(page)
    assert page.startswith("Before.")
    assert page.endswith("After.\n")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            "npm error code E1\nnpm error FetchError: it is gone\nnpm error at x:1\nnpm error A log: y",
            "FetchError: it is gone",
        ),
        (
            "npm error code ETARGET\nnpm error notarget No matching version found for x@9.\nA log: y",
            "No matching version found for x@9.",
        ),
        ("one\n\ntwo\n\n", "two"),
        ("", "it said nothing"),
    ],
)
def test_the_reason_is_the_line_that_speaks_of_an_error(said: str, why: str) -> None:
    assert reason(said).endswith(why)
