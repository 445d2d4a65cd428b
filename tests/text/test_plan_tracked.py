"""Plans whose epics live in a tracker."""

import pytest
from fakes.bd import issue, lines

from gitorch.errors import Problem
from gitorch.model.tracker import Backlog
from gitorch.text.beads import parse_issues
from gitorch.text.plans.plan import parse_plan

SOURCE = ".beads/issues.jsonl"
SHOP = (
    issue("shop-a1", "The shop", kind="epic"),
    issue("shop-a1.1", "A counter", parent="shop-a1", description="Of wood.", acceptance_criteria="It stands."),
    issue("shop-a1.2", "A till", parent="shop-a1", status="closed"),
    issue("shop-a1.10", "A bell", parent="shop-a1"),
    issue("shop-b2", "The stock", kind="epic"),
    issue("shop-b2.1", "Shelves", parent="shop-b2", blockers=("shop-a1.1",)),
)


def tracker(*records, problems=()):
    known = parse_issues(SOURCE, lines(*records))
    return lambda _names, _bare: Backlog(SOURCE, known.issues, (*known.problems, *problems))


def plan_of(text, *records, prompt=None):
    return parse_plan("plan.md", text.encode(), prompt, ask=tracker(*(records or SHOP)))


def section(name, heading="## Epic: {}", body=""):
    return f"{heading.format(name)}\n\n{body}\n\n## Review Gate: {name}\n\n"


def said(plan):
    return [f"{p.where} {p.message}" for p in plan.problems]


def test_an_epic_that_is_only_named_has_title_tasks_and_order_from_its_tracker():
    plan = plan_of(section("shop-a1") + section("shop-b2"))
    assert said(plan) == []
    assert [(e.id, e.issue, e.title, e.needs) for e in plan.epics] == [
        ("shop-a1", "shop-a1", "The shop", ()),
        ("shop-b2", "shop-b2", "The stock", ("shop-a1",)),
    ]
    assert [(t.title, t.done) for t in plan.epics[0].tasks] == [
        ("shop-a1.1: A counter", False),
        ("shop-a1.2: A till", True),
        ("shop-a1.10: A bell", False),
    ]
    assert plan.epics[0].issue_tasks == ("shop-a1.1", "shop-a1.10")


def test_the_open_tasks_are_part_of_the_text_that_its_agent_gets():
    text = plan_of(section("shop-a1", body="Build it.")).epics[0].section
    assert text == (
        "Build it.\n\n### Tasks\n\n#### shop-a1.1: A counter\n\nOf wood.\n\nAccepted when:\n\nIt stands.\n\n"
        "#### shop-a1.10: A bell\n"
    )


def test_tasks_that_the_plan_lists_itself_are_those_that_count():
    plan = plan_of(section("shop-a1", body="- [ ] All of it"))
    assert [t.title for t in plan.epics[0].tasks] == ["All of it"]
    assert plan.epics[0].section == "- [ ] All of it\n"
    assert plan.epics[0].issue_tasks == ("shop-a1.1", "shop-a1.10")


@pytest.mark.parametrize(
    "heading",
    [
        "## Epic: {}",
        "## Epic: {} — The shop to build",
        "## Epic {}: The shop to build",
        "## Epic 1: The shop to build ({})",
        "## Epic 1 — {}: The shop to build",
        "### 2.1 Epic: The shop to build [{}]",
        "## {}: The shop to build",
        "## {}",
        "## 3. {} The shop to build",
        "## Build the shop (epic: {})",
        "Epic: {}\n---------",
    ],
)
def test_headings_that_name_an_epic(heading):
    plan = plan_of(f"# A plan\n\n{section('shop-a1', heading)}{section('shop-b2', heading)}")
    assert said(plan) == []
    assert [(e.id, e.issue) for e in plan.epics] == [("shop-a1", "shop-a1"), ("shop-b2", "shop-b2")]


def test_headings_that_only_speak_of_an_epic_open_no_section():
    body = "### Notes on shop-a1 and shop-b2\n\n### Task: Extend shop-b2\n\nWords."
    assert [e.id for e in plan_of(section("shop-a1", body=body)).epics] == ["shop-a1"]


def test_front_matter_may_just_list_the_ids():
    plan = plan_of(f"---\nepics: [shop-b2, shop-a1]\n---\n{section('shop-a1')}{section('shop-b2')}")
    assert said(plan) == []
    assert [(e.id, e.title) for e in plan.epics] == [("shop-b2", "The stock"), ("shop-a1", "The shop")]


def test_a_prompt_of_its_own_has_the_epics_that_have_a_gate_in_it():
    prompt = "# Prompt\n\n" + section("shop-a1") + section("shop-b2", "## {} The stock")
    plan = plan_of("# The plan\n\nWhy we do this.\n", prompt=("prompt.md", prompt.encode()))
    assert said(plan) == []
    assert [e.id for e in plan.epics] == ["shop-a1", "shop-b2"]


def test_a_prompt_for_one_epic_needs_no_heading_that_says_so():
    prompt = (
        "# Implementation Prompt: Shop\n\n> Epic: shop-a1 (3 tasks)\n\n## Quick Context\n\nWords.\n\n"
        "## Task: shop-a1.1 — A counter\n\nOf wood.\n\n## Review Gate: shop-a1\n\n1. Commit.\n"
    )
    for plan in (plan_of(prompt), plan_of("# The plan\n\nWords.\n", prompt=("prompt.md", prompt.encode()))):
        assert said(plan) == []
        assert [t.title for t in plan.epics[0].tasks][:1] in (
            ["A counter"],
            ["shop-a1.1: A counter"],
            ["shop-a1.1 — A counter"],
        )
        assert "## Quick Context" in plan.epics[0].section


def test_ids_that_no_branch_could_have_are_made_into_ones_that_can():
    records = (
        issue("Web_App-4f.2", kind="epic"),
        issue("Web_App-4f.2.1", parent="Web_App-4f.2"),
        issue("Web_App-9", kind="epic"),
        issue("Web_App-9.1", parent="Web_App-9", blockers=("Web_App-4f.2",)),
    )
    plan = plan_of(section("Web_App-4f.2") + section("Web_App-9"), *records)
    assert said(plan) == []
    assert [(e.id, e.issue, e.needs) for e in plan.epics] == [
        ("web-app-4f-2", "Web_App-4f.2", ()),
        ("web-app-9", "Web_App-9", ("web-app-4f-2",)),
    ]


def test_an_epic_within_another_comes_first_and_its_tasks_are_its_own():
    records = (
        issue("x-1", kind="epic"),
        issue("x-1.1", kind="epic", parent="x-1"),
        issue("x-1.1.1", parent="x-1.1"),
        issue("x-1.2", parent="x-1"),
    )
    plan = plan_of(section("x-1") + section("x-1.1"), *records)
    assert [(e.id, e.needs, e.issue_tasks) for e in plan.epics] == [
        ("x-1", ("x-1-1",), ("x-1.2",)),
        ("x-1-1", (), ("x-1.1.1",)),
    ]


TASK = issue("x-1.1", parent="x-1")


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([issue("x-1", kind="epic")], f"Epic `x-1` has no tasks, says {SOURCE}."),
        (
            [issue("x-1", kind="epic", status="closed"), TASK],
            f"Epic `x-1` is closed, says {SOURCE}: there is nothing to do.",
        ),
        ([issue("x-1", kind="epic", status="tombstone"), TASK], f"Epic `x-1` was deleted, says {SOURCE}."),
        ([issue("x-1"), TASK], f"`x-1` is a task, not an epic, says {SOURCE}."),
        (
            [issue("x-1", parent="x-9"), TASK],
            f"`x-1` is a task, not an epic, says {SOURCE}. Did you mean `x-9`, which it belongs to?",
        ),
        (
            [issue("x-1", kind="epic"), TASK | {"status": "closed"}],
            "Epic `x-1` has only tasks that are closed: there is nothing to do.",
        ),
        ([issue("x-1", kind="epic"), TASK | {"status": "tombstone"}], f"Epic `x-1` has no tasks, says {SOURCE}."),
        (
            [issue("x-2", kind="epic"), TASK],
            f"Epic `x-1` is not among the issues of {SOURCE}. Did you mean `x-2`?",
        ),
        (
            [issue("x-1", kind="epic", blockers=("x-7",)), TASK, issue("x-7")],
            "`x-1` of epic `x-1` waits for `x-7`, which is open and in no epic of this plan.",
        ),
    ],
)
def test_what_keeps_an_epic_from_being_started(records, message):
    plan = plan_of(section("x-1"), *records)
    assert [p.message for p in plan.problems] == [message]
    assert plan.problems[0].line == 1


def test_a_blocker_that_is_closed_deleted_or_unknown_blocks_nothing():
    records = (
        issue("x-1", kind="epic", blockers=("x-7", "x-8", "x-9", "external:other:x")),
        TASK,
        issue("x-7", status="closed"),
        issue("x-8", status="tombstone"),
    )
    assert said(plan_of(section("x-1"), *records)) == []


def test_blockers_between_tasks_of_two_epics_can_make_a_circle_which_is_named_with_them():
    records = (
        issue("x-1", kind="epic"),
        issue("x-1.1", parent="x-1", blockers=("x-2.1",)),
        issue("x-1.2", parent="x-1"),
        issue("x-2", kind="epic"),
        issue("x-2.1", parent="x-2"),
        issue("x-2.2", parent="x-2", blockers=("x-1.2",)),
    )
    (problem,) = plan_of(section("x-1") + section("x-2"), *records).problems
    assert problem.message == (
        "The dependencies go in a circle: x-1 → x-2 → x-1 "
        f"(x-1.1 waits for x-2.1, says {SOURCE}; x-2.2 waits for x-1.2, says {SOURCE})."
    )
    assert problem.fix == "bd dep remove x-1.1 x-2.1"


def test_a_circle_of_parents_ends():
    records = (issue("x-1", kind="epic", parent="x-1.1"), issue("x-1.1", parent="x-1"))
    assert [e.issue_tasks for e in plan_of(section("x-1"), *records).epics] == [("x-1.1",)]


def test_plan_and_tracker_both_say_what_an_epic_waits_for():
    records = (*SHOP, issue("shop-c3", kind="epic"), issue("shop-c3.1", parent="shop-c3"))
    text = section("shop-a1") + section("shop-c3") + section("shop-b2", body="Depends on: shop-c3")
    assert plan_of(text, *records).epics[2].needs == ("shop-c3", "shop-a1")


def test_an_epic_with_tasks_of_its_own_needs_no_tracker_unless_it_is_named_like_one():
    own = "- [ ] Do it"
    plan = plan_of(section("shop-a1") + section("docs", "## Epic: {} — Docs", own) + section("shop-zz", body=own))
    assert said(plan) == [f"plan.md:13:10 Epic `shop-zz` is not among the issues of {SOURCE}. Did you mean `shop-b2`?"]


def test_what_cannot_be_read_of_the_tracker_is_told_after_the_plan():
    broken = Problem(SOURCE, 7, 1, "The line is cut off.", "Restore it.")
    plan = parse_plan("plan.md", section("x-1").encode(), ask=tracker(*SHOP, problems=(broken,)))
    assert [p.path for p in plan.problems] == ["plan.md", SOURCE]


def test_a_plan_is_asked_about_with_every_name_that_may_be_an_epic():
    asked = []
    text = section("a-1") + section("b-2", "## Epic 2: Two ({})", "- [ ] x") + "## Epic: Three\n\n## Review Gate: c-3\n"
    parse_plan("plan.md", text.encode(), ask=lambda names, bare: asked.append((names, bare)))
    assert asked == [(("a-1", "2", "b-2", "Three", "c-3"), True)]
