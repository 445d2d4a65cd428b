"""Pages about the whole repository: sessions with their screens, workflows with drawings, doctor, and numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from markupsafe import Markup

from gitorch.app.executing.redaction import redact_text
from gitorch.app.query.lookup import board_of, load_runs
from gitorch.app.sessions.sessions import list_agents
from gitorch.app.start.doctor import examine
from gitorch.app.start.workflows import read_workflow
from gitorch.errors import GitorchError, NotFound, Unavailable
from gitorch.model.plans.workflow import JobKind
from gitorch.model.values import Value
from gitorch.model.work.session import SessionKey
from gitorch.rules.views.diagram import workflow_diagram
from gitorch.rules.views.stats import GROUPINGS
from gitorch.rules.views.stats import stats as figures
from gitorch.rules.workflows.compile import default_settings
from gitorch.text.diagrams.svg import linked_svg
from gitorch.web.render import Page, link
from gitorch.world.resources import template_names, template_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitorch.model.ids import RunId
    from gitorch.model.plans.workflow import Workflow
    from gitorch.model.view import SessionRow
    from gitorch.model.work.run import Run
    from gitorch.web.answers import Question
    from gitorch.wiring.repository import Repository

SCREEN_LINES = 12
"""How much of a screen the list of sessions shows, from its end."""

RUNS_COUNTED = 20
"""How many of the newest runs the numbers are about: each has to be loaded."""

NO_WORK = frozenset({JobKind.CHECKPOINT, JobKind.MERGE})
"""Kinds of jobs that the numbers do not count."""

SHIPPED = "shipped with gitorch"


class Pane(Value):
    """A session and the end of its screen."""

    row: SessionRow
    screen: str


def sessions(services: Repository, question: Question) -> Page:
    """Every agent that has a session, with the last lines of its screen."""
    del question
    panes: list[Pane] = []
    if services.ledger.exists():
        for row in list_agents(services, None):
            panes.append(Pane(row, last_lines(services, row)))
    return Page("sessions.html", {"here": "/sessions", "panes": panes}, live=True)


def last_lines(services: Repository, row: SessionRow) -> str:
    """The end of a session's screen without empty lines; empty where there is no screen."""
    try:
        screen = redact_text(services.terminals.screen(SessionKey(row.run, row.id)))
    except (NotFound, Unavailable):
        return ""

    lines: list[str] = []
    for line in screen.splitlines():
        if line.strip():
            lines.append(line.rstrip())
    return "\n".join(lines[-SCREEN_LINES:])


class Shape(Value):
    """A workflow file: where it comes from, and what it says or why it cannot be read."""

    name: str
    source: str
    workflow: Workflow | None
    fault: str = ""


def workflows(services: Repository, question: Question) -> Page:
    """The workflow files of the repository, and the shapes that gitorch ships."""
    del question
    shapes: list[Shape] = []
    for path, source in workflow_files(services):
        shapes.append(shape_of(services, path, source))
    return Page("workflows.html", {"here": "/workflows", "shapes": shapes}, live=True)


def workflow_files(services: Repository) -> Iterator[tuple[Path, str]]:
    """The repository's own workflow files at its top and in `workflows`, then those that ship."""
    for folder in (services.root, services.root / "workflows"):
        for path in sorted(folder.glob("*.yaml")):
            if is_workflow(path):
                yield path, str(path.relative_to(services.root))
    for name in template_names("workflows"):
        if name.endswith(".yaml"):
            yield template_path("workflows", name), SHIPPED


def is_workflow(path: Path) -> bool:
    """Whether a file says that it is a workflow."""
    try:
        return path.is_file() and b"gitorch: workflow/" in path.read_bytes()[:4096]
    except OSError:
        return False


def shape_of(services: Repository, path: Path, source: str) -> Shape:
    """A workflow file as it can be shown."""
    try:
        read = read_workflow(path, path.name, default_settings(services.config), (services.root,))
    except GitorchError as error:
        return Shape(path.stem, source, None, error.sentence)
    return Shape(path.stem, source, read.workflow)


def workflow(services: Repository, question: Question) -> Page:
    """One workflow with its drawing and the table of its jobs."""
    for path, source in workflow_files(services):
        if path.stem == question["name"]:
            shape = shape_of(services, path, source)
            return Page("workflow.html", {"shape": shape, "graph": drawing_of(shape)}, live=True)
    raise NotFound(f"there is no workflow {question['name']}", "gitorch workflow new")


def drawing_of(shape: Shape) -> Markup:
    """The drawing of a workflow, whose boxes lead to the rows of its table."""
    if shape.workflow is None:
        return Markup("")
    drawn = linked_svg(workflow_diagram(shape.workflow), lambda job: f"#job-{link(job)[1:]}")
    return Markup(drawn)  # noqa: S704  `linked_svg` escapes every text


def doctor(services: Repository, question: Question) -> Page:
    """What would make a run fail, with the command that mends it."""
    del question
    checks = examine(services)
    wrong = sum(check.ok is False for check in checks)
    return Page("doctor.html", {"here": "/doctor", "checks": checks, "wrong": wrong}, live=True)


class RunNumbers(Value):
    """The numbers of one run."""

    run: Run
    seconds: float
    """From its start to its newest record."""
    jobs: int
    rounds: int
    """Of all jobs that write."""
    sessions: int
    findings: Mapping[str, int]
    """By severity."""
    answered: int
    """Questions that people answered."""
    waited: float
    """How long these questions waited in the middle, in seconds."""


def stats(services: Repository, question: Question) -> Page:
    """Numbers of the newest runs: time, rounds, findings, questions."""
    del question
    lines = tuple(board_of(services).runs.values())
    ids: list[RunId] = []
    for line in lines[-RUNS_COUNTED:]:
        ids.insert(0, line.id)

    newest = load_runs(services, ids)
    numbers: list[RunNumbers] = []
    for run in newest:
        numbers.append(numbers_of(run))

    phases = Counter(str(line.phase) for line in lines)
    prices = services.config.prices
    groups = {"of all work": figures(newest, prices=prices)}
    for by in GROUPINGS[:3]:
        groups[f"by {by}"] = figures(newest, by, prices)

    values = {
        "here": "/stats",
        "groups": groups,
        "prices": prices,
        "numbers": numbers,
        "phases": phases,
        "shown": RUNS_COUNTED,
        "runs": len(lines),
    }
    return Page("stats.html", values)


def numbers_of(run: Run) -> RunNumbers:
    """The numbers of a run."""
    jobs, rounds = 0, 0
    findings: Counter[str] = Counter()
    for job in run.jobs.values():
        if not job.writes or job.spec.kind in NO_WORK:
            continue

        jobs += 1
        rounds += job.attempt
        for listed in job.findings:
            findings[str(listed.finding.severity)] += 1

    seconds = 0.0
    if run.started_at is not None and run.changed_at is not None:
        seconds = (run.changed_at - run.started_at) / 1000

    waits = sorted(waits_of(run))
    return RunNumbers(
        run=run,
        seconds=seconds,
        jobs=jobs,
        rounds=rounds,
        sessions=len(run.sessions),
        findings=findings,
        answered=len(waits),
        waited=middle(waits),
    )


def waits_of(run: Run) -> Iterator[float]:
    """How long each answered question waited, in seconds."""
    for question in run.questions.values():
        if question.answer is not None:
            yield (question.answer.at - question.asked_at) / 1000


def middle(values: list[float]) -> float:
    """The median of sorted values; 0 without any."""
    if not values:
        return 0.0
    return values[len(values) // 2]
