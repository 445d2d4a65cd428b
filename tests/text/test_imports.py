"""Task lists of other tools become plans without defects, and everything that is left out is named (F5)."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from task_lists import BEADS, CHECKLIST, ISSUES, KIRO, OPEN_SPEC, SPEC_KIT, TASK_MASTER

from gitorch.errors import Malformed
from gitorch.model.tracker import Backlog
from gitorch.text.beads import parse_issues
from gitorch.text.imports.beads_epics import beads_plan
from gitorch.text.imports.formats import FORMATS, ONE_AFTER_ANOTHER, finished, import_plan
from gitorch.text.plans.plan import parse_plan


def imported(path: str, text: str, beside: dict[str, str] | None = None):
    done = import_plan(path, text.encode(), beside or {})
    return done, parse_plan("plan.md", done.text.encode())


def outline(plan) -> list[tuple[str, tuple[str, ...], list[tuple[str, bool]]]]:
    assert [problem.message for problem in plan.problems] == []
    return [(epic.id, epic.needs, [(task.text, task.done) for task in epic.tasks]) for epic in plan.epics]


def left(done) -> list[str]:
    return [f"{one.where}: {one.message}" for one in done.left]


def test_spec_kit_stories_run_side_by_side_after_the_phases_before_them():
    done, plan = imported("specs/001-albums/tasks.md", SPEC_KIT, {"plan.md": "specs/001-albums/plan.md"})

    assert (done.format, plan.title, plan.design) == ("spec-kit", "Photo albums", "specs/001-albums/plan.md")
    assert outline(plan) == [
        (
            "setup-shared-infrastructure",
            (),
            [("T001 Create the structure", False), ("T002 [P] Configure linting", False)],
        ),
        ("foundational", ("setup-shared-infrastructure",), [("T003 Schema in src/db.py", False)]),
        (
            "user-story-1-see-albums-priority-p1",
            ("foundational",),
            [
                ("T004 [P] [US1] Contract test in tests/test_albums.py", False),
                ("T005 [US1] Model in src/album.py", True),
            ],
        ),
        ("user-story-2-share-albums-priority-p2", ("foundational",), [("T006 [US2] Service (depends on T005)", False)]),
        (
            "polish",
            ("user-story-1-see-albums-priority-p1", "user-story-2-share-albums-priority-p2"),
            [("T007 Docs", False)],
        ),
    ]
    assert "### Tests for User Story 1" in plan.epics[2].section
    assert left(done) == [
        "specs/001-albums/tasks.md:1: The front matter is left out.",
        "specs/001-albums/tasks.md:7: `Input: documents from /specs/001-albums/` became text for people above the first epic.",
        "specs/001-albums/tasks.md:9: `Format: [ID] [P?] [Story] Description` became text for people above the first epic.",
        "specs/001-albums/tasks.md:42: `Dependencies & Execution Order` became text for people above the first epic.",
        "specs/001-albums/tasks.md:16: 2 tasks are marked as parallel; one agent does all tasks of an epic, in any order.",
    ]


def test_the_numbered_tasks_of_kiro_become_epics_with_their_subtasks():
    done, plan = imported(".kiro/specs/shop/tasks.md", KIRO, {"design.md": ".kiro/specs/shop/design.md"})

    assert (done.format, plan.title, plan.design) == ("Kiro", "shop", ".kiro/specs/shop/design.md")
    assert outline(plan) == [
        ("data-models", (), [("2.1 Write the model", True), ("2.2 Write property tests (optional)", False)]),
        ("checkpoint", ("data-models",), [("3. Checkpoint", False)]),
        ("wire-it-up", ("checkpoint",), [("4.1 Routes", False), ("4.2 More tests (optional)", False)]),
    ]
    assert "Requirements: 2.1" in plan.epics[0].section
    assert left(done) == [
        ".kiro/specs/shop/tasks.md: The title `Implementation Plan` says only that this is a plan, so the plan is called `shop`.",
        ".kiro/specs/shop/tasks.md:3: The text above the first task is for people, above the first epic.",
        ".kiro/specs/shop/tasks.md: `Set up the project` has no open task, so it is left out.",
        f".kiro/specs/shop/tasks.md: {ONE_AFTER_ANOTHER}",
    ]


def test_an_open_spec_change_is_done_in_order_with_its_proposal():
    done, plan = imported(
        "openspec/changes/add-x/tasks.md", OPEN_SPEC, {"proposal.md": "openspec/changes/add-x/proposal.md"}
    )

    assert (done.format, plan.title, plan.design) == ("OpenSpec", "add-x", "openspec/changes/add-x/proposal.md")
    assert outline(plan) == [
        ("implementation", (), [("1.1 Add the command", False), ("1.2 Add its help", True)]),
        ("documentation", ("implementation",), [("2.1 Describe { {it} }", False)]),
    ]
    assert left(done) == [
        f"openspec/changes/add-x/tasks.md: {ONE_AFTER_ANOTHER}",
        "openspec/changes/add-x/tasks.md: `Depends on: nothing in particular` means something to gitorch, so it became quoted text of epic `documentation`.",
        "openspec/changes/add-x/tasks.md: `{{it}}` is a placeholder that is left, so it became `{ {it} }` in epic `documentation`.",
    ]


def test_a_checklist_is_divided_where_its_headings_hold_boxes():
    done, plan = imported("LIST.md", CHECKLIST)

    assert done.format == "checklist"
    assert outline(plan) == [
        ("now", (), [("One", False), ("Two", False)]),
        ("later", ("now",), [("Three", False)]),
        ("review-gate-none-of-ours", ("later",), [("Four", False)]),
    ]
    assert left(done)[-2:] == [
        "LIST.md: `Done` has no open task, so it is left out.",
        f"LIST.md: {ONE_AFTER_ANOTHER}",
    ]


def test_a_checklist_without_headings_is_one_epic():
    _, plan = imported("notes/todo.md", "- [ ] One\n- [ ] Two\n")

    assert (plan.title, outline(plan)) == ("notes", [("notes", (), [("One", False), ("Two", False)])])


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ({"master": {"tasks": [{"id": 1, "title": "One"}]}}, "shop"),
        ({"tasks": [{"id": 1, "title": "One"}]}, "shop"),
        ({"sign-in": {"tasks": [{"id": 1, "title": "One"}]}}, "sign-in"),
    ],
)
def test_a_list_without_a_title_has_that_of_its_project(value, title):
    done = import_plan("tasks.json", json.dumps(value).encode(), {}, "task-master", "shop")
    assert done.text.startswith(f"# {title}\n")


def test_tasks_of_task_master_become_epics_and_unknown_fields_are_named():
    done, plan = imported(".taskmaster/tasks/tasks.json", json.dumps(TASK_MASTER))

    assert (done.format, plan.title) == ("task-master", "Shop")
    assert outline(plan) == [
        ("serve", (), [("Routes", True), ("Errors", False)]),
        ("deploy", ("serve",), [("Deploy", False)]),
    ]
    for text in ("An API", "How to test it: Call it", "Priority: high", "All of them", "After subtask 1"):
        assert text in plan.epics[0].section
    assert left(done) == [
        ".taskmaster/tasks/tasks.json: later: The tag is left out; move the file's `master` to choose another.",
        ".taskmaster/tasks/tasks.json: tasks[1].complexityScore: The field is left out.",
        ".taskmaster/tasks/tasks.json: tasks[1].dependencies: `9` is no task of this list.",
        ".taskmaster/tasks/tasks.json: `Set up` has no open task, so it is left out.",
        ".taskmaster/tasks/tasks.json: `Epic: fake` means something to gitorch, so it became quoted text of epic `serve`.",
        ".taskmaster/tasks/tasks.json: `Scope: all` means something to gitorch, so it became quoted text of epic `serve`.",
    ]


def test_a_field_that_is_left_out_is_named_once_and_the_id_of_a_parent_not_at_all():
    subtasks = [{"id": n, "title": f"Part {n}", "parentTaskId": 1, "effort": n} for n in (1, 2, 3)]
    tasks = [{"id": 1, "title": "Whole", "effort": 6, "subtasks": subtasks}]
    done = import_plan("tasks.json", json.dumps({"tasks": tasks}).encode(), {}, "task-master")
    assert left(done) == ["tasks.json: tasks[0].effort: The field is left out, in 4 places."]


@pytest.mark.parametrize(
    ("path", "title"), [("a.b/open.issues.json", "open.issues"), ("open.json", "open"), (".json", "Issues")]
)
def test_issues_without_a_common_milestone_have_the_title_of_their_file(path, title):
    issues = [{"number": number, "title": "T", "body": f"Depends on #{number} and #2"} for number in (1, 2)]
    done = import_plan(path, json.dumps(issues).encode(), {}, "issues")
    assert done.text.startswith(f"# {title}\n")
    plan = parse_plan(path, done.text.encode())
    assert [(epic.id, epic.needs) for epic in plan.epics] == [("issue-1", ("issue-2",)), ("issue-2", ())]


def test_issues_become_epics_in_the_order_that_their_texts_state():
    done, plan = imported("issues.json", json.dumps(ISSUES))

    assert done.format == "issues"
    assert outline(plan) == [
        ("issue-12", (), [("Form", False), ("Route", True)]),
        ("issue-13", ("issue-12",), [("Sign out", False)]),
    ]
    assert "Labels: ui" in plan.epics[1].section
    assert left(done)[:3] == [
        "issues.json: #12.comments: The field is left out.",
        "issues.json: #13: It waits for #99, which is not among these open issues.",
        "issues.json: #14: The issue is closed, so it is left out.",
    ]


def test_a_single_issue_is_a_plan_of_one_epic():
    _, plan = imported("12.json", json.dumps(ISSUES[0]))

    assert (plan.title, [epic.id for epic in plan.epics]) == ("Sign in", ["issue-12"])


def test_epics_of_beads_keep_their_ids_and_order():
    done, plan = imported(".beads/issues.jsonl", BEADS)

    assert done.format == "beads"
    assert outline(plan) == [
        ("shop-a1", (), [("shop-a1.1: A counter", False)]),
        ("shop-b2", ("shop-a1",), [("shop-b2.1: Shelves", False)]),
    ]
    assert "Sell things" in plan.epics[0].section
    assert left(done) == [".beads/issues.jsonl: shop-c3: The issue belongs to no open epic, so it is left out."]


TRACKED = (
    {"id": "s-a", "title": "The shop", "issue_type": "epic"},
    {"id": "s-a.1", "title": "A counter"},
    {"id": "s-b", "title": "The stock", "issue_type": "epic"},
    {"id": "s-b.1", "title": "Shelves", "dependencies": [{"type": "blocks", "depends_on_id": "s-a.1"}]},
)


@pytest.mark.parametrize(
    ("only", "blocker", "waits"),
    [
        ("s-a", "open", []),
        ("s-b", "closed", []),
        ("", "open", []),
        (
            "s-b",
            "open",
            [
                (
                    "bd: s-b.1: It waits for `s-a.1`, which is open and in no epic of this plan: "
                    "close `s-a.1` first, or remove the dependency."
                )
            ],
        ),
    ],
)
def test_an_imported_epic_of_the_tracker_has_no_defect_but_the_blockers_that_the_import_names(only, blocker, waits):
    rows = [dict(row) for row in TRACKED]
    rows[1]["status"] = blocker
    issues = parse_issues("bd", "\n".join(json.dumps(row) for row in rows).encode()).issues

    done = finished("bd", beads_plan("bd", issues, only))
    plan = parse_plan("plan.md", done.text.encode(), ask=lambda *_: Backlog("bd", issues))

    assert left(done)[: len(waits)] == waits
    assert len(plan.problems) == len(waits)


def test_issues_of_beads_become_epics_where_no_epic_is_open():
    rows = [
        {"id": "s-1", "title": "Shop", "issue_type": "epic", "status": "closed"},
        {"id": "s-1.1", "title": "Sell", "parent": "s-1"},
        {"id": "s-1.1.1", "title": "A counter", "parent": "s-1.1"},
        {"id": "s-2", "title": "Open it", "dependencies": [{"type": "blocks", "depends_on_id": "s-1.1"}]},
        {"id": "s-3", "title": "Close it", "status": "closed"},
    ]
    done, plan = imported("issues.jsonl", "\n".join(json.dumps(row) for row in rows))

    tasks = [("s-1.1.1: A counter", False)]
    assert outline(plan) == [("s-1-1", (), tasks), ("s-2", ("s-1-1",), [("Open it", False)])]
    assert left(done) == []


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (
            "a.md",
            "# Words\n\n1. Step\n",
            "No epics were found in it, read as checklist: it has no open checkbox or task.",
        ),
        ("a.md", "# W\n\n- [x] Done\n", "Every task of the file is done, so nothing is left to plan."),
        ("a.md", "# W\n\n## Epic: a — A\n\n- [ ] x\n", "The file has headings of epics, so it is a plan already."),
        ("a.json", "[", "This is not JSON: Expecting value: line 1 column 2 (char 1)."),
        ("a.json", '{"x": 1}', "The file has no list `tasks`."),
        ("a.jsonl", "{", "The line is cut off: {"),
        (
            "a.jsonl",
            '{"id": "s-1", "title": "T", "status": "closed"}',
            "No epics were found in it, read as beads: it has no open issue.",
        ),
        ("a.md", "", "The file is empty."),
    ],
)
def test_what_cannot_be_imported_says_why_and_what_to_do(path, text, message):
    with pytest.raises(Malformed) as raised:
        import_plan(path, text.encode(), {})

    assert raised.value.problems[0].message == message
    assert raised.value.problems[0].fix


def test_a_format_can_be_chosen():
    assert [one.name for one in FORMATS][-1] == "checklist"
    assert import_plan("tasks.md", SPEC_KIT.encode(), {}, "checklist").format == "checklist"


WORDS = st.sampled_from(
    ("word", "Scope: all", "**Depends on:** Epic 1", "Status: done", "Runtime: x", "{{FILL}}", "## Review Gate: x", "> q", "`c`",
     "### Task 1: Go", "# Top", "## 2. Two", "## Phase 1: One", "#### Epic 4: E", "```\n- [ ] code\n```", "Design: x.md", "<!-- STRIP -->",
     "| a |\n|---|\n| b |", "Title\n-----")
)  # fmt: skip
BOXES = st.sampled_from(
    (
        "- [ ] do",
        "- [x] done",
        "- [ ]* 1.2 maybe",
        "- [ ] 1. one\n  - [ ] 1.1 inner",
        "- [ ] T001 [P] [US1] it",
        "1. [ ] n",
        "- item",
    )
)
LISTS = st.lists(st.one_of(WORDS, BOXES), min_size=1, max_size=10).map("\n\n".join)


def assert_imported(path: str, text: str) -> None:
    try:
        done = import_plan(path, text.encode(), {})
    except Malformed:
        return

    plan = parse_plan("plan.md", done.text.encode())
    assert [problem.message for problem in plan.problems] == []
    named = " ".join(one.message for one in done.left)
    lost = set(re.findall(r"\w{3,}", text)) - set(re.findall(r"\w{3,}", done.text + named))
    assert "has no open task" in named or not lost, done.text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(("tasks.md", ".kiro/specs/a/tasks.md", "openspec/changes/a/tasks.md")), LISTS)
def test_every_imported_list_passes_the_checks_and_loses_no_word(path, text):
    assert_imported(path, text)


@pytest.mark.slow
@settings(max_examples=4000, deadline=None)
@given(st.sampled_from(("tasks.md", ".kiro/specs/a/tasks.md", "openspec/changes/a/tasks.md")), LISTS)
def test_many_imported_lists_pass_the_checks_and_lose_no_word(path, text):
    assert_imported(path, text)
