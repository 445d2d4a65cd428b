"""What `check` finds in the world around a plan or a workflow file, and whom a rejected plan is told to."""

from __future__ import annotations

import pytest
from fakes.git import FakeGit
from fakes.world import FakePrograms, FakeRepository

from gitorch.app.executing.execute import Caller
from gitorch.app.start import prepare, runtimes
from gitorch.app.start.preflight import check
from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model.events import PlanRejected
from gitorch.model.plans.config import Config
from gitorch.model.plans.plan import Plan
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Autonomy
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace

HUMAN = Actor(ActorKind.PRINCIPAL, "ada", "desk")
CALLER = Caller(HUMAN)
CONFIG = Config(implementer="claude", test_command="make test")
TOKEN = "ghp_" + "0123456789abcdefghij0123456789abcdef"

EPIC = """# A plan with a title that is longer than a run's name

## Epic: api — The API

Depends on: none
Scope: api.py

- [ ] Write `api.py`{0}

## Review Gate: api

1. Report with `gitorch handoff` and stop until the work is cleared.
"""

FLOW = """gitorch: workflow/1
name: flow
target: {target}
lanes:
  writer: {{runtime: {runtime}}}
jobs:
  note:
    kind: draft
    title: Write the note
    lane: writer
    objective: Write a note.
"""


@pytest.fixture
def repository(tmp_path):
    git = FakeGit()
    git.write("main", {"a": "a\n"}, "begin")
    presets = {
        "claude": Preset("claude", ("claude",)),
        "codex": Preset("codex", ("codex",), install_hint="npm i codex"),
    }
    return FakeRepository(tmp_path, config=CONFIG, git=git, programs=FakePrograms(claude="1.0"), presets=presets)


def plan(repository, text=""):
    path = repository.root / "plan.md"
    path.write_text(EPIC.format(text), encoding="utf-8")
    return path


def messages(result):
    return " ".join(problem.message for problem in result.problems)


def test_a_sound_plan_gives_the_sheet_and_a_run_with_a_short_name(repository):
    result = check(repository, plan(repository))
    assert result.problems == ()
    assert result.sheet.batches[0][0].branch == f"gitorch/{result.ready.run}/api"
    assert result.ready.run.rpartition("-")[0] == "a-plan-with-a-title"
    assert check(repository, plan(repository)).ready.run == result.ready.run


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (replace(CONFIG, merge_target="trunk"), "trunk"),
        (replace(CONFIG, implementer="vim"), "vim"),
        (replace(CONFIG, implementer="codex"), "codex"),
        (replace(CONFIG, base_path="trees"), "trees"),
    ],
)
def test_what_the_world_lacks_is_a_problem_of_the_plan(repository, config, message):
    repository.config = config
    result = check(repository, plan(repository))
    assert message in messages(result)
    assert (result.sheet, result.ready) == (None, None)


def test_a_secret_in_a_plan_is_a_problem_at_its_line(repository):
    result = check(repository, plan(repository, f" with {TOKEN}"))
    assert "seems to hold" in messages(result)
    assert [problem.line for problem in result.problems] == [8]


def test_a_file_that_cannot_be_read_is_absent(repository):
    result = check(repository, repository.root / "no.md")
    assert (result.absent, len(result.problems)) == (True, 1)


def test_a_prompt_that_is_named_and_missing_is_the_only_problem_of_its_file(repository):
    result = check(repository, plan(repository), repository.root / "no.md")
    assert "The implementation prompt cannot be read." in messages(result)


@pytest.mark.parametrize(
    ("target", "runtime", "message"),
    [
        ("trunk", "claude", "The merge target `trunk` is not a local branch."),
        ("main", "vim", "The runtime of lane `writer`, `vim`, is not known."),
        ("main", "codex", "The program `codex` of lane `writer` is not on PATH."),
    ],
)
def test_what_the_world_lacks_is_a_problem_of_the_workflow(repository, target, runtime, message):
    path = repository.root / "flow.yaml"
    path.write_text(FLOW.format(target=target, runtime=runtime))
    assert messages(check(repository, path)) == message


@pytest.mark.parametrize("name", ["plan.md", "flow.yaml"])
def test_a_remote_that_does_not_exist_and_a_repository_without_a_commit_are_named(repository, name):
    plan(repository)
    path = repository.root / name
    (repository.root / "flow.yaml").write_text(FLOW.format(target="main", runtime="claude"), encoding="utf-8")
    repository.config = replace(CONFIG, push_remote="nowhere")
    assert messages(check(repository, path)) == "There is no remote `nowhere` to push the merge to."
    repository.config = CONFIG
    repository.git = FakeGit()
    assert (
        messages(check(repository, path))
        == "The repository has no branch with a commit yet, so nothing can be built on one."
    )


def test_the_folder_for_worktrees_is_checked_for_a_workflow_too(repository):
    repository.config = replace(CONFIG, base_path="trees")
    path = repository.root / "flow.yaml"
    path.write_text(FLOW.format(target="main", runtime="claude"))
    assert messages(check(repository, path)).startswith("The folder for worktrees cannot be used: ")


def test_a_malformed_workflow_gives_its_defects(repository):
    path = repository.root / "flow.yaml"
    path.write_text("name: flow\nlanes: 7\n")
    assert check(repository, path).problems
    assert check(repository, path).ready is None


def test_a_plan_is_started_once(repository):
    result = check(repository, plan(repository))
    run = prepare.prepare_run(repository, CALLER, result, Autonomy.END_ONLY, "typed")
    assert run.id == result.ready.run
    again = check(repository, plan(repository))
    assert "api" in messages(again)
    with pytest.raises(Refused):
        prepare.reject_plan(repository, CALLER, again)


def test_a_rejected_plan_is_recorded_only_where_there_is_a_ledger(repository):
    result = check(repository, plan(repository, f" with {TOKEN}"))
    prepare.reject_plan(repository, CALLER, result)
    assert repository.ledger.written == []
    repository.ledger.create(HUMAN, 1, "L")
    prepare.reject_plan(repository, CALLER, result)
    events = [type(written.record.event) for written in repository.ledger.written]
    assert PlanRejected in events


@pytest.mark.parametrize(
    ("named", "configured", "notified"),
    [("eve", "", "@eve"), ("@eve", "", "@eve"), ("", "bob", "@bob"), ("", "", "@principal")],
)
def test_the_coordinator_is_the_plans_then_the_configurations_then_the_principal(
    repository, named, configured, notified
):
    repository.ledger.create(HUMAN, 1, "L")
    repository.config = replace(CONFIG, coordinator=configured)
    settings = {"coordinator": named} if named else {}
    assert prepare.coordinator(repository, Plan("plan.md", "P", (), "sha256:p", settings=settings)) == notified


def test_a_plan_that_was_announced_is_told_to_its_sender(repository):
    from gitorch.app.executing.execute import execute

    repository.ledger.create(HUMAN, 1, "L")
    command = c.SendMessage(
        ("@orchestrator",), "plan ready at plan.md", "@eve", plan="plan.md", plan_digest="sha256:p", known=("@eve",)
    )
    execute(repository, None, HUMAN, command)
    assert prepare.coordinator(repository, Plan("plan.md", "P", (), "sha256:p")) == "@eve"


def test_only_runtimes_whose_program_is_there_are_offered(repository):
    repository.config = replace(CONFIG, reviewers={"spec": "codex"})
    assert runtimes.available_runtimes(repository) == ("claude",)
    repository.programs.printed["codex"] = "1.0"
    assert runtimes.available_runtimes(repository) == ("claude", "codex")


def test_chosen_runtimes_replace_those_of_the_configuration():
    assert runtimes.with_runtimes(CONFIG, {}) == CONFIG
    chosen = runtimes.with_runtimes(CONFIG, {"implementer": "codex", "reviewer": "gemini"})
    assert (chosen.implementer, set(chosen.reviewers.values())) == ("codex", {"gemini"})
    assert runtimes.preselected_runtimes(chosen) == {"implementer": "codex", "reviewer": "gemini"}
    assert runtimes.preselected_runtimes(replace(CONFIG, review_stages=())) == {"implementer": "claude", "reviewer": ""}


def test_a_run_allows_its_test_command_and_what_the_files_of_the_target_allow(repository):
    repository.config = replace(CONFIG, test_command="make test")
    settings = '{"permissions": {"allow": ["Bash(npm ci)"]}}'
    page = "# Allowed commands\n\n- `make lint`\n"
    repository.git.write("main", {"AGENTS.md": page, ".claude/settings.json": settings}, "guide")
    (repository.root / "CLAUDE.md").write_text("# Allowed commands\n\n- `git push`\n")
    result = check(repository, plan(repository))
    assert result.ready.settings.allowed_commands == ("make test:*", "make lint", "npm ci")
    assert result.sheet.settings.allowed_commands == result.ready.settings.allowed_commands


@pytest.mark.parametrize(("by_hand", "missing"), [(False, True), (True, False)])
def test_a_plan_and_a_workflow_cannot_begin_without_tmux_unless_by_hand(repository, by_hand, missing):
    del repository.programs.printed["tmux"]
    flow = repository.root / "flow.yaml"
    flow.write_text(FLOW.format(target="main", runtime="claude"), encoding="utf-8")
    for path in (plan(repository), flow):
        said = messages(check(repository, path, by_hand=by_hand))
        assert ("tmux is not installed, and agents run in it." in said) == missing
