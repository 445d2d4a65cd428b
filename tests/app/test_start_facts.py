"""What `check` and `start` learn of the world, value by value: facts, problems, the ready run, what is recorded of it."""

from __future__ import annotations

import hashlib
import json

import pytest
from fakes.git import FakeGit
from fakes.world import FakePrograms, FakeRepository, altered
from test_preflight import CALLER, CONFIG, FLOW, plan

from gitorch.app.people.keys import APPROVERS
from gitorch.app.query.runtime_facts import runtime_facts
from gitorch.app.start import prepare, runtimes
from gitorch.app.start.facts import preflight_facts
from gitorch.app.start.preflight import check
from gitorch.app.start.sheet import SheetRow
from gitorch.errors import Problem
from gitorch.model import events
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.config import Config, RuntimeChoice
from gitorch.model.plans.plan import Plan
from gitorch.model.plans.preflight import PreflightFacts, RuntimeFacts
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Autonomy, Lane, Sandbox
from gitorch.model.values import replace

SIGNER = "ada ssh-ed25519 AAAA\n"


class Bound(FakePrograms):
    """No sandbox can be made here."""

    def sandbox_fault(self):
        return "bwrap is missing"


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "s"
    root.mkdir()
    git = FakeGit()
    git.write("main", {"a": "a\n"}, "begin")
    presets = {
        "claude": Preset("claude", ("claude",)),
        "codex": Preset("codex", ("codex",), install_hint="npm i codex"),
        "bare": Preset("bare", ()),
    }
    return FakeRepository(root, config=CONFIG, git=git, programs=Bound(claude="1.0"), presets=presets)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def facts(repository, target="main", **lanes):
    return preflight_facts(repository, Plan("p.md", "P", (), digest(b"")), repository.root / "p.md", target, lanes)


# Facts


def test_the_facts_are_those_of_this_moment(repository):
    ahead = repository.git.write("theirs", {"b": "b\n"}, "more", "main")
    repository.git.upstreams["main"] = ahead
    repository.files.write(repository.root / APPROVERS, SIGNER.encode())
    assert facts(repository, writer=Lane("writer", "claude")) == PreflightFacts(
        design_exists=True,
        target="main",
        target_commit=repository.git.tips["main"],
        target_behind=1,
        branches=("main", "theirs"),
        base_path=str(repository.paths.default_base),
        base_writable=True,
        base_outside=True,
        runtimes={"writer": RuntimeFacts(True, "claude", True)},
        signers=SIGNER,
    )


def test_a_target_that_is_missing_is_behind_nothing(repository):
    found = facts(repository, "trunk")
    assert (found.target, found.target_commit, found.target_behind) == ("trunk", None, 0)


def test_a_folder_for_worktrees_inside_the_repository_or_below_a_file_is_a_fact(repository):
    (repository.root / "file").write_text("x")
    inside = altered(repository, config=replace(CONFIG, base_path="trees"))
    below = altered(repository, config=replace(CONFIG, base_path="file/trees"))
    assert (facts(inside).base_writable, facts(inside).base_outside) == (True, False)
    assert facts(below).base_writable is False
    assert facts(inside).base_path == str(repository.root / "trees")


@pytest.mark.parametrize(("place", "exists"), [("beside", True), ("root", True), ("none", False)])
def test_a_design_document_lies_beside_the_plan_or_at_the_root(repository, place, exists):
    folder = repository.root / "docs"
    folder.mkdir()
    if place != "none":
        ({"beside": folder, "root": repository.root}[place] / "design.md").write_text("x")
    given = Plan("docs/p.md", "P", (), digest(b""), design="design.md")
    assert preflight_facts(repository, given, folder / "p.md", "main", {}).design_exists is exists


@pytest.mark.parametrize(
    ("lane", "expected"),
    [
        (Lane("x", "vim"), RuntimeFacts(known=False)),
        (Lane("x", "claude"), RuntimeFacts(True, "claude", True)),
        (Lane("x", "codex"), RuntimeFacts(True, "codex", False, "npm i codex")),
        (Lane("x", "bare"), RuntimeFacts(True, "", False)),
        (Lane("x", "claude", sandbox=Sandbox.BWRAP), RuntimeFacts(True, "claude", True, "", "bwrap is missing")),
    ],
)
def test_a_runtime_is_known_found_and_can_be_sandboxed_or_not(repository, lane, expected):
    assert runtime_facts(repository, lane) == expected


def test_the_epics_of_runs_that_are_not_over_are_busy(repository):
    result = check(repository, plan(repository))
    prepare.prepare_run(repository, CALLER, result, Autonomy.END_ONLY, "typed")
    assert facts(repository).busy_epics == {"api": result.ready.run}


# A plan, from its file to its records


def test_a_sound_plan_becomes_a_run_with_these_values(repository):
    path = plan(repository)
    result = check(repository, path)
    ready, sheet, main = result.ready, result.sheet, repository.git.tips["main"]
    assert (ready.title, ready.target, ready.target_commit) == (
        "A plan with a title that is longer than a run's name",
        "main",
        main,
    )
    assert ready.plan_digest == digest(path.read_bytes())
    assert sorted(ready.files) == ["api.md", "plan.md"]
    assert ready.files["plan.md"] == path.read_bytes()
    assert ready.files["api.md"] == b"Depends on: none\nScope: api.py\n\n- [ ] Write `api.py`\n"
    assert ready.workflow.jobs["api"].brief == digest(ready.files["api.md"])
    seed = f" {ready.plan_digest} {main} 0"
    assert ready.run == f"a-plan-with-a-title-{digest(seed.encode())[7:11]}"
    rows = [row for batch in sheet.batches for row in batch]
    base = repository.paths.default_base
    assert rows[0] == SheetRow(
        "api",
        "The API",
        "api",
        "claude",
        f"gitorch/{ready.run}/api",
        str(base / ready.run / "api"),
        allowed=("api.py",),
    )
    assert (sheet.merges, sheet.ways_back, sheet.checkpoints) == (True, (), ())
    settings = ready.settings
    assert (settings.manual, settings.tracker, settings.approval_signers) == (False, "", "")
    assert (sheet.title, sheet.plan_path, sheet.target, sheet.target_commit) == (ready.title, "plan.md", "main", main)
    assert (sheet.autonomy, sheet.max_agents, sheet.test_command) == (
        settings.autonomy,
        settings.max_agents,
        "make test",
    )
    assert (sheet.review_mode, sheet.rounds_max, sheet.settings) == (
        settings.review_mode,
        settings.rounds_max,
        settings,
    )
    assert sheet.target_confirmed is False
    assert sheet.reviewers == ("spec: claude", "quality: claude")


RUNTIMES = {
    "fast": RuntimeChoice("claude", model="haiku", sandbox=Sandbox.BWRAP),
    "claude": RuntimeChoice("claude", env={"A": "b"}),
}


@pytest.mark.parametrize(("runtime", "named", "sandbox"), [("fast", "fast", "bwrap"), ("claude", "", "")])
def test_the_sheet_names_the_runtime_and_the_sandbox_that_are_configured(repository, runtime, named, sandbox):
    config = replace(CONFIG, implementer=runtime, reviewers={}, runtimes=RUNTIMES)
    there = altered(repository, config=config, programs=FakePrograms(claude="1.0", bwrap="1"))
    ((row,), *_) = check(there, plan(repository)).sheet.batches
    assert (row.runtime, row.named, row.sandbox) == ("claude", named, sandbox)


@pytest.mark.parametrize("own", [{}, {"claude": RuntimeChoice("claude", takeover="second")}])
def test_a_runtime_that_differs_in_its_name_alone_is_not_named_in_place_of_the_preset(repository, own):
    config = replace(CONFIG, implementer="claude", reviewers={}, runtimes={"second": RuntimeChoice("claude"), **own})
    ((row,), *_) = check(altered(repository, config=config), plan(repository)).sheet.batches
    assert (row.runtime, row.named) == ("claude", "")


def test_a_prepared_run_is_recorded_with_its_files_and_the_snapshot_of_the_repository(repository):
    result = check(repository, plan(repository))
    run = prepare.prepare_run(repository, CALLER, result, Autonomy.PER_EPIC, "typed")
    confirmed, prepared, begun = [one.record for one in repository.ledger.records()][-3:]
    assert confirmed.event == events.TargetConfirmed("main")
    assert [type(one.event) for one in (prepared, begun)] == [events.RunPrepared, events.RunConfirmed]
    assert (prepared.event.title, prepared.event.plan, prepared.event.target) == (result.ready.title, "plan.md", "main")
    assert {ref.name: ref.sha256 for ref in prepared.files} == {k: digest(v)[7:] for k, v in result.ready.files.items()}
    snapshot = json.dumps(repository.git.repository_snapshot(), indent=0, sort_keys=True) + "\n"
    assert {ref.name: ref.sha256 for ref in begun.files} == {"repository.json": digest(snapshot.encode())[7:]}
    assert (run.repository, run.settings.autonomy) == (digest(snapshot.encode()), Autonomy.PER_EPIC)
    assert begun.event.proof == "typed"
    assert (run.id, run.git_settings) == (result.ready.run, {})
    other = repository.root / "other.md"
    other.write_text(plan(repository).read_text().replace("api", "ui"))
    assert check(repository, other).sheet.target_confirmed is True


def test_approval_settings_and_signers_are_those_of_the_moment_of_the_check(repository):
    repository.files.write(repository.root / APPROVERS, SIGNER.encode())
    signing = altered(repository, config=replace(CONFIG, approval_at_least=Grade.SIGNED, approval_unattended=True))
    settings = check(signing, plan(repository)).ready.settings
    assert (settings.approval_at_least, settings.approval_unattended, settings.approval_signers) == (
        Grade.SIGNED,
        True,
        SIGNER,
    )


def test_by_hand_no_program_has_to_be_there(repository):
    nobody = altered(repository, config=replace(CONFIG, implementer="vim", reviewers={"spec": "emacs"}))
    assert check(nobody, plan(repository), by_hand=True).ready.settings.manual is True
    assert len(check(nobody, plan(repository)).problems) >= 2


def test_the_runtimes_of_all_review_stages_have_to_be_there(repository):
    odd = altered(repository, config=replace(CONFIG, reviewers={"quality": "codex"}))
    (problem,) = check(odd, plan(repository)).problems
    assert "codex" in problem.message


def test_a_plan_that_cannot_be_read_is_one_problem(repository):
    path = repository.root / "docs" / "no.md"
    result = check(repository, path)
    assert result.problems == (
        Problem("docs/no.md", 1, 1, f"{path} cannot be read: no such file or directory", f"ls {repository.root}"),
    )
    assert (result.plan, result.absent) == (Plan("docs/no.md", "no", (), digest(b"")), True)


def test_an_id_that_a_run_has_is_not_given_again(repository):
    text = plan(repository).read_text()
    result = check(repository, plan(repository))
    prepare.prepare_run(repository, CALLER, result, Autonomy.END_ONLY, "typed")
    path = repository.root / "other.md"
    path.write_text(text.replace("api", "ui"))
    seed = f"L-nonce-1 {digest(path.read_bytes())} {repository.git.tips['main']} 1"
    assert check(repository, path).ready.run == f"a-plan-with-a-title-{digest(seed.encode())[7:11]}"


# A workflow


def flow(repository, text=FLOW, target="main", runtime="claude"):
    path = repository.root / "flow.yaml"
    path.write_text(text.format(target=target, runtime=runtime), encoding="utf-8")
    return path


def test_a_sound_workflow_becomes_a_run_with_its_briefs(repository):
    path = flow(repository)
    result = check(repository, path)
    ready = result.ready
    assert (result.plan.path, result.plan.title, result.plan.digest) == ("flow.yaml", "flow", digest(path.read_bytes()))
    assert sorted(ready.files) == ["flow.yaml", "note.md"]
    assert ready.files["flow.yaml"] == path.read_bytes()
    assert ready.workflow.jobs["note"].brief == digest(ready.files["note.md"])
    assert (ready.title, ready.target, ready.settings.manual) == ("flow", "main", False)


WORKFLOW_PROBLEMS = [
    (
        {"target": "trunk"},
        {},
        Problem(
            "flow.yaml",
            1,
            1,
            "The merge target `trunk` is not a local branch.",
            "name a branch that exists with `target:`; gitorch never creates it",
        ),
    ),
    (
        {"runtime": "vim"},
        {},
        Problem(
            "flow.yaml",
            5,
            3,
            "The runtime of lane `writer`, `vim`, is not known.",
            "gitorch doctor lists the runtimes that there are",
        ),
    ),
    (
        {"runtime": "codex"},
        {},
        Problem("flow.yaml", 5, 3, "The program `codex` of lane `writer` is not on PATH.", "npm i codex"),
    ),
    (
        {},
        {"base_path": "trees"},
        Problem(
            "flow.yaml",
            1,
            1,
            "The folder for worktrees cannot be used: {root}/trees.",
            "set `worktrees.base_path` in gitorch.yaml to a folder that can be written, outside the repository",
        ),
    ),
    (
        {},
        {"base_path": "../s/flow.yaml/x"},
        Problem(
            "flow.yaml",
            1,
            1,
            "The folder for worktrees cannot be used: {root}/../s/flow.yaml/x.",
            "set `worktrees.base_path` in gitorch.yaml to a folder that can be written, outside the repository",
        ),
    ),
]


@pytest.mark.parametrize(("words", "config", "problem"), WORKFLOW_PROBLEMS)
def test_what_the_world_lacks_is_a_problem_at_its_place_in_the_workflow(repository, words, config, problem):
    changed = altered(repository, config=replace(CONFIG, **config))
    result = check(changed, flow(repository, **words))
    assert result.problems == (problem._replace(message=problem.message.replace("{root}", str(repository.root))),)
    assert result.ready is None
    assert (result.plan.path, result.plan.title) == ("flow.yaml", "flow")


def test_secrets_in_settings_and_lanes_are_problems_of_the_file(repository):
    token = "ghp_" + "a1B2" * 9
    odd = altered(repository, config=replace(CONFIG, test_command=f"make {token}"))
    for path in (plan(repository), flow(repository)):
        result = check(odd, path)
        assert [problem.path for problem in result.problems] == [path.name]
        assert "settings" in result.problems[0].message
        assert result.ready is None
    choice = RuntimeChoice("claude", env={"KEY": token})
    lanes = altered(repository, config=replace(CONFIG, runtimes={"claude": choice}))
    (problem, *_) = check(lanes, plan(repository)).problems
    assert "workflow" in problem.message


def test_a_workflow_by_hand_needs_no_program(repository):
    result = check(repository, flow(repository, runtime="vim"), by_hand=True)
    assert (result.problems, result.ready.settings.manual) == ((), True)


def test_a_workflow_without_a_target_merges_to_the_configured_one(repository):
    text = FLOW.replace("target: {target}\n", "")
    assert check(repository, flow(repository, text)).ready.target == "main"


# Runtimes


def test_a_chosen_implementer_and_reviewer_replace_those_of_the_configuration():
    config = Config(implementer="claude", review_stages=("spec", "quality"), reviewers={"spec": "codex"})
    assert runtimes.preselected_runtimes(config) == {"implementer": "claude", "reviewer": "codex"}
    both = runtimes.with_runtimes(config, {"implementer": "gemini", "reviewer": "aider"})
    assert both == replace(config, implementer="gemini", reviewers={"spec": "aider", "quality": "aider"})
    assert runtimes.with_runtimes(config, {"implementer": "gemini"}) == replace(config, implementer="gemini")
    assert runtimes.with_runtimes(config, {"implementer": "", "reviewer": ""}) == config
    assert runtimes.preselected_runtimes(replace(config, review_stages=()))["reviewer"] == ""


def test_runtimes_that_could_work_here_are_named_once_the_configured_first(repository):
    config = replace(
        CONFIG,
        implementer="codex",
        reviewers={"spec": "claude"},
        runtimes={"bare": RuntimeChoice("bare"), "claude": RuntimeChoice("claude")},
    )
    there = altered(repository, config=config, programs=FakePrograms(claude="1", codex="1"))
    assert runtimes.available_runtimes(there) == ("codex", "claude")


# A plan that is rejected


def test_a_rejected_plan_names_each_problem_with_its_place(repository):
    prepare.prepare_run(repository, CALLER, check(repository, plan(repository)), Autonomy.END_ONLY, "typed")
    broken = check(altered(repository, config=replace(CONFIG, merge_target="trunk")), plan(repository, " more"))
    prepare.reject_plan(repository, CALLER, broken)
    (event,) = [r.record.event for r in repository.ledger.records() if type(r.record.event) is events.PlanRejected]
    (message,) = repository.ledger.state(None).board.messages.values()
    assert (event.plan, message.to) == ("plan.md", ("@principal",))
    assert event.failures == tuple(f"{p.where}: {p.message}" for p in broken.problems)
