"""The `tasks.json` of task-master: each task an epic, each subtask a task, with dependencies and details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Malformed, Problem
from gitorch.text.imports.imported import Imported, ImportedEpic, Left, epic_id
from gitorch.text.imports.json_values import (
    checkbox,
    first_words,
    list_of,
    mapping_of,
    paragraphs,
    read_json,
    rows_of,
    unused_fields,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.text.source import Source

KNOWN = frozenset(
    {
        "id",
        "title",
        "description",
        "details",
        "testStrategy",
        "status",
        "dependencies",
        "subtasks",
        "priority",
        "parentId",
        "parentTaskId",
    }
)
DONE = frozenset({"done", "completed", "cancelled", "canceled"})
"""The states in which nothing is left to do."""

TEXTS = (("description", ""), ("details", ""), ("testStrategy", "How to test it: "), ("priority", "Priority: "))
"""The fields that become paragraphs, with the words before them."""


def read_task_master(source: Source, beside: Mapping[str, str]) -> Imported:
    """The tasks of the tag `master`, or of the first tag, or of a file without tags. Raises Malformed for other JSON."""
    del beside
    value = read_json(source)
    tag = _tag(value)
    tasks = _tasks(source, value, tag)
    epics = _Tasks(source.path, tasks)
    left = [*_other_tags(source, value, tag), *epics.left()]
    return Imported("task-master", _title(value, tag), epics.epics(), left=tuple(left))


def _tags(value: object) -> list[str]:
    """The tags of a file that has tags."""
    tags: list[str] = []
    for name, part in mapping_of(value).items():
        if "tasks" in mapping_of(part):
            tags.append(name)

    return tags


def _tag(value: object) -> str:
    """The tag that is read: `master`, else the first; empty for a file without tags.

    Older files have no tags, and hold their tasks at the top.
    """
    tags = _tags(value)
    if not tags or "tasks" in mapping_of(value):
        return ""
    if "master" in tags:
        return "master"

    return tags[0]


def _other_tags(source: Source, value: object, tag: str) -> Iterator[Left]:
    """The tags that are not read."""
    for name in _tags(value):
        if name != tag:
            message = "The tag is left out; move the file's `master` to choose another."
            yield Left(f"{source.path}: {name}", message)


def _holder(value: object, tag: str) -> dict[str, Any]:
    """The mapping that holds the tasks and their metadata."""
    if tag:
        return mapping_of(mapping_of(value)[tag])
    return mapping_of(value)


def _tasks(source: Source, value: object, tag: str) -> list[dict[str, Any]]:
    """The tasks of a tag, or of a file without tags. Raises Malformed where there is no list of them."""
    if isinstance(value, list):
        return rows_of(value)

    holder = _holder(value, tag)
    if "tasks" in holder:
        return rows_of(holder["tasks"])

    problem = Problem(source.path, 1, 1, "The file has no list `tasks`.", "Name the tasks.json of task-master.")
    raise Malformed(f"{source.path} cannot be imported", (problem,))


def _title(value: object, tag: str) -> str:
    """The name of the project in the metadata, else the tag; empty for `master`, which every file has, and without a tag.

    Both spellings of the metadata occur in files of different versions.
    """
    holder = _holder(value, tag)
    for key in ("metadata", "meta"):
        name = words(mapping_of(holder.get(key)).get("projectName"))
        if name:
            return name

    if tag and tag != "master":
        return tag

    return ""


class _Tasks:
    """The tasks of one list, as epics that know each other's ids."""

    def __init__(self, path: str, tasks: Sequence[dict[str, Any]]) -> None:
        """Give each task an id of its own."""
        self.path = path
        self.tasks = tasks
        self.ids: dict[str, str] = {}
        for task in tasks:
            title = first_words(task, "title", "id")
            self.ids[words(task.get("id"))] = epic_id(title, list(self.ids.values()))

    def epics(self) -> tuple[ImportedEpic, ...]:
        """One epic a task."""
        epics: list[ImportedEpic] = []
        for task in self.tasks:
            epics.append(self._epic(task))

        return tuple(epics)

    def left(self) -> Iterator[Left]:
        """Fields that no plan has, and dependencies on nothing."""
        rows: list[tuple[str, dict[str, Any]]] = []
        for number, task in enumerate(self.tasks):
            where = f"tasks[{number}]"
            rows.append((where, task))
            rows += ((f"{where}.subtasks[{inner}]", one) for inner, one in enumerate(rows_of(task.get("subtasks"))))

        yield from unused_fields(self.path, rows, KNOWN)
        for number, task in enumerate(self.tasks):
            yield from self._lost_needs(f"tasks[{number}]", task)

    def _lost_needs(self, where: str, task: dict[str, Any]) -> Iterator[Left]:
        """The dependencies of a task on tasks that the list does not have.

        The list may have been cut, or a task may have been deleted.
        """
        for other in list_of(task.get("dependencies")):
            if self._found(other) is None:
                yield Left(f"{self.path}: {where}.dependencies", f"`{other}` is no task of this list.")

    def _found(self, other: object) -> str | None:
        """The epic of a task, or of the task of a subtask `2.1`; None for an unknown one."""
        name = words(other)
        if name in self.ids:
            return self.ids[name]

        task = name.partition(".")[0]
        return self.ids.get(task)

    def _epic(self, task: dict[str, Any]) -> ImportedEpic:
        """One task as an epic. A task without subtasks is its own only task."""
        name = self.ids[words(task.get("id"))]
        title = first_words(task, "title", "id")
        boxes: list[str] = []
        for subtask in rows_of(task.get("subtasks")):
            boxes.append(_box(subtask))
        if not boxes:
            boxes.append(checkbox(title, done=_is_done(task)))

        return ImportedEpic(name, title, paragraphs(_text(task), *boxes), self._needs(task, name))

    def _needs(self, task: dict[str, Any], own: str) -> tuple[str, ...]:
        """The epics that a task waits for, each once.

        A dependency on a subtask counts as one on the task that holds it.
        """
        needs: dict[str, None] = {}
        for other in list_of(task.get("dependencies")):
            found = self._found(other)
            if found is not None and found != own:
                needs[found] = None

        return tuple(needs)


def _text(task: dict[str, Any]) -> str:
    """What a task says, each field in a paragraph of its own.

    Headings in these texts are demoted later, so that none of them ends the section.
    """
    parts: list[str] = []
    for key, label in TEXTS:
        text = words(task.get(key))
        if text:
            parts.append(f"{label}{text}")

    return paragraphs(*parts)


def _is_done(task: dict[str, Any]) -> bool:
    """Whether nothing is left to do."""
    return words(task.get("status")).lower() in DONE


def _box(subtask: dict[str, Any]) -> str:
    """A subtask as a checkbox with its text below it."""
    needs: list[str] = []
    for other in list_of(subtask.get("dependencies")):
        needs.append(words(other))

    after = ""
    if needs:
        after = f"After subtask {', '.join(needs)}"

    title = first_words(subtask, "title", "id")
    text = paragraphs(_text(subtask), after)
    return checkbox(title, done=_is_done(subtask), text=text)
