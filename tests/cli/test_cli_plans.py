"""`gitorch plan`: new plans, missing gates, and task lists of other tools, which pass `gitorch check` (F5, F6)."""

from __future__ import annotations

import json

import pytest
from cli_stage import planned
from fakes.tracker import FakeTracker

from gitorch.model.plans.config import Config

TASKS = (
    "# Tasks: Albums\n\n## Phase 1: Setup\n\n- [ ] T001 Begin\n\n## Phase 2: User Story 1\n\n- [ ] T002 [P] [US1] Go\n"
)


@pytest.fixture
def here(stage):
    """A repository in which a plan can be checked."""
    planned(stage)
    (stage.folder / "specs/001-albums").mkdir(parents=True)
    (stage.folder / "specs/001-albums/tasks.md").write_text(TASKS)
    (stage.folder / "specs/001-albums/plan.md").write_text("# Design\n")
    return stage


@pytest.mark.parametrize(
    ("name", "file", "title"),
    [("sign-in", "sign-in.md", "# Sign in"), ("Sign In", "sign-in.md", "# Sign In"), ("docs/a.md", "docs/a.md", "# A")],
)
def test_a_new_plan_is_a_skeleton_with_gates_that_passes_the_checks(here, name, file, title):
    answer = here.gitorch("plan", "new", name)

    assert answer.out == f"Written to {file}. Describe the work in it, then: gitorch check {file}\n"
    text = (here.folder / file).read_text()
    assert text.startswith(title)
    assert text.count("## Review Gate: ") == 2
    assert here.gitorch("check", file).status == 0
    assert here.gitorch("plan", "new", name).status == 4


def test_missing_gates_are_added_and_nothing_else_is_changed(here):
    path = here.folder / "p.md"
    path.write_bytes(
        b"# P\r\n\r\n## Epic: a\r\n\r\n- [ ] x\r\n\r\n## Notes\r\n\r\nEnd.\r\n\r\n## Epic 2: B\r\n\r\n- [ ] y"
    )
    answer = here.gitorch("plan", "gates", "p.md")

    assert answer.out == "2 gates added to p.md: a, 2. Next: gitorch check p.md\n"
    lines = path.read_bytes().split(b"\r\n")
    assert lines[:7] == [b"# P", b"", b"## Epic: a", b"", b"- [ ] x", b"", b"## Review Gate: a"]
    assert [line for line in lines if line.startswith(b"## ")] == [
        b"## Epic: a", b"## Review Gate: a", b"## Notes", b"## Epic 2: B", b"## Review Gate: 2",
    ]  # fmt: skip
    assert here.gitorch("check", "p.md").status == 0
    before = path.read_bytes()
    said = "Every epic of p.md has a gate; nothing was changed. Next: gitorch check p.md\n"
    assert here.gitorch("plan", "gates", "p.md").out == said
    assert path.read_bytes() == before


def test_a_heading_that_only_looks_like_a_gate_is_named(here):
    path = here.folder / "p.md"
    path.write_text("# P\n\n## Epic: a\n\n- [ ] x\n\n## Review gate: a\n", encoding="utf-8")
    looks = "Line 7 looks like a review gate and is none. Next: gitorch check p.md\n"
    assert here.gitorch("plan", "gates", "p.md").out == f"Nothing was changed. {looks}"
    with path.open("a", encoding="utf-8") as file:
        file.write("\n## Epic: b\n\n- [ ] y\n")
    assert here.gitorch("plan", "gates", "p.md").out == f"1 gate added to p.md: b. {looks}"


def test_gates_go_to_a_new_file_if_one_is_named_and_a_file_without_epics_is_refused(here):
    (here.folder / "p.md").write_text("## Epic: a\n\n- [ ] x\n")
    assert here.gitorch("plan", "gates", "p.md", "-o", "q.md").status == 0
    assert (here.folder / "p.md").read_text() == "## Epic: a\n\n- [ ] x\n"
    assert "## Review Gate: a" in (here.folder / "q.md").read_text()
    (here.folder / "p.md").write_text("# Words\n")
    assert here.gitorch("plan", "gates", "p.md").status == 6


def test_a_folder_is_imported_as_a_plan_that_passes_the_checks(here):
    answer = here.gitorch("plan", "import", "specs/001-albums", "-o", "plan.md")

    assert (answer.status, answer.out) == (0, "Written to plan.md. Next: gitorch check plan.md\n")
    assert answer.err.splitlines() == [
        "specs/001-albums/tasks.md:9: 1 task is marked as parallel; one agent does all tasks of an epic, in any order.",
        "specs/001-albums: read as spec-kit, 2 epics; 1 remark above",
    ]
    assert "Design: specs/001-albums/plan.md" in (here.folder / "plan.md").read_text()
    assert here.gitorch("check", "plan.md").status == 0


def test_an_import_is_printed_without_a_file_and_is_one_object_as_json(here):
    assert here.gitorch("plan", "import", "specs/001-albums/tasks.md").out.startswith("# Albums\n")
    values = json.loads(here.gitorch("plan", "import", "specs", "--json").out)
    named = json.loads(
        here.gitorch("plan", "import", "specs/001-albums/tasks.md", "--format", "checklist", "--json").out
    )
    assert named["format"] == "checklist"
    assert (values["format"], values["epics"], len(values["left"])) == ("spec-kit", 2, 1)
    assert here.gitorch("plan", "import", "specs").err.endswith("specs: read as spec-kit, 2 epics; 1 remark above\n")


def test_a_folder_with_several_lists_names_them_and_one_without_any_says_what_was_looked_for(here):
    (here.folder / "specs/002-b").mkdir()
    (here.folder / "specs/002-b/tasks.md").write_text(TASKS)
    answer = here.gitorch("plan", "import", ".")
    assert (answer.status, answer.err.splitlines()) == (
        3,
        [
            "gitorch: . holds 2 task lists: specs/001-albums, specs/002-b",
            "  try: gitorch plan import ./specs/001-albums",
        ],
    )
    (here.folder / "empty").mkdir()
    answer = here.gitorch("plan", "import", "empty")
    assert (answer.status, "empty holds no task list: none of tasks.md," in answer.err) == (3, True)


ISSUE = {
    "number": 12,
    "title": "Sign in",
    "body": "- [ ] Form",
    "state": "OPEN",
    "labels": [],
    "url": "https://x.org/12",
}


@pytest.mark.parametrize(
    ("name", "origin", "command"),
    [
        (
            "#12",
            "git@github.com:a/b.git",
            "gh issue view 12 --json number,title,body,state,labels,url,milestone,assignees",
        ),
        ("#12", "git@gitlab.com:a/b.git", "glab issue view 12 --output json"),
        (
            "https://github.com/a/b/issues/12",
            "",
            "gh issue view 12 --repo github.com/a/b --json number,title,body,state,labels,url,milestone,assignees",
        ),
        (
            "https://github.com/a/b/issues",
            "",
            "gh issue list --repo github.com/a/b --state open --limit 200 --json number,title,",
        ),
        (
            "https://gitlab.com/g/a/b/-/issues/12",
            "",
            "glab issue view 12 --repo https://gitlab.com/g/a/b --output json",
        ),
        (
            "https://gitlab.com/g/b/-/issues",
            "",
            "glab issue list --repo https://gitlab.com/g/b --per-page 100 --output json",
        ),
        ("https://github.com/a/b'c/issues/1", "", "gh issue view 1 --repo 'github.com/a/b'\"'\"'c' --json "),
    ],
)
def test_an_issue_is_read_by_the_program_of_its_forge(here, monkeypatch, name, origin, command):
    asked = []

    def run_shell(line, folder, wait_seconds):
        asked.append(line)
        return 0, json.dumps(ISSUE)

    here.programs.printed |= {"gh": "1", "glab": "1"}
    monkeypatch.setattr(here.programs, "run_shell", run_shell)
    here.git.settings = {"remote.origin.url": origin}
    answer = here.gitorch("plan", "import", name, "-o", "issue.md")

    assert answer.status == 0, answer.err
    assert asked[0].startswith(command)
    assert "## Epic: issue-12 — Sign in" in (here.folder / "issue.md").read_text()
    assert here.gitorch("check", "issue.md").status == 0


def test_a_forge_that_does_not_answer_ends_with_8_and_its_own_words(here, monkeypatch):
    assert here.gitorch("plan", "import", "#12").status == 8
    here.programs.printed["gh"] = "1"
    monkeypatch.setattr(here.programs, "run_shell", lambda *_: (1, "no network\nHTTP 401\n"))
    answer = here.gitorch("plan", "import", "#12")
    assert (answer.status, answer.err) == (8, "gitorch: gh cannot read #12: HTTP 401\n  try: gh auth status\n")


def test_an_epic_of_the_tracker_is_imported_by_its_id(here, monkeypatch):
    epic = {"id": "shop-a1", "title": "The shop", "issue_type": "epic", "status": "open"}
    child = {"issue_id": "shop-a1.1", "depends_on_id": "shop-a1", "type": "parent-child"}
    task = {"id": "shop-a1.1", "title": "A counter", "status": "open", "dependencies": [child]}
    tracker = FakeTracker(epic, task)
    here.config = Config(implementer="claude", test_command="make test")
    monkeypatch.setattr(type(here.services), "tracker", lambda *_: tracker)

    assert here.gitorch("plan", "import", "shop-a1", "-o", "shop.md").status == 0
    assert "- [ ] shop-a1.1: A counter" in (here.folder / "shop.md").read_text()
    answer = here.gitorch("plan", "import", "shop-a1.1")
    assert (answer.status, "`shop-a1.1` is of kind task, and no epic." in answer.err) == (6, True)
    assert here.gitorch("plan", "import", "nothing").status == 3


def test_an_unknown_format_names_the_known_ones(here):
    answer = here.gitorch("plan", "import", "specs", "--format", "trello")
    assert answer.err.startswith("gitorch: trello is not a format; ")
    assert answer.err.endswith("  try: gitorch plan import specs --format beads\n")
    assert (
        answer.status,
        "use one of: beads, issues, task-master, spec-kit, Kiro, OpenSpec, checklist" in answer.err,
    ) == (2, True)
