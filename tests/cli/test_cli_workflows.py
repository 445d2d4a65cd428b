"""`gitorch workflow`: new files, checks, lint, drawings and conversions, with and without a repository around."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_stage import planned

from gitorch.model.plans.runtime import Preset
from gitorch.text.workflows.shapes import SHAPES

STRIATUM = Path(__file__).parents[1] / "text" / "striatum.json"
FIXED = [shape for shape in SHAPES if shape != "custom"]


@pytest.fixture
def made(stage):
    """A code-change workflow in the folder of the stage."""
    assert stage.gitorch("workflow", "new", "code-change", "flows/work.yaml").status == 0
    return stage


def test_a_new_workflow_is_named_after_its_file_and_has_no_defects(made):
    assert "name: work\n" in (made.folder / "flows/work.yaml").read_text()
    answer = made.gitorch("workflow", "check", "flows/work.yaml")
    assert (answer.status, answer.out.splitlines()[0]) == (0, "flows/work.yaml has no defects: 4 jobs, 2 lanes.")


@pytest.mark.parametrize("verb", ["check", "lint", "plan", "graph"])
def test_a_plan_is_no_workflow_file_and_the_verb_that_reads_it_is_named(stage, verb):
    (stage.folder / "my plan.md").write_text("## Epic: api\n\n- [ ] do: it\n")
    answer = stage.gitorch("workflow", verb, "my plan.md")
    assert (answer.status, answer.err.splitlines()) == (
        2,
        ["gitorch: my plan.md is Markdown, so it is a plan and no workflow file", "  try: gitorch check 'my plan.md'"],
    )


def test_an_existing_workflow_file_is_never_overwritten(made):
    answer = made.gitorch("workflow", "new", "minimal", "flows/work.yaml")
    assert answer.status == 4
    assert "flows/work.yaml is there already" in answer.err


def test_without_a_file_the_workflow_is_printed_and_without_a_shape_all_are_listed(stage):
    assert stage.gitorch("workflow", "new", "review").out.startswith("# A draft, a fresh review")
    listed = stage.gitorch("workflow", "new").out
    assert all(shape in listed for shape in SHAPES)
    assert list(json.loads(stage.gitorch("workflow", "new", "--json").out)["shapes"]) == list(SHAPES)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope",), "nope is not a shape"),
        (("minimal", "--lanes", "nope"), "nope is not a set of lanes"),
        (("minimal", "--blocks", "draft"), "--blocks belong to the shape custom"),
        (("custom",), "the shape custom needs --blocks"),
        (("minimal", "--lane", "x=claude"), "this shape has no lane x"),
    ],
)
def test_invalid_options_of_new_name_the_valid_ones(stage, words, message):
    answer = stage.gitorch("workflow", "new", *words)
    assert answer.status == 2
    assert message in answer.err


def test_the_shape_custom_is_made_of_the_named_blocks_with_as_many_lanes_as_they_need(stage):
    words = (
        "workflow",
        "new",
        "custom",
        "--blocks",
        "draft, review:security+review, build, review*2, checkpoint, merge",
    )
    assert stage.gitorch(*words, "flow.yaml").status == 0
    assert stage.gitorch("workflow", "check", "flow.yaml").status == 0
    for shape in (words[2:], ("code-change",), ("multi-review",)):
        plain = stage.gitorch("workflow", "new", *shape).out
        own = stage.gitorch("workflow", "new", *shape, "--lane", "author=codex").out
        assert own != plain, shape
        several = "author-reviewer" if shape[0] == "code-change" else "multi-review"
        assert own == stage.gitorch("workflow", "new", *shape, "--lane", "author=codex", "--lanes", several).out
    answer = stage.gitorch("workflow", "new", "custom")
    assert answer.err.endswith("  try: gitorch workflow new custom --blocks 'draft, review, checkpoint, merge'\n")


def test_a_defect_is_shown_at_its_place(made):
    path = made.folder / "flows/work.yaml"
    path.write_text(path.read_text().replace("lane: author", "lane: auhtor"))
    answer = made.gitorch("workflow", "check", "flows/work.yaml")
    assert answer.status == 6
    assert "flows/work.yaml:18:11" in answer.err
    assert made.gitorch("workflow", "lint", "flows/work.yaml").status == 6


def test_lint_prints_remarks_and_strict_lint_fails_on_warnings(made):
    path = made.folder / "flows/work.yaml"
    assert made.gitorch("workflow", "lint", "flows/work.yaml", "--strict").status == 1, (
        "nobody has written its objective"
    )
    path.write_text(path.read_text().replace("Say here what is to be different", "The sign-in is different"))
    assert made.gitorch("workflow", "lint", "flows/work.yaml", "--strict").status == 0
    path.write_text(path.read_text().replace("runtime: codex", "runtime: claude"))
    lax = made.gitorch("workflow", "lint", "flows/work.yaml")
    assert (lax.status, lax.out.splitlines()[-1]) == (0, "flows/work.yaml scores 85 of 100")
    assert lax.out.startswith("flows/work.yaml:8:3: warning same-model (-15): review: judged by the runtime that wrote")
    strict = made.gitorch("workflow", "lint", "flows/work.yaml", "--strict")
    assert (strict.status, "1 warning (score 85 of 100); --strict does not allow warnings" in strict.err) == (1, True)
    error = json.loads(made.gitorch("workflow", "lint", "flows/work.yaml", "--strict", "--json").out)["error"]
    assert error["lint"]["remarks"][0]["name"] == "same-model"


def test_workflow_plan_shows_the_steps_of_a_run(made):
    out = made.gitorch("workflow", "plan", "flows/work.yaml").out
    assert "  implement: build by author" in out
    assert "    may send implement back 3 times, then asks you" in out
    assert "approve leads to the merge" in out


@pytest.mark.parametrize(
    ("form", "begins"), [("text", "work\n"), ("mermaid", "flowchart"), ("dot", "digraph"), ("svg", "<svg ")]
)
def test_a_file_is_drawn_in_every_form(made, form, begins):
    printed = made.gitorch("workflow", "graph", "flows/work.yaml", "--as", form)
    assert (printed.status, printed.out.startswith(begins)) == (0, True)
    made.gitorch("workflow", "graph", "flows/work.yaml", "--as", form, "-o", "drawing")
    assert (made.folder / "drawing").read_text().strip() == printed.out.strip()


def test_a_run_is_drawn_with_the_states_of_its_jobs(stage):
    stage.begin_run()
    out = stage.gitorch("workflow", "graph", "auth-7f3a").out
    assert "○ api" in out
    assert "api.spec" in out


def test_a_graph_of_neither_a_file_nor_a_run_is_not_found(stage):
    for file in ("none.yaml", "none.yml", "none.json", "flows/none"):
        answer = stage.gitorch("workflow", "graph", file)
        missing = f"gitorch: there is no file {file}\n  try: gitorch workflow new --help\n"
        assert (answer.status, answer.err) == (3, missing), file
    assert "no gitorch ledger" in stage.gitorch("workflow", "graph", "none.toml").err, "it may be the name of a run"
    answer = stage.gitorch("workflow", "graph", "none.yaml", "--as", "png")
    assert (answer.status, "text, mermaid, dot, svg" in answer.err) == (2, True)


def test_a_conversion_prints_the_file_and_names_omitted_fields_on_standard_error(stage):
    (stage.folder / "w.json").write_bytes(STRIATUM.read_bytes())
    answer = stage.gitorch("workflow", "convert", "w.json")
    assert answer.status == 0
    assert answer.out.startswith("# Converted from a workflow of striatum.\n")
    assert "w.json:6:3: `branch` is not carried over: " in answer.err
    assert "to do: the converted file:" in answer.err
    assert "names `roles/author.md`, which does not exist." in answer.err
    (stage.folder / "roles").mkdir()
    (stage.folder / "roles" / "author.md").write_text("You write.\n")
    assert "roles/author.md" not in stage.gitorch("workflow", "convert", "w.json").err
    assert stage.gitorch("workflow", "convert", "w.json", "-o", "w.yaml").status == 0
    assert (stage.folder / "w.yaml").read_text().strip() == answer.out.strip()


def test_an_unknown_verb_of_the_group_names_the_known_ones(stage):
    answer = stage.gitorch("workflow", "draw")
    assert answer.status == 2
    assert "it has new, check, lint, plan, graph, convert, start" in answer.err


@pytest.mark.parametrize("word", ["new", "check", "lint", "plan", "graph", "convert"])
def test_each_workflow_verb_has_help_with_an_example(stage, word):
    answer = stage.gitorch("workflow", word, "--help")
    assert answer.status == 0
    assert f"  gitorch workflow {word}" in answer.out.partition("Example")[2]
    assert "--json" in answer.out


ADVICE = """gitorch: workflow/1
name: advice
version: 1
lanes:
  a: {runtime: scripted, model: small}
jobs:
  one: {kind: draft, title: One, lane: a, objective: do, scope: {allowed: ["one/**"], forbidden: [one/x]}}
  look: {kind: review, title: Look, lane: a, needs: [one], subject: one}
  ask: {kind: checkpoint, title: Ask, needs: [one]}
  two: {kind: draft, title: Two, lane: a, objective: do, needs: [ask]}
cycles:
  - {review: look, back_to: one, rounds: 2}
"""


def test_the_sheet_of_a_workflow_file_names_its_reviews_ways_back_and_checkpoints(stage):
    planned(stage).presets["scripted"] = Preset("scripted", ("claude",))
    (stage.folder / "advice.yaml").write_text(ADVICE)
    answer = stage.gitorch("check", "advice.yaml")

    assert answer.status == 0, answer.err
    lines = [line.strip() for line in answer.out.splitlines()]
    assert "one may change one/**, but not one/x" in lines
    assert "two may change every file" in lines
    assert "ways back  look may send one back 2 times, then asks you" in lines
    assert "asks you   ask: continue leads to two, cancel to the end of the run" in lines
    assert any(line.startswith("one  by scripted small  on gitorch/") for line in lines)


def test_the_sheet_names_the_one_worktree_that_jobs_of_a_lane_share(stage):
    planned(stage).presets["scripted"] = Preset("scripted", ("claude",))
    apart = """\
gitorch: workflow/1
name: shared
lanes: {author: {runtime: scripted}}
jobs:
  one: {kind: build, lane: author, title: One, objective: x}
  two: {kind: build, lane: author, title: Two, objective: x}
"""
    shared = apart.replace("{runtime: scripted}", "{runtime: scripted, worktree: shared}")
    for text, heading, places in (
        (apart, "batch 1: 2 side by side", ["one", "two"]),
        (shared, "batch 1", ["lane+author"] * 2),
    ):
        (stage.folder / "work.yaml").write_text(text)
        lines = [line.strip() for line in stage.gitorch("check", "work.yaml").out.splitlines()]
        assert heading in lines
        assert [line.split()[-1] for line in lines if " by scripted " in line] == places


def test_a_workflow_that_merges_nothing_says_so_and_where_its_result_stays(stage):
    planned(stage).presets["scripted"] = Preset("scripted", ("claude",))
    (stage.folder / "advice.yaml").write_text(ADVICE)
    lines = [line.strip() for line in stage.gitorch("check", "advice.yaml").out.splitlines()]

    assert any(line.startswith("target     nothing is merged; the work begins at main at ") for line in lines)
    (result,) = [line for line in lines if line.startswith("result ")]
    assert result.count("gitorch/advice-") == 2
    assert not [line for line in lines if line.startswith("approval ")]


def test_a_scope_of_a_workflow_file_that_matches_nothing_is_a_remark_at_its_job(stage):
    planned(stage).presets["scripted"] = Preset("scripted", ("claude",))
    text = ADVICE.replace("title: One,", "title: One, artifacts: [{name: x, path: one/a.md}],")
    (stage.folder / "advice.yaml").write_text(text.replace("title: Two,", "title: Two, scope: {allowed: [two/**]},"))
    answer = stage.gitorch("check", "advice.yaml")

    assert answer.status == 0, answer.err
    remarks = answer.out.partition("remarks\n")[2].splitlines()
    assert (
        "  advice.yaml:10:3: `two/**` of job `two` matches no file of main yet. Leave it if these files are to be created."
        in remarks
    )
    assert not [line for line in remarks if "`one/**`" in line]
