"""Plans and workflow files as they are compiled, judged by lint and drawn, whole: compared with `tests/rules/texts`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from golden import assert_golden
from shown import changes, shown

from gitorch.errors import Malformed
from gitorch.model.ids import Digest, RunId
from gitorch.model.plans.config import Config
from gitorch.model.plans.preflight import PreflightFacts, RuntimeFacts
from gitorch.model.values import names_of, replace
from gitorch.rules.views.diagram import workflow_diagram
from gitorch.rules.views.dry_run import dry_run
from gitorch.rules.workflows.compile import compile_plan, compile_workflow, default_settings
from gitorch.rules.workflows.graph import batch_of, execution_plan
from gitorch.rules.workflows.lint import lint
from gitorch.rules.workflows.readiness import check_plan
from gitorch.text.config_file import parse_config
from gitorch.text.plans.plan import parse_plan
from gitorch.text.workflows.file import parse_workflow

if TYPE_CHECKING:
    from gitorch.model.plans.workflow import WorkflowSource

TOP = Path(__file__).parents[2]
SPECIMENS = TOP / "tests" / "text" / "specimens"
PLAN = parse_plan("plan.md", (SPECIMENS / "plan.md").read_bytes())
CONFIG = parse_config("gitorch.yaml", (SPECIMENS / "gitorch.yaml").read_bytes())
TEMPLATES = sorted((TOP / "templates" / "workflows").glob("*.yaml"))


def source(text: str) -> WorkflowSource:
    return parse_workflow("workflow.yaml", text.encode(), lambda _: b"Words.")


SPECIMEN = (SPECIMENS / "workflow.yaml").read_text(encoding="utf-8")


def lines_of(workflow) -> list[str]:
    """Lanes and jobs on a line each, then the rest."""
    lines = [f"lane {shown(lane)}" for lane in workflow.lanes.values()]
    lines += [f"job {shown(job)}" for job in workflow.jobs.values()]
    rest = [name for name in names_of(type(workflow)) if name not in {"lanes", "jobs"}]
    return lines + [f"{name} {shown(getattr(workflow, name))}" for name in rest]


def test_a_whole_plan_is_compiled_with_a_whole_configuration(request):
    lines = []
    for config in (Config(implementer="claude"), CONFIG):
        settings = default_settings(config, PLAN.settings)
        briefs = {epic.id: Digest(f"sha256:{epic.id}") for epic in PLAN.epics}
        workflow = compile_plan(PLAN, config, settings, briefs)
        lines += [f"> {config.implementer}", shown(settings), *lines_of(workflow)]
        lines += [shown(batch_of(workflow)), shown(execution_plan(workflow))]
    assert_golden("compiled-plan.txt", "\n".join(lines) + "\n", request)


def test_a_whole_workflow_is_compiled_dry_run_and_drawn(request):
    lines = []
    for text in (SPECIMEN, SPECIMEN.replace("runtime: scripted", "runtime: fast")):
        found = source(text)
        briefs = {job: Digest(f"sha256:{job}") for job in found.briefs}
        workflow = compile_workflow(found, CONFIG, briefs)
        lines += [
            *lines_of(workflow),
            shown(dry_run(found)),
            shown(workflow_diagram(workflow)),
            shown(batch_of(workflow)),
        ]
    for path in TEMPLATES:
        found = source(path.read_text(encoding="utf-8"))
        lines += [
            f"> {path.stem}",
            shown(dry_run(found)),
            shown(workflow_diagram(found.workflow)),
            shown(lint(found.workflow)),
        ]
    assert_golden("compiled-workflow.txt", "\n".join(lines) + "\n", request)


def without_each_line(text: str):
    """The text without each of its lines."""
    lines = text.splitlines()
    for row in range(len(lines)):
        yield f"without {lines[row].strip()}", "\n".join([*lines[:row], *lines[row + 1 :]]) + "\n"


CHANGES = (
    ("runtime: scripted", "runtime: claude"),
    ("commits: host", "worktree: shared"),
    ("allowed: [docs/**]", "allowed: ['**']"),
    ("allowed: [docs/**]", "allowed: [docs/notes.md, src/**]"),
    ("attempts: 2", "attempts: 1"),
    ("code\n  rounds: 2", "code\n  rounds: 9"),
    ("advisory: false", "advisory: true"),
    ("posture: security", "posture: neutral"),
    ("command: [reviewer, --judge]", "runtime: scripted"),
    ("command: [reviewer, --judge]", "runtime: scripted, model: small"),
)


def test_lint_of_every_variant_of_a_workflow(request):
    whole = lint(source(SPECIMEN).workflow)
    blocks = {shown(whole): ["> whole"]}
    variants = [*without_each_line(SPECIMEN), *((f"{old} → {new}", SPECIMEN.replace(old, new)) for old, new in CHANGES)]
    for name, text in variants:
        assert text != SPECIMEN, name
        try:
            found = lint(source(text).workflow)
        except Malformed:
            continue
        blocks.setdefault("\n".join(changes(whole, found, "lint")) or "the same", []).append(f"> {name}")
    told = "\n".join("\n".join([*asked, text]) for text, asked in blocks.items()) + "\n"
    assert_golden("lint.txt", told, request)


LACKING = {
    "design_exists": False,
    "target_commit": None,
    "target_behind": 2,
    "base_outside": False,
    "base_writable": False,
    "runtimes": {},
    "busy_epics": {"api": RunId("old-1"), "web": RunId("old-2")},
    "work_branches": ("gitorch/x/api", "gitorch/x/web"),
    "signers": ("ada",),
    "remotes": (),
    "by_hand": True,
}
FACTS = PreflightFacts(
    design_exists=True,
    target="dev",
    target_commit="c" * 40,
    remotes=("origin",),
    branches=("main", "dew"),
    base_path="/trees",
    runtimes={
        "claude": RuntimeFacts(known=True, program="claude", found=True),
        "fast": RuntimeFacts(known=True, program="claude", found=True, sandbox_fault="bwrap is missing"),
        "codex": RuntimeFacts(known=True, program="codex", install_hint="npm install codex"),
        "fost": RuntimeFacts(known=False),
    },
)


@pytest.mark.parametrize("name", ["whole", "bare"])
def test_what_each_missing_thing_does_to_the_readiness_of_a_plan(name, request):
    config, plan = (CONFIG, PLAN) if name == "whole" else (Config(), replace(PLAN, settings={}))
    blocks = []
    variants = [("nothing lacks", {})] + [(key, {key: value}) for key, value in LACKING.items()]
    variants += [
        ("everything lacks", {key: value for key, value in LACKING.items() if key not in {"by_hand", "signers"}})
    ]
    variants += [
        (f"runtime {one}", {"runtimes": {key: value for key, value in FACTS.runtimes.items() if key != one}})
        for one in FACTS.runtimes
    ]
    for label, lacking in variants:
        problems = check_plan(plan, config, replace(FACTS, **lacking))
        blocks += [f"> {label}", *(f"{p.path}:{p.line}:{p.column} {p.message} → {p.fix}" for p in problems)]
    assert_golden(f"readiness-{name}.txt", "\n".join(blocks) + "\n", request)
