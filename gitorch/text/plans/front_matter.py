"""The YAML between two `---` lines at the top of a plan: title, design, prompt, a list of epics, settings of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plan import Task
from gitorch.model.values import Value, field, replace
from gitorch.model.workflow import Autonomy, ReviewMode
from gitorch.text.fields import Complaints, Form
from gitorch.text.plans.line_syntax import is_closed_status
from gitorch.text.plans.sections import Named
from gitorch.text.slug import branch_fault
from gitorch.text.source import Source
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHARACTERS_MAX = 100_000
"""ruamel.yaml reads some 100 kB a second; nobody's front matter is longer."""

NO_FULL_AUTO = "nothing is ever merged without your approval, so there is only per_epic and end_only."


class DeclaredEpic(Value):
    """An epic of a list or table; its section stands elsewhere."""

    id: str
    title: str
    line: int
    needs: tuple[Named, ...] = ()
    tasks: tuple[Task, ...] = ()
    allowed: tuple[Named, ...] = ()
    forbidden: tuple[Named, ...] = ()
    closed: bool = False


class FrontMatter(Value):
    """What the front matter says; `lines` are how many lines of the file it takes."""

    lines: int = 0
    title: str = ""
    design: str = ""
    prompt: str = ""
    prompt_line: int = 0
    epics: tuple[DeclaredEpic, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def front_matter_lines(source: Source) -> int:
    """How many lines the front matter takes with both of its `---`; 0 where there is none."""
    if source.lines[0].rstrip() != "---":
        return 0
    ends = (number for number, line in enumerate(source.lines[1:], 2) if line.rstrip() in {"---", "..."})
    return next(ends, 0)


def without_front_matter(source: Source) -> str:
    """The text with its front matter blanked out, so that lines keep their numbers."""
    skipped = front_matter_lines(source)
    return "\n".join(("",) * skipped + source.lines[skipped:])


def read_front_matter(source: Source, complaints: Complaints) -> FrontMatter:
    """Read it, complaining of everything that is not understood."""
    lines = front_matter_lines(source)
    if not lines:
        return FrontMatter()
    text = "\n".join(("", *source.lines[1 : lines - 1]))
    if len(text) > CHARACTERS_MAX:
        complaints.found.append(source.problem(1, "The front matter is too long to be one.", "Move the text below it."))
        return FrontMatter(lines)
    value, problems = read_yaml(Source(source.path, text, tuple(text.split("\n"))))
    complaints.found += problems
    if value is None:
        return FrontMatter(lines)
    form = Form(complaints, value)
    found = FrontMatter(
        lines,
        form.word("title"),
        form.text("design"),
        form.text("prompt"),
        form.key_spot("prompt").line,
        tuple(_epics(form)),
        _settings(form),
        {name: (form.key_spot(name).line, form.key_spot(name).column) for name in form.names()},
    )
    form.done()
    return found


def _epics(form: Form) -> Iterator[DeclaredEpic]:
    """Each is a mapping, or just the id of an epic that is described elsewhere."""
    for row in form.rows_or_words("epics"):
        yield _epic(row) if isinstance(row, Form) else DeclaredEpic(row[0], row[0], row[1].line)


def _epic(row: Form) -> DeclaredEpic:
    title = row.word("title")
    name = row.word("id", required=True)
    tasks = tuple(Task(text, spot.line) for text, spot in row.placed_texts("tasks"))
    declared = DeclaredEpic(name, title or name, row.spot.line, _named(row, "depends_on"), tasks)
    closed = is_closed_status(row.text("status"))
    declared = replace(declared, allowed=_named(row, "scope"), forbidden=_named(row, "not"), closed=closed)
    row.done()
    return declared


def _named(row: Form, key: str) -> tuple[Named, ...]:
    return tuple(Named(text, spot.line) for text, spot in row.placed_texts(key) if text.lower() != "none")


def _settings(form: Form) -> dict[str, str]:
    """Settings of the run by their names in a plan; only those that the plan sets."""
    said: dict[str, str] = {}
    said["autonomy"] = str(read_autonomy(form, "autonomy", Autonomy.END_ONLY))
    said["review_mode"] = str(form.choice("review_mode", ReviewMode.SEQUENTIAL))
    for key, default in (("max_agents", 4), ("rounds_max", 3)):
        said[key] = str(form.number(key, default, minimum=1))
    said["test_command"] = form.text("test_command")
    said["merge_target"] = read_branch(form, "merge_target", "main")
    said["coordinator"] = form.word("coordinator")
    return {key: value for key, value in said.items() if form.has(key)}


def read_autonomy(form: Form, key: str, default: Autonomy) -> Autonomy:
    """How often the principal is asked; `full_auto` and its like are refused with the reason."""
    said = form.text(key, str(default))
    if said.lower().replace("-", "_") in {"full_auto", "full", "auto", "none"}:
        form.complain(key, f"cannot be `{said}`: {NO_FULL_AUTO}", f"Write `{key}: end_only` or `{key}: per_epic`.")
        return default
    return form.choice(key, default)


def read_branch(form: Form, key: str, default: str) -> str:
    """The short name of a branch."""
    name = form.text(key, default)
    if fault := branch_fault(name):
        form.complain(key, f"{fault}: `{name}`.", f"Write `{key}: main`, or the branch that you mean.")
        return default
    return name
