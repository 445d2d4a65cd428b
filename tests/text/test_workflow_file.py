"""Workflow files are read once at the door, with every problem at its place (W1 to W6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.errors import Malformed
from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import (
    Cycle,
    ExpectedArtifact,
    Independence,
    JobKind,
    Lane,
    ReviewMode,
    Sandbox,
    Settings,
    Timeouts,
    WorktreeMode,
)
from gitorch.text.workflows.file import parse_workflow

TEMPLATE = Path(__file__).parents[2] / "templates" / "workflows" / "code-change.yaml"
EXAMPLE = Path(__file__).parents[2] / "examples" / "code-change"


def nothing(path: str) -> bytes | None:
    return None


def problems_of(text: str, read=nothing) -> list[tuple[int, int, str]]:
    with pytest.raises(Malformed) as caught:
        parse_workflow("workflow.yaml", text.encode(), read)
    assert all(problem.fix for problem in caught.value.problems)
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def test_the_code_change_template_is_a_workflow():
    source = parse_workflow("w.yaml", TEMPLATE.read_bytes(), nothing)

    jobs = source.workflow.jobs
    assert [(job, str(spec.kind), spec.lane, spec.needs) for job, spec in jobs.items()] == [
        ("implement", "build", "author", ()),
        ("review", "review", "reviewer", ("implement",)),
        ("approval", "checkpoint", "", ("implement", "review")),
        ("merge", "merge", "", ("approval",)),
    ]
    assert jobs[JobId("review")].subject == "implement"
    assert source.workflow.cycles == (Cycle(JobId("review"), JobId("implement"), 3),)
    assert (source.target, source.settings.max_agents) == ("", 2)
    assert set(source.briefs) == {"implement", "review"}
    assert source.briefs[JobId("implement")].startswith("# Make the change\n\nYou write the change")


def test_the_example_reads_its_brief_from_a_file():
    def read(path: str) -> bytes | None:
        return (EXAMPLE / path).read_bytes()

    source = parse_workflow("w.yaml", (EXAMPLE / "workflow.yaml").read_bytes(), read)

    assert source.settings == Settings(review_mode=ReviewMode.PARALLEL, rounds_max=2)
    assert [cycle.rounds for cycle in source.workflow.cycles] == [2, 2]
    assert source.workflow.jobs[JobId("implement")].artifacts == (
        ExpectedArtifact("greeting", "other", "notes/greeting.md"),
    )
    assert "at most five sentences" in source.briefs[JobId("implement")]
    assert "## Read first\n\n- `README.md`" in source.briefs[JobId("ease")]
    assert "has to use it tomorrow" in source.briefs[JobId("ease")]
    assert "Posture" not in source.briefs[JobId("correctness")]


def test_json_is_read_too():
    text = json.dumps(
        {
            "gitorch": "workflow/1",
            "name": "x",
            "lanes": {"a": {"command": ["sh", "-c", "true"], "env": {"N": 1}}},
            "jobs": {"one": {"lane": "a", "objective": "Do", "priority": 3}},
        }
    )

    source = parse_workflow("w.json", text.encode(), nothing)

    assert source.workflow.lanes["a"].command == ("sh", "-c", "true")
    assert source.workflow.lanes["a"].env == {"N": "1"}
    assert source.workflow.jobs[JobId("one")].priority == 3
    assert source.workflow.jobs[JobId("one")].kind is JobKind.GENERIC


def test_a_policy_says_how_independent_reviewers_must_be():
    text = """gitorch: workflow/1
name: x
policies: {review: {independence: runtime}}
lanes: {a: {runtime: claude}}
jobs: {one: {lane: a, objective: Do}}
"""

    assert parse_workflow("w.yaml", text.encode(), nothing).settings.independence is Independence.RUNTIME


BROKEN = """gitorch: workflow/2
nmae: broken
lanes:
  author: {runtime: claude, model: opus}
  spare: {}
phases: [one]
jobs:
  Write:
    kind: build
    lane: auhtor
    objective: Do
    attempts: 2
    scope: {allowed: [/etc]}
  check:
    kind: review
    lane: author
    needs: [Write, gone]
    scope: {}
  other:
    kind: review
    lane: author
    needs: [check]
  stop:
    kind: checkpoint
    lane: author
  land:
    kind: merge
    needs: [check]
  a: {kind: test, lane: author, objective: x, needs: [b]}
  b: {kind: test, lane: author, objective: x, brief: b.md, needs: [a]}
  c: {kind: test, lane: author, brief: c.md}
  c: {}
cycles:
  - {review: check, back_to: Write, rounds: 0}
  - {review: Write, back_to: check}
  - {review: check, back_to: a}
policies: {parallelism: {max_active_jobs: 0}, review: {required_postures: [security]}}
"""


def test_all_problems_of_a_workflow_are_found_at_once():
    assert problems_of(BROKEN) == [
        (1, 1, "`name` is missing."),
        (1, 10, "`gitorch` is `workflow/2`, a format that this version cannot read."),
        (2, 1, "`nmae` is not a known key. Did you mean `name`?"),
        (5, 10, "`lanes.spare.runtime` is missing."),
        (8, 3, "The job id `Write` may contain only a-z, 0-9 and -, and begins with a letter or digit."),
        (9, 5, "`jobs.Write.phase` is missing."),
        (9, 5, "`jobs.Write` must be reviewed with the posture security, but no review of it has that posture."),
        (10, 11, "`jobs.Write.lane` names `auhtor`, which is not a lane. Did you mean `author`?"),
        (13, 23, "The glob `/etc` must be relative to the repository's root."),
        (15, 5, "`jobs.check.phase` is missing."),
        (17, 20, "`jobs.check.needs` names `gone`, which is not a job."),
        (18, 12, "`jobs.check.scope` has no effect on a review job."),
        (20, 5, "`jobs.other.phase` is missing."),
        (22, 12, "`jobs.other.needs` gives this review no work; a review judges exactly one job."),
        (25, 11, "`jobs.stop.lane` has no effect on a checkpoint job."),
        (28, 12, "`jobs.land.needs` of a merge must name a checkpoint."),
        (29, 6, "`jobs.a.phase` is missing."),
        (29, 54, "`jobs.a.needs` form a cycle: a → b → a."),
        (30, 6, "`jobs.b.phase` is missing."),
        (30, 54, "`jobs.b.brief` and `objective` exclude each other."),
        (31, 6, "`jobs.c.phase` is missing."),
        (31, 40, "`jobs.c.brief` names `c.md`, which does not exist."),
        (32, 3, "The key `c` is used twice; first on line 31."),
        (34, 45, "`cycles[0].rounds` must be a whole number from 1 to 100."),
        (35, 14, "`cycles[1].review` names `Write`, which is a build job."),
        (36, 14, "`cycles[2].review` names `check`, which already has a cycle."),
        (36, 30, "`cycles[2].back_to` names `a`, which `check` does not need."),
        (37, 43, "`policies.parallelism.max_active_jobs` must be a whole number from 1 to 1000."),
    ]


HEAD = "gitorch: workflow/1\nname: x\nlanes: {a: {runtime: claude}}\njobs:\n  work: {kind: build, lane: a, objective: Do}\n"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("  r: {kind: review, lane: a, needs: [work, two]}\n  two: {lane: a, objective: Do}\n", (6, 37, "`jobs.r.needs` gives this review 2 jobs of work; a review judges exactly one job.")),
        ("  r: {kind: review, lane: a, needs: [work], subject: wrk}\n", (6, 54, "`jobs.r.subject` names `wrk`, which is not work that this review needs.")),
        ("  r: {kind: review, lane: a, needs: [work], posture: grim}\n", (6, 54, "`jobs.r.posture` must be one of neutral, devils_advocate, security, threat_model, latency_performance, ergonomics_dx, accessibility, compliance_license, supply_chain, or custom:<name>.")),
        ("  s: {kind: checkpoint, needs: [work], on_cancel: [work]}\n", (6, 51, "`jobs.s.on_cancel` names `work`, which does not need `s`.")),
        ("  s: {kind: checkpoint, needs: [work], on_cancel: [no]}\n  m: {kind: merge, needs: [s]}\n  no: {lane: a, needs: [s], objective: x}\n", (6, 51, "`jobs.s.on_cancel` has no effect: `s` is the approval that the merge `m` needs, and nobody cancels it.")),
        ("  p: {kind: phase_synthesis, lane: a, needs: [work], objective: x}\n", (6, 6, "`jobs.p.phase` is missing.")),
        ("  t: {lane: a}\n", (6, 6, "`jobs.t.objective` is missing.")),
        ("  t: {lane: a, objective: x, role: boss}\n", (6, 36, "`jobs.t.role` names `boss`, which is not a role.")),
        ("  t.lock: {lane: a, objective: x}\n", (6, 3, "The job id `t.lock` may have one part after a dot, such as `api.spec`.")),
        ("  t: {lane: a, objective: x, artifacts: [{name: n, path: ../x}]}\n", (6, 58, "`jobs.t.artifacts[0].path` is `../x`, which leaves the repository.")),
        ("  t: {lane: a, objective: x, scope: {allowed: [src/**]}, artifacts: [{name: n, path: docs/n.md}]}\n", (6, 86, "`jobs.t.artifacts[0].path` is `docs/n.md`, which is outside the scope of the job, so it can never be handed in.")),
        ("  t: {lane: a, objective: x, scope: {forbidden: [docs/]}, artifacts: [{name: n, path: docs/n.md}]}\n", (6, 87, "`jobs.t.artifacts[0].path` is `docs/n.md`, which is outside the scope of the job, so it can never be handed in.")),
        ('  t: {lane: a, objective: x, scope: {allowed: [src]}, artifacts: [{name: n, path: "*/*.md"}, {name: m, path: s/m}]}\n', (6, 110, "`jobs.t.artifacts[1].path` is `s/m`, which is outside the scope of the job, so it can never be handed in.")),
        ("  t: {lane: a, brief: ../x}\n", (6, 23, "`jobs.t.brief` is the path `../x`, which leaves the repository.")),
        ("  s: {kind: checkpoint, needs: [work]}\n  m: {kind: merge, needs: [s]}\n  n: {kind: merge, needs: [s]}\n", (8, 13, "`jobs.n.kind` makes a second merge beside `m`; a workflow has one.")),
        ("cycles: {review: r}\n", (6, 9, "`cycles` must be a list.")),
        ("cycles: [{review: gone, back_to: work}]\n", (6, 19, "`cycles[0].review` names `gone`, which is not a job.")),
        ("target: a..b\n", (6, 9, "`target` is not a valid name of a branch: `a..b`.")),
        ("branch: {target: a..b}\n", (6, 18, "`branch.target` is not a valid name of a branch: `a..b`.")),
        ("  t: {lane: a, objective: x, artifacts: [{name: n, kind: song, path: p}]}\n", (6, 58, "`jobs.t.artifacts[0].kind` must be one of prompt, finding, findings_ledger, synthesis, marker, handoff, decision, patch_summary, test_report, support_ledger, action_item_ledger, harness_improvement_proposal, escalation, operator_brief, work_plan, progress_note, operator_report, other, not `song`.")),
        ("  t: {lane: a, objective: x, artifacts: [{name: n, path: /p}]}\n", (6, 58, "`jobs.t.artifacts[0].path` is `/p`, which must be relative to the repository's root.")),
        ("branch: main\ntarget: main\n", (7, 9, "`target` and `branch` exclude each other.")),
        ("branch: {name: x}\n", (6, 10, "`branch.name` is not a known key.")),
        ("roles: {boss: {file: boss.md}}\n", (6, 22, "`roles.boss.file` names `boss.md`, which does not exist.")),
        ("  r: {kind: review, lane: a, needs: [work], fresh: false}\n", (6, 52, "`jobs.r.fresh` cannot be false: a review always runs in a fresh session.")),
        ("  t: {lane: '', objective: x}\n", (6, 13, "`jobs.t.lane` is empty.")),
        ("  t: {lane: a, objective: x, advisory: true}\n", (6, 40, "`jobs.t.advisory` has no effect on a generic job.")),
        ("  t: {lane: a, objective: x, posture: security}\n", (6, 39, "`jobs.t.posture` has no effect on a generic job.")),
        ("  r: {kind: review, lane: a, needs: [work], attempts: 2}\n", (6, 55, "`jobs.r.attempts` has no effect on a review job.")),
        ("  t: {lane: a, objective: x, attempts: 0}\n", (6, 40, "`jobs.t.attempts` must be a whole number from 1 to 100.")),
        ("  t: {lane: a, objective: x, required_postures: [grim]}\n", (6, 50, "`jobs.t.required_postures` must be one of neutral, devils_advocate, security, threat_model, latency_performance, ergonomics_dx, accessibility, compliance_license, supply_chain, or custom:<name>.")),
        ("context: [/etc/passwd]\n", (6, 11, "The path `/etc/passwd` must be relative to the repository's root.")),
    ],
)  # fmt: skip
def test_one_problem_at_its_place(more, expected):
    assert parse_workflow("w.yaml", HEAD.encode(), nothing).workflow.name == "x"

    assert problems_of(HEAD + more) == [expected]


TWO = """gitorch: workflow/1
name: x
lanes: {a: {runtime: claude}}
jobs:
  one: {kind: build, lane: a, objective: Do, ONE}
  two: {kind: build, lane: a, objective: Do, TWO}
"""


@pytest.mark.parametrize(
    ("one", "two", "more", "expected"),
    [
        ("group: g, scope: {allowed: [a/]}", "group: g, scope: {allowed: [b/**]}", "", ""),
        ("group: g, scope: {allowed: [a/]}", "group: g, scope: {allowed: [a/x.py]}", "", "6:63 `jobs.two.scope` shares paths with `one`, which runs at the same time: a/x.py and a/."),
        ("group: g, scope: {allowed: [a/]}", "group: g", "", "6:8 `jobs.two` shares paths with `one`, which runs at the same time: ** and a/."),
        ("group: g, scope: {allowed: [a/], forbidden: [a/b/]}", "group: g, scope: {allowed: [a/b/c]}", "", ""),
        ("group: g, scope: {allowed: [a/]}", "group: g, scope: {allowed: [b/]}, needs: [one]", "", "6:53 `jobs.two.group` is `g` of `one` and `two`, but one of them waits for the other."),
        ("group: g", "group: h", "", ""),
        ("scope: {allowed: ['*.md']}", "scope: {allowed: [READ*]}", "policies: {parallelism: {require_disjoint_scopes: true}}", "6:53 `jobs.two.scope` shares paths with `one`, which runs at the same time: READ* and *.md."),
        ("scope: {allowed: ['*.md']}", "needs: [one], scope: {allowed: [READ*]}", "policies: {parallelism: {require_disjoint_scopes: true}}", ""),
        ("required_postures: [security]", "tasks: []", "", "5:65 `jobs.one` must be reviewed with the posture security, but no review of it has that posture."),
        ("required_postures: [security]", "tasks: []", "  r: {kind: review, lane: a, needs: [one], posture: security}", ""),
        ("required_postures: [security]", "tasks: []", "  r: {kind: review, lane: a, needs: [two], posture: security}", "5:65 `jobs.one` must be reviewed with the posture security, but no review of it has that posture."),
    ],
)  # fmt: skip
def test_jobs_that_run_at_the_same_time_share_no_paths_and_are_reviewed_as_asked(one, two, more, expected):
    text = TWO.replace("ONE", one).replace("TWO", two) + more

    assert messages_of(text) == ([expected] if expected else [])


def messages_of(text: str) -> list[str]:
    try:
        parse_workflow("w.yaml", text.encode(), nothing)
    except Malformed as wrong:
        return [f"{p.line}:{p.column} {p.message}" for p in wrong.problems]
    return []


PHASED = """gitorch: workflow/1
name: x
lanes: {a: {runtime: claude}}
phases: [design, build]
jobs:
  sketch: {kind: draft, lane: a, objective: Do, phase: design}
  design: {kind: phase_synthesis, lane: a, needs: [sketch], phase: design}
  make: {kind: build, lane: a, objective: Do, phase: build, needs: [design]}
  judge: {kind: review, lane: a, phase: build, needs: [make]}
  built: {kind: phase_synthesis, lane: a, needs: [judge], phase: build}
  ask: {kind: checkpoint, needs: [built]}
  land: {kind: merge, needs: [ask]}
cycles:
  - {review: built, back_to: make}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ""),
        ("needs: [design]}", "needs: [sketch]}", "8:68 `jobs.make.needs` names `sketch`, which lies inside phase `design`; phases meet only in their synthesis."),
        ("needs: [sketch]", "needs: [sketch, built]", "7:51 `jobs.design.needs` names `built`, which closes `build`, a later phase than `design`."),
        ("needs: [built]}", "needs: [make]}", "11:34 `jobs.ask.needs` names `make`, which lies inside phase `build`; phases meet only in their synthesis."),
        ("phase: design}\n  design: {kind: phase_synthesis", "phase: design}\n  design: {kind: draft, objective: x", "6:56 `jobs.sketch.phase` is `design`, a phase without a synthesis."),
        ("phase: build, needs: [make]", "phase: bulid, needs: [make]", "9:41 `jobs.judge.phase` names `bulid`, which is not a phase. Did you mean `build`?"),
        ("phase: build, needs: [make]", "needs: [make]", "9:10 `jobs.judge.phase` is missing."),
        ("  ask:", "  spare: {kind: test, lane: a, objective: x, phase: build}\n  ask:", "11:53 `jobs.spare.phase` is `build`, but `built`, the synthesis of that phase, does not wait for `spare`."),
        ("  ask:", "  again: {kind: phase_synthesis, lane: a, needs: [make], phase: build}\n  ask:", "11:17 `jobs.again.kind` makes a second synthesis of phase `build` beside `built`."),
        ("back_to: make", "back_to: sketch", "14:30 `cycles[0].back_to` names `sketch`, which is not in phase `build`."),
    ],
)  # fmt: skip
def test_phases_meet_only_in_their_one_synthesis(old, new, expected):
    messages = messages_of(PHASED.replace(old, new, 1))

    assert (expected in messages) if expected else (messages == [])


INSIDE = "which lies inside phase"
SECOND = "  make: {kind: build, lane: a, objective: Do, phase: build, needs: [design]}"
CLOSED = "  design: {kind: phase_synthesis, lane: a, needs: [sketch], phase: design}\n"


@pytest.mark.parametrize(
    ("wrong", "fix", "right"),
    [
        ((SECOND, SECOND.replace("design]", "sketch]")), "Name `design` instead.", ("[sketch]}\n  judge", "[design]}\n  judge")),
        ((SECOND, SECOND.replace("design]", "design, sketch]")), "Remove `sketch`; `design`, which this job needs too, waits for it.", ("[design, sketch]", "[design]")),
        ((CLOSED + SECOND, SECOND.replace("design]", "sketch]")), "Add a job with `kind: phase_synthesis` and `phase: design`, and name that instead.", (SECOND.replace("design]", "sketch]"), CLOSED + SECOND)),
        (("objective: Do, phase: design}", "objective: Do, phase: design, needs: [make]}"), "Correct the need, or the order of `phases`.", ("phase: design, needs: [make]}", "phase: design}")),
        (("needs: [judge], phase: build}", "needs: [judge, stop], phase: build}\n  stop: {kind: checkpoint, needs: [make]}"), "Write `phase: build`, since `built` waits for this job.", ("checkpoint,", "checkpoint, phase: build,")),
    ],
)  # fmt: skip
def test_the_fix_of_a_need_inside_another_phase_leads_to_a_valid_file(wrong, fix, right):
    text = PHASED.replace(*wrong, 1)
    assert text != PHASED

    assert fixes_of(text) == [fix]
    assert messages_of(text.replace(*right, 1)) == []


def fixes_of(text: str) -> list[str]:
    with pytest.raises(Malformed) as malformed:
        parse_workflow("w.yaml", text.encode(), nothing)
    return [problem.fix for problem in malformed.value.problems if INSIDE in problem.message]


def test_every_key_of_a_lane_and_of_a_job_is_read():
    text = """gitorch: workflow/1
name: x
branch: {target: next}
roles: {author: {file: author.md}}
lanes:
  a:
    runtime: claude
    model: opus
    capacity: 2
    constraints: [No network.]
    memory_mib: 900
    timeouts: {start_seconds: 1, silence_seconds: 2, lease_seconds: 3, work_seconds: 4}
jobs:
  one: {kind: build, lane: a, role: author, objective: Do, attempts: 2, fresh: true, group: g, scope: {allowed: [x]}}
  r: {kind: review, lane: a, needs: [one], advisory: true, fresh: true}
"""
    source = parse_workflow("w.yaml", text.encode(), lambda path: f"You are {path}.".encode())

    lane, job = source.workflow.lanes["a"], source.workflow.jobs[JobId("one")]
    assert (lane.model, lane.capacity, lane.constraints, lane.memory_mib) == ("opus", 2, ("No network.",), 900)
    assert lane.timeouts == Timeouts(1, 2, 3, 4)
    assert (job.attempts_max, job.fresh, job.group) == (2, True, "g")
    assert source.workflow.jobs[JobId("r")].advisory
    assert source.target == "next"
    assert "You are author.md." in source.briefs[JobId("one")]


def test_a_lane_names_its_program_environment_worktree_and_sandbox():
    text = """gitorch: workflow/1
name: x
lanes:
  a: {command: [mine, --fast], env: {A: b, N: 1}, worktree: shared, sandbox: bwrap, one_shot: true}
  b: {runtime: claude}
jobs: {one: {lane: a, objective: Do}, two: {lane: b, objective: Do}}
"""
    lanes = parse_workflow("w.yaml", text.encode(), nothing).workflow.lanes

    assert (lanes["a"].command, lanes["a"].env) == (("mine", "--fast"), {"A": "b", "N": "1"})
    assert (lanes["a"].worktree, lanes["a"].sandbox, lanes["a"].one_shot) == (
        WorktreeMode.SHARED,
        Sandbox.BWRAP,
        True,
    )
    assert lanes["b"] == Lane("b", "claude")


def test_a_binary_brief_is_a_problem_of_its_own_file():
    with pytest.raises(Malformed) as caught:
        parse_workflow("w.yaml", (HEAD + "  t: {lane: a, brief: b.md}\n").encode(), lambda _: b"\xff")

    assert [problem.path for problem in caught.value.problems] == ["b.md"]


PIECES = st.sampled_from(
    ["name", "jobs", "lanes", "needs", "kind", "review", "merge", "cycles", "subject", "policies", "a"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | PIECES | st.just("workflow/1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(PIECES, VALUES, max_size=8) | VALUES)
def test_no_value_raises_anything_but_malformed(value):
    with pytest.raises(Malformed) as caught:
        parse_workflow("w.yaml", json.dumps(value).encode(), nothing)

    assert caught.value.problems
