"""`workflow`: create, check, lint, draw, convert and start workflow files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.cli.boundary import Detailed
from gitorch.cli.output import write
from gitorch.cli.verb_function import group, verb
from gitorch.errors import Failed, NotFound, Usage
from gitorch.model.counts import counted
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.plans.diagram import Diagram
    from gitorch.model.plans.workflow import Lint, Remark, Settings, WorkflowSource

PLAN_ENDINGS = (".md", ".markdown")
FORMS = ("text", "mermaid", "dot", "svg")


@group("workflow")
def workflow() -> None:
    """Create, check, lint, draw, convert and start workflow files."""


def _read(call: Call, file: str) -> WorkflowSource:
    """The workflow of a file, with the settings and the folders of this repository.

    Raises Usage for a plan, which other verbs read.
    """
    from gitorch.app.start.workflows import read_workflow

    if file.lower().endswith(PLAN_ENDINGS):
        raise Usage(f"{file} is Markdown, so it is a plan and no workflow file", f"gitorch check {shell_word(file)}")

    return read_workflow(call.folder / file, file, _defaults(call), _roots(call))


def _roots(call: Call) -> tuple[Path, ...]:
    """The folders of briefs that do not lie beside their workflow."""
    try:
        return (call.services.root,)
    except NotFound:
        return ()


def _defaults(call: Call) -> Settings:
    """The settings of the repository, or gitorch's own outside of one."""
    from gitorch.model.plans.config import Config
    from gitorch.rules.workflows.compile import default_settings

    try:
        return default_settings(call.services.config)
    except NotFound:
        return default_settings(Config())


@verb("workflow check")
def check(call: Call, file: str) -> None:
    """Read a workflow file strictly and show every defect with its line and column."""
    flow = _read(call, file).workflow
    counts = f"{counted(len(flow.jobs), 'job')}, {counted(len(flow.lanes), 'lane')}"
    call.say({"workflow": flow}, f"{file} has no defects: {counts}.\nNext: gitorch workflow lint {shell_word(file)}")


@verb("workflow lint")
def lint(call: Call, file: str, strict: bool) -> None:
    """Print the unwise parts of a workflow that are legal, with a score and fixes."""
    from gitorch.rules.workflows import lint as rules

    source = _read(call, file)
    found = rules.lint(source.workflow, source.briefs)
    warnings = sum(remark.strong for remark in found.remarks)
    if strict and warnings:
        message = (
            f"{file} has {counted(warnings, 'warning')} (score {found.score} of 100); --strict does not allow warnings"
        )
        error = Failed(message, f"gitorch workflow lint {shell_word(file)}")
        raise Detailed(error, _remark_lines(file, source, found), lint=found)

    call.say({"lint": found}, _lint_text(file, source, found, call.still_page))


def _remark_lines(file: str, source: WorkflowSource, found: Lint) -> list[str]:
    """All remarks about a workflow, line by line."""
    lines: list[str] = []
    for remark in found.remarks:
        lines += _remark(file, source, remark)

    return lines


def _remark(file: str, source: WorkflowSource, remark: Remark) -> tuple[str, str]:
    """The two lines of a remark: its place, weight and message, then its fix."""
    line, column = source.places.get(remark.place, (1, 1))
    kind = "note"
    if remark.strong:
        kind = "warning"

    return f"{file}:{line}:{column}: {kind} {remark.name} (-{remark.costs}): {remark.message}", f"  {remark.fix}"


def _lint_text(file: str, source: WorkflowSource, found: Lint, page: Page) -> str:
    """The remarks and the score of a workflow."""
    lines = [page.line(line) for line in _remark_lines(file, source, found)]
    postures: list[str] = []
    for job, names in found.postures.items():
        if names:
            postures.append(page.line(f"  {job}: {', '.join(names)}"))

    if postures:
        lines += ["Postures of the reviews of each job:", *postures]

    return "\n".join([*lines, page.line(f"{file} scores {found.score} of 100", "bold")])


@verb("workflow plan")
def plan(call: Call, file: str) -> None:
    """Show what a run of a workflow would do: batches, gates, revisions, checkpoints. Nothing is started."""
    from gitorch.rules.views.dry_run import dry_run

    found = dry_run(_read(call, file))
    call.say({"plan": found}, "\n".join(call.still_page.line(line) for line in found.lines))


@verb("workflow graph")
def graph(call: Call, thing: str, form: str, output: str | None) -> None:
    """Draw a workflow file, or a run with the state of every job."""
    if form not in FORMS:
        raise Usage(
            f"{form} is not a format; use one of: {', '.join(FORMS)}", f"gitorch workflow graph {thing} --as svg"
        )

    diagram = _picture(call, thing)
    drawn = _drawn(diagram, form)
    if output is None:
        call.say({"as": form, "drawing": drawn, "picture": diagram}, drawn.rstrip())
        return

    from gitorch.app.start.workflows import write_new

    if not drawn.endswith("\n"):
        drawn += "\n"

    write_new(call.folder / output, output, drawn, f"gitorch workflow graph {shell_word(thing)} --as {form} -o")
    call.say({"as": form, "file": output}, f"Drawn to {output}")


def _picture(call: Call, thing: str) -> Diagram:
    """The diagram of a workflow file, or of a run."""
    from gitorch.rules.views.diagram import run_diagram, workflow_diagram

    if (call.folder / thing).is_file():
        return workflow_diagram(_read(call, thing).workflow)

    if "/" in thing or thing.endswith((".yaml", ".yml", ".json")):
        raise NotFound(f"there is no file {thing}", "gitorch workflow new --help")

    from gitorch.app.query.lookup import find_run

    return run_diagram(find_run(call.services, thing))


def _drawn(diagram: Diagram, form: str) -> str:
    """The diagram in the wanted form."""
    from gitorch.text.diagrams import graph_text
    from gitorch.text.diagrams.svg import svg

    if form == "svg":
        return svg(diagram)

    if form == "mermaid":
        return graph_text.mermaid(diagram)

    if form == "dot":
        return graph_text.dot(diagram)

    return graph_text.plain(diagram)


@verb("workflow new")
def new(
    call: Call, shape: str | None, file: str | None, lanes: str, own_lanes: tuple[str, ...], blocks: str, name: str
) -> None:
    """Write a new workflow file in one of the shapes; without a FILE print it, without a SHAPE list them all."""
    from gitorch.text.workflows.shapes import LANE_SETS, SHAPES

    if shape is None:
        call.say({"shapes": SHAPES, "lanes": LANE_SETS}, _shapes_text(SHAPES, LANE_SETS, call.still_page))
        return

    _check_new(shape, lanes, blocks)
    text = _with_lanes(_shape_text(shape, blocks), shape, lanes, own_lanes, name or _name_of(file))
    if file is None:
        call.say({"shape": shape, "text": text}, text.rstrip())
        return

    from gitorch.app.start.workflows import write_new

    options = [
        ("--lanes", lanes),
        ("--blocks", blocks),
        ("--name", name),
        *zip(["--lane"] * len(own_lanes), own_lanes, strict=True),
    ]
    given = [f"{option}={shell_word(value)} " for option, value in options if value]
    write_new(call.folder / file, file, text, f"gitorch workflow new {''.join(given)}{shape}")
    call.say(
        {"shape": shape, "file": file},
        f"Written to {file}. Describe the work in it, then: gitorch workflow check {shell_word(file)}",
    )


def _name_of(file: str | None) -> str:
    """A workflow is named after its file, so that the runs of different files have different names."""
    if file is None:
        return ""

    return Path(file).stem


def _check_new(shape: str, lanes: str, blocks: str) -> None:
    """Raises Usage for words that `new` does not know, and for --blocks without the shape custom or the reverse."""
    from gitorch.text.workflows.shapes import LANE_SETS, SHAPES

    if shape not in SHAPES:
        raise Usage(f"{shape} is not a shape; use one of: {', '.join(SHAPES)}", "gitorch workflow new")

    if lanes and lanes not in LANE_SETS:
        message = f"{lanes} is not a set of lanes; use one of: {', '.join(LANE_SETS)}"
        raise Usage(message, f"gitorch workflow new {shape}")

    example = "gitorch workflow new custom --blocks 'draft, review, checkpoint, merge'"
    if shape == "custom" and not blocks:
        raise Usage("the shape custom needs --blocks", example)

    if blocks and shape != "custom":
        raise Usage("--blocks belong to the shape custom", example)


def _shape_text(shape: str, blocks: str) -> str:
    """The text of a new workflow file of this shape."""
    from gitorch.text.workflows.blocks import from_blocks
    from gitorch.world.resources import template_bytes

    if blocks:
        return from_blocks(blocks)

    return template_bytes("workflows", f"{shape}.yaml").decode()


def _with_lanes(text: str, shape: str, lanes: str, own_lanes: tuple[str, ...], name: str) -> str:
    """The text with the requested lanes and name; unchanged without a request."""
    from gitorch.text.workflows import shapes

    own = {lane.name: lane for lane in map(shapes.parse_lane, own_lanes)}
    if not lanes and not own and not name:
        return text

    chosen = lanes
    if not chosen:
        several = not own or shape in {"multi-review", "custom"}
        chosen = "author-reviewer"
        if several:
            chosen = "multi-review"

    return shapes.with_lanes(text, shapes.lane_set(chosen, shapes.lanes_of(text), own), name)


def _shapes_text(shapes: Mapping[str, str], lanes: Mapping[str, str], page: Page) -> str:
    """The shapes and lanes to choose from, and the command that makes a file."""
    lines = [page.line("shapes", "bold"), *_definitions(shapes, page), ""]
    lines += [page.line("lanes", "bold"), *_definitions(lanes, page), ""]
    return "\n".join([*lines, "Next: gitorch workflow new code-change work.yaml"])


def _definitions(rows: Mapping[str, str], page: Page) -> list[str]:
    """Names with their explanations, in two columns."""
    return page.table(list(rows.items()), shrinks=(1,), indent=2)


@verb("workflow convert")
def convert(call: Call, file: str, output: str | None) -> None:
    """Convert a workflow.json of Striatum, another orchestrator, to a workflow file; every field that is left out is named."""
    from gitorch.app.start.named_files import read_bytes
    from gitorch.app.start.workflows import write_new
    from gitorch.text.workflows.convert import convert as converted

    done = converted(file, read_bytes(call.folder / file, file))
    lines = [f"{problem.where}: {problem.message}" for problem in done.dropped]
    lines += [f"{file}: {change}" for change in done.changed]
    to_do = _remaining_defects(call, done.text, output)
    if output is not None:
        write_new(call.folder / output, output, done.text, f"gitorch workflow convert {shell_word(file)} -o")

    if not call.json:
        omitted = len(done.dropped)
        total = f"{counted(done.fields, 'field')}: {done.fields - omitted} carried over, {omitted} named above"
        write("\n".join([*lines, *to_do, total]), to_stderr=True)

    values: dict[str, Any] = {"fields": done.fields, "left": done.dropped, "changed": done.changed, "to_do": to_do}
    text = done.text.rstrip()
    if output is not None:
        text = f"Written to {output}. Next: gitorch workflow check {output}"

    call.say({**values, "text": done.text}, text)


def _remaining_defects(call: Call, text: str, output: str | None) -> list[str]:
    """The defects of the new file and its briefs, which a person must fix."""
    from gitorch.app.start.workflows import briefs_in
    from gitorch.errors import Malformed
    from gitorch.text.workflows.file import parse_workflow

    beside = (call.folder / (output or "converted.yaml")).parent

    try:
        parse_workflow(output or "the converted file", text.encode(), briefs_in(beside, *_roots(call)))
    except Malformed as error:
        return [f"to do: {problem.where}: {problem.message} {problem.fix}" for problem in error.problems]

    return []
