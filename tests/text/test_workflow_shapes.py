"""Every shape, with every set of lanes, passes `check` and strict lint as generated (W9), and stands as an example."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitorch.errors import Usage
from gitorch.model.plans.workflow import JobKind
from gitorch.rules.workflows.lint import lint
from gitorch.text.workflows.blocks import from_blocks
from gitorch.text.workflows.file import parse_workflow
from gitorch.text.workflows.shapes import (
    LANE_SETS,
    SHAPES,
    lane_set,
    lanes_of,
    parse_lane,
    standard_lane,
    with_lanes,
)

TEMPLATES = Path(__file__).parents[2] / "templates" / "workflows"
FIXED = [shape for shape in SHAPES if shape != "custom"]
LINE = (
    "draft, review:security+review, build:api+build:web, review+review, ledger, synthesis, review*3, checkpoint, merge"
)


def read(text: str):
    return parse_workflow("w.yaml", text.encode(), lambda _: None).workflow


def strong(text: str) -> list[str]:
    return [remark.message for remark in lint(read(text)).remarks if remark.strong]


@pytest.mark.parametrize("lanes", [name for name in LANE_SETS if name != "custom"])
@pytest.mark.parametrize("shape", FIXED)
def test_a_shape_passes_with_every_set_of_lanes(shape, lanes):
    text = (TEMPLATES / f"{shape}.yaml").read_text()
    made = with_lanes(text, lane_set(lanes, lanes_of(text), {}), "my work")

    assert strong(made) == []
    assert read(made).name == "my work"
    assert list(read(made).jobs) == list(read(text).jobs)


def test_every_shipped_shape_has_the_full_lint_score():
    assert {shape: lint(read((TEMPLATES / f"{shape}.yaml").read_text())).score for shape in FIXED} == dict.fromkeys(
        FIXED, 100
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_whose_objectives_nobody_has_written_yet_is_no_good_workflow(shape):
    text = from_blocks(LINE) if shape == "custom" else (TEMPLATES / f"{shape}.yaml").read_text()
    source = parse_workflow("w.yaml", text.encode(), lambda _: None)
    found = lint(source.workflow, source.briefs)
    assert {remark.name for remark in found.remarks} == {"unwritten-objective"}
    assert found.score < 100

    places = {remark.place for remark in found.remarks}
    for sentence in ("Say here", "Write here"):
        text = text.replace(sentence, "Decide")
    written = parse_workflow("w.yaml", text.encode(), lambda _: None)
    assert lint(written.workflow, written.briefs).score == 100
    assert places == {f"jobs.{job}" for job, brief in source.briefs.items() if brief != written.briefs[job]}


def test_there_is_a_template_for_each_shape_and_no_other():
    assert sorted(path.stem for path in TEMPLATES.glob("*.yaml")) == sorted(FIXED)


def test_a_line_of_blocks_becomes_a_workflow():
    flow = read(from_blocks(LINE))

    assert strong(from_blocks(LINE)) == []
    assert [(job, str(spec.kind), spec.needs) for job, spec in flow.jobs.items()] == [
        ("draft", "draft", ()),
        ("review", "review", ("draft",)),
        ("review-2", "review", ("draft",)),
        ("api", "build", ("review", "review-2")),
        ("web", "build", ("review", "review-2")),
        ("review-3", "review", ("api",)),
        ("review-4", "review", ("web",)),
        ("ledger", "ledger", ("review-3", "review-4")),
        ("synthesis", "synthesis", ("ledger",)),
        ("review-5", "review", ("synthesis",)),
        ("checkpoint", "checkpoint", ("review-5",)),
        ("merge", "merge", ("checkpoint",)),
    ]
    assert [(cycle.review, cycle.back_to, cycle.rounds) for cycle in flow.cycles][-1] == ("review-5", "synthesis", 3)
    assert flow.jobs["review"].posture == "security"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "a step has no block"),
        ("paint", "'paint' is not a block"),
        ("review", "a review needs work before it"),
        ("draft, merge", "a merge comes right after a checkpoint"),
        ("draft, checkpoint+merge", "a checkpoint or merge cannot be combined with other blocks in one step"),
        ("draft+review", "reviews stand only beside reviews"),
        ("draft, build+review", "reviews stand only beside reviews"),
    ],
)
def test_an_invalid_line_of_blocks_is_refused(line, message):
    with pytest.raises(Usage, match=message.replace("+", "\\+")):
        from_blocks(line)


def test_custom_lanes_replace_those_of_the_set():
    text = (TEMPLATES / "code-change.yaml").read_text()
    own = {lane.name: lane for lane in map(parse_lane, ("author=aider:gpt-5", "reviewer=gemini"))}
    lanes = read(with_lanes(text, lane_set("custom", lanes_of(text), own))).lanes

    assert {name: (lane.runtime, lane.model) for name, lane in lanes.items()} == {
        "author": ("aider", "gpt-5"),
        "reviewer": ("gemini", ""),
    }


NAMES = ("author", "reviewer", "second-reviewer", "third-reviewer", "writer")
PROGRAM_OF_EACH = (("claude", ""), ("codex", ""), ("gemini", ""), ("opencode", ""), ("claude", ""))


@pytest.mark.parametrize(
    ("lanes", "programs"),
    [
        ("local", (("scripted", ""),) * 5),
        ("single-agent", (("claude", "opus"), *(("claude", "sonnet"),) * 4)),
        ("author-reviewer", (("claude", ""), *(("codex", ""),) * 4)),
        ("multi-review", PROGRAM_OF_EACH),
        ("custom", PROGRAM_OF_EACH),
    ],
)
def test_a_set_gives_each_lane_this_program_and_model(lanes, programs):
    made = [standard_lane(lanes, name) for name in NAMES]
    assert tuple((lane.runtime, lane.model) for lane in made) == programs
    assert [(lane.name, lane.command) for lane in made] == [(name, ()) for name in NAMES]


def test_an_unknown_or_undefined_lane_is_refused():
    with pytest.raises(Usage, match="has no lane writer; it has author, reviewer"):
        lane_set("custom", ("author", "reviewer"), {"writer": parse_lane("writer=claude")})
    with pytest.raises(Usage, match="does not define reviewer"):
        lane_set("custom", ("author", "reviewer"), {"author": parse_lane("author=claude")})
    with pytest.raises(Usage, match="is not a lane"):
        parse_lane("author:claude")


def test_a_merge_of_every_shape_waits_for_a_person():
    for shape in FIXED:
        flow = read((TEMPLATES / f"{shape}.yaml").read_text())
        merges = [spec for spec in flow.jobs.values() if spec.kind is JobKind.MERGE]
        assert [flow.jobs[need].kind for spec in merges for need in spec.needs] == [JobKind.CHECKPOINT], shape
