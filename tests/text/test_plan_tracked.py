"""Plans whose epics live in a tracker."""

import pytest
from fakes.bd import issue, lines

from gitorch.errors import Problem
from gitorch.model.tracker import Backlog, TrackerCommands
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


COMMANDS = TrackerCommands(
    make_epic_template="make-epic {issue}",
    reopen_template="reopen {issue}",
    create_task_template="create --below {issue}",
    close_template="close {issue}",
    remove_blocker_template="unblock {issue} {blocker}",
)


def tracker(*records, problems=()):
    known = parse_issues(SOURCE, lines(*records))
    return lambda _names, _bare: Backlog(SOURCE, known.issues, (*known.problems, *problems), COMMANDS)


def plan_of(text, *records, prompt=None):
    return parse_plan("plan.md", text.encode(), prompt, ask=tracker(*(records or SHOP)))


def section(name, heading="## Epic: {}", body=""):
    return f"{heading.format(name)}\n\n{body}\n\n## Review Gate: {name}\n\n"


def messages(plan):
    return [f"{p.where} {p.message}" for p in plan.problems]


def test_an_epic_without_content_takes_title_tasks_and_order_from_the_tracker():
    plan = plan_of(section("shop-a1") + section("shop-b2"))
    assert messages(plan) == []
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


def test_the_open_tasks_of_the_tracker_are_part_of_the_agents_section():
    text = plan_of(section("shop-a1", body="Build it.")).epics[0].section
    assert text == (
        "Build it.\n\n### Tasks\n\n#### shop-a1.1: A counter\n\nOf wood.\n\nAccepted when:\n\nIt stands.\n\n"
        "#### shop-a1.10: A bell\n"
    )


def test_tasks_in_the_plan_replace_those_of_the_tracker():
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
    assert messages(plan) == []
    assert [(e.id, e.issue) for e in plan.epics] == [("shop-a1", "shop-a1"), ("shop-b2", "shop-b2")]


@pytest.mark.parametrize("title", ["# The shop", "The shop\n========", "# the SHOP"])
@pytest.mark.parametrize(
    "heading",
    [
        "## Epic: {}",
        "## Epic: {} — The shop",
        "## Epic: The shop",
        "## The shop",
        "## {}",
        "## {}: The shop",
        "### The shop ({})",
    ],
)
def test_a_plan_may_have_the_title_of_its_epic(title, heading):
    plan = plan_of(f"{title}\n\nWhy.\n\n{section('shop-a1', heading)}")
    assert messages(plan) == []
    assert (plan.title.casefold(), [e.id for e in plan.epics]) == ("the shop", ["shop-a1"])


@pytest.mark.parametrize(
    "headings",
    [("# Epic: shop-a1", "## Epic: shop-a1"), ("# The shop", "# Epic: shop-a1"), ("## The shop", "## Epic: shop-a1")],
)
def test_headings_of_which_none_is_the_title_name_an_epic_twice(headings):
    plan = plan_of(f"{headings[0]}\n\n{section('shop-a1', headings[1])}")
    assert "The epic id `shop-a1` is used twice; first on line 1." in str(messages(plan))


def test_an_epic_below_a_heading_of_level_1_needs_no_other_heading():
    plan = plan_of(section("shop-a1", "# The shop"))
    assert (messages(plan), [e.id for e in plan.epics]) == ([], ["shop-a1"])


def test_a_heading_that_only_mentions_an_epic_opens_no_section():
    body = "### Notes on shop-a1 and shop-b2\n\n### Task: Extend shop-b2\n\nWords."
    assert [e.id for e in plan_of(section("shop-a1", body=body)).epics] == ["shop-a1"]


def test_front_matter_may_list_only_ids():
    plan = plan_of(f"---\nepics: [shop-b2, shop-a1]\n---\n{section('shop-a1')}{section('shop-b2')}")
    assert messages(plan) == []
    assert [(e.id, e.title) for e in plan.epics] == [("shop-b2", "The stock"), ("shop-a1", "The shop")]


def test_the_gates_of_a_separate_prompt_name_the_epics():
    prompt = "# Prompt\n\n" + section("shop-a1") + section("shop-b2", "## {} The stock")
    plan = plan_of("# The plan\n\nWhy we do this.\n", prompt=("prompt.md", prompt.encode()))
    assert messages(plan) == []
    assert [e.id for e in plan.epics] == ["shop-a1", "shop-b2"]


def test_a_prompt_for_one_epic_needs_no_heading_with_its_name():
    prompt = (
        "# Implementation Prompt: Shop\n\n> Epic: shop-a1 (3 tasks)\n\n## Quick Context\n\nWords.\n\n"
        "## Task: shop-a1.1 — A counter\n\nOf wood.\n\n## Review Gate: shop-a1\n\n1. Commit.\n"
    )
    for plan in (plan_of(prompt), plan_of("# The plan\n\nWords.\n", prompt=("prompt.md", prompt.encode()))):
        assert messages(plan) == []
        assert [t.title for t in plan.epics[0].tasks][:1] in (
            ["A counter"],
            ["shop-a1.1: A counter"],
            ["shop-a1.1 — A counter"],
        )
        assert "## Quick Context" in plan.epics[0].section


def test_issue_ids_that_are_invalid_in_branches_become_slugs():
    records = (
        issue("Web_App-4f.2", kind="epic"),
        issue("Web_App-4f.2.1", parent="Web_App-4f.2"),
        issue("Web_App-9", kind="epic"),
        issue("Web_App-9.1", parent="Web_App-9", blockers=("Web_App-4f.2",)),
    )
    plan = plan_of(section("Web_App-4f.2") + section("Web_App-9"), *records)
    assert messages(plan) == []
    assert [(e.id, e.issue, e.needs) for e in plan.epics] == [
        ("web-app-4f-2", "Web_App-4f.2", ()),
        ("web-app-9", "Web_App-9", ("web-app-4f-2",)),
    ]


def test_an_epic_inside_another_comes_first_and_keeps_its_own_tasks():
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
    ("records", "message", "fix"),
    [
        (
            [issue("x-1", kind="epic")],
            f"Epic `x-1` has no tasks in {SOURCE}.",
            "Write tasks above its gate, or: create --below x-1",
        ),
        (
            [issue("x-1", kind="epic", status="closed"), TASK],
            f"Epic `x-1` is closed in {SOURCE}: nothing is left to do.",
            "Remove it, or open it again: reopen x-1",
        ),
        (
            [issue("x-1", kind="epic", status="tombstone"), TASK],
            f"Epic `x-1` is deleted in {SOURCE}.",
            "Remove it from the plan, or name another.",
        ),
        (
            [issue("x-1"), TASK],
            f"`x-1` is a task in {SOURCE}, not an epic.",
            "Name its epic, or make it one: make-epic x-1",
        ),
        (
            [issue("x-1", kind="issue", parent="x-9"), TASK],
            f"`x-1` is an issue in {SOURCE}, not an epic. Did you mean `x-9`, its parent?",
            "Name its epic, or make it one: make-epic x-1",
        ),
        (
            [issue("x-1", kind="epic"), TASK | {"status": "closed"}],
            "Epic `x-1` has only closed tasks: nothing is left to do.",
            "Remove the epic, close it (close x-1), or open a task again: reopen TASK",
        ),
        (
            [issue("x-1", kind="epic"), TASK | {"status": "tombstone"}],
            f"Epic `x-1` has no tasks in {SOURCE}.",
            "Write tasks above its gate, or: create --below x-1",
        ),
        (
            [issue("x-2", kind="epic"), TASK],
            f"Epic `x-1` is not among the issues of {SOURCE}. Did you mean `x-2`?",
            "Correct its id, or write its tasks into the plan as `- [ ] …` items above its gate.",
        ),
        (
            [issue("x-1", kind="epic", blockers=("x-7",)), TASK, issue("x-7")],
            "`x-1` of epic `x-1` waits for `x-7`, which is open and in no epic of this plan.",
            "Add its epic to the plan, close it (close x-7), or: unblock x-1 x-7",
        ),
    ],
)
def test_an_issue_that_cannot_start_is_a_problem_with_a_command_that_helps(records, message, fix):
    plan = plan_of(section("x-1"), *records)
    assert [(p.message, p.fix) for p in plan.problems] == [(message, fix)]
    assert plan.problems[0].line == 1


def test_without_commands_of_the_tracker_the_hint_names_the_change():
    def ask(_names, _bare):
        return parse_issues(SOURCE, lines(issue("x-1", kind="epic", status="closed"), TASK))

    plan = parse_plan("plan.md", section("x-1").encode(), ask=ask)
    assert [p.fix for p in plan.problems] == ["Remove it, or open it again: open x-1 again in the tracker"]


def test_a_blocker_that_is_closed_deleted_or_unknown_blocks_nothing():
    records = (
        issue("x-1", kind="epic", blockers=("x-7", "x-8", "x-9", "external:other:x")),
        TASK,
        issue("x-7", status="closed"),
        issue("x-8", status="tombstone"),
    )
    assert messages(plan_of(section("x-1"), *records)) == []


def test_a_cycle_of_blockers_between_tasks_is_reported_with_the_tasks():
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
        f"The dependencies form a cycle: x-1 → x-2 → x-1 (in {SOURCE}: x-1.1 waits for x-2.1; x-2.2 waits for x-1.2)."
    )
    assert problem.fix == "unblock x-1.1 x-2.1"


def test_a_cycle_of_parents_ends():
    records = (issue("x-1", kind="epic", parent="x-1.1"), issue("x-1.1", parent="x-1"))
    assert [e.issue_tasks for e in plan_of(section("x-1"), *records).epics] == [("x-1.1",)]


def test_dependencies_of_plan_and_tracker_are_combined():
    records = (*SHOP, issue("shop-c3", kind="epic"), issue("shop-c3.1", parent="shop-c3"))
    text = section("shop-a1") + section("shop-c3") + section("shop-b2", body="Depends on: shop-c3")
    assert plan_of(text, *records).epics[2].needs == ("shop-c3", "shop-a1")


def test_an_epic_with_its_own_tasks_needs_no_issue_unless_its_id_has_the_trackers_prefix():
    own = "- [ ] Do it"
    plan = plan_of(section("shop-a1") + section("docs", "## Epic: {} — Docs", own) + section("shop-zz", body=own))
    assert messages(plan) == [
        f"plan.md:13:10 Epic `shop-zz` is not among the issues of {SOURCE}. Did you mean `shop-b2`?"
    ]


def test_problems_of_the_tracker_come_after_those_of_the_plan():
    broken = Problem(SOURCE, 7, 1, "The line is cut off.", "Restore it.")
    plan = parse_plan("plan.md", section("x-1").encode(), ask=tracker(*SHOP, problems=(broken,)))
    assert [p.path for p in plan.problems] == ["plan.md", SOURCE]


def test_the_tracker_is_asked_for_every_name_that_may_be_an_epic():
    asked = []
    text = section("a-1") + section("b-2", "## Epic 2: Two ({})", "- [ ] x") + "## Epic: Three\n\n## Review Gate: c-3\n"
    parse_plan("plan.md", text.encode(), ask=lambda names, bare: asked.append((names, bare)))
    assert asked == [(("a-1", "2", "b-2", "Three", "c-3"), True)]
