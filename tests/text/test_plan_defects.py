"""Everything that can be wrong with a plan is found in one reading, each with its place and what to do (P1 to P5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitorch.text.imports.formats import import_plan
from gitorch.text.plans.plan import parse_plan
from gitorch.text.run_settings import NO_FULL_AUTO

HERE = Path(__file__).parent

GOOD = """# A plan

## Epic: api — The API

Depends on: none

- [ ] Write it

## Review Gate: api

## Epic: web — The page

Depends on: api

- [ ] Draw it

## Review Gate: web
"""


def found(text: str | bytes) -> list[tuple[int, int, str]]:
    data = text.encode() if isinstance(text, str) else text
    return [(problem.line, problem.column, problem.message) for problem in parse_plan("plan.md", data).problems]


def test_all_defects_of_a_plan_are_reported_at_their_lines():
    path = HERE / "broken-plan.md"

    problems = parse_plan(str(path), path.read_bytes()).problems

    assert [(problem.line, problem.column, problem.message) for problem in problems] == [
        (3, 11, f"`autonomy` cannot be `full_auto`: {NO_FULL_AUTO}"),
        (11, 27, "The placeholder `{{PRODUCT}}` was never filled in."),
        (13, 13, "The dependencies form a cycle: api → web → api."),
        (13, 18, "Epic `api` depends on `dbb`, which is not an epic of this plan."),
        (14, 8, "The glob `../outside/**` of epic `api` leaves the repository."),
        (18, 1, "`##Review Gate: api` looks like a review gate but is none."),
        (20, 1, "Epic `web` has no review gate."),
        (26, 1, "The review gate of `cli` is out of order: it stands in the section of `web`."),
        (28, 1, "Epic `cli` has no tasks."),
        (30, 13, "Epic `cli` depends on itself."),
        (38, 1, "The epic id `api` is used twice; first on line 11."),
        (44, 1, "Epic `api` has a second review gate; the first is on line 42."),
        (46, 1, "Epic `Docs_V2` has only tasks that are done: nothing is left to do."),
        (46, 10, "The epic id `Docs_V2` may contain only a-z, 0-9 and -, and begins with a letter or digit."),
        (50, 1, "`<!-- STRIP` marks text of the prompt's template that must be removed."),
        (56, 1, "Epic `late` has no tasks."),
        (60, 1, "A task of `late` stands after its gate on line 58, where no agent will see it."),
        (62, 17, "The review gate `ghost` names no epic."),
    ]
    assert all(problem.fix for problem in problems)
    assert {problem.path for problem in problems} == {str(path)}


def test_the_good_plan_has_no_problems():
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("- [ ] Draw it\n", "Draw it\n", [(11, 1, "Epic `web` has no tasks.")]),
        (
            "- [ ] Draw it",
            "- [x] Draw it",
            [(11, 1, "Epic `web` has only tasks that are done: nothing is left to do.")],
        ),
        ("— The page", "— The page [closed]", [(11, 1, "Epic `web` is marked as closed: nothing is left to do.")]),
        (
            "Depends on: api",
            "Depends on: api\nStatus: **Done**",
            [(11, 1, "Epic `web` is marked as closed: nothing is left to do.")],
        ),
        ("- [ ] Draw it", "- [ ]", [(15, 1, "A task of epic `web` has no text.")]),
        ("## Review Gate: web\n", "", [(11, 1, "Epic `web` has no review gate.")]),
        (
            "## Review Gate: web",
            "## Review Gate: wep",
            [(17, 17, "The review gate `wep` names no epic. Did you mean `web`?")],
        ),
        (
            "## Review Gate: web",
            "## Review Gate: web\n\n## Review Gate: web",
            [(19, 1, "Epic `web` has a second review gate; the first is on line 17.")],
        ),
        (
            "## Review Gate: web",
            "## Review Gate: web\n\n- [ ] More",
            [(19, 1, "A task of `web` stands after its gate on line 17, where no agent will see it.")],
        ),
        (
            "## Review Gate: web",
            "## Review Gate web",
            [(17, 1, "`## Review Gate web` looks like a review gate but is none.")],
        ),
        (
            "## Review Gate: web",
            "## Review gate: web",
            [(17, 1, "`## Review gate: web` looks like a review gate but is none.")],
        ),
        (
            "## Review Gate: web",
            "### Review Gate: web",
            [(17, 1, "`### Review Gate: web` looks like a review gate but is none.")],
        ),
        (
            "## Review Gate: web",
            "**Review Gate: web**",
            [(17, 1, "`**Review Gate: web**` looks like a review gate but is none.")],
        ),
        ("## Review Gate: web", "    ## Review Gate: web", [(11, 1, "Epic `web` has no review gate.")]),
        ("## Review Gate: web", "> ## Review Gate: web", [(11, 1, "Epic `web` has no review gate.")]),
        ("## Review Gate: web", "- ## Review Gate: web", [(11, 1, "Epic `web` has no review gate.")]),
        ("## Review Gate: web", "<!--\n## Review Gate: web\n-->", [(11, 1, "Epic `web` has no review gate.")]),
        ("## Review Gate: web", "~~~\n## Review Gate: web\n~~~", [(11, 1, "Epic `web` has no review gate.")]),
        (
            "Depends on: api",
            "Depends on: ap",
            [(13, 13, "Epic `web` depends on `ap`, which is not an epic of this plan. Did you mean `api`?")],
        ),
        ("Depends on: api", "Depends on: web", [(13, 13, "Epic `web` depends on itself.")]),
        ("Depends on: api", "Depends on:", [(13, 1, "The dependencies of epic `web` are empty.")]),
        ("Depends on: none", "Depends on: web", [(5, 13, "The dependencies form a cycle: api → web → api.")]),
        (
            "Depends on: api\n\n- [ ] Draw it",
            "### Task: Draw it\n\nDepends on: api",
            [(15, 1, "`api` is an epic, but this line belongs to a task, so epic `web` would not wait for it.")],
        ),
        ("- [ ] Draw it", "- [ ] Draw {{it}}", [(15, 12, "The placeholder `{{it}}` was never filled in.")]),
        (
            "- [ ] Draw it",
            "- [ ] Draw it\n\n```sh\ncd {{WORKTREE_PATH}}\n```",
            [(18, 4, "The placeholder `{{WORKTREE_PATH}}` was never filled in.")],
        ),
        (
            "- [ ] Draw it",
            "- [ ] Draw it <!-- STRIP -->",
            [(15, 15, "`<!-- STRIP` marks text of the prompt's template that must be removed.")],
        ),
        (
            "Depends on: api",
            "Depends on: api\nScope: src/**, /etc/passwd",
            [(14, 16, "The glob `/etc/passwd` of epic `web` must be relative to the repository's root.")],
        ),
        (
            "Depends on: api",
            "Depends on: api\nNot: `docs/[a`",
            [(14, 7, "The glob `docs/[a` of epic `web` has a [ or ] without its counterpart.")],
        ),
        (
            "## Epic: web — The page\n\nDepends on: api\n\n- [ ] Draw it\n\n## Review Gate: web",
            "## Epic: merge — The page\n\nDepends on: api\n\n- [ ] Draw it\n\n## Review Gate: merge",
            [(11, 10, "The epic id `merge` is a reserved word.")],
        ),
        (
            "## Epic: web — The page\n\nDepends on: api\n\n- [ ] Draw it\n\n## Review Gate: web",
            "## Epic: s3 — The page\n\nDepends on: api\n\n- [ ] Draw it\n\n## Review Gate: s3",
            [
                (
                    11,
                    10,
                    "The epic id `s3` looks like the id of a question, session, prompt or message (q1, s1, p1, m1).",
                )
            ],
        ),
        (
            "## Epic: web — The page",
            "## Epic:",
            [(11, 1, "The epic has no name."), (17, 17, "The review gate `web` names no epic.")],
        ),
        (
            "# A plan",
            "---\nautonomy: sometimes\n---",
            [(2, 11, "`autonomy` must be one of per_epic, end_only, not `sometimes`.")],
        ),
        (
            "# A plan",
            "---\nmax_agents: none\n---",
            [(2, 13, "`max_agents` must be a whole number from 1 to 10000000.")],
        ),
        ("# A plan", "---\ntitle: a\ntitle: b\n---", [(3, 1, "The key `title` is used twice; first on line 2.")]),
        (
            "# A plan",
            "---\n[\n---",
            [(2, 2, "This is not YAML: expected the node content, but found '<stream end>'.")],
        ),
        (
            "# A plan",
            f"---\ntitle: {'x' * 100_000}\n---",
            [(1, 1, "The front matter is longer than 100,000 characters.")],
        ),
        ("# A plan", "---\nprompt: prompt.md\n---", [(2, 1, "The implementation prompt `prompt.md` was not found.")]),
    ],
)
def test_one_defect_is_reported_once_at_its_place(old, new, expected):
    assert old in GOOD

    problems = found(GOOD.replace(old, new, 1))

    assert problems == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (1, 1, "The file is empty.")),
        (b"\xef\xbb\xbf \r\n\r\n", (1, 1, "The file is empty.")),
        (b"# T\r\n\r\nna\xefve", (3, 3, "The file is not UTF-8: byte 0xef is invalid here.")),
        ("# T\n".encode("utf-16"), (1, 1, "The file is not UTF-8: byte 0xff is invalid here.")),
        (b"# T\n\0", (2, 1, "The file contains a NUL byte, so it is not text.")),
        (b"# T\n" + b"x" * 2_000_000, (1, 1, "The file has 2,000,004 bytes; at most 2,000,000 are allowed.")),
        (b"# T\n\nJust text.\n", (1, 1, "The plan has no epics.")),
    ],
)
def test_a_file_that_is_not_a_plan_has_exactly_one_problem(data, expected):
    assert found(data) == [expected]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("# T\n\n## Phase 1\n\n- [ ] One\n", True),
        ("# T\n\n1. [ ] One\n", True),
        ("# T\n\n- [x] One\n", False),
        ("# T\n\n- One [ ] two\n", False),
    ],
)
def test_a_task_list_in_another_form_is_offered_to_be_imported_by_a_command_that_works(text, offered):
    fixes = [problem.fix for problem in parse_plan("my list.md", text.encode()).problems]

    assert ["gitorch plan import 'my list.md'" in fix for fix in fixes] == [offered]
    if offered:
        assert import_plan("my list.md", text.encode(), {}).epics == 1


def test_a_dependency_that_a_task_repeats_is_no_defect():
    assert found(GOOD.replace("- [ ] Draw it", "### Task: Draw it\n\nDepends on: api")) == []
