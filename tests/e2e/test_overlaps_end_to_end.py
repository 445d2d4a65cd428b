"""Epics that grow into each other: noticed while their agents still work, not when they hand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/rules/test_overlap_notes.py

LINES = "".join(f"line {number}\n" for number in range(1, 31))
TURN = """
[[turn]]
job = "{epic}"
[[turn.step]]
replace = "shared.txt"
old = "line {line}\\n"
new = "line {line}, says {epic}\\n"
[[turn.step]]
commit = "Change line {line}"
[[turn.step]]
ask = "Shall I go on with {epic}?"
[[turn.step]]
handoff = "DONE"
"""


@pytest.fixture(scope="module")
def overlaps(home_of_runs: House) -> House:
    """Three epics at work on one file, two of them on the same line, each waiting for an answer in the middle."""
    house = home_of_runs
    house.repo.commit({"shared.txt": LINES}, "Thirty lines")
    script = "".join(TURN.format(epic=epic, line=line) for epic, line in (("left", 3), ("right", 3), ("far", 25)))
    house.configure(script, agents=3)
    house.start("left", "right", "far")
    house.up()
    return house


def test_branches_that_change_the_same_file_are_told_early(overlaps: House) -> None:
    noted = {tuple(n["jobs"]): n["conflict"] for n in overlaps.records("overlap-noted") if not n["conflict"]}
    assert set(noted) == {("left", "far"), ("right", "far")}
    assert all(n["paths"] == ["shared.txt"] for n in overlaps.records("overlap-noted"))
    assert not overlaps.records("handoff-submitted", status="DONE")
    assert "note: left and far change the same files; their branches merge without conflicts" in overlaps("status").out


@pytest.mark.slow
def test_branches_that_would_conflict_are_put_to_the_principal_once_and_nobody_waits_for_it(overlaps: House) -> None:
    (noted,) = overlaps.records("overlap-noted", conflict=True)
    assert noted["jobs"] == ["left", "right"]
    (asked,) = overlaps.records("escalated")
    assert (asked["trigger"], asked["evidence"], asked["job"]) == ("overlap:left:right", "shared.txt", None)
    for epic in ("left", "right", "far"):
        overlaps("answer", overlaps.question(job=epic), "yes")
    overlaps.up()
    assert {g["job"] for g in overlaps.records("gate-passed")} == {"left", "right", "far"}
    assert len(overlaps.records("overlap-noted")) == 3
    assert [e["trigger"].split(":")[0] for e in overlaps.records("escalated")] == ["overlap", "merge"]
