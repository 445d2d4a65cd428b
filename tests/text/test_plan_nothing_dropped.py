"""Nothing of a plan is dropped in silence (F1): each line is carried to an agent, used, or named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plan_lines import forgotten

from gitorch.text.markdown import NESTING_MAX
from gitorch.text.plans.plan import parse_plan

TOP = Path(__file__).parents[2]
SPECIMENS = [TOP / "examples/plan.md", TOP / "docs/plans.md", TOP / "README.md", TOP / "tests/text/broken-plan.md"]

HEADINGS = ("# Plan", "## Epic: a — A", "## Epic 2: Two", "### Epic: b", "## Notes", "### Task 1: Go", "#### Deep")
EPICS = frozenset(heading for heading in HEADINGS if "Epic" in heading)
GATES = ("## Review Gate: a", "## Review Gate: Two", "### Review gate: b", "## Review Gate: zzz")
FIELDS = (
    "Depends on: a",
    "**Scope:**",
    "Scope: src/**",
    "Not: docs/",
    "Status: closed",
    "Runtime: codex",
    "Design: d.md",
)
TEXTS = (
    "word",
    "> quoted",
    "```\n## Epic: in code\n```",
    "<!-- a comment -->",
    "---",
    "[x]: http://x.y",
    "| a | b |\n|---|---|\n| 1 | 2 |",
)
BOXES = ("- [ ] do", "- [x] done", "- [-] doing", "* [ ]* maybe", "1. [ ] first", "- item", "+ other")


def swallowed(text: str) -> list[int]:
    """The lines of headings of epics that are epics of nothing, though they begin a line and stand in no code."""
    plan = parse_plan("plan.md", text.encode())
    known = {epic.line for epic in plan.epics} | {problem.line for problem in (*plan.problems, *plan.remarks)}
    lines = enumerate(text.split("\n"), 1)
    return [number for number, line in lines if line in EPICS and number not in known]


def nested(depth: int, item: str) -> str:
    """A list with one item a level."""
    return "\n".join(f"{'  ' * level}- {item} {level}" for level in range(depth))


def blocks() -> st.SearchStrategy[str]:
    """One block of a document."""
    return st.one_of(
        st.sampled_from((*HEADINGS, *GATES, *FIELDS, *TEXTS, *BOXES)),
        st.builds(nested, st.integers(1, 14), st.sampled_from(("[ ] level", "[x] level", "plain"))),
    )


def documents() -> st.SearchStrategy[str]:
    """A document of blocks, with or without blank lines between them; each paragraph has words of its own."""
    numbered = st.lists(blocks(), min_size=1, max_size=14).map(
        lambda many: [f"{block} {number}" if block == "word" else block for number, block in enumerate(many)]
    )
    return st.builds(lambda many, between: between.join(many), numbered, st.sampled_from(("\n\n", "\n")))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(documents())
def test_every_line_of_a_document_is_carried_or_named(text):
    assert forgotten(text) == []
    assert swallowed(text) == []


@pytest.mark.slow
@settings(max_examples=8000, deadline=None)
@given(documents())
def test_every_line_of_many_documents_is_carried_or_named(text):
    assert forgotten(text) == []
    assert swallowed(text) == []


def changed(text: str, changes: list[tuple[int, int]]) -> str:
    """A document with lines removed, repeated, moved, indented or stripped of a character."""
    lines = text.split("\n")
    for place, kind in changes:
        at = place % len(lines)
        match kind:
            case 0:
                lines[at] = ""
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines.append(lines[at])
            case 3:
                lines[at] = f"  {lines[at]}"
            case _:
                lines[at] = lines[at][1:]

    return "\n".join(lines)


CHANGES = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 4)), max_size=6)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.sampled_from(SPECIMENS[:1] + SPECIMENS[3:]), CHANGES)
@example(SPECIMENS[1], [])
@example(SPECIMENS[2], [])
def test_every_line_of_a_changed_document_is_carried_or_named(path, changes):
    assert forgotten(changed(path.read_text(encoding="utf-8"), changes)) == []


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(st.sampled_from(SPECIMENS), CHANGES)
def test_every_line_of_many_changed_documents_is_carried_or_named(path, changes):
    assert forgotten(changed(path.read_text(encoding="utf-8"), changes)) == []


DEEP = "# P\n\n## Epic: a\n\n- [ ] A\n\n## Review Gate: a\n\n## Notes\n\n{deep}\n\n## Epic: b\n\n- [ ] B\n\n## Review Gate: b\n"


@pytest.mark.parametrize("depth", [10, 40, NESTING_MAX // 2 - 1])
def test_a_list_nested_deep_swallows_nothing(depth):
    plan = parse_plan("plan.md", DEEP.format(deep=nested(depth, "[ ] level")).encode())

    assert [(epic.id, len(epic.tasks)) for epic in plan.epics] == [("a", 1), ("b", 1)]
    assert plan.problems == ()


def test_a_list_nested_deeper_than_can_be_read_is_a_defect_at_its_line():
    plan = parse_plan("plan.md", DEEP.format(deep=nested(NESTING_MAX, "level")).encode())

    assert [(problem.line, problem.message) for problem in plan.problems] == [
        (10 + NESTING_MAX // 2, "Lists are nested too deep here, and the rest of the file cannot be read.")
    ]
    assert plan.problems[0].fix == "Nest lists at most 99 deep."


def test_a_heading_between_two_rules_at_the_top_is_named_as_a_comment():
    plan = parse_plan("plan.md", b"---\n\n## Epic: a\n\n---\n")

    assert [(remark.line, remark.message) for remark in plan.remarks] == [
        (3, "This line is a comment of the front matter, so nobody reads it.")
    ]


def test_the_lines_that_no_agent_reads_are_named_in_one_remark():
    text = "# P\n\nWhy.\n\n- [ ] a box\n\n## Epic: a\n\n- [ ] A\n\n## Review Gate: a\n\n1. Stop.\n"

    assert [(remark.line, remark.message) for remark in parse_plan("p.md", text.encode()).remarks] == [
        (3, "Lines 3-5, 13: this text stands outside of the epics, and no agent reads it."),
        (5, "Line 5: checkboxes that stand in no epic are nobody's tasks."),
    ]
