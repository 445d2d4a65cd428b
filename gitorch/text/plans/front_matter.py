"""The YAML between two `---` lines at the top of a plan: title, design, prompt, a list of epics, settings of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.plan import Task
from gitorch.model.plans.workflow import Autonomy, ReviewMode
from gitorch.model.values import Value, field
from gitorch.text.complaints import did_you_mean
from gitorch.text.fields import Form
from gitorch.text.host_labels import read_host_labels
from gitorch.text.plans.line_syntax import is_closed_status
from gitorch.text.plans.sections import Reference
from gitorch.text.run_settings import read_autonomy, read_branch
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.errors import Problem
    from gitorch.text.complaints import Complaints
    from gitorch.text.source import Source

CHARACTERS_MAX = 100_000
"""ruamel.yaml reads about 100 kB a second; real front matter is far shorter."""


KEYS = (
    "title",
    "design",
    "prompt",
    "epics",
    "autonomy",
    "review_mode",
    "max_agents",
    "rounds_max",
    "test_command",
    "merge_target",
    "coordinator",
)
"""The keys that a plan may have."""


class DeclaredEpic(Value):
    """An epic of a list or table; its section stands elsewhere."""

    id: str
    title: str
    line: int
    needs: tuple[Reference, ...] = ()
    tasks: tuple[Task, ...] = ()
    allowed: tuple[Reference, ...] = ()
    forbidden: tuple[Reference, ...] = ()
    closed: bool = False
    aliases: tuple[str, ...] = ()
    """Numbers that its row gives to it."""
    runtime: str = ""
    host_labels: tuple[str, ...] = ()


class FrontMatter(Value):
    """The front matter of one plan; all fields are empty for a plan without any."""

    lines: int = 0
    """How many lines of the file it takes, both `---` included."""
    title: str = ""
    design: str = ""
    prompt: str = ""
    """The path of the implementation prompt."""
    prompt_line: int = 0
    epics: tuple[DeclaredEpic, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the run, only those that the plan sets."""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Line and column of each key at the top level."""


def read_front_matter(source: Source, complaints: Complaints, remarks: Complaints) -> FrontMatter:
    """Read the front matter; complain about every value that a plan does not understand. An unknown key is a remark."""
    lines = source.front_matter_lines
    if not lines:
        return FrontMatter()

    remarks.found += _comments(source, lines)
    yaml = source.front_matter()
    if len(yaml.text) > CHARACTERS_MAX:
        message = f"The front matter is longer than {CHARACTERS_MAX:,} characters."
        complaints.found.append(source.problem(1, message, "Move the text below it."))
        return FrontMatter(lines)

    value, problems = read_yaml(yaml)
    complaints.found += problems
    if value is None:
        return FrontMatter(lines)

    form = Form(complaints, value)
    front_matter = FrontMatter(
        lines,
        form.word("title"),
        form.text("design"),
        form.text("prompt"),
        form.key_spot("prompt").line,
        tuple(_epics(form)),
        _settings(form),
        _places(form),
    )
    for name in form.unknown():
        message = f"`{name}` means nothing to gitorch.{did_you_mean(name, KEYS)}"
        remarks.add(form.key_spot(name), message, "Leave it for other programs, or correct the key.")

    return front_matter


def _comments(source: Source, lines: int) -> Iterator[Problem]:
    """A remark for each comment of the front matter: between two rules, a heading is one, too."""
    for number in range(2, lines):
        if source.line(number).lstrip().startswith("#"):
            message = "This line is a comment of the front matter, so nobody reads it."
            fix = "If it belongs to the plan, move it below the second `---`, or remove the first one."
            yield source.problem(number, message, fix)


def _places(form: Form) -> dict[str, tuple[int, int]]:
    """Line and column of each key at the top level."""
    places: dict[str, tuple[int, int]] = {}
    for name in form.names():
        spot = form.key_spot(name)
        places[name] = (spot.line, spot.column)

    return places


def _epics(form: Form) -> Iterator[DeclaredEpic]:
    """The epics of the list: each is a mapping, or just the id of an epic that is described elsewhere."""
    for row in form.rows_or_words("epics"):
        if isinstance(row, Form):
            yield _epic(row)
        else:
            name, spot = row
            yield DeclaredEpic(name, name, spot.line)


def _epic(row: Form) -> DeclaredEpic:
    """One epic of the list, from its mapping."""
    title = row.word("title")
    name = row.word("id", required=True)
    epic = DeclaredEpic(
        name,
        title or name,
        row.spot.line,
        needs=_references(row, "depends_on"),
        tasks=tuple(Task(text, spot.line) for text, spot in row.placed_texts("tasks")),
        closed=is_closed_status(row.text("status")),
        allowed=_references(row, "scope"),
        forbidden=_references(row, "not"),
        runtime=row.word("runtime"),
        host_labels=read_host_labels(row),
    )
    row.done()
    return epic


def _references(row: Form, key: str) -> tuple[Reference, ...]:
    """The names or globs of a key, each with its line; `none` stands for an empty list."""
    references: list[Reference] = []

    for text, spot in row.placed_texts(key):
        if text.lower() != "none":
            references.append(Reference(text, spot.line))

    return tuple(references)


def _settings(form: Form) -> dict[str, str]:
    """Settings of the run by their names in a plan.

    Only those that the plan sets, so that the configuration decides about the others.
    """
    settings = {
        "autonomy": str(read_autonomy(form, "autonomy", Autonomy.END_ONLY)),
        "review_mode": str(form.choice("review_mode", ReviewMode.SEQUENTIAL)),
        "max_agents": str(form.number("max_agents", 4, minimum=1)),
        "rounds_max": str(form.number("rounds_max", 3, minimum=1)),
        "test_command": form.text("test_command"),
        "merge_target": read_branch(form, "merge_target", "main"),
        "coordinator": form.word("coordinator"),
    }
    return {key: value for key, value in settings.items() if form.has(key)}
