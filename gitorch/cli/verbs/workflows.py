"""`workflow`: files that say what is done by whom: new ones, checked, linted, drawn, converted, started."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitorch.cli.boundary import Detailed
from gitorch.cli.group import Verb, VerbGroup, verb
from gitorch.cli.pages.cells import safe_text
from gitorch.errors import Failed, NotFound, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.diagram import Diagram
    from gitorch.model.workflow import Lint, Remark, Settings, WorkflowSource

FILE = click.argument("file", metavar="FILE")
FORMS = ("text", "mermaid", "dot", "svg")
OUT = click.option("-o", "--output", metavar="FILE", help="Write to a new file instead.")


@click.group(
    "workflow",
    cls=VerbGroup,
    examples=("gitorch workflow new code-change work.yaml", "gitorch workflow check work.yaml"),
)
def workflow() -> None:
    """Make, check, lint, draw, convert and start workflow files.

    A workflow says what is done by whom, and what waits for what: jobs, lanes, reviews with their ways back, checkpoints.
    """


def _read(call: Call, file: str) -> WorkflowSource:
    from gitorch.app.start.workflows import read_workflow

    return read_workflow(call.folder / file, file, _defaults(call), _roots(call))


def _roots(call: Call) -> tuple[Path, ...]:
    """Where a brief is looked for that does not lie beside its workflow."""
    try:
        return (call.services.root,)
    except NotFound:
        return ()


def _defaults(call: Call) -> Settings:
    """The settings of the repository around, or gitorch's own where there is none."""
    from gitorch.model.config import Config
    from gitorch.rules.workflows.compile import default_settings

    try:
        return default_settings(call.services.config)
    except NotFound:
        return default_settings(Config())


@verb("check", "gitorch workflow check work.yaml")
@FILE
@click.pass_obj
def check(call: Call, file: str) -> None:
    """Read a workflow file strictly and show every defect with its line and column.

    Only the file is looked at, with the briefs that it names; `gitorch check FILE` also looks whether it could be started here.
    """
    flow = _read(call, file).workflow
    jobs, lanes = len(flow.jobs), len(flow.lanes)
    said = f"{file} is in order: {jobs} {'job' if jobs == 1 else 'jobs'}, {lanes} {'lane' if lanes == 1 else 'lanes'}."
    call.say({"workflow": flow}, f"{safe_text(said)}\nNext: gitorch workflow lint {file}")


@verb("lint", "gitorch workflow lint work.yaml", "gitorch workflow lint work.yaml --strict")
@FILE
@click.option("--strict", is_flag=True, help="Fail on every remark that is a warning.")
@click.pass_obj
def lint(call: Call, file: str, strict: bool) -> None:
    """Say what is legal in a workflow and still unwise, with a score and what helps.

    Reviews by the model that wrote, work that nobody reviews, scopes without bounds, reviews without a way back.
    """
    from gitorch.rules.workflows import lint as rules

    source = _read(call, file)
    found = rules.lint(source.workflow)
    strong = sum(remark.strong for remark in found.remarks)
    if strict and strong:
        said = f"{file} has {strong} {'warning' if strong == 1 else 'warnings'} and scores {found.score} of 100"
        raise Detailed(Failed(said, f"gitorch workflow lint {file}"), _remark_lines(file, source, found), lint=found)
    call.say({"lint": found}, _lint_text(file, source, found, call.still_page))


def _remark_lines(file: str, source: WorkflowSource, found: Lint) -> list[str]:
    return [safe_text(line) for remark in found.remarks for line in _remark(file, source, remark)]


def _remark(file: str, source: WorkflowSource, remark: Remark) -> tuple[str, str]:
    line, column = source.places.get(remark.place, (1, 1))
    kind = "warning" if remark.strong else "note"
    return f"{file}:{line}:{column}: {kind} {remark.name} (-{remark.costs}): {remark.message}", f"  {remark.fix}"


def _lint_text(file: str, source: WorkflowSource, found: Lint, page: Page) -> str:
    lines = [page.line(line) for line in _remark_lines(file, source, found)]
    judged = [f"  {job}: {', '.join(postures)}" for job, postures in found.postures.items() if postures]
    if judged:
        lines += ["Postures in which work is judged:", *(page.line(line) for line in judged)]
    return "\n".join([*lines, page.line(f"{file} scores {found.score} of 100", "bold")])


@verb("plan", "gitorch workflow plan work.yaml")
@FILE
@click.pass_obj
def plan(call: Call, file: str) -> None:
    """Show what a run of a workflow would do: batches, gates, ways back, checkpoints. Nothing is started.

    `gitorch check FILE` adds what this repository brings: branches, worktrees, programs.
    """
    from gitorch.rules.views.dry_run import dry_run

    found = dry_run(_read(call, file))
    call.say({"plan": found}, "\n".join(call.still_page.line(line) for line in found.lines))


@verb("graph", "gitorch workflow graph work.yaml", "gitorch workflow graph auth-7f3a --as svg -o run.svg")
@click.argument("thing", metavar="FILE|RUN")
@click.option(
    "--as", "form", metavar="[text|mermaid|dot|svg]", default="text", help="How to draw it; text is for terminals."
)
@OUT
@click.pass_obj
def graph(call: Call, thing: str, form: str, output: str | None) -> None:
    """Draw a workflow file, or a run with the state of every job.

    SVG needs nothing else: it opens in any browser. Mermaid is drawn by GitHub and GitLab in Markdown, DOT by Graphviz.
    """
    if form not in FORMS:
        raise Usage(
            f"a graph is drawn as {', '.join(FORMS)}, not as {form}", f"gitorch workflow graph {thing} --as svg"
        )
    diagram = _picture(call, thing)
    drawn = _drawn(diagram, form)
    if output is None:
        call.say({"as": form, "drawing": drawn, "picture": diagram}, safe_text(drawn).rstrip())
        return
    from gitorch.app.start.workflows import write_new

    write_new(call.folder / output, output, drawn if drawn.endswith("\n") else f"{drawn}\n")
    call.say({"as": form, "file": output}, f"Drawn to {output}")


def _picture(call: Call, thing: str) -> Diagram:
    from gitorch.rules.views.diagram import run_diagram, workflow_diagram

    if (call.folder / thing).is_file():
        return workflow_diagram(_read(call, thing).workflow)
    if "/" in thing or thing.endswith((".yaml", ".yml", ".json")):
        raise NotFound(f"there is no file {thing}", "gitorch workflow new --help")
    from gitorch.app.query.lookup import find_run

    return run_diagram(find_run(call.services, thing))


def _drawn(diagram: Diagram, form: str) -> str:
    from gitorch.text.diagrams import graph_text
    from gitorch.text.diagrams.svg import svg

    return {"text": graph_text.plain, "mermaid": graph_text.mermaid, "dot": graph_text.dot, "svg": svg}[form](diagram)


@verb("new", "gitorch workflow new code-change work.yaml", "gitorch workflow new review --lanes single-agent")
@click.argument("shape", required=False)
@click.argument("file", required=False)
@click.option(
    "--lanes", default="", metavar="SET", help="local, single-agent, author-reviewer, multi-review or custom."
)
@click.option(
    "--lane", "said", multiple=True, metavar="NAME=RUNTIME[:MODEL]", help="One lane of your own; may come again."
)
@click.option(
    "--blocks", default="", metavar="LINE", help="For custom: draft, review:security+review, checkpoint, merge"
)
@click.option("--name", default="", metavar="TEXT", help="What the workflow is called; runs are named after it.")
@click.pass_obj
def new(
    call: Call, shape: str | None, file: str | None, lanes: str, said: tuple[str, ...], blocks: str, name: str
) -> None:
    """Write a new workflow file in one of the shapes; without a FILE print it, without a SHAPE list them all."""
    from gitorch.text.workflows.new import LANE_SETS, SHAPES

    if shape is None:
        call.say({"shapes": SHAPES, "lanes": LANE_SETS}, _shapes_text(SHAPES, LANE_SETS, call.still_page))
        return
    text = _new_text(shape, (lanes, said), blocks, name or _name_of(file))
    if file is None:
        call.say({"shape": shape, "text": text}, text.rstrip())
        return
    from gitorch.app.start.workflows import write_new

    write_new(call.folder / file, file, text)
    call.say(
        {"shape": shape, "file": file},
        f"Written to {file}. Say in it what is to be done, then: gitorch workflow check {file}",
    )


def _name_of(file: str | None) -> str:
    """A workflow is called as its file, so that its runs are told apart."""
    return "" if file is None else Path(file).stem


def _new_text(shape: str, lanes: tuple[str, tuple[str, ...]], blocks: str, name: str) -> str:
    from gitorch.text.workflows import new as made
    from gitorch.world.resources import template_bytes

    chosen, said = lanes
    if shape not in made.SHAPES:
        raise Usage(f"there is no shape {shape}; there are {', '.join(made.SHAPES)}", "gitorch workflow new")
    if chosen and chosen not in made.LANE_SETS:
        raise Usage(
            f"there is no lane set {chosen}; there are {', '.join(made.LANE_SETS)}", f"gitorch workflow new {shape}"
        )
    if bool(blocks) is not (shape == "custom"):
        wrong = "the shape custom needs --blocks" if not blocks else "--blocks are for the shape custom"
        raise Usage(wrong, "gitorch workflow new custom --blocks 'draft, review, checkpoint, merge'")
    text = made.from_blocks(blocks) if blocks else template_bytes("workflows", f"{shape}.yaml").decode()
    own = {lane.name: lane for lane in map(made.lane_said, said)}
    if chosen or own:
        names = made.lanes_of(text)
        default = "multi-review" if shape in {"multi-review", "custom"} else "author-reviewer"
        return made.with_lanes(text, made.lane_set(chosen or default, names, own), name)
    return made.with_lanes(text, made.lane_set("multi-review", made.lanes_of(text), {}), name) if name else text


def _shapes_text(shapes: Mapping[str, str], lanes: Mapping[str, str], page: Page) -> str:
    def table(rows: Mapping[str, str]) -> list[str]:
        return page.table(list(rows.items()), gives=(1,), indent=2)

    first = [page.line("shapes", "bold"), *table(shapes), "", page.line("lanes", "bold"), *table(lanes)]
    return "\n".join([*first, "", "Next: gitorch workflow new code-change work.yaml"])


@verb("convert", "gitorch workflow convert workflow.json", "gitorch workflow convert workflow.json -o work.yaml")
@FILE
@OUT
@click.pass_obj
def convert(call: Call, file: str, output: str | None) -> None:
    """Turn a workflow.json of striatum into a workflow file; every field is carried over or named as left out.

    What was left out or changed goes to standard error, so that the file itself can be redirected.
    """
    from gitorch.app.start.workflows import bytes_of, write_new
    from gitorch.text.workflows.convert import convert as converted

    done = converted(file, bytes_of(call.folder / file, file))
    left = [f"{p.where}: {p.message}" for p in done.left]
    told = [*left, *(f"{file}: {said}" for said in done.changed)]
    todo = _still_wrong(call, done.text, output)
    values: dict[str, Any] = {"fields": done.fields, "left": done.left, "changed": done.changed, "to_do": todo}
    if output is not None:
        write_new(call.folder / output, output, done.text)
    if not call.json:
        many = f"{done.fields} fields: {done.fields - len(left)} carried over, {len(left)} named above"
        click.echo(safe_text("\n".join([*told, *todo, many])), err=True)
    next_step = f"Written to {output}. Next: gitorch workflow check {output}"
    call.say({**values, "text": done.text}, done.text.rstrip() if output is None else next_step)


def _still_wrong(call: Call, text: str, output: str | None) -> list[str]:
    """What a person must still put right in the new file, or beside it."""
    from gitorch.app.start.workflows import briefs_in
    from gitorch.errors import Malformed
    from gitorch.text.workflows.file import parse_workflow

    beside = (call.folder / (output or "converted.yaml")).parent
    try:
        parse_workflow(output or "the converted file", text.encode(), briefs_in(beside, *_roots(call)))
    except Malformed as wrong:
        return [f"to do: {p.where}: {p.message} {p.fix}" for p in wrong.problems]
    return []


def _start() -> Verb:
    """The same command as `gitorch start`, under the name by which people look for it here."""
    from gitorch.cli.verbs.setup import start

    return Verb(
        "start",
        params=[p for p in start.params if p.name not in {"json", "repo"}],
        callback=start.callback,
        help=start.help,
        examples=("gitorch workflow start work.yaml", "gitorch workflow start work.yaml --yes"),
    )


for one in (new, check, lint, plan, graph, convert, _start()):
    workflow.add_command(one)
