"""Workflow files: what they become, and every defect at its line, column and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitorch.errors import Malformed
from gitorch.model.workflow import Cycle, JobKind
from gitorch.text.workflow_file import parse_workflow
from gitorch.world.resources import template_bytes

EXAMPLES = Path(__file__).parents[2] / "examples"

GOOD = """\
gitorch: workflow/1
name: change
lanes:
  author: {runtime: scripted}
jobs:
  change: {kind: build, lane: author, objective: Do it}
  review: {kind: review, lane: author, needs: [change]}
  approve: {kind: checkpoint, needs: [review]}
  merge: {kind: merge, needs: [approve]}
cycles:
  - {review: review, back_to: change, rounds: 1}
"""


def read(text: str):
    return parse_workflow("w.yaml", text.encode(), lambda _: None)


def problems(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(Malformed) as caught:
        read(text)
    return [(p.line, p.column, p.message) for p in caught.value.problems]


def test_a_file_becomes_lanes_jobs_and_cycles():
    source = read(GOOD)
    jobs = source.workflow.jobs
    assert [str(j.kind) for j in jobs.values()] == ["build", "review", "checkpoint", "merge"]
    assert jobs["review"].subject == "change"
    assert source.workflow.cycles == (Cycle("review", "change", 1),)
    assert source.briefs["change"] == "Do it"


def test_json_is_yaml_too():
    text = """{"gitorch": "workflow/1", "name": "j", "lanes": {"a": {"runtime": "scripted"}},
               "jobs": {"one": {"kind": "generic", "lane": "a", "objective": "x"}}}"""
    assert read(text).workflow.jobs["one"].kind is JobKind.GENERIC


@pytest.mark.parametrize("path", ["templates", "example"])
def test_what_ships_is_read_without_a_problem(path):
    if path == "templates":
        source = parse_workflow("code-change.yaml", template_bytes("workflows", "code-change.yaml"), lambda _: None)
    else:
        folder = EXAMPLES / "code-change"
        source = parse_workflow("w.yaml", (folder / "workflow.yaml").read_bytes(), lambda p: (folder / p).read_bytes())
        assert "GREETING.md" in source.briefs["change"]
    assert list(source.workflow.jobs) == ["change", "review", "approve", "merge"]


DEFECTS = {
    "unknown version": (("workflow/1", "workflow/9"), (1, 10, "`gitorch` must be `workflow/1`.")),
    "missing name": (("name: change\n", ""), (1, 1, "`name` is missing.")),
    "unknown key of a job": (("objective: Do it", "objective: Do it, prio: 1"), (6, 57, "`jobs.change.prio` is not")),
    "lane that is not there": (("kind: build, lane: author", "kind: build, lane: autor"), (6, 31, "`autor` is not")),
    "lane of a checkpoint": (("checkpoint,", "checkpoint, lane: author,"), (8, 37, "no agent works on a checkpoint")),
    "need that is not there": (("needs: [review]", "needs: [revue]"), (8, 38, "names `revue`")),
    "kind that is none": (("kind: build", "kind: biuld"), (6, 18, "must be one of")),
    "merge without approval": (("needs: [approve]", "needs: [review]"), (9, 31, "must name a checkpoint")),
    "rounds below one": (("rounds: 1", "rounds: 0"), (11, 47, "whole number from 1")),
    "cycle of a job that is no review": (("{review: review,", "{review: change,"), (11, 14, "is no review")),
    "key for later": (("cycles:", "phases: [a]\ncycles:"), (10, 1, "`phases` is not supported yet")),
    "no objective": ((", objective: Do it", ""), (6, 11, "`jobs.change.objective` is missing")),
    "review of a job it does not need": (
        (", needs: [change]", ""),
        (7, 11, "must name `change`, which this review judges"),
    ),
}


@pytest.mark.parametrize(("change", "expected"), DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_named_where_it_stands(change, expected):
    line, column, words = expected
    found = problems(GOOD.replace(*change))
    assert any((at, col) == (line, column) and words in message for at, col, message in found), found


def test_a_circle_of_needs_is_named():
    text = GOOD.replace("kind: build,", "kind: build, needs: [approve],")
    assert any("change → approve → review → change" in message for _, _, message in problems(text))


def test_all_defects_are_reported_at_once():
    text = GOOD.replace("workflow/1", "workflow/9").replace("lane: author, objective", "lane: autor, objective")
    assert len(problems(text.replace("rounds: 1", "rounds: 0"))) == 3


def test_a_brief_that_cannot_be_read_is_a_defect():
    assert "cannot be read" in problems(GOOD.replace("objective: Do it", "brief: gone.md"))[0][2]
