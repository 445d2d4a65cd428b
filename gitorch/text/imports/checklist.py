"""Markdown checklists: plain ones, and those of spec-kit and OpenSpec, which differ in their order and headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.text.imports.imported import Imported, ImportedEpic, Left, epic_id
from gitorch.text.imports.sections import divide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.text.imports.sections import Divided, Part
    from gitorch.text.source import Source

    Order = Callable[[Sequence[Part], Sequence[str]], list[tuple[str, ...]]]
    """The needs of each part, by the ids of the parts."""

_STORY = re.compile(r"(?i)\buser\s+story\b|\bUS\d+\b")
_STORY_TASK = re.compile(r"\[US\d+\]")
_MARKUP = re.compile(r"[#*`]+")
_PARALLEL = re.compile(r"\[P\]|\(P\)")
_LEADING = re.compile(
    r"^(?:(?:phase|step|part|section)\s+)?(?:\d+(?:\.\d+)*|N\b)[.:)]?\s*(?:[-–—:]\s*)?", re.IGNORECASE
)
_TITLE = re.compile(r"^(?:tasks|change|implementation plan|implementation tasks)\s*[:：-]\s*", re.IGNORECASE)

GENERIC_TITLES = frozenset(
    {"tasks", "todo", "plan", "implementation", "implementation plan", "implementation tasks", "task list"}
)
"""Titles that say nothing about the subject."""


def read_checklist(source: Source, beside: Mapping[str, str]) -> Imported:
    """A plain checklist: a section a heading, each after the one before."""
    del beside
    divided = divide(source)
    return _imported("checklist", source, divided, _title_of(divided, source), _chained)


def read_spec_kit(source: Source, beside: Mapping[str, str]) -> Imported:
    """The `tasks.md` of spec-kit: phases in order, user stories side by side after the phases before them."""
    divided = divide(source)
    return _imported("spec-kit", source, divided, _title_of(divided, source), phases, _document(beside, "plan.md"))


def read_open_spec(source: Source, beside: Mapping[str, str]) -> Imported:
    """The `tasks.md` of an OpenSpec change: sections in order, the proposal or design beside it as the document."""
    divided = divide(source)
    title = _title_of(divided, source)
    if title.lower() in GENERIC_TITLES or not divided.title:
        title = folder_of(source.path)

    design = _document(beside, "design.md") or _document(beside, "proposal.md")
    return _imported("OpenSpec", source, divided, title, _chained, design)


def _document(beside: Mapping[str, str], name: str) -> str:
    """The path of a document beside the task list; empty without it."""
    return beside.get(name, "")


def _title_of(divided: Divided, source: Source) -> str:
    """The title without words such as `Tasks:`; the name of the folder or file for a file without one."""
    title = _TITLE.sub("", divided.title).strip()
    if title and title.lower() not in GENERIC_TITLES:
        return title

    return folder_of(source.path)


def folder_of(path: str) -> str:
    """The folder of a task list, which is named after its subject; the file's name where there is no folder.

    It is a good name, since spec-kit, Kiro and OpenSpec give each subject a folder of its own.
    """
    folder, _, name = path.rpartition("/")
    last = folder.rpartition("/")[2].strip(".")
    if last:
        return last

    return name.rpartition(".")[0] or path


def chain(ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Each epic after the one before."""
    needs: list[tuple[str, ...]] = []
    before: tuple[str, ...] = ()
    for name in ids:
        needs.append(before)
        before = (name,)

    return needs


def _chained(parts: Sequence[Part], ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Each part after the one before."""
    del parts
    return chain(ids)


def phases(parts: Sequence[Part], ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Stories after the last phase that is no story, side by side; any other phase after everything before it.

    The order follows the rules that spec-kit writes into each of its task lists.
    """
    needs: list[tuple[str, ...]] = []
    base: tuple[str, ...] = ()
    stories: list[str] = []

    for part, name in zip(parts, ids, strict=True):
        if is_story(part):
            needs.append(base)
            stories.append(name)
            continue

        needs.append(tuple(stories) or base)
        base, stories = (name,), []

    return needs


def is_story(part: Part) -> bool:
    """Whether a phase of spec-kit is a user story.

    Titles decide first, and then the marks of the tasks, which people keep more reliably than titles.
    """
    if _STORY.search(part.title):
        return True

    for box in part.boxes:
        if _STORY_TASK.search(box.title):
            return True

    return False


def _imported(
    format_name: str, source: Source, divided: Divided, title: str, order: Order, design: str = ""
) -> Imported:
    """The parts as epics. Finished parts, text outside of the parts and markers without effect are named."""
    ids: list[str] = []
    for part in divided.parts:
        ids.append(epic_id(_short_title(part, title), ids))

    needs = order(divided.parts, ids)
    epics: list[ImportedEpic] = []
    for part, name, before in zip(divided.parts, ids, needs, strict=True):
        epics.append(ImportedEpic(name, part.title or title, part.body, before))

    left = (*title_left(source.path, divided.title, title), *_left(source, divided))
    return Imported(format_name, title, tuple(epics), divided.rest, design, left)


def title_left(path: str, old: str, new: str) -> list[Left]:
    """A remark where the title of the file is not part of that of the plan; none for a file without a title."""
    if new in old or not old:
        return []

    return [Left(path, f"The title `{old}` says only that this is a plan, so the plan is called `{new}`.")]


def _short_title(part: Part, title: str) -> str:
    """A part's title without its number, from which its id is made."""
    text = title
    if part.title:
        text = part.title

    short = _LEADING.sub("", text)
    if not short:
        return text

    return short


def _left(source: Source, divided: Divided) -> list[Left]:
    """What does not reach any agent, or lost its meaning."""
    left: list[Left] = []
    if source.front_matter_lines:
        left.append(Left(f"{source.path}:1", "The front matter is left out."))
    for line in divided.rest_lines:
        text = _MARKUP.sub("", source.line(line)).strip()[:60]
        left.append(Left(f"{source.path}:{line}", f"`{text}` became text for people above the first epic."))

    left += _parallel(source, divided)
    return left


def _parallel(source: Source, divided: Divided) -> list[Left]:
    """What became of the marks of parallel tasks."""
    lines: list[int] = []
    for part in divided.parts:
        for box in part.boxes:
            if _PARALLEL.search(box.title):
                lines.append(box.line)

    if not lines:
        return []

    tasks = counted(len(lines), "task is", "tasks are")
    message = f"{tasks} marked as parallel; one agent does all tasks of an epic, in any order."
    return [Left(f"{source.path}:{lines[0]}", message)]
