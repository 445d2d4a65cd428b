"""A dry run: the lines and batches of a whole workflow, and its diagram."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from golden import assert_golden

from gitorch.model.plans.diagram import ArrowKind
from gitorch.model.values import replace
from gitorch.rules.views.diagram import workflow_diagram
from gitorch.rules.views.dry_run import dry_run
from gitorch.text.workflows.file import parse_workflow

TEXT = """gitorch: workflow/1
name: shop
version: "2"
lanes: {a: {runtime: claude}, r: {runtime: codex}}
jobs:
  api: {kind: build, lane: a, objective: Do, scope: {allowed: [src/**, tests/**]}}
  docs: {kind: draft, lane: a, objective: Do, scope: {allowed: [docs/**]}}
  judge: {kind: review, lane: r, needs: [api], posture: security}
  advise: {kind: review, lane: r, needs: [api], advisory: true}
  fork: {kind: checkpoint, needs: [judge, docs], on_continue: [go], on_cancel: [stop]}
  go: {kind: build, lane: a, objective: Do, needs: [fork, api], scope: {allowed: [b]}}
  stop: {kind: draft, lane: a, objective: Do, needs: [fork], scope: {allowed: [c]}}
  again: {kind: review, lane: r, needs: [go]}
  ask: {kind: checkpoint, needs: [again]}
  ship: {kind: merge, needs: [ask]}
cycles:
  - {review: judge, back_to: api, rounds: 1}
  - {review: again, back_to: go, rounds: 2}
"""


def source():
    return parse_workflow("w.yaml", TEXT.encode(), lambda _: None)


def test_a_dry_run_lists_batches_gates_ways_back_and_checkpoints(request):
    assert_golden("dry-run.txt", "\n".join(dry_run(source()).lines) + "\n", request)


def test_a_dry_run_names_its_batches_and_phases():
    assert dry_run(source()).batches[:3] == (("api", "docs"), ("judge", "advise"), ("fork",))
    made = source()
    phased = replace(made, workflow=replace(made.workflow, phases=("build", "ship")))
    assert dry_run(phased).lines[1] == "phases: build, then ship"


def test_a_diagram_leaves_out_needs_that_a_longer_path_implies():
    arrows = {
        (arrow.start, arrow.end): (arrow.kind, arrow.rounds) for arrow in workflow_diagram(source().workflow).arrows
    }
    assert ("api", "go") not in arrows, "go needs api through fork and judge"
    assert arrows["api", "judge"] == (ArrowKind.NEXT, 0)
    assert arrows["fork", "go"] == (ArrowKind.CONTINUE, 0)
    assert arrows["fork", "stop"] == (ArrowKind.CANCEL, 0)
    assert arrows["ask", "ship"] == (ArrowKind.NEXT, 0)
    assert arrows["judge", "api"] == (ArrowKind.BACK, 1)
    assert arrows["again", "go"] == (ArrowKind.BACK, 2)
    assert len(arrows) == 11
