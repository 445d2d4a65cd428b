"""Plans as people have them: names, dependencies, boxes, scopes and front matter that are not in gitorch's own form (F2 to F4)."""

from __future__ import annotations

import pytest

from gitorch.text.glob_syntax import split_globs
from gitorch.text.plans.plan import parse_plan


def plan_of(text: str):
    return parse_plan("plan.md", text.encode())


def messages(plan) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in plan.problems]


def remarks(plan) -> list[tuple[int, str]]:
    return [(remark.line, remark.message) for remark in plan.remarks]


def epic(heading: str, gate: str, body: str = "") -> str:
    return f"## Epic{heading}\n\n{body}\n\n- [ ] Do\n\n## Review Gate: {gate}\n\n"


def test_a_table_with_numbers_and_the_headings_below_it_agree():
    table = "| # | Epic | Depends on | Days |\n|---|---|---|---|\n| 1 | **Core library** | — | 2 |\n| 2 | **Docs** | 1 | 1 |\n\n"
    plan = plan_of(f"# P\n\n{table}" + epic(" 1: Core library", "core-library") + epic(" 2: Docs", "docs"))

    assert messages(plan) == []
    assert {one.id: one.needs for one in plan.epics} == {"core-library": (), "docs": ("core-library",)}


@pytest.mark.parametrize(
    ("heading", "gate"),
    [
        (": データベース", "データベース"),
        (": 用户界面 🎨", "用户界面 🎨"),
        (": 🚀", "🚀"),
        (" 7: The core library", "the-core-library"),
        (" 7: The core library", "The core library"),
        (" 7: The core library", "Epic 7"),
        (" 7: The core library", "7"),
        (": api — The API", "The API"),
        (": api — The API", "API"),
    ],
)
def test_a_title_names_its_epic_in_gates_and_dependencies_alike(heading, gate):
    plan = plan_of("# P\n\n" + epic(heading, gate) + epic(": next", "next", f"Depends on: {gate}"))

    assert messages(plan) == []
    assert plan.epics[1].needs == (plan.epics[0].id,)


THREE = epic(" 1: Registry", "1") + epic(" 2: Search (fast)", "2") + epic(" 3: Pages", "3", "{line}")


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        ("Depends on: Epic 1 (the registry, and its tests, must be there)", ("1",)),
        ("Depends on: Epic 1 completion", ("1",)),
        ("Depends on: Epic 1 must be completed", ("1",)),
        ("Depends on: completion of Epic 1 and Epic 2", ("1", "2")),
        ("Depends on: Epics 1-2", ("1", "2")),
        ("Depends on: Epics 1 – 2", ("1", "2")),
        ("Depends on: 1 + 2", ("1", "2")),
        ("Depends on: #1, #2", ("1", "2")),
        ("Depends on: Epic 1: Registry", ("1",)),
        ("Depends on: Registry (Epic 1)", ("1",)),
        ("Depends on: registry", ("1",)),
        ("Depends on: all previous epics", ("1", "2")),
        ("Depends on: the previous epic", ("2",)),
        ("Depends on: all other epics", ("1", "2")),
        ("Depends on: Epic 1,\nEpic 2", ("1", "2")),
        ("**Depends on:**\n- Epic 1 (first)\n- Search (fast)", ("1", "2")),
        ("**Dependencies:** Epic 1 completion, PostgreSQL 15", ("1",)),
    ],
)
def test_a_dependency_is_read_with_the_words_around_it(line, needs):
    plan = plan_of(THREE.replace("{line}", line))

    assert messages(plan) == []
    assert plan.epics[2].needs == needs


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Depends on: Epic 9", "Epic `3` depends on `9`, which is not an epic of this plan."),
        (
            "Depends on: regstry",
            "Epic `3` depends on `regstry`, which is not an epic of this plan. Did you mean `registry`?",
        ),
        ("Depends on: Epics 1-9", "Epic `3` depends on `1-9`, which is not an epic of this plan."),
        ("Depends on: Epics 2-1", "Epic `3` depends on `2-1`, which is not an epic of this plan."),
    ],
)
def test_a_dependency_on_nothing_is_a_defect_with_the_nearest_name(line, message):
    assert messages(plan_of(THREE.replace("{line}", line))) == [(19, message)]


def test_the_place_of_an_epic_is_offered_for_its_number():
    plan = plan_of(epic(": api — A", "api") + epic(": web — W", "web", "Depends on: Epic 1"))

    assert messages(plan) == [(11, "Epic `web` depends on `1`, which is not an epic of this plan. Did you mean `api`?")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "**Dependencies:** PostgreSQL 15",
            "`PostgreSQL 15` is no epic of this plan, so `3` waits for nothing of that name.",
        ),
        (
            "Dependencies: Registy",
            "`Registy` is no epic of this plan, so `3` waits for nothing of that name. Did you mean `registry`?",
        ),
        ("Start after Epic 1 is merged.", "This line names epic `1`, but `3` does not wait for it."),
        ("- Requires `registry` to be there", "This line names epic `1`, but `3` does not wait for it."),
    ],
)
def test_words_that_may_be_a_dependency_are_questioned(line, message):
    plan = plan_of(THREE.replace("{line}", line))

    assert (messages(plan), remarks(plan)) == ([], [(19, message)])


def test_a_sentence_about_an_epic_that_is_waited_for_needs_no_remark():
    assert remarks(plan_of(THREE.replace("{line}", "Depends on: 1\nStart after Epic 1 is merged."))) == []


@pytest.mark.parametrize(
    ("box", "done", "optional"),
    [
        ("[x]", True, False), ("[X]", True, False), ("[✓]", True, False), ("[✔]", True, False), ("[✔️]", True, False),
        ("[ ]", False, False), ("[]", False, False), ("[-]", False, False), ("[~]", False, False), ("[/]", False, False),
        ("[>]", False, False), ("[!]", False, False), ("[?]", False, False), ("[o]", False, False), ("[…]", False, False),
        ("[ ]*", False, True), ("[x]*", True, True),
    ],
)  # fmt: skip
def test_only_a_tick_makes_a_task_done(box, done, optional):
    (only,) = plan_of(f"## Epic: a\n\n- {box} 1.1 Write\n\n## Review Gate: a\n").epics

    assert [(task.title, task.done, task.optional) for task in only.tasks] == [("1.1 Write", done, optional)]


@pytest.mark.parametrize("item", ["- [link](http://x)", "- [1] A citation", "- [ab] Text", "- [x](y)"])
def test_a_link_or_citation_is_no_box(item):
    assert messages(plan_of(f"## Epic: a\n\n{item}\n\n## Review Gate: a\n")) == [(1, "Epic `a` has no tasks.")]


@pytest.mark.parametrize(
    ("tasks", "done"),
    [
        ("- [x] Parent\n  - [x] One\n  - [ ] Two", False),
        ("- [x] Parent\n  - text\n    - [-] Deep", False),
        ("- [x] Parent\n  - [x] One\n  - [ ]* Optional", True),
        ("- [ ] Parent\n  - [x] One", False),
        ("### Task 1: Parent [done]\n\n- [x] One\n- [ ] Two", False),
        ("### Task 1: Parent\n\n- [x] One\n- [ ]* Optional", True),
    ],
)
def test_an_open_child_keeps_its_parent_open(tasks, done):
    (only,) = plan_of(f"## Epic: a\n\n{tasks}\n\n## Review Gate: a\n").epics

    assert [task.done for task in only.tasks] == [done]


@pytest.mark.parametrize(
    ("field", "globs"),
    [
        ("Scope: src/, ./tests/**", ("src/**", "tests/**")),
        ("**Scope:**\n- src/registry/**\n- `tests/a b/**` (the tests)", ("src/registry/**", "tests/a b/**")),
        ("- Scope:\n  - src\n  - docs/a.md", ("src", "docs/a.md")),
        ("Scope: `src/**` and `docs/**`.", ("src/**", "docs/**")),
        ("Scope: src/** (new) — the code", ("src/**",)),
        ("Scope: app/(auth)/**, pages/[id].tsx", ("app/(auth)/**", "pages/[id].tsx")),
        ("Scope: src/**,\ntests/**", ("src/**", "tests/**")),
        ("Scope: Backend only", ("Backend", "only")),
    ],
)
def test_a_scope_is_read_from_a_line_or_a_list(field, globs):
    plan = plan_of(f"## Epic: a\n\n{field}\n\n- [ ] Do\n\n## Review Gate: a\n")

    assert messages(plan) == []
    assert plan.epics[0].scope_allowed == globs
    assert [(pattern.glob, pattern.epic) for pattern in plan.patterns] == [(glob, "a") for glob in globs]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("Scope:", "The scope of epic `a` is empty."),
        ("Scope: —", "The scope of epic `a` is empty."),
        ("Not:", "The forbidden part of epic `a` is empty."),
        ("Dependencies:", "The dependencies of epic `a` are empty."),
    ],
)
def test_a_field_without_a_value_is_a_defect(field, message):
    assert messages(plan_of(f"## Epic: a\n\n{field}\n\n- [ ] Do\n\n## Review Gate: a\n")) == [(3, message)]


@pytest.mark.parametrize("quotes", ["``", '""'])
@pytest.mark.parametrize("form", ["{0} {1}, src/**", "{0}\n\n- {1}\n- src/**", "src/**\n{1}"])
@pytest.mark.parametrize("field", ["Scope:", "Not:"])
def test_a_path_with_a_blank_stands_in_quotes(quotes, form, field):
    quoted = f"{quotes[0]}docs und so/**{quotes[1]}"
    lines = form.format(field, quoted) if "{0}" in form else f"{field} {form.format(field, quoted)}"
    plan = plan_of(f"## Epic: a\n\n{lines}\n\n- [ ] Do\n\n## Review Gate: a\n")
    assert messages(plan) == []
    (epic,) = plan.epics
    globs = epic.scope_allowed if field == "Scope:" else epic.scope_forbidden
    assert sorted(globs) == ["docs und so/**", "src/**"]


def test_a_folder_means_its_contents_and_none_forbids_nothing():
    assert split_globs("./docs/ ./a.md /") == ("docs/**", "a.md", "/")
    assert plan_of("## Epic: a\n\nNot: none\n\n- [ ] Do\n\n## Review Gate: a\n").epics[0].scope_forbidden == ()


def test_fields_without_an_effect_are_remarks():
    body = "### Task 1: Go\n\nRuntime: codex\n\n### Task 2: On\n\nText."
    text = f"Design: a.md\nDesign: b.md\n\n## Epic: a\n\nRuntime: Node 20\nRuntime: codex\nRuntime: claude\n\n{body}\n\n## Review Gate: a\n"
    plan = plan_of(text)

    assert plan.epics[0].runtime == "codex"
    assert remarks(plan) == [
        (2, "The plan names a second design document here; only that of line 1 counts."),
        (2, "Line 2: this text stands outside of the epics, and no agent reads it."),
        (6, "`Runtime: Node 20` names no runtime; the agent reads it as text."),
        (8, "`Runtime: claude` has no effect: line 7 chose the runtime."),
        (12, "`Runtime: codex` stands below a task's heading, where it has no effect; the agent reads it as text."),
    ]


def test_ordinary_front_matter_is_remarked_upon_and_a_wrong_value_is_a_defect():
    plan = plan_of("---\ntitle: T\nauthor: Ada\nautonmy: end_only\nmax_agents: x\n---\n" + epic(": a", "a"))

    assert messages(plan) == [(5, "`max_agents` must be a whole number from 1 to 10000000.")]
    assert remarks(plan) == [
        (3, "`author` means nothing to gitorch."),
        (4, "`autonmy` means nothing to gitorch. Did you mean `autonomy`?"),
    ]


def test_a_repeated_epic_hides_none_of_its_own_defects():
    again = "## Epic: a — again\n\nDepends on: zzz\nScope: ../x\nStatus: closed\n\n- [x] done {{FILL}}\n"

    assert messages(plan_of(epic(": a — A", "a") + again)) == [
        (9, "The epic id `a` is used twice; first on line 1."),
        (9, "Epic `a` is marked as closed: nothing is left to do."),
        (9, "Epic `a` has no review gate."),
        (11, "Epic `a` depends on `zzz`, which is not an epic of this plan."),
        (12, "The glob `../x` of epic `a` leaves the repository."),
        (15, "The placeholder `{{FILL}}` was never filled in."),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<!-- {{not filled}} -->", []),
        ("<!--\n{{not filled}}\n-->", []),
        ("<!-- a --> {{not filled}}", [3]),
        ("<!-- {{NAME}} -->", [3]),
        ("<!-- {{open}}", [3]),
    ],
)
def test_a_placeholder_in_a_comment_counts_only_as_the_name_of_a_template(text, lines):
    plan = plan_of(f"## Epic: a\n\n{text}\n\n- [ ] Do\n\n## Review Gate: a\n")

    assert [line for line, message in messages(plan) if "placeholder" in message] == lines


@pytest.mark.parametrize(
    ("heading", "name", "title"),
    [
        ("## Epic 3", "3", "Epic 3"),
        ("## Epic 3 The shop", "3", "The shop"),
        ("## EPIC-3: The shop", "3", "The shop"),
        ("## Epic #3. The shop", "3", "The shop"),
    ],
)
def test_a_numbered_heading_is_an_epic(heading, name, title):
    plan = plan_of(f"{heading}\n\n- [ ] Do\n\n## Review Gate: {name}\n")

    assert ([(one.id, one.title) for one in plan.epics], messages(plan)) == ([(name, title)], [])


def test_paths_that_the_text_names_are_announced_and_those_of_scopes_are_not():
    body = "Scope: scr/**\nNot:\n- dcos/**\n\nCreate `src/new/a.py`, lib/b and Makefile.am; see https://x.org/y.z and `make`."
    plan = plan_of(epic(": a", "a", body))

    assert plan.announced == ("src/new/a.py", "lib/b", "Makefile.am", "make")
