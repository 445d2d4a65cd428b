"""Everything that the world may lack is named before anything is created (P1, P2, P6, P7)."""

from __future__ import annotations

import pytest

from gitorch.errors import Problem
from gitorch.model.ids import CommitId, RunId
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.config import Config, RuntimeChoice
from gitorch.model.plans.plan import Epic, Plan, Task
from gitorch.model.plans.preflight import PreflightFacts, RuntimeFacts
from gitorch.model.values import replace
from gitorch.rules.workflows.readiness import check_plan

PLAN = Plan("plan.md", "A plan", (Epic("api", "The API", 7, "", (Task("Do", 9),)),), "sha256:1")
CONFIG = Config(implementer="claude", test_command="make test")
FACTS = PreflightFacts(
    design_exists=True,
    target="main",
    target_commit=CommitId("c" * 40),
    branches=("main", "next"),
    base_path="/trees",
    runtimes={
        "claude": RuntimeFacts(known=True, program="claude", found=True),
        "codex": RuntimeFacts(known=True, program="codex"),
    },
)


def found(plan: Plan = PLAN, config: Config = CONFIG, **facts) -> list[tuple[str, str]]:
    problems = check_plan(plan, config, replace(FACTS, **facts))
    assert all(problem.fix for problem in problems)
    return [(problem.where, problem.message) for problem in problems]


def test_a_runtime_that_is_to_take_over_must_be_installed_too():
    config = replace(CONFIG, runtimes={"claude": RuntimeChoice("claude", takeover="codex")})
    [(where, message)] = found(config=config)
    assert (where, "codex" in message) == ("gitorch.yaml:1:1", True)


@pytest.mark.parametrize(
    ("config", "facts", "helped"),
    [
        ({}, {"target_commit": None}, [True]),
        ({}, {"target_behind": 2}, [False]),
        ({}, {"base_outside": False}, [False]),
        ({}, {"base_writable": False}, [False]),
        ({}, {"runtimes": {}}, [False]),
        ({"implementer": ""}, {"runtimes": {}}, [False]),
        ({"test_command": ""}, {}, [True]),
        ({"test_command": ""}, {"target_commit": None, "base_writable": False}, [True, False, False]),
        ({"approval_at_least": Grade.SIGNED}, {}, [False]),
        ({"approval_at_least": Grade.FORGE}, {}, [False]),
    ],
)
def test_without_a_configuration_init_is_advised_once_and_only_where_it_may_help(config, facts, helped):
    missing, written = (
        check_plan(PLAN, replace(CONFIG, path=path, **config), replace(FACTS, **facts)) for path in ("", "gitorch.yaml")
    )
    assert [one.where for one in missing] == [one.where for one in written] == ["gitorch.yaml:1:1"] * len(helped)
    for before, after, is_helped in zip(missing, written, helped, strict=True):
        advice = "gitorch init, which writes gitorch.yaml with what it finds here; or: " if is_helped else ""
        assert before.fix == f"{advice}{after.fix}"


def test_a_sound_plan_has_no_problems():
    assert found() == []


@pytest.mark.parametrize(
    ("facts", "where", "message"),
    [
        ({"target": "nxt", "target_commit": None}, "gitorch.yaml:1:1", "The merge target `nxt` is not a local branch. Did you mean `next`?"),
        ({"branches": (), "target_commit": None}, "gitorch.yaml:1:1", "The repository has no branch with a commit yet, so nothing can be built on one."),
        ({"target_behind": 1}, "gitorch.yaml:1:1", "The merge target `main` is 1 commit behind its upstream."),
        ({"target_behind": 3}, "gitorch.yaml:1:1", "The merge target `main` is 3 commits behind its upstream."),
        ({"base_outside": False}, "gitorch.yaml:1:1", "The folder for worktrees, /trees, lies inside the repository."),
        ({"base_writable": False}, "gitorch.yaml:1:1", "The folder for worktrees, /trees, cannot be written to."),
        ({"runtimes": {}}, "gitorch.yaml:1:1", "The runtime `claude` is not known."),
        ({"runtimes": {"claude": RuntimeFacts(known=True, program="claude")}}, "gitorch.yaml:1:1", "The program `claude` of runtime `claude` is not on PATH."),
        ({"busy_epics": {"api": RunId("old-1")}}, "plan.md:7:1", "Run old-1 is working on epic `api`."),
        ({"work_branches": ("gitorch/x/api",)}, "plan.md:1:1", "The branch `gitorch/x/api` already exists, and an agent of this run would need it."),
    ],
)  # fmt: skip
def test_everything_missing_around_a_plan_is_named(facts, where, message):
    assert found(**facts) == [(where, message)]


def test_a_plan_that_people_work_on_needs_no_program_of_an_agent():
    assert found(by_hand=True, runtimes={}) == []
    assert found(by_hand=True, runtimes={}, config=replace(CONFIG, implementer="")) == []


def test_a_missing_design_document_is_named_where_the_plan_names_it():
    plan = replace(PLAN, design="docs/x.md", places={"design": (4, 1)})

    assert found(plan, design_exists=False) == [("plan.md:4:1", "The design document `docs/x.md` does not exist.")]
    assert found(PLAN, design_exists=False) == []


def test_a_problem_of_the_configuration_names_its_key():
    config = replace(
        CONFIG,
        path="sub/gitorch.yaml",
        implementer="cluade",
        reviewers={"quality": "codex"},
        test_command=" ",
        places={
            "lanes.implementer.runtime": (4, 5),
            "lanes.reviewer.runtime": (5, 5),
            "review.runtimes.quality": (6, 5),
            "tests.command": (9, 3),
        },
    )

    assert found(config=config) == [
        ("sub/gitorch.yaml:4:5", "The runtime `cluade` is not known. Did you mean `claude`?"),
        ("sub/gitorch.yaml:6:5", "The program `codex` of runtime `codex` is not on PATH."),
        ("sub/gitorch.yaml:9:3", "There is no test command."),
    ]
    assert found(config=replace(CONFIG, test_command="", test_command_absent=True)) == []


def test_a_reviewer_that_gitorch_chose_is_called_that_and_another_one_is_named():
    config = replace(CONFIG, runtimes={"fast": RuntimeChoice("codex")}, reviewers={})
    lacking = {**FACTS.runtimes, "fast": RuntimeFacts(known=True, program="codex", install_hint="npm i codex")}
    (problem,) = check_plan(PLAN, config, replace(FACTS, runtimes=lacking))

    assert problem.message == (
        "The program `codex` of runtime `fast` is not on PATH. "
        "Nothing names the reviewer, so gitorch chose it as another one than `claude`."
    )
    assert problem.fix == "npm i codex; or: gitorch config set lanes.reviewer.runtime claude"


def test_a_remote_to_push_to_must_be_there():
    config = replace(CONFIG, push_remote="origin", places={"push.remote": (7, 3)})

    assert found(config=config, remotes=("up",)) == [
        ("gitorch.yaml:7:3", "There is no remote `origin` to push the merge to.")
    ]
    assert found(config=config, remotes=("up", "origin")) == []


def test_an_unset_runtime_is_a_problem_only_when_none_is_installed():
    config = replace(CONFIG, implementer="")

    assert found(config=config) == []
    assert found(config=config, runtimes={"codex": RuntimeFacts(known=True, program="codex")}) == [
        ("gitorch.yaml:1:1", "No agent program was found on PATH.")
    ]


def test_a_wrong_setting_of_the_plan_names_the_plan():
    plan = replace(PLAN, settings={"merge_target": "gone", "test_command": "x"}, places={"merge_target": (3, 1)})

    assert found(plan, replace(CONFIG, test_command=""), target="gone", target_commit=None) == [
        ("plan.md:3:1", "The merge target `gone` is not a local branch.")
    ]


def test_the_plans_own_defects_come_first():
    defect = Problem("plan.md", 3, 1, "Bad.", "Mend it.")

    assert check_plan(replace(PLAN, problems=(defect,)), CONFIG, replace(FACTS, target_behind=1))[0] == defect


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        ("codx", "The runtime `codx` is not known. Did you mean `codex`?"),
        ("codex", "The program `codex` of runtime `codex` is not on PATH."),
    ],
)
def test_a_runtime_that_an_epic_chooses_is_checked_at_its_line(runtime, message):
    plan = replace(PLAN, epics=(replace(PLAN.epics[0], runtime=runtime, runtime_line=12),))

    assert found(plan) == [("plan.md:12:1", message)]
    assert found(plan, by_hand=True) == []
