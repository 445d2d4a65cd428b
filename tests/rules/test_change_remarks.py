"""What a report asks its approver to look at: every kind of change is named once, under its own words."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import commit, digest
from telling import Telling

from gitorch.model import commands
from gitorch.model.events import QuestionAsked
from gitorch.model.ids import JobId
from gitorch.model.values import replace
from gitorch.model.work.report import FileChange, HowChanged
from gitorch.rules.evolving.transitions import with_job
from gitorch.rules.views.change_remarks import LARGE_BYTES
from gitorch.rules.views.merge_report import report_text
from gitorch.rules.views.path_areas import Area, areas_of
from gitorch.rules.views.report_data import report_json

A, M, D, R = HowChanged.ADDED, HowChanged.MODIFIED, HowChanged.DELETED, HowChanged.RENAMED

CHANGES = {
    "ordinary": (FileChange("src/a.py", M, added=1), None),
    "deleted": (FileChange("src/a.py", D, removed=1), "deletes: api (src/a.py)"),
    "renamed": (FileChange("b.py", R, "a.py"), "renames: api (a.py to b.py)"),
    "mode": (FileChange("run", M, mode="100644 → 100755"), "changes the mode of: api (run (100644 → 100755))"),
    "a link": (FileChange("run", A, mode="000000 → 120000"), "changes the mode of: api (run (000000 → 120000))"),
    "binary": (FileChange("a.png", A, binary=True, size=2048), "binary: api (a.png (2 kB))"),
    "large": (FileChange("a.txt", A, size=3 * LARGE_BYTES), "large: api (a.txt (3.0 MB))"),
    "tests": (FileChange("tests/test_a.py", M), "changes to tests: api (tests/test_a.py)"),
    "a test that goes": (FileChange("a_test.go", D), "changes to tests: api (a_test.go (deleted))"),
    "CI": (FileChange(".github/workflows/ci.yml", A), "changes to CI: api (.github/workflows/ci.yml (added))"),
    "lock file": (FileChange("web/package-lock.json", M), "changes to lock files: api (web/package-lock.json)"),
    "hooks": (FileChange(".husky/pre-commit", M), "changes to hooks: api (.husky/pre-commit)"),
    "agents": (FileChange("AGENTS.md", M), "changes to instructions for agents: api (AGENTS.md)"),
    "own": (FileChange("gitorch.yaml", M), "changes to gitorch's configuration: api (gitorch.yaml)"),
    "out of the tests": (
        FileChange("src/x.py", R, "tests/x.py"),
        "changes to tests: api (src/x.py (renamed from tests/x.py))",
    ),
    "bytes": (FileChange("caf\\xe9.bin", D), "deletes: api (caf\\xe9.bin)"),
    "a line break": (FileChange("a\nb -> c", D), 'deletes: api ("a\\nb -> c")'),
}


@pytest.fixture
def telling() -> Telling:
    telling = Telling()
    for step in ("plan api ui", "finish api", "finish ui"):
        telling.tell(step)
    return telling


def with_changes(telling: Telling, *changes: FileChange):
    facts = telling.play.facts()
    first, *rest = facts.branches
    return replace(facts, branches=(replace(first, files=len(changes), changes=changes), *rest))


def looked_at(text: str) -> list[str]:
    """The lines about changes; that one program wrote and judged everything here is another remark."""
    part = text.partition("### Look at\n\n")[2].partition("\n\n")[0]
    return [line.removeprefix("- ") for line in part.splitlines() if not line.startswith("- judged by")]


@pytest.mark.parametrize(("change", "line"), CHANGES.values(), ids=CHANGES)
def test_a_kind_of_change_is_named(telling: Telling, change: FileChange, line: str | None) -> None:
    facts = with_changes(telling, change)
    text = report_text(telling.play.run, facts)
    lines = looked_at(text)
    assert (line in lines) is (line is not None), lines
    assert lines == [] or line is not None
    (data,) = [b for b in json.loads(report_json(telling.play.run, facts))["branches"] if b["job"] == "api"]
    assert data["changes"][0]["path"] == change.path
    assert (len(data["look_at"]) > 1) is (line is not None)
    if line is not None:
        kind = line.partition(": ")[0]
        assert f"\n- {kind}: " in text.partition("\n## api: ")[2].partition("\n## ui: ")[0]


def test_a_branch_that_changes_nothing_is_named_and_asked_about(telling: Telling) -> None:
    facts = with_changes(telling)
    assert "changes no file: api" in looked_at(report_text(telling.play.run, facts))
    issue = commands.IssueReport(JobId("approval"), digest("r"), facts, "a report")
    asked = [event for event in telling.play.do(issue) if isinstance(event, QuestionAsked)]
    assert "No file changes in: api." in asked[0].text


def test_a_summary_is_one_page_for_forty_branches() -> None:
    names = [f"epic-{number}" for number in range(40)]
    telling = Telling()
    for step in (f"plan {' '.join(names)}", *(f"finish {name}" for name in names)):
        telling.tell(step)
    text = report_text(telling.play.run, telling.play.facts())
    summary = text.partition("\n## epic-0: ")[0]
    assert summary.count("\n") < 70
    assert max(map(len, summary.splitlines())) < 200
    assert all(f"\n## {name}: " in text for name in names)


def test_a_test_result_of_another_commit_does_not_count(telling: Telling) -> None:
    run, facts = telling.play.run, telling.play.facts()
    first, *rest = facts.branches
    moved = replace(facts, branches=(replace(first, commit=commit("later")), *rest))
    lines = looked_at(report_text(run, moved))
    assert "not tested: api" in lines
    assert any(line.startswith("review missing: api (api.spec judged an earlier commit") for line in lines)


def test_failed_tests_are_named(telling: Telling) -> None:
    run, facts = telling.play.run, telling.play.facts()
    api = run.jobs[JobId("api")]
    failed = with_job(run, JobId("api"), checks=(replace(api.checks[-1], outcome="timed-out"),))
    assert "tests failed: api (timed-out: make check)" in looked_at(report_text(failed, facts))


AREAS = {
    "src/main.py": (),
    "contest/a.py": (),
    "src/latest.py": (),
    "docs/agents.txt": (),
    "gitorch.yaml": (Area.OWN,),
    "sub/CLAUDE.md": (Area.AGENTS,),
    ".claude/settings.json": (Area.AGENTS,),
    ".github/copilot-instructions.md": (Area.AGENTS,),
    ".cursor/rules/a.mdc": (Area.AGENTS,),
    ".pre-commit-config.yaml": (Area.HOOKS,),
    "tools/hooks/pre-push": (Area.HOOKS,),
    "src/hooks/useThing.ts": (),
    ".gitlab-ci.yml": (Area.CI,),
    ".github/actions/x/action.yml": (Area.CI,),
    ".gitattributes": (Area.GIT,),
    "pkg/a_test.go": (Area.TESTS,),
    "web/a.spec.ts": (Area.TESTS,),
    "src/FooTest.java": (Area.TESTS,),
    "conftest.py": (Area.TESTS,),
    "Makefile": (Area.BUILD,),
    "package.json": (Area.BUILD,),
    "pyproject.toml": (Area.BUILD,),
    "uv.lock": (Area.LOCKS,),
    "go.sum": (Area.LOCKS,),
    "tests/uv.lock": (Area.TESTS, Area.LOCKS),
}


@pytest.mark.parametrize(("path", "areas"), AREAS.items())
def test_a_path_belongs_to_its_areas(path: str, areas: tuple[Area, ...]) -> None:
    assert areas_of(path) == areas
