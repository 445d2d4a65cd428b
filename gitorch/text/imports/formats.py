"""The table of formats that `gitorch plan import` reads: how each is recognised, and what reads it."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.values import Value, replace
from gitorch.text.imports.beads_epics import read_beads
from gitorch.text.imports.checklist import read_checklist, read_open_spec, read_spec_kit
from gitorch.text.imports.imported import Left
from gitorch.text.imports.issues import read_issues
from gitorch.text.imports.kiro import read_kiro
from gitorch.text.imports.plan_text import plan_text, without_empty_epics
from gitorch.text.imports.task_master import read_task_master
from gitorch.text.plans.plan import parse_plan
from gitorch.text.source import read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.text.imports.imported import Imported
    from gitorch.text.source import Source

    Read = Callable[[Source, Mapping[str, str]], Imported]
    """Reads a file; the mapping gives the paths of the documents beside it, by name. Raises Malformed."""

BYTES_MAX = 5_000_000

_SPEC_KIT = re.compile(r"(?m)^\s*[-*]\s+\[.\]\s+\**T\d{3}\b|^#+\s+Phase \d+.*\n(?s:.*)\[US\d+\]")
_KIRO = re.compile(r"_Requirements?:|_Leverage:|^- \[.\]\*? 1\.? ", re.MULTILINE)
_OPEN_SPEC = re.compile(r"(?m)^##\s+\d+\.\s+.*\n+(?:.*\n){0,6}?\s*[-*]\s+\[.\]\s+\d+\.\d+\s")
_ISSUES = re.compile(r"\A(?:(?!\"tasks\")[\s\S])*?\"(?:number|iid)\"\s*:")
_PLAN = re.compile(r"(?im)^#{1,6}\s+(?:[\d.]+\s+)?epic\b.*[:：—–-]")


class Format(Value):
    """One format."""

    name: str
    what: str
    """What is named on the command line, for help and messages."""
    suffix: str
    """How the names of its files end."""
    place: str
    """What the paths of its files contain; empty where they may lie anywhere."""
    mark: re.Pattern[str]
    """What stands in its files, wherever they lie."""
    read: Read


_ANYTHING = re.compile("")

FORMATS = (
    Format("beads", ".beads/issues.jsonl, or the id of an epic", ".jsonl", "", _ANYTHING, read_beads),
    Format("issues", "the JSON of `gh issue list` or `glab issue list`, or #12", ".json", "", _ISSUES, read_issues),
    Format("task-master", ".taskmaster/tasks/tasks.json", ".json", "", _ANYTHING, read_task_master),
    Format("spec-kit", "specs/001-name/tasks.md", "", "", _SPEC_KIT, read_spec_kit),
    Format("Kiro", ".kiro/specs/name/tasks.md", "", ".kiro/", _KIRO, read_kiro),
    Format("OpenSpec", "openspec/changes/name/tasks.md", "", "openspec/", _OPEN_SPEC, read_open_spec),
    Format("checklist", "any Markdown with checkboxes", "", "", _ANYTHING, read_checklist),
)
"""In the order in which they are tried; the last one takes everything."""


IN_ORDER = frozenset({"checklist", "OpenSpec", "Kiro"})
"""Formats that know an order of their sections, and nothing else of what needs what."""

ONE_AFTER_ANOTHER = (
    "Each epic waits for the one before it. Edit the lines `Depends on:` where epics can be worked on side by side."
)

_OF_TASKS = ("open checkbox or task", "Write tasks as `- [ ] …` items below headings.")
_OF_ISSUES = dict.fromkeys(("beads", "issues"), ("open issue", "Open an issue, or name another file."))
"""What a file without epics lacks, and what helps; by the name of its format where it holds issues."""


class ImportResult(Value):
    """An imported plan."""

    format: str
    text: str
    """The plan."""
    epics: int
    left: tuple[Left, ...]
    """Everything that was not carried over or changed its meaning."""


def import_plan(
    path: str, data: bytes, beside: Mapping[str, str], format_name: str = "", project: str = ""
) -> ImportResult:
    """Read a task list and write it as a plan. `beside` are the paths of the documents in its folder, by name.

    A list without a title has that of the project. Epics without an open task are left out, and named. Raises Malformed for a file that holds no tasks, is finished, cannot
    be read, or is a plan already.
    """
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be imported", (source,))
    if not format_name and _PLAN.search(source.text) and path.endswith(".md"):
        command = f"gitorch plan gates {quote(path)}"
        raise _refused(path, "The file has headings of epics, so it is a plan already.", command, command)

    imported = _format(source, format_name).read(source, beside)
    if not imported.title:
        imported = replace(imported, title=project or "Tasks")

    return finished(path, imported)


def _format(source: Source, name: str) -> Format:
    """The format with this name, or the first that recognises the file."""
    for one in FORMATS:
        if name == one.name:
            return one
        if not name and _recognises(one, source):
            return one

    return FORMATS[-1]


def _recognises(one: Format, source: Source) -> bool:
    """Whether a file is of a format, by its name, its place or its text.

    A place is certain; a mark may stand in a file of another tool, which `--format` corrects.
    """
    if not source.path.endswith(one.suffix):
        return False
    if one.place and one.place in source.path:
        return True

    return bool(one.mark.search(source.text))


def finished(path: str, imported: Imported) -> ImportResult:
    """The plan of what was read, without epics that have nothing left to do. Raises Malformed when none is left."""
    if not imported.epics:
        missing, fix = _OF_ISSUES.get(imported.format, _OF_TASKS)
        raise _refused(path, f"No epics were found in it, read as {imported.format}: it has no {missing}.", fix)

    done = _finished_epics(imported)
    titles = {epic.id: epic.title for epic in imported.epics}
    left = [Left(path, f"`{titles[name]}` has no open task, so it is left out.") for name in done]
    kept = without_empty_epics(replace(imported, left=(*imported.left, *left)), frozenset(done))
    if not kept.epics:
        raise _refused(path, "Every task of the file is done, so nothing is left to plan.", "Name another file.")

    if kept.format in IN_ORDER and len(kept.epics) > 1:
        kept = replace(kept, left=(*kept.left, Left(path, ONE_AFTER_ANOTHER)))

    text, everything = plan_text(kept, path)
    return ImportResult(imported.format, text, len(kept.epics), everything)


def _finished_epics(imported: Imported) -> list[str]:
    """The ids of the epics that a plan would call finished.

    The plan itself is asked, so that both always agree.
    """
    text, _ = plan_text(imported, "plan.md")
    plan = parse_plan("plan.md", text.encode(), bytes_max=2 * BYTES_MAX)
    finished_epics: list[str] = []
    for epic in plan.epics:
        if epic.closed:
            finished_epics.append(epic.id)

    return finished_epics


def _refused(path: str, message: str, fix: str, command: str = "") -> Malformed:
    """The error of a file that cannot become a plan."""
    return Malformed(f"{path} cannot be imported", (Problem(path, 1, 1, message, fix),), command)
