"""Every problem of a plan, workflow, preset or artifact is told with the fix that belongs to it: whole sentences, side by side.

The texts are those of the tables in the tests beside this one, and what no table has. `pytest --rewrite-transcripts` writes
`texts/fixes.txt` anew.
"""

from __future__ import annotations

from pathlib import Path

import test_artifact
import test_plan_defects
import test_plan_people
import test_workflow_file
from golden import assert_golden

from gitorch.errors import Malformed
from gitorch.model.work.artifact import ArtifactKind
from gitorch.text.artifact import parse_artifact
from gitorch.text.config_file import parse_config
from gitorch.text.plans.plan import parse_plan
from gitorch.text.preset import parse_preset
from gitorch.text.workflows.file import parse_workflow


def rows(test):
    """The rows of a test's only table."""
    return test.pytestmark[0].args[1]


def plans():
    """Plans with defects and remarks."""
    yield (Path(test_plan_defects.__file__).parent / "broken-plan.md").read_bytes()
    for old, new, _ in rows(test_plan_defects.test_one_defect_is_reported_once_at_its_place):
        yield test_plan_defects.GOOD.replace(old, new, 1).encode()
    for data, _ in rows(test_plan_defects.test_a_file_that_is_not_a_plan_has_exactly_one_problem):
        yield data
    for line in (
        *[line for line, _ in rows(test_plan_people.test_a_dependency_on_nothing_is_a_defect_with_the_nearest_name)],
        *[line for line, _ in rows(test_plan_people.test_words_that_may_be_a_dependency_are_questioned)],
        "- [ ] One\n\nDepends on: 1",
    ):
        yield test_plan_people.THREE.replace("{line}", line).encode()
    for body in (
        "Scope:",
        "Not:",
        "Dependencies:",
        "Scope: ../x",
        "Runtime: Node 20\nRuntime: codex\nRuntime: claude\n\n### Task 1: Go\n\nRuntime: codex",
        "Design: a.md",
        "### Review gate: a",
        "{{FILL}}",
        "<!-- STRIP -->",
    ):
        yield f"Design: a.md\nDesign: b.md\n\n{test_plan_people.epic(': a', 'a', body)}".encode()
    yield b"---\ntitle: T\n# a remark\nauthor: Ada\nautonmy: end_only\nmax_agents: x\n---\n## Epic: a\n"
    yield b"---\ntitle: T\n---\nwords\n---\n## Epic: a\n"
    yield b"---\n# Only a remark\n---\n## Epic: a\n- [ ] One\n"


def workflows():
    """Workflow files with problems."""
    yield test_workflow_file.BROKEN
    for more, _ in rows(test_workflow_file.test_one_problem_at_its_place):
        yield test_workflow_file.HEAD + more
    for one, two, more, _ in rows(
        test_workflow_file.test_jobs_that_run_at_the_same_time_share_no_paths_and_are_reviewed_as_asked
    ):
        yield test_workflow_file.TWO.replace("ONE", one).replace("TWO", two) + more
    for old, new, _ in rows(test_workflow_file.test_phases_meet_only_in_their_one_synthesis):
        yield test_workflow_file.PHASED.replace(old, new, 1)
    yield test_workflow_file.HEAD + "  r: {kind: review, lane: a}\n"
    yield (
        test_workflow_file.HEAD
        + "  w: {kind: build, lane: a, objective: Do}\n  r: {kind: review, lane: a, needs: [work, w]}\n"
    )
    yield test_workflow_file.HEAD + "  A b: {kind: build, lane: a, objective: Do}\n"
    yield test_workflow_file.HEAD + "  w: &x {kind: build, lane: a, objective: !odd Do}\n  v: *x\n  ? [a]\n  : x\n"


PRESETS = (
    "",
    "name: mine\nextends: ''\n",
    "first_prompt: option\nsigns: {ready: [{}]}\n",
    "name: mine\nargv: [a]\nresumed_prompt: shout\nusage: guess\nsubmit_key: Enter; kill-server\n",
    "name: mine\nargv: [a]\npermission_requests:\n- {pattern: '(?P<asked>x)'}\n- {pattern: x, once: [y]}\n",
    "name: mine\nargv: [a]\npermission_requests:\n- {pattern: '(?P<asked>x)', once: [y; rm]}\n",
    "name: mine\nargv: [a]\ndialogs: {Theme: {pattern: x}, key: x, trust: {pattern: x, keys: [y; rm]}}\n",
    "name: mine\nargv: [a]\nsigns: {redy: [], busy: [{place: everywhere, pattern: '('}]}\nfiles: {../x: y}\nenv: [A]\n",
)
CONFIGS = (
    "prices: {per_million: {opus: {input: true, output: -1, cached: 1000001}}}\n",
    "autonomy: none\n",
    "notify: {quiet: '25:00-07:00'}\n",
    "tests: {command: [x], wait_seconds: soon}\n",
    "worktrees: {link: data}\nlanes: x\n",
)
LEDGER = "findings:\n- {number: 1, source: a, severity: awful, title: Long, disposition: open}\n"


def problems():
    """Every problem and remark of these texts."""
    for data in plans():
        plan = parse_plan("plan.md", data)
        yield from (*plan.problems, *plan.remarks)
    acts = [
        *[lambda text=text: parse_workflow("w.yaml", text.encode(), lambda _: None) for text in workflows()],
        *[lambda text=text: parse_preset("a.yaml", text.encode(), lambda _: None) for text in PRESETS],
        *[lambda text=text: parse_config("gitorch.yaml", text.encode()) for text in CONFIGS],
    ]
    for kind, front in [
        *[
            (kind, front)
            for kind, front, _ in rows(test_artifact.test_each_defect_of_an_artifact_is_reported_at_its_line)
        ],
        ("findings_ledger", LEDGER + "- {number: 1, source: a, title: Long, disposition: open}"),
        ("other", "kind: strange"),
    ]:
        acts.append(
            lambda kind=kind, front=front: parse_artifact("it.md", f"---\n{front}\n---\n".encode(), ArtifactKind(kind))
        )
    for act in acts:
        try:
            act()
        except Malformed as error:
            yield from error.problems


def test_every_problem_is_told_with_its_fix(request):
    told = {}
    for one in problems():
        told.setdefault((one.message, one.fix), f"{one.path}:{one.line}:{one.column} {one.message}\n    {one.fix}\n")
    assert_golden("fixes.txt", "".join(told.values()), request)
