"""A plan becomes builds, reviews, cycles, one approval and one merge (P15, P20, P21, P25)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitorch.model.ids import Digest, JobId
from gitorch.model.plans.config import Config, RuntimeChoice
from gitorch.model.plans.needs import dependency_order
from gitorch.model.plans.plan import Epic, Plan, Task
from gitorch.model.plans.workflow import (
    Autonomy,
    Cycle,
    JobKind,
    JobSpec,
    Lane,
    ReviewMode,
    Scope,
    Settings,
    Workflow,
    WorkflowSource,
)
from gitorch.model.values import replace
from gitorch.rules.workflows.compile import compile_plan, compile_workflow, default_settings, reviewer_runtime
from gitorch.rules.workflows.graph import batch_of, execution_plan, needs_of

EPICS = (
    Epic("web", "The page", 1, "", (Task("Draw it", 3),), needs=("api",)),
    Epic(
        "api",
        "The API",
        9,
        "",
        (Task("Write", 11), Task("Test", 12)),
        scope_allowed=("src/**",),
        scope_forbidden=("x",),
    ),
    Epic("docs", "The manual", 20, "", (Task("Explain", 22),)),
)
PLAN = Plan("plan.md", "A plan", EPICS, "sha256:1")
CONFIG = Config(implementer="claude")
BRIEFS = {"api": Digest("sha256:a"), "api.spec": Digest("sha256:s")}


def compiled(config: Config = CONFIG, plan: Plan = PLAN, **settings) -> Workflow:
    return compile_plan(plan, config, Settings(**settings), BRIEFS)


def test_an_epic_becomes_a_build_and_a_review_for_each_stage():
    jobs = compiled().jobs

    assert list(jobs) == [
        *("web", "web.spec", "web.quality"),
        *("api", "api.spec", "api.quality"),
        *("docs", "docs.spec", "docs.quality"),
        *("approval", "merge"),
    ]
    assert jobs[JobId("api")] == JobSpec(
        JobId("api"),
        "The API",
        JobKind.BUILD,
        "implementer",
        brief=Digest("sha256:a"),
        scope=Scope(("src/**",), ("x",)),
        tasks=("Write", "Test"),
    )
    assert jobs[JobId("api.quality")] == JobSpec(
        JobId("api.quality"),
        "Quality review of api",
        JobKind.REVIEW,
        "reviewer",
        needs=(JobId("api"),),
        role="quality",
        subject=JobId("api"),
        stage=2,
    )
    assert (jobs[JobId("api.spec")].brief, jobs[JobId("api.spec")].stage) == ("sha256:s", 1)
    assert jobs[JobId("web")].needs == ("api",)


def test_approval_needs_every_epic_and_the_merge_needs_the_approval():
    jobs = compiled().jobs

    assert (jobs[JobId("approval")].kind, jobs[JobId("approval")].lane) == (JobKind.CHECKPOINT, "")
    assert jobs[JobId("approval")].needs == ("web", "api", "docs")
    assert (jobs[JobId("merge")].kind, jobs[JobId("merge")].needs) == (JobKind.MERGE, ("approval",))


def test_every_review_can_send_its_epic_back_one_time_less_than_there_are_rounds():
    assert compiled(rounds_max=5).cycles == tuple(
        Cycle(JobId(f"{epic}.{stage}"), JobId(epic), 4)
        for epic in ("web", "api", "docs")
        for stage in ("spec", "quality")
    )


def test_one_reviewer_lane_when_one_runtime_reviews_everything():
    config = replace(CONFIG, reviewers={"spec": "codex", "quality": "codex"})

    assert compiled(config).lanes == {
        "implementer": Lane("implementer", "claude"),
        "reviewer": Lane("reviewer", "codex"),
    }


def test_a_reviewer_lane_for_each_stage_when_runtimes_differ():
    config = replace(CONFIG, reviewers={"quality": "codex"})

    workflow = compiled(config)

    assert {name: lane.runtime for name, lane in workflow.lanes.items()} == {
        "implementer": "claude",
        "reviewer-spec": "claude",
        "reviewer-quality": "codex",
    }
    assert workflow.jobs[JobId("web.quality")].lane == "reviewer-quality"


def test_a_configured_runtime_brings_its_command_and_environment():
    config = replace(
        CONFIG, implementer="fast", runtimes={"fast": RuntimeChoice("claude", ("claude", "--model", "x"), {"A": "b"})}
    )

    assert compiled(config).lanes["implementer"] == Lane(
        "implementer", "claude", command=("claude", "--model", "x"), env={"A": "b"}
    )


def test_another_preset_reviews_by_default_where_one_is_configured():
    fast = RuntimeChoice("claude", ("claude", "--model", "x"))

    assert reviewer_runtime(replace(CONFIG, runtimes={"fast": fast}), "spec") == "claude"
    assert reviewer_runtime(replace(CONFIG, runtimes={"fast": fast, "cx": RuntimeChoice("codex")}), "spec") == "cx"
    assert reviewer_runtime(replace(CONFIG, implementer="fast", runtimes={"fast": fast}), "spec") == "fast"


def test_batches_hold_the_work_and_reviews_belong_to_their_subjects():
    workflow = compiled()

    assert execution_plan(workflow) == (("api", "docs"), ("web",))
    batch = batch_of(workflow)
    assert [batch[JobId(job)] for job in ("api.quality", "web", "web.spec", "approval", "merge")] == [0, 1, 1, 2, 2]


def test_work_that_needs_a_review_comes_in_the_batch_after_it():
    lane = "a"
    draft = JobSpec(JobId("draft"), "", JobKind.DRAFT, lane)
    review = JobSpec(JobId("look"), "", JobKind.REVIEW, lane, needs=(draft.id,), subject=draft.id)
    build = JobSpec(JobId("build"), "", JobKind.BUILD, lane, needs=(review.id,))
    workflow = Workflow("w", "1", "", {}, {job.id: job for job in (build, review, draft)})

    assert execution_plan(workflow) == (("draft",), ("build",))


def test_settings_come_from_the_configuration_and_the_plan_goes_before():
    config = Config(max_agents=7, lease_seconds=5, base_path="t", cleanup="keep", test_command="make")

    settings = default_settings(config, {"autonomy": "per_epic", "review_mode": "parallel", "rounds_max": "2"})

    assert settings == Settings(
        autonomy=Autonomy.PER_EPIC,
        review_mode=ReviewMode.PARALLEL,
        rounds_max=2,
        max_agents=7,
        test_target=True,
        lease_seconds=5,
        worktrees="t",
        cleanup="keep",
        test_command="make",
        escalate_seconds=1800,
        memory_mib_max=8192,
        requests_max=300,
    )
    assert default_settings(Config()) == Settings(
        test_target=True, escalate_seconds=1800, memory_mib_max=8192, requests_max=300
    )


def test_a_workflow_file_gets_its_briefs_and_its_runtimes():
    job = JobSpec(JobId("one"), "One", JobKind.BUILD, "a")
    lanes = {"a": Lane("a", "fast", env={"A": "mine"}), "b": Lane("b", "codex", command=("codex",))}
    source = WorkflowSource(Workflow("w", "1", "", lanes, {job.id: job}), {job.id: "Do"}, Settings())
    config = Config(runtimes={"fast": RuntimeChoice("claude", ("claude", "-x"), {"A": "theirs", "B": "b"})})

    workflow = compile_workflow(source, config, {"one": Digest("sha256:b")})

    assert workflow.jobs[job.id].brief == "sha256:b"
    assert workflow.lanes["a"] == Lane("a", "claude", command=("claude", "-x"), env={"A": "mine", "B": "b"})
    assert workflow.lanes["b"] == lanes["b"]


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=8))
def test_every_compiled_plan_is_acyclic_and_whole(edges):
    epics = tuple(
        Epic(
            f"e{number}", "T", 1, "", (Task("t", 1),), needs=tuple(dict.fromkeys(f"e{n}" for n in needs if n < number))
        )
        for number, needs in enumerate(edges)
    )

    workflow = compiled(plan=replace(PLAN, epics=epics))

    order = dependency_order(needs_of(workflow))
    assert order[-2:] == ("approval", "merge")
    assert len(order) == 3 * len(epics) + 2
    assert {job for wave in execution_plan(workflow) for job in wave} == {epic.id for epic in epics}
    assert all(spec.lane in workflow.lanes for spec in workflow.jobs.values() if spec.lane)


def test_an_epic_may_choose_its_runtime():
    epics = (replace(EPICS[0], runtime="codex"), EPICS[1])
    config = replace(CONFIG, runtimes={"codex": RuntimeChoice(preset="codex", model="big")})
    flow = compiled(config, replace(PLAN, epics=epics))

    assert (flow.jobs[JobId("web")].lane, flow.jobs[JobId("api")].lane) == ("implementer-codex", "implementer")
    assert (flow.lanes["implementer-codex"].runtime, flow.lanes["implementer-codex"].model) == ("codex", "big")
    assert "implementer-codex" not in compiled(config).lanes
