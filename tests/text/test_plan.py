"""Plans as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.model.plans.plan import Task
from gitorch.text.plans.plan import named_prompt, parse_plan
from gitorch.text.slug import epic_id_fault, slug

EXAMPLES = Path(__file__).parents[2] / "examples"


def plan_of(*sections: str, head: str = "# A plan"):
    return parse_plan("plan.md", "\n\n".join((head, *sections)).encode())


def ids(plan) -> list[str]:
    return [epic.id for epic in plan.epics]


def test_the_example_is_two_independent_pairs():
    path = EXAMPLES / "plan.md"

    plan = parse_plan(str(path), path.read_bytes())

    assert plan.problems == ()
    assert {epic.id: epic.needs for epic in plan.epics} == {
        "words": (),
        "index": ("words",),
        "steps": (),
        "questions": ("steps",),
    }


def test_a_section_is_the_text_between_heading_and_gate():
    plan = plan_of("Epic: api — The API\n-----\n\nWhy.\n\n- [ ] Do\n\n## Review Gate: api\n\n1. Commit\n2. Stop")

    assert plan.problems == ()
    assert plan.epics[0].section == "Why.\n\n- [ ] Do\n"
    assert plan.epics[0].line == 3


@pytest.mark.parametrize(
    ("heading", "name", "title"),
    [
        ("## Epic: api — The API", "api", "The API"),
        ("## Epic: api – The API", "api", "The API"),
        ("## Epic: api - The API", "api", "The API"),
        ("## Epic api: The API", "api", "The API"),
        ("## Epic 1: The API", "1", "The API"),
        ("## Epic 1 — The API", "1", "The API"),
        ("## Epic: The API", "the-api", "The API"),
        ("### EPIC: `api` — **The** API", "api", "The API"),
        ("## 🚀 Epic: api — Start 🚀", "api", "Start 🚀"),
        ("## Epic: Überprüfung & Größe", "uberprufung-grosse", "Überprüfung & Größe"),
        ("## Epic: 登录页面", "epic-1", "登录页面"),
        ("## Epic: 🚀", "epic-1", "🚀"),
        ("## Epic: api: the first cut", "api-the-first-cut", "api: the first cut"),
        ("## Epic: api — A, with `x -- y`", "api", "A, with x -- y"),
    ],
)
def test_headings_of_epics(heading, name, title):
    plan = plan_of(f"{heading}\n\n- [ ] Do\n\n## Review Gate: {name}")

    assert plan.problems == ()
    assert [(epic.id, epic.title) for epic in plan.epics] == [(name, title)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- [ ] One\n- [x] Two\n* [X] Three", [("One", False), ("Two", True), ("Three", True)]),
        ("1. [ ] One\n2. [ ] Two", [("One", False), ("Two", False)]),
        ("- [ ] One\n  - [ ] a step\n    - [ ] deeper\n- [ ] Two", [("One", False), ("Two", False)]),
        ("- Back end\n  - [ ] One\n- Front end\n  - [ ] Two", [("One", False), ("Two", False)]),
        ("- [ ] One `a*b` and\n  more of **it**", [("One a*b and more of it", False)]),
        ("### Task 1: One\n\n- [ ] step\n\n### Task 2: Two\n\nText.", [("One", False), ("Two", False)]),
        (
            "### Task: One\n\n- [x] step\n- [x] step\n\n### Task: Two\n\n- [x] a\n- [ ] b",
            [("One", True), ("Two", False)],
        ),
        ("## Task: bd-12 — One", [("bd-12 — One", False)]),
        ("### Task 3 — One [done]\n\n### Task 4: Two", [("One", True), ("Two", False)]),
        ("Tasks:\n\n1. One\n   1. a step\n2. Two\n\n1) not one\n", [("One", False), ("Two", False)]),
        ("**Tasks:**\n1. One\n2. Two", [("One", False), ("Two", False)]),
        ("### Tasks\n\n- One\n- Two", [("One", False), ("Two", False)]),
        ("Steps:\n\n1. no task\n\n- [ ] One\n\n> - [ ] quoted\n\n```\n- [ ] code\n```", [("One", False)]),
    ],
)
def test_tasks(text, expected):
    plan = plan_of(f"## Epic: a — A\n\n{text}\n\n## Review Gate: a", "## Epic: b — B\n\n- [ ] x\n\n## Review Gate: b")

    assert [(task.title, task.done) for task in plan.epics[0].tasks] == expected
    assert all(problem.line == 3 for problem in plan.problems)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Depends on: a, b", ("a", "b")),
        ("Depends on: a and b.", ("a", "b")),
        ("depends on: `a`; Epic b", ("a", "b")),
        ("- **Depends on:** a", ("a",)),
        ("**Depends on**: [a](#a)", ("a",)),
        ("Depends on: none", ()),
        ("Depends on: —", ()),
        ("Depends on:\n- a\n- b", ("a", "b")),
        ("- Depends on:\n  - b", ("b",)),
        ("Depends on: The second", ("b",)),
        ("Depends on: a\nDepends on: b", ("a", "b")),
        ("Some words first.\nDepends on: a", ("a",)),
        ("It depends on: the weather", ()),
        ("```\nDepends on: a\n```", ()),
    ],
)
def test_dependencies(line, expected):
    plan = plan_of(
        "## Epic: a — A\n\n- [ ] x\n\n## Review Gate: a",
        "## Epic: b — The second\n\n- [ ] x\n\n## Review Gate: b",
        f"## Epic: c — C\n\n{line}\n\n- [ ] x\n\n## Review Gate: c",
    )

    assert plan.problems == ()
    assert plan.epics[2].needs == expected


def test_scopes_keep_their_asterisks():
    plan = plan_of(
        "## Epic: a — A\n\nScope: src/**, tests/**/*.py\n- **Not:** `docs/**` *.md\n\n- [ ] x\n\n## Review Gate: a"
    )

    assert plan.problems == ()
    assert plan.epics[0].scope_allowed == ("src/**", "tests/**/*.py")
    assert plan.epics[0].scope_forbidden == ("docs/**", "*.md")


@pytest.mark.parametrize(
    ("head", "title", "design"),
    [
        ("# The title", "The title", ""),
        ("The title\n=========\n\nDesign: [the page](docs/a_b.md)", "The title", "docs/a_b.md"),
        ("---\ntitle: Other\ndesign: docs/x.md\n---\n# The title", "Other", "docs/x.md"),
        ("Text only.\n\n**Design:** `docs/x_y_z.md`", "plan", "docs/x_y_z.md"),
        ("***\n\n# After a rule", "After a rule", ""),
    ],
)
def test_title_and_design(head, title, design):
    plan = plan_of("## Epic: a — A\n\n- [ ] x\n\n## Review Gate: a", head=head)

    assert plan.problems == ()
    assert (plan.title, plan.design) == (title, design)


def test_line_ends_and_byte_order_mark_change_nothing():
    text = (EXAMPLES / "plan.md").read_text(encoding="utf-8")
    plain = parse_plan("plan.md", text.encode())

    for other in (
        "\ufeff" + text,
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
        "\ufeff" + text.replace("\n", "\r\n"),
    ):
        plan = parse_plan("plan.md", other.encode())
        assert (plan.epics, plan.title, plan.settings, plan.problems) == (plain.epics, plain.title, plain.settings, ())


def test_front_matter_sets_the_run():
    plan = plan_of(
        "## Epic: a — A\n\n- [ ] x\n\n## Review Gate: a",
        head="---\nautonomy: per_epic\nmax_agents: 2\nmerge_target: next\nreview_mode: parallel\n---",
    )

    assert plan.problems == ()
    assert dict(plan.settings) == {
        "autonomy": "per_epic",
        "review_mode": "parallel",
        "max_agents": "2",
        "merge_target": "next",
    }


def test_epics_listed_in_front_matter_have_their_sections_by_heading():
    head = """---
epics:
  - id: api
    title: The API
    scope: [src/**]
  - id: web
    title: The page
    depends_on: [api]
    tasks: [Draw it]
---"""

    plan = plan_of(
        "## api\n\n- [ ] Do\n\n## Review Gate: api", "## The page\n\nText.\n\n## Review Gate: web", head=head
    )

    assert plan.problems == ()
    assert [(epic.id, epic.needs, epic.line) for epic in plan.epics] == [("api", (), 12), ("web", ("api",), 18)]
    assert plan.epics[0].scope_allowed == ("src/**",)
    assert plan.epics[1].tasks == (Task("Draw it", 9),)
    assert plan.epics[1].section == "Text.\n"


def test_epics_of_a_table_have_their_sections_by_heading():
    table = (
        "| Id | Title | Depends on |\n|----|-------|------------|\n| api | The API | none |\n| web | The page | api |"
    )

    plan = plan_of(
        table, "## api — The API\n\n- [ ] Do\n\n## Review Gate: api", "## web\n\n- [ ] Draw\n\n## Review Gate: web"
    )

    assert plan.problems == ()
    assert [(epic.id, epic.title, epic.needs) for epic in plan.epics] == [
        ("api", "The API", ()),
        ("web", "The page", ("api",)),
    ]


def test_a_list_and_its_sections_must_agree():
    table = "| Epic | Depends on |\n|--|--|\n| api | |\n| wbe | api |"

    plan = plan_of(
        table, "## Epic: api\n\n- [ ] Do\n\n## Review Gate: api", "## Epic: web\n\n- [ ] Draw\n\n## Review Gate: web"
    )

    assert [(problem.line, problem.message) for problem in plan.problems] == [
        (6, "Epic `wbe` has no tasks."),
        (6, "Epic `wbe` has no section in plan.md."),
        (14, "This section is for `web`, which is not among the plan's epics. Did you mean `wbe`?"),
    ]


PROMPTED = b"""---
prompt: prompt.md
---

# A plan

## Epic: api - The API

- [ ] Do

## Epic: web - The page

Depends on: api

- [ ] Draw
"""


def test_sections_and_gates_may_stand_in_a_prompt():
    prompt = b"# Prompt\n\n## api\n\nBuild it.\n\n## Review Gate: api\n\n## Epic: The page\n\nDraw it.\n\n## Review Gate: web\n"

    plan = parse_plan("plan.md", PROMPTED, ("prompt.md", prompt))

    assert plan.problems == ()
    assert [(epic.id, epic.section, epic.line) for epic in plan.epics] == [
        ("api", "Build it.\n", 7),
        ("web", "Draw it.\n", 11),
    ]
    assert plan.prompt == "prompt.md"


def test_problems_point_to_the_file_that_has_them():
    prompt = b"# Prompt for {{AGENT_NAME}}\n\n## Epic: api\n\nBuild it.\n\n## Review Gate: web\n\n## Epic: cli\n\n## Review Gate: cli\n"

    plan = parse_plan("plan.md", PROMPTED.replace(b"on: api", b"on: apy"), ("prompt.md", prompt))

    assert [(problem.where, problem.message) for problem in plan.problems] == [
        ("plan.md:13:13", "Epic `web` depends on `apy`, which is not an epic of this plan. Did you mean `api`?"),
        ("prompt.md:1:1", "Epic `web` has no section in prompt.md."),
        ("prompt.md:1:14", "The placeholder `{{AGENT_NAME}}` was never filled in."),
        ("prompt.md:3:1", "Epic `api` has no review gate."),
        ("prompt.md:7:1", "The review gate of `web` is out of order: it stands in the section of `api`."),
        ("prompt.md:9:1", "This section is for `cli`, which is not among the plan's epics."),
    ]


def test_braces_in_code_are_not_placeholders():
    text = "```yaml\nos: ${{ matrix.os }}\n```\n\nGreet with `{{ user.name }}`."

    assert plan_of(f"## Epic: a — A\n\n{text}\n\n- [ ] x\n\n## Review Gate: a").problems == ()


def test_a_plan_of_two_megabytes_is_read_whole():
    words = "Some words about the thing, with `code` and **bold**, as long as a line usually is in such a file.\n" * 25
    sections = [
        f"## Epic: e{number} — Title {number}\n\nDepends on: {f'e{number - 1}' if number else 'none'}\n\n{words}\n"
        f"- [ ] one\n- [x] two\n\n## Review Gate: e{number}\n\n1. Commit\n"
        for number in range(740)
    ]
    data = "\n".join(sections).encode()

    plan = parse_plan("plan.md", data)

    assert 1_900_000 < len(data) <= 2_000_000
    assert len(plan.epics) == 740
    assert plan.problems == ()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.none() | st.binary(max_size=200))
def test_no_bytes_make_it_raise(data, prompt):
    plan = parse_plan("plan.md", data, ("prompt.md", prompt) if prompt is not None else None)
    assert plan.path == "plan.md"


PIECES = [
    "---\n", "## Epic: ", "a", " — ", "\n", "\n\n", "- [ ] ", "## Review Gate: ", "Depends on: ", "Scope: ", "### Task: ",
    "> ", "```", "<!--", "-->", "{{", "}}", "| a | id |\n|--|--|\n", "title: ", "epics: [", "]", "prompt: x\n", "&a ", "*a",
    "Tasks:\n", "1. ", "    ", "\t", "%YAML 1\n", "é", "\u2028", "\x85", "\x0b", "{", "}", "? ", "!!", ":", "[x]: /u", "<div>",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40).map("".join), st.booleans())
def test_no_text_makes_it_raise(text, fronted):
    data = (f"---\n{text}\n---\n" if fronted else text).encode("utf-8", "surrogatepass")

    plan = parse_plan("plan.md", data, ("prompt.md", data))

    assert plan.problems or plan.epics


words = st.text("abcdefg hijklm äöü,()", min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)
names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True).filter(lambda name: not epic_id_fault(name))


@st.composite
def epics(draw):
    found = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    return [
        (
            name,
            draw(words),
            draw(st.lists(words.map(lambda text: f"do {text}"), min_size=1, max_size=4)),
            draw(st.lists(st.sampled_from(found[:number]), max_size=3, unique=True)) if number else [],
        )
        for number, name in enumerate(found)
    ]


@settings(max_examples=100, deadline=None)
@given(epics())
def test_a_written_plan_reads_back(written):
    sections = [
        f"## Epic: {name} — {title}\n\nDepends on: {', '.join(needs) or 'none'}\n\n"
        + "\n".join(f"- [ ] {task}" for task in tasks)
        + f"\n\n## Review Gate: {name}"
        for name, title, tasks, needs in written
    ]

    plan = plan_of(*sections)

    assert plan.problems == ()
    read = [(epic.id, epic.title, [task.title for task in epic.tasks], list(epic.needs)) for epic in plan.epics]
    assert read == written


def test_lists_below_another_heading_after_a_gate_are_not_tasks():
    plan = plan_of("## Epic: a — A\n\n- [ ] x\n\n## Review Gate: a\n\n1. Stop\n\n## Afterwards\n\n- [ ] Tell everybody")

    assert plan.problems == ()
    assert [task.title for task in plan.epics[0].tasks] == ["x"]


def test_a_slug_is_cut_between_words():
    assert slug("one two three four five six seven eight nine") == "one-two-three-four-five-six-seven-eight"
    assert slug("a" * 50) == "a" * 39


@given(st.text(max_size=80))
def test_a_slug_is_an_id_or_empty(title):
    name = slug(title)

    assert not name or len(name) <= 39
    assert not name or set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_prompt_that_a_plan_names_is_read_without_the_rest():
    assert named_prompt("plan.md", b"---\nprompt: docs/prompt.md\nautonomy: full_auto\n---\n# T\n") == "docs/prompt.md"
    assert [named_prompt("plan.md", data) for data in (b"# T\n", b"\xff", b"")] == ["", "", ""]
    assert named_prompt("plan.md", b"---\nprompt: a.md\n---\n", 10) == ""
