"""The demo is true: its agents really turn a package that fails its examples into one that passes them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from scripted_stand import ROOT, FakeGitorch, context_of, git, script_of

from gitorch.scripted.catalogue import perform
from gitorch.scripted.context import TurnOver
from gitorch.scripted.reports import in_scope

DEMO = ROOT / "templates" / "demo"
PLAN = (DEMO / "plan.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## Epic: (?P<id>\w+) — .*?(?=^## Epic:|\Z)", re.MULTILINE | re.DOTALL)
UNIT_TESTS = ("-m", "unittest", "-q")
EXAMPLES = ("-m", "unittest", "discover", "acceptance")
ANSWERS = ('a "quoted" \\ dash –', "東京", "two\nlines", " ")


@dataclass(frozen=True)
class Epic:
    id: str
    section: str
    needs: tuple[str, ...]
    scope: tuple[str, ...]


def epics():
    return [
        Epic(
            found["id"],
            found.group(),
            tuple(re.findall(r"\w+", line_of(found.group(), "Depends on"))),
            tuple(re.findall(r"`(.*?)`", line_of(found.group(), "Scope"))),
        )
        for found in SECTION.finditer(PLAN)
    ]


def line_of(section: str, key: str) -> str:
    found = re.search(rf"^{key}: (.*)$", section, re.MULTILINE)
    return found[1] if found else ""


def python(folder: Path, *words: str) -> int:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, check=False).returncode


class Company:
    """Plays the demo by hand: one branch after the other, the question answered, findings sent back, merges made."""

    def __init__(self, repo: Path, fake: FakeGitorch) -> None:
        self.repo, self.fake = repo, fake
        self.script = script_of((DEMO / "agents.toml").read_text(encoding="utf-8"))

    def turn(self, prompt: str = "brief", **brief: object) -> None:
        self.fake.brief = {"nonce": "n", "attempt": 1, "kind": "build", **brief}
        context = context_of(self.repo, self.fake, prompt)
        turn = self.script.choose(
            context.brief, prompt, lambda path: context.worktree.text_at(context.brief.commit, path)
        )
        assert turn is not None, f"nobody takes {brief}"
        perform(context, [step for step in turn.steps if step.name != "sleep"])

    def build(self, epic: Epic, attempt: int = 1, **more: object) -> None:
        self.turn(
            job=epic.id, text=epic.section, attempt=attempt, base=self.base, scope={"allowed": epic.scope}, **more
        )
        assert git(self.repo, "status", "--porcelain") == ""
        assert python(self.repo, *UNIT_TESTS) == 0

    def review(self, epic: Epic, stage: int) -> dict:
        commit = git(self.repo, "rev-parse", "HEAD")
        self.turn(
            job=f"{epic.id}-{stage}", kind="review", subject=epic.id, stage_number=stage, commit=commit, base=self.base
        )
        words = self.fake.calls("verdict")[-1]
        file = words[words.index("--findings-file") + 1] if "--findings-file" in words else None
        return {"choice": words[0], "findings": json.loads(Path(file).read_text()) if file else []}

    def begin(self, epic: Epic) -> None:
        git(self.repo, "checkout", "-q", "-b", epic.id, "main")
        self.base = git(self.repo, "rev-parse", "main")

    def merge(self, epic: Epic) -> None:
        paths = git(self.repo, "diff", "--name-only", self.base, epic.id).split()
        assert [path for path in paths if not in_scope(path, epic.scope, ())] == []
        git(self.repo, "checkout", "-q", "main")
        git(self.repo, "-c", "user.name=T", "-c", "user.email=t@t", "merge", "-q", "--no-ff", "--no-edit", epic.id)


@pytest.fixture
def repo(tmp_path):
    path = tmp_path / "demo"
    shutil.copytree(DEMO / "repo", path)
    git(path, "init", "-q", "-b", "main")
    git(path, "add", ".")
    git(path, "-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "Begin")
    (path / ".git" / "info" / "exclude").write_text("/.gitorch/\n")
    return path


def test_the_package_begins_with_tests_that_pass_and_examples_that_fail(repo):
    assert python(repo, *UNIT_TESTS) == 0
    assert python(repo, *EXAMPLES) != 0


@pytest.mark.slow
def test_the_agents_build_what_the_examples_ask_for(repo, fake, monkeypatch):
    monkeypatch.setenv("PATH", str(fake.bin), prepend=":")
    reader, layout, command = epics()
    company = Company(repo, fake)

    company.begin(reader)
    with pytest.raises(TurnOver):
        company.build(reader)
    (question,) = fake.calls("ask")
    company.build(reader, prompt="answer", answers=[{"question": question[0], "answer": "n/a"}])
    assert company.review(reader, 1)["choice"] == "accept"
    assert company.review(reader, 2)["choice"] == "accept_with_findings"
    company.merge(reader)

    git(repo, "checkout", "-q", "main~1")
    git(repo, "checkout", "-q", "-b", layout.id)
    company.base = git(repo, "rev-parse", "HEAD")
    company.build(layout)
    verdict = company.review(layout, 1)
    (finding,) = verdict["findings"]
    assert verdict["choice"] == "needs_revision"
    cited = git(repo, "show", f"HEAD:{finding['path']}").splitlines()[finding["line"] - 1]
    assert cited == "    return len(text)"
    company.build(layout, attempt=2, prompt="findings", findings=[finding | {"number": 1}])
    assert f"1=fixed:{git(repo, 'rev-parse', 'HEAD')}" in fake.calls("handoff")[-1]
    assert company.review(layout, 1)["choice"] == "accept"
    assert company.review(layout, 2)["choice"] == "accept"
    company.merge(layout)

    assert python(repo, *EXAMPLES) != 0
    company.begin(command)
    company.build(command)
    assert {company.review(command, stage)["choice"] for stage in (1, 2)} == {"accept"}
    company.merge(command)

    assert python(repo, *UNIT_TESTS) == 0
    assert python(repo, *EXAMPLES) == 0


@pytest.mark.each(2)
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_reader_works_with_any_answer(repo, fake, monkeypatch, answer):
    monkeypatch.setenv("PATH", str(fake.bin), prepend=":")
    reader, *_ = epics()
    company = Company(repo, fake)
    company.begin(reader)
    question = "What should a table show in a cell that has no value"
    answers = [{"question": f"{question}, for example “n/a” or “–”?", "answer": answer}]
    company.build(reader, answers=answers)
    assert fake.calls("ask") == []
    assert fake.calls("handoff")[0][0] == "DONE"
    printed = f"from plaintable.reader import MISSING; assert MISSING == {answer!r}, MISSING"
    assert python(repo, "-c", printed) == 0


@pytest.mark.slow
def test_the_bug_in_the_demo_is_real_and_its_test_fails_without_the_fix(repo, fake, monkeypatch):
    monkeypatch.setenv("PATH", str(fake.bin), prepend=":")
    _, layout, _ = epics()
    company = Company(repo, fake)
    company.begin(layout)
    company.build(layout)
    git(repo, "tag", "first")
    company.build(layout, attempt=2, prompt="findings", findings=[{"number": 1, "severity": "blocking", "title": "W"}])
    git(repo, "checkout", "-q", "first", "--", "plaintable/layout.py")
    assert python(repo, *UNIT_TESTS) != 0


def test_the_plan_has_three_epics_of_which_one_needs_the_others():
    assert [(epic.id, epic.needs) for epic in epics()] == [
        ("reader", ()),
        ("layout", ()),
        ("command", ("reader", "layout")),
    ]


@pytest.mark.parametrize("epic", epics(), ids=lambda epic: epic.id)
def test_every_epic_has_tasks_and_ends_with_its_own_gate(epic):
    assert epic.section.count("- [ ] ") >= 3
    assert re.findall(r"^## Review Gate: (\w+)$", epic.section, re.MULTILINE) == [epic.id]
    gate = epic.section.partition("## Review Gate:")[2]
    assert [line[:9] for line in gate.splitlines() if line[:1].isdigit()] == [
        "1. Commit",
        "2. Run th",
        "3. Report",
        "4. **STOP",
    ]


def test_independent_epics_share_no_file():
    reader, layout, _ = epics()
    assert set(reader.scope) & set(layout.scope) == set()


def test_the_repository_ignores_what_its_tests_leave_behind(repo):
    assert python(repo, *UNIT_TESTS) == 0
    assert git(repo, "status", "--porcelain") == ""
