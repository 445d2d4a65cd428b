"""Issues of a tracker: which an epic owns and what it waits for, held against plain definitions over all small trackers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.model.plans.permission import Option, RequestPattern
from gitorch.model.tracker import (
    Blocked,
    Issue,
    TrackerCommands,
    belongings,
    edges,
    foreign_blockers,
    open_blockers,
)

IDS = ("a", "b", "c", "d", "e")


@st.composite
def trackers(draw):
    """A few issues with any parents, circles and unknown ones included, any blockers, and some of them as the epics."""
    issues = {}
    for name in IDS[: draw(st.integers(1, 5))]:
        issues[name] = Issue(
            name,
            name,
            closed=draw(st.booleans()),
            deleted=draw(st.sampled_from([False, False, True])),
            parent=draw(st.sampled_from(["", *IDS])),
            blockers=tuple(draw(st.lists(st.sampled_from([*IDS, "unknown"]), max_size=2, unique=True))),
        )
    return issues, tuple(draw(st.lists(st.sampled_from(sorted(issues)), unique=True)))


def is_below(issues, name: str, epic: str, epics) -> bool:
    """Whether the way up from an issue meets this epic before any other one, and before it goes round."""
    met = set()
    while name in issues and name not in met:
        met.add(name)
        name = issues[name].parent
        if name == epic:
            return True
        if name in epics:
            return False
    return False


@given(trackers())
def test_an_epic_owns_what_leads_up_to_it_first_and_nothing_that_is_deleted(made):
    issues, epics = made
    owned = belongings(issues, epics)
    assert list(owned) == list(epics)
    for epic in epics:
        names = [issue.id for issue in owned[epic]]
        expected = [name for name in issues if name not in epics and is_below(issues, name, epic, epics)]
        assert sorted(names) == sorted(name for name in expected if not issues[name].deleted)
        for name in names:
            parent = issues[name].parent
            assert parent not in names or names.index(name) < names.index(parent)


@given(trackers())
def test_an_issue_waits_for_its_open_blockers_while_it_is_open_itself(made):
    issues, _ = made
    for issue in issues.values():
        waits = [name for name in issue.blockers if name in issues and issues[name].is_open]
        assert list(open_blockers(issues, issue)) == (waits if issue.is_open else [])


@given(trackers())
def test_every_wait_of_an_epic_has_the_first_pair_that_is_its_reason(made):
    issues, epics = made
    owned = belongings(issues, epics)
    owner = {issue.id: epic for epic, below in owned.items() for issue in below} | {epic: epic for epic in epics}
    waits = {epic: {} for epic in epics}
    foreign = []
    for epic in epics:
        for issue in (issues[epic], *owned[epic]):
            for blocker in open_blockers(issues, issue):
                if blocker not in owner:
                    foreign.append((epic, Blocked(issue.id, blocker)))
                elif owner[blocker] != epic:
                    waits[epic].setdefault(owner[blocker], Blocked(issue.id, blocker))
        above = owner.get(issues[epic].parent, epic)
        if above != epic:
            waits[above].setdefault(epic, Blocked(above, epic))
    assert edges(issues, owned) == waits
    assert list(foreign_blockers(issues, owned)) == foreign


def test_children_come_before_their_parents_and_circles_are_taken_once():
    parents = {"top": "", "x": "top", "y": "x", "z": "y", "w": "top", "round": "turn", "turn": "round", "gone": "top"}
    issues = {name: Issue(name, name, parent=above, deleted=name == "gone") for name, above in parents.items()}
    issues["below-gone"] = Issue("below-gone", "", parent="gone")
    owned = belongings(issues, ("top", "turn", "absent"))
    assert {epic: [issue.id for issue in below] for epic, below in owned.items()} == {
        "top": ["z", "y", "x", "w", "below-gone"],
        "turn": ["round"],
        "absent": [],
    }


def test_a_tracker_may_nest_deeper_than_the_stack():
    issues = {f"i{n}": Issue(f"i{n}", "", parent=f"i{n - 1}") for n in range(1, 3_000)} | {"i0": Issue("i0", "")}
    assert [issue.id for issue in belongings(issues, ("i0",))["i0"]][:2] == ["i2999", "i2998"]


@pytest.mark.parametrize(
    ("closed", "deleted", "is_open"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_an_issue_is_open_unless_it_is_closed_or_deleted(closed, deleted, is_open):
    assert Issue("a", "a", closed=closed, deleted=deleted).is_open is is_open


COMMANDS = TrackerCommands("epic {issue}", "reopen {issue}", "create {issue}", "close {issue}", "cut {issue} {blocker}")


@pytest.mark.parametrize(
    ("verb", "words", "own", "advice"),
    [
        ("make_epic", ("x",), "epic x", "change the type of x to epic in the tracker"),
        ("reopen", ("x",), "reopen x", "open x again in the tracker"),
        ("create_task", ("x",), "create x", "create a task below x in the tracker"),
        ("close", ("x y",), "close x y", "close x y in the tracker"),
        ("remove_blocker", ("x", "y"), "cut x y", "remove the dependency of x on y in the tracker"),
    ],
)
def test_a_hint_is_the_trackers_command_or_else_advice(verb, words, own, advice):
    assert getattr(COMMANDS, verb)(*words) == own
    assert getattr(TrackerCommands(), verb)(*words) == advice


def test_each_option_of_a_request_has_the_keys_of_its_name():
    pattern = RequestPattern("p", once=("1",), reject=("3", "Enter"), trust=("2",))
    assert {option: pattern.keys(option) for option in Option} == {
        Option.ONCE: ("1",),
        Option.REJECT: ("3", "Enter"),
        Option.TRUST: ("2",),
        Option.CHOSEN: (),
    }
    assert {RequestPattern("p").keys(option) for option in Option} == {()}


def test_an_epic_waits_for_other_epics_through_its_issues_and_for_those_within_it():
    rows = {
        "e1": ("", ()),
        "t1": ("e1", ("t2", "lone", "done", "unknown", "t1b")),
        "t1b": ("e1", ("e2", "lone")),
        "e2": ("", ("e3",)),
        "t2": ("e2", ()),
        "e3": ("e1", ()),
        "lone": ("", ()),
    }
    issues = {name: Issue(name, "", parent=above, blockers=blockers) for name, (above, blockers) in rows.items()}
    issues["done"] = Issue("done", "", closed=True, parent="e2")
    owned = belongings(issues, ("e1", "e2", "e3"))
    assert edges(issues, owned) == {
        "e1": {"e2": Blocked("t1", "t2"), "e3": Blocked("e1", "e3")},
        "e2": {"e3": Blocked("e2", "e3")},
        "e3": {},
    }
    assert list(foreign_blockers(issues, owned)) == [("e1", Blocked("t1", "lone")), ("e1", Blocked("t1b", "lone"))]
