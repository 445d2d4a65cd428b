"""Each field of a plan is read as a person sees it, or named at its line, wherever it stands (F1)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.text.markdown import read_markdown
from gitorch.text.plans.line_syntax import stands_apart
from gitorch.text.plans.plan import parse_plan

OTHERS = tuple(f"e{number}" for number in range(1, 9))
HEAD = "# P\n\n" + "".join(
    f"## Epic: {name}\n\n- [ ] Do it\n\n## Review Gate: {name}\n\n"
    for name in (*OTHERS, "twin — Search & Replace, fast")
)
RANGES = re.compile(r"Lines? (?P<ranges>\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*):")

KEYS = {"Scope": "{}/", "Not": "{}/", "Depends on": "{}", "Hosts": "{}", "Blocked by": "{}", "**Scope:**": "{}/"}
ABOVE = (
    "- [ ] box",
    "- [x] box",
    "1. [ ] box",
    "- [ ] box\n  - [ ] step",
    "- note",
    "- note\n  - inner",
    "- Task 1: go",
    "Tasks:\n- go",
    "text",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "### Task 2: on",
    "### Notes",
    "Scope:\n- v/",
    "Depends on:\n- e8",
    "Not: w/",
)
INDENTS = ("", "", "", "  ", "   ", "    ", "      ", "\t", "- ", "  - ", "### ")


def field(key: str, indent: str, number: int) -> str:
    """A field with a value of its own, `e7` for the seventh."""
    name = key if key.endswith("**") else f"{key}:"
    return f"{indent}{name} {KEYS[key].format(OTHERS[number])}"


def last_epic(body: str) -> tuple[str, int]:
    """A plan whose last epic has this body, and the number of the body's first line."""
    return f"{HEAD}## Epic: last\n\n{body}\n\n## Review Gate: last\n", HEAD.count("\n") + 3


@st.composite
def bodies(draw):
    """Parts of an epic, some of them fields, with or without blank lines between them, or more values on the line below."""
    lines: list[str] = []
    for number in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(ABOVE)))
        key, indent = draw(st.sampled_from([*KEYS])), draw(st.sampled_from(INDENTS))
        lines.append(field(key, indent, number))
        if not indent and number < 3 and draw(st.booleans()):
            lines.append(KEYS[key].format(OTHERS[number + 4]))
        if draw(st.integers(0, 3)) == 0:
            lines.append("")

    return "\n".join(lines)


def named_lines(plan) -> set[int]:
    """The lines that defects and remarks name."""
    named = set()
    for one in (*plan.problems, *plan.remarks):
        named.add(one.line)
        found = RANGES.match(one.message)
        for part in found["ranges"].split(", ") if found else ():
            first, _, last = part.partition("-")
            named.update(range(int(first), int(last or first) + 1))

    return named


def silent_fields(body: str) -> list[str]:
    """The fields of a body that neither count for the epic nor are named."""
    text, first = last_epic(body)
    plan = parse_plan("plan.md", text.encode())
    code = read_markdown(text, stands_apart).code_lines
    epic = next(epic for epic in plan.epics if epic.id == "last")
    counted = {*epic.needs, *epic.host_labels, *(glob[:-3] for glob in (*epic.scope_allowed, *epic.scope_forbidden))}
    named = named_lines(plan)

    silent = []
    for number, line in enumerate(body.split("\n"), first):
        value = line.rpartition(" ")[2].strip("/")
        if value in OTHERS[:-1] and value not in counted and number not in named | code:
            silent.append(line)

    return silent


def misread_fields(body: str) -> list[str]:
    """The fields at the margin, above every task's heading, that do not count for the epic."""
    text, _ = last_epic(body)
    epic = next(epic for epic in parse_plan("plan.md", text.encode()).epics if epic.id == "last")
    counted = {*epic.needs, *epic.host_labels, *(glob[:-3] for glob in (*epic.scope_allowed, *epic.scope_forbidden))}

    margin = [line for line in body.partition("### Task")[0].split("\n") if line[:1].isalpha() or line.startswith("**")]
    return [line for line in margin if (value := line.rpartition(" ")[2].strip("/")) in OTHERS and value not in counted]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(bodies())
def test_each_field_of_an_epic_counts_or_is_named_at_its_line(body):
    assert silent_fields(body) == []


@settings(max_examples=120, deadline=None, derandomize=True)
@given(bodies())
def test_each_field_at_the_margin_counts_for_its_epic(body):
    assert misread_fields(body) == []


@pytest.mark.slow
@settings(max_examples=10000, deadline=None)
@given(bodies())
def test_each_field_of_many_epics_counts_or_is_named_at_its_line(body):
    assert silent_fields(body) == []
    assert misread_fields(body) == []


@pytest.mark.parametrize(
    ("body", "titles", "allowed"),
    [
        ("- [ ] one\nScope: s/\n- [ ] two", ["one", "two"], ("s/**",)),
        ("1. [ ] one\nScope: s/\n2. [ ] two", ["one", "two"], ("s/**",)),
        ("Tasks:\n- one\nScope: s/\n- two", ["one", "two"], ("s/**",)),
        ("- [ ] one\nTasks:\n- two", ["one", "two"], ()),
        ("- Tasks:\n  - one\n  - two", ["one", "two"], ()),
        ("- [ ] one\n  Scope: s/", ["one"], ()),
        ("- [ ] one\n  and more\nScope:\n- s/\n  Not: t/\n- u/", ["one and more"], ("s/**", "u/**")),
        ("Scope: s/\n---\n\n- [ ] one", ["one"], ("s/**",)),
        ("> quoted\nScope: s/\n\n- [ ] one", ["one"], ("s/**",)),
    ],
)
def test_a_field_is_no_part_of_the_task_or_list_above_it(body, titles, allowed):
    plan = parse_plan("plan.md", last_epic(body)[0].encode())
    assert ([task.title for task in plan.epics[-1].tasks], plan.epics[-1].scope_allowed) == (titles, allowed)


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (
            "- [ ] one\n  Scope: s/",
            1,
            "`Scope: s/` belongs to the task above it, so it has no effect; the agent reads it as text.",
        ),
        (
            "Not: t/\n  Scope: s/\n\n- [ ] one",
            1,
            "`Scope: s/` is indented below the value of another field; it counts for the whole epic.",
        ),
        (
            "### Depends on: e1\n\n- [ ] one",
            0,
            "`Depends on: e1` is a heading, so it has no effect; the agent reads it as text.",
        ),
        (
            "Design: d.md\n\n- [ ] one",
            0,
            "`Design: d.md` stands in an epic, so it is not the design document of the plan; the agent reads it as text.",
        ),
    ],
)
def test_a_field_without_the_effect_that_it_may_seem_to_have_is_a_remark(body, line, message):
    text, first = last_epic(body)
    plan = parse_plan("plan.md", text.encode())

    assert [(one.line, one.message) for one in plan.remarks] == [(first + line, message)]
    assert plan.problems == ()


@pytest.mark.parametrize(
    ("body", "needs", "allowed", "hosts", "named"),
    [
        ("Scope: src/a.py\nsrc/b.py", (), ("src/a.py", "src/b.py"), (), []),
        (
            "Scope: src/a.py\n`docs/my file.md` (new)\nand tests/\nREADME",
            (),
            ("src/a.py", "docs/my file.md", "tests/**", "README"),
            (),
            [],
        ),
        ("Scope: src/a.py\nIt writes src/b.py, too.", (), ("src/a.py",), (), []),
        ("Scope: src/a.py\n\nsrc/b.py", (), ("src/a.py",), (), []),
        ("Depends on: e1\ne2\nSearch & Replace, fast", ("e1", "e2", "twin"), (), (), []),
        (
            "Depends on: e1\nsome library",
            ("e1",),
            (),
            (),
            [(1, "`some library` is no epic of this plan, so `last` waits for nothing of that name.")],
        ),
        ("Hosts: gpu\nlinux", (), (), ("gpu", "linux"), []),
        ("Runtime: codex\nclaude", (), (), (), [(1, "`Runtime: claude` has no effect: line 0 chose the runtime.")]),
    ],
)
def test_a_line_of_more_values_below_a_field_counts_or_is_named(body, needs, allowed, hosts, named):
    text, first = last_epic(f"{body}\n\n- [ ] x")
    plan = parse_plan("plan.md", text.encode())
    epic = plan.epics[-1]

    assert (plan.problems, epic.needs, epic.scope_allowed, epic.host_labels) == ((), needs, allowed, hosts)
    assert [(one.line - first, one.message.replace(f"line {first} ", "line 0 ")) for one in plan.remarks] == named


def test_an_epic_among_the_words_of_a_dependency_inside_a_task_is_a_remark():
    text, first = last_epic("- [ ] one\n  - Depends on: e1\nthe rest of last, twins")

    plan = parse_plan("plan.md", text.encode())
    assert plan.problems == ()
    assert [(one.line, one.message) for one in plan.remarks] == [
        (
            first + 1,
            "`e1 the rest of last` names epic `e1`, but this line belongs to a task, so `last` does not wait for it.",
        )
    ]


def test_a_dependency_inside_a_task_is_a_defect():
    text, first = last_epic("- [ ] one\n  Depends on: e1, twin")

    assert [(one.line, one.message) for one in parse_plan("plan.md", text.encode()).problems] == [
        (first + 1, f"`{name}` is an epic, but this line belongs to a task, so epic `last` would not wait for it.")
        for name in ("e1", "twin")
    ]


@pytest.mark.parametrize("comment", ["", " (why, and more)", "."])
@pytest.mark.parametrize(
    ("value", "needs"),
    [
        ("Search & Replace, fast", ("twin",)),
        ("e1, Search & Replace, fast and e2", ("e1", "twin", "e2")),
        ("Epic search & replace, FAST + e2", ("twin", "e2")),
    ],
)
def test_a_title_with_a_separator_in_it_is_one_name(value, needs, comment):
    for body in (f"Depends on: {value}{comment}", f"Depends on:\n- {value}{comment}"):
        plan = parse_plan("plan.md", last_epic(f"{body}\n\n- [ ] x")[0].encode())
        assert (plan.problems, plan.remarks, plan.epics[-1].needs) == ((), (), needs)


def test_a_title_whose_parts_are_epics_too_is_named():
    body = "Depends on: e1 & e2\n\n- [ ] x\n\n## Review Gate: last\n\n## Epic: both — e1 & e2\n\n- [ ] y\n\n## Review Gate: both\n"
    plan = parse_plan("plan.md", f"{HEAD}## Epic: last\n\n{body}".encode())

    assert plan.epics[-2].needs == ("both",)
    assert [one.message for one in plan.remarks] == [
        "`e1 & e2` is read as the title of one epic, though `e1` and `e2` are epics, too."
    ]


def test_a_list_and_a_table_of_epics_name_titles_with_separators():
    listed = (
        "---\nepics:\n- {id: a, title: 'A, B & C', tasks: [x]}\n- {id: d, tasks: [x], depends_on: ['A, B & C']}\n---\n"
    )
    table = "| Id | Title | Depends on |\n|---|---|---|\n| a | A, B & C | |\n| d | D | A, B & C |\n\n"
    bodies = "".join(f"## {name}\n\n- [ ] x\n\n## Review Gate: {name}\n\n" for name in "ad")

    for text in (listed, table):
        plan = parse_plan("plan.md", (text + bodies).encode())
        assert (plan.problems, [epic.needs for epic in plan.epics]) == ((), [(), ("a",)])
