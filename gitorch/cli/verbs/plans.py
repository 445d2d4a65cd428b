"""`plan`: write a new plan, add missing gates, import task lists of other tools."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitorch.cli.output import write
from gitorch.cli.verb_function import group, verb
from gitorch.errors import NotFound, Usage
from gitorch.model.counts import counted

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.cli.call import Call
    from gitorch.text.imports.formats import ImportResult
    from gitorch.text.plans.gates import GatesAdded


@group("plan")
def plan() -> None:
    """Write plans: new ones, missing gates, task lists of other tools."""


@verb("plan new")
def new(call: Call, name: str) -> None:
    """Write a plan file to fill in, with its epics and their review gates."""
    from gitorch.app.start.workflows import write_new
    from gitorch.text.plans.gates import new_plan
    from gitorch.text.slug import slug

    file = name
    if not name.endswith(".md"):
        file = f"{slug(name, 'plan')}.md"

    title = name.removesuffix(".md").rpartition("/")[2]
    if title.islower():
        title = title.replace("-", " ").capitalize()

    write_new(call.folder / file, file, new_plan(title), "gitorch plan new")
    text = f"Written to {file}. Describe the work in it, then: gitorch check {shlex.quote(file)}"
    call.say({"file": file, "title": title}, text)


@verb("plan gates")
def gates(call: Call, file: str, output: str | None) -> None:
    """Add a review gate to each epic that has none, and change nothing else."""
    from gitorch.app.start.named_files import read_bytes
    from gitorch.app.start.workflows import replace_file, write_new
    from gitorch.text.plans.gates import add_gates

    added = add_gates(file, read_bytes(call.folder / file, file))
    values = {"file": output or file, "added": added.added, "inexact": added.inexact}
    if output is not None:
        write_new(call.folder / output, output, added.text, f"gitorch plan gates {shlex.quote(file)} -o")
    elif added.added:
        replace_file(call.folder / file, file, added.text)

    call.say(values, f"{_gates_text(added, file, output or file)} Next: gitorch check {shlex.quote(output or file)}")


def _gates_text(added: GatesAdded, file: str, to: str) -> str:
    """What was added to which file, and which lines only look like a gate."""
    text = f"Every epic of {file} has a gate; nothing was changed."
    if added.added:
        text = f"{counted(len(added.added), 'gate')} added to {to}: {', '.join(added.added)}."
    elif added.inexact:
        text = "Nothing was changed."

    for line in added.inexact:
        text += f" Line {line} looks like a review gate and is none."
    return text


@verb("plan import")
def import_(call: Call, source: str, output: str | None, format: str) -> None:  # noqa: A002 the option's name
    """Make a plan from the task list of another tool."""
    done = _imported(call, source, format)
    if output is not None:
        from gitorch.app.start.workflows import write_new

        again = f"gitorch plan import {shlex.quote(source)}" + f" --format {format}" * bool(format)
        write_new(call.folder / output, output, done.text, f"{again} -o")

    if not call.json:
        write("\n".join(_notes(source, done)), to_stderr=True)

    text = done.text.rstrip()
    if output is not None:
        text = f"Written to {output}. Next: gitorch check {shlex.quote(output)}"

    left = [{"where": one.where, "message": one.message} for one in done.left]
    call.say({"format": done.format, "epics": done.epics, "left": left, "text": done.text}, text)


def _notes(source: str, done: ImportResult) -> list[str]:
    """What was left out or changed, and what became of the rest."""
    lines = [f"{one.where}: {one.message}" for one in done.left]
    epics = counted(done.epics, "epic")
    total = f"{source}: read as {done.format}, {epics}"
    if done.left:
        total += f"; {counted(len(done.left), 'remark')} above"

    return [*lines, total]


def _imported(call: Call, source: str, format_name: str) -> ImportResult:
    """The plan of a file, folder, issue or epic, in this order. Raises Usage for an unknown format."""
    from gitorch.app.start import importing
    from gitorch.text.imports.formats import FORMATS

    names = [one.name for one in FORMATS]
    if format_name and format_name not in names:
        message = f"{format_name} is not a format; use one of: {', '.join(names)}"
        raise Usage(message, f"gitorch plan import {shlex.quote(source)} --format {names[0]}")

    path = call.folder / source
    if path.exists():
        return importing.import_file(path, source, _root(call), format_name)
    if importing.is_issue(source):
        return importing.import_issue(call.services, source)

    return importing.import_epic(call.services, source)


def _root(call: Call) -> Path | None:
    """The root of the repository; None outside of one."""
    try:
        return call.services.root
    except NotFound:
        return None
