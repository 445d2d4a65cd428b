"""Plans as different people write them."""

import pytest
from growth import growth

from gitorch.text.plans.plan import parse_plan


def section(name, heading="## Epic: {} — Title", body="- [ ] x"):
    return f"{heading.format(name)}\n\n{body}\n\n## Review Gate: {name}\n\n"


@pytest.mark.parametrize(
    "line", ["Blocked by: api", "**Depends:** api", "Dependencies: api, PyYAML 6", "Depends-on: [api](#api)"]
)
def test_every_form_of_a_dependency_is_recognised(line):
    plan = parse_plan("p.md", (section("api") + section("ui", body=f"{line}\n\n- [ ] x")).encode())

    assert [p.message for p in plan.problems] == []
    assert plan.epics[1].needs == ("api",)


def test_libraries_may_be_dependencies_of_an_epic():
    plan = parse_plan("p.md", section("api", body="Dependencies: PyYAML 6, click\n\n- [ ] x").encode())

    assert (plan.problems, plan.epics[0].needs) == ((), ())


@pytest.mark.parametrize(
    "heading", ["## 1. Epic: {} — Title", "### 2.1 Epic {}: Title", "## {}: Title", "## {} — Title", "## {}"]
)
def test_epics_are_found_in_numbered_headings_and_without_the_word_epic(heading):
    plan = parse_plan("p.md", ("# Plan\n\n" + section("api", heading) + section("web-ui", heading)).encode())

    assert [p.message for p in plan.problems] == []
    assert [(e.id, len(e.tasks)) for e in plan.epics] == [("api", 1), ("web-ui", 1)]


def test_items_that_begin_with_task_are_tasks():
    plan = parse_plan("p.md", section("api", body="- **Task 1: First**\n- Task 2: Second\n- A note").encode())

    assert [t.title for t in plan.epics[0].tasks] == ["First", "Second"]


@pytest.mark.parametrize("size", [200_000, pytest.param(1_980_000, marks=pytest.mark.slow)])
def test_reading_time_grows_linearly_up_to_two_megabytes(size):
    body = "Some running text with `code` and **bold** words.\n\n" * 40 + "- [ ] do it\n" * 20 + "```\nx = {}\n```\n"
    one = section("e{}", body=f"- [ ] x\n\n{body * 8}")

    def read(number):
        text = "".join(one.replace("e{}", f"e{n}x") for n in range(number))
        assert parse_plan("p.md", text.encode()).problems == ()

    most = size // len(one)
    assert growth(read, most // 10, most) < 30


def test_comments_with_placeholders_are_read_in_linear_time():
    def read(number):
        text = section("a", body="- [ ] x\n\n" + "<!-- {{x}} --> {{y}}\n" * number)
        problems = parse_plan("p.md", text.encode()).problems
        assert len(problems) == number
        assert {problem.column for problem in problems} == {16}

    assert growth(read, 400, 4000) < 30


NUMBERED = "".join(
    f"## Epic: {name} — {title}\n\n- [ ] Do it\n\n## Review Gate: {name}\n\n"
    for name, title in (("1", "First"), ("2", "Second"), ("aa", "Third"))
)


def last_epic(field):
    """The last epic of a plan of four, with this field."""
    text = f"# P\n\n{NUMBERED}## Epic: last\n\n{field}\n\n- [ ] Do it\n\n## Review Gate: last\n"
    plan = parse_plan("plan.md", text.encode())
    assert [problem.message for problem in plan.problems] == []
    return plan.epics[-1]


@pytest.mark.parametrize("comment", ["", " (x)", " (why, and more)", " (as Epic 2)"])
@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("aa", ("aa",)),
        ("Third", ("aa",)),
        ("Epic 1", ("1",)),
        ("#1", ("1",)),
        ("Epics 1-2", ("1", "2")),
        ("1–2", ("1", "2")),
        ("the previous epic", ("aa",)),
        ("all previous epics", ("1", "2", "aa")),
        ("all", ("1", "2", "aa")),
        ("none", ()),
        ("First", ("1",)),
    ],
)
def test_a_comment_in_brackets_may_follow_every_form_of_a_name(name, needs, comment):
    assert last_epic(f"Depends on: {name}{comment}").needs == needs


@pytest.mark.parametrize(
    ("fields", "needs", "allowed", "forbidden", "runtime"),
    [
        ("Scope:\n- a/\nNot: b/", (), ["a/**"], ["b/**"], ""),
        (
            "Scope:\n- a/\nNot:\n- b/\n- c/\nDepends on:\n- First (x)\n- aa\nRuntime: codex",
            ("1", "aa"),
            ["a/**"],
            ["b/**", "c/**"],
            "codex",
        ),
        ("Depends on:\n- First\nScope: a/\nNot: b/", ("1",), ["a/**"], ["b/**"], ""),
        ("Depends on:\n- First\n- aa\n**Scope:** a/,\nb/", ("1", "aa"), ["a/**", "b/**"], [], ""),
        ("Not:\n- b/\nScope:\n\n- a/", (), ["a/**"], ["b/**"], ""),
        ("- Scope:\n  - a/\n  Not: b/\n- Runtime: codex", (), ["a/**"], ["b/**"], "codex"),
    ],
)
def test_a_field_may_follow_the_list_of_another_without_a_blank_line(fields, needs, allowed, forbidden, runtime):
    epic = last_epic(fields)
    assert (epic.needs, [*epic.scope_allowed], [*epic.scope_forbidden], epic.runtime) == (
        needs,
        allowed,
        forbidden,
        runtime,
    )


def test_many_fields_with_lists_are_read_without_recursion():
    fields = "Scope:\n" + "- a/\nScope:\n" * 3_000 + "- a/"
    assert set(last_epic(fields).scope_allowed) == {"a/**"}


@pytest.mark.parametrize("before", ["2", "2.", "2)", "2.1", "2.1.", "10.2.3:"])
@pytest.mark.parametrize("heading", ["Epic: Size", "Epic: size — Size", "EPIC size: Size", "epic #7 Size"])
def test_the_number_before_the_word_epic_names_the_epic_in_dependencies_and_gates(before, heading):
    number = before.rstrip(".):")
    text = (
        f"# T\n\n## {before} {heading}\n\n- [ ] a\n\n## Review Gate: {number}\n\n"
        f"## 1 Epic: Last\n\nDepends on: Epic {number}\n\n- [ ] b\n\n## Review Gate: Last\n"
    )
    size, last = parse_plan("p.md", text.encode()).epics
    assert last.needs == (size.id,)
