"""The errors: the code and exit status of each class, as DESIGN and `docs/cli.md` promise them, and what an error carries."""

from __future__ import annotations

from gitorch import errors
from gitorch.errors import Failed, GitorchError, Malformed, Problem, Refused

CLASSES = {
    "Bug": ("bug", 70),
    "Failed": ("failed", 1),
    "Usage": ("usage", 2),
    "NotFound": ("not-found", 3),
    "Refused": ("refused", 4),
    "Denied": ("denied", 5),
    "Malformed": ("malformed", 6),
    "Corrupt": ("corrupt", 7),
    "Unavailable": ("unavailable", 8),
    "Away": ("unavailable", 8),
    "Busy": ("busy", 9),
    "Waiting": ("waiting", 10),
}


def test_every_class_of_error_has_its_code_and_exit_status():
    found = {
        name: (cls.code, cls.exit_status)
        for name, cls in vars(errors).items()
        if isinstance(cls, type) and issubclass(cls, GitorchError) and cls is not GitorchError
    }
    assert found == CLASSES
    assert (GitorchError.code, GitorchError.exit_status) == ("bug", 70)


def test_an_error_carries_its_sentence_and_what_may_be_left_out_is_empty():
    error = Refused("api is blocked", "gitorch why api", "plan.md:3:1")
    assert (str(error), error.message, error.hint, error.where) == (
        "api is blocked",
        "api is blocked",
        "gitorch why api",
        "plan.md:3:1",
    )
    bare = Refused("api is blocked")
    assert (bare.hint, bare.where) == ("", "")


def test_a_malformed_file_is_named_by_its_first_problem():
    first = Problem("plan.md", 7, 2, "no epics", "add one")
    error = Malformed("plan.md has 2 defects", (first, Problem("plan.md", 9, 1, "a", "")), "gitorch check plan.md")
    assert (error.where, error.hint, error.problems[0], len(error.problems)) == (
        "plan.md:7:2",
        "gitorch check plan.md",
        first,
        2,
    )
    bare = Malformed("nothing is known")
    assert (bare.where, bare.hint, bare.problems) == ("", "", ())


def test_an_error_without_a_reason_says_so():
    assert Failed(" \n").message == str(Failed("")) == "failed: no reason was given"


def test_where_one_line_is_shown_a_malformed_file_names_its_first_defect_with_place_and_fix():
    first, second = Problem("a.md", 3, 1, "It is wrong.", "Mend it."), Problem("a.md", 4, 1, "So is this.", "")
    assert (
        Malformed("a.md has 2 problems.", (first, second)).sentence
        == "a.md has 2 problems: a.md:3:1: It is wrong. Mend it."
    )
    assert Malformed("a.md has 1 problem", (second,)).sentence == "a.md has 1 problem: a.md:4:1: So is this."
    assert Malformed("a.md cannot be started").sentence == "a.md cannot be started"
    assert Refused("not now", "gitorch status").sentence == "not now"
