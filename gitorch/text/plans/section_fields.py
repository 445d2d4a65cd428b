"""The fields of an epic's section: dependencies and scope, on their lines or in lists below them; status, runtime, hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitorch.text.glob_syntax import split_globs
from gitorch.text.markdown import plain
from gitorch.text.plans.line_groups import pieces
from gitorch.text.plans.line_syntax import is_closed_status, parse_checkbox, parse_field, split_names
from gitorch.text.plans.sections import Note, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitorch.text.markdown import Item
    from gitorch.text.plans.line_syntax import Field
    from gitorch.text.plans.sections import Section

    Split = Callable[[str], tuple[str, ...]]

_WORD = re.compile(r"[\w.-]+")
_WORDS = re.compile(r"[\w.-]+(?:, *[\w.-]+)*")


@dataclass(slots=True)
class Expected:
    """The values that the list below an empty field is expected to name."""

    key: str
    line: int
    references: list[Reference]
    split: Split
    certain: bool = True

    def take(self, text: str, line: int) -> None:
        """Add the values of one line."""
        self.references += [Reference(value, line, certain=self.certain) for value in self.split(text)]


def take_field(section: Section, field: Field, line: int, *, in_task: bool) -> Expected | None:
    """Take a field of a section. Without a value, its values are expected in the list below it.

    Below a task's heading no field has an effect: dependencies are kept for a check, and a note names the others.
    """
    expected = _expected(section, field, line, in_task=in_task)
    if expected is None:
        _take_word(section, field, line, in_task=in_task)
        return None

    if field.value:
        before = len(expected.references)
        expected.take(field.value, line)
        if field.key == "scope" and len(expected.references) == before:
            section.empty_fields.append(Reference(field.key, line))
        return None

    section.empty_fields.append(Reference(field.key, line))
    return expected


def _expected(section: Section, field: Field, line: int, *, in_task: bool) -> Expected | None:
    """Where the values of a field with several values go; None for another field, and for one without an effect."""
    if field.key == "depends on":
        needs = section.needs
        if in_task:
            needs = section.needs_in_tasks
        return Expected(field.key, line, needs, _names)
    if in_task:
        return None

    return _expected_above_tasks(section, field, line)


def _expected_above_tasks(section: Section, field: Field, line: int) -> Expected | None:
    """The same for the fields that count above the tasks only."""
    if field.key == "dependencies":
        return Expected(field.key, line, section.needs, _names, certain=False)
    if field.key == "scope":
        return Expected(field.key, line, section.allowed, split_globs)
    if field.key == "not":
        return Expected(field.key, line, section.forbidden, _forbidden_globs)

    return None


def _names(text: str) -> tuple[str, ...]:
    """The value of a dependency as it is, since only the titles of all epics tell where a name ends; empty for `none`."""
    if not split_names(text):
        return ()

    return (text,)


def _forbidden_globs(text: str) -> tuple[str, ...]:
    """The globs of a `Not:` value; `none` and `nothing` forbid nothing."""
    if plain(text).strip().rstrip(".").lower() in {"none", "nothing", "-", "—", "n/a"}:
        return ()

    return split_globs(text)


def _take_word(section: Section, field: Field, line: int, *, in_task: bool) -> None:
    """Take a field that stands on one line: the status, the runtime or the labels of hosts."""
    if in_task:
        _note_in_task(section, field, line)
    elif field.key == "status":
        section.closed = section.closed or is_closed_status(field.value)
    elif field.key == "runtime":
        _take_runtime(section, field, line)
    elif field.key == "hosts":
        _take_hosts(section, field, line)
    elif field.key == "design":
        _note_design(section, field, line)


def _note_design(section: Section, field: Field, line: int) -> None:
    """Name a design document inside an epic.

    A plan has one, above its epics; this line is for the agent alone, who reads the file.
    """
    message = f"`{_named(field)}` stands in an epic, so it is not the design document of the plan; the agent reads it as text."
    fix = "To name that of the plan, move the line above the first epic."
    section.notes.append(Note(line, message, fix))


def _note_in_task(section: Section, field: Field, line: int) -> None:
    """Name a field below a task's heading, where it has no effect.

    A status that leaves the task open is not named: it says what holds anyway.
    """
    if field.key == "status" and not is_closed_status(field.value):
        return

    message = f"`{_named(field)}` stands below a task's heading, where it has no effect; the agent reads it as text."
    section.notes.append(Note(line, message, "Move the line above the first task of the epic."))


def take_field_of_item(section: Section, field: Field, line: int) -> None:
    """Name a field inside a list item that is a task, where it has no effect.

    Dependencies are kept for a check, since one on an epic is a defect, and one on another task is the agent's to read.
    """
    if field.key == "depends on" and field.value:
        section.needs_in_tasks += [Reference(value, line) for value in _names(field.value)]
        return

    message = f"`{_named(field)}` belongs to the task above it, so it has no effect; the agent reads it as text."
    section.notes.append(Note(line, message, "For the epic, write the line at the margin, without blanks before it."))


def note_indented(section: Section, field: Field, line: int) -> None:
    """Name a field that is indented below the value of another one, though it counts for the whole epic.

    Its author may have meant it for that value alone, which no plan can say.
    """
    message = f"`{_named(field)}` is indented below the value of another field; it counts for the whole epic."
    fix = "Write the line at the margin, without blanks before it."
    section.notes.append(Note(line, message, fix))


def note_heading(section: Section, field: Field, line: int) -> None:
    """Name a field that was written as a heading.

    It has no effect there, and neither has the list or text below it.
    """
    message = f"`{_named(field)}` is a heading, so it has no effect; the agent reads it as text."
    fix = "Write it above the tasks as a line of its own, without `#`."
    section.notes.append(Note(line, message, fix))


def _take_runtime(section: Section, field: Field, line: int) -> None:
    """Take the runtime of the epic. A value of several words is text, and of several lines the first counts."""
    name = plain(field.value)
    if not _WORD.fullmatch(name):
        message = f"`{_named(field)}` names no runtime; the agent reads it as text."
        section.notes.append(Note(line, message, "To choose one, write its name alone: `Runtime: codex`."))
    elif section.runtime:
        message = f"`{_named(field)}` has no effect: line {section.runtime_line} chose the runtime."
        section.notes.append(Note(line, message, "Remove one of the lines."))
    else:
        section.runtime = name
        section.runtime_line = line


def _take_hosts(section: Section, field: Field, line: int) -> None:
    """Take the labels that a host needs for the epic. Anything but words with commas between them is text, and `none` asks for none."""
    words = plain(field.value)
    if _WORDS.fullmatch(words):
        section.host_labels += split_names(words)
        return

    message = f"`{_named(field)}` names no labels of hosts; the agent reads it as text."
    section.notes.append(Note(line, message, "To ask for a host, write its labels alone: `Hosts: gpu, linux`."))


def _named(field: Field) -> str:
    """A field as a person would write it."""
    return f"{field.key.capitalize()}: {field.value}".strip()


def take_list(section: Section, expected: Expected, items: Sequence[Item]) -> int:
    """Take the values of an empty field from the items of the list below it; returns how many items hold values.

    The values end before the first checkbox and before the first field, and after an item with more than values in it.
    Without any value in the list the field stays empty, which is a problem of the plan.
    """
    taken = 0
    for item in items:
        (line, text), *below = pieces(item)
        if parse_checkbox(item.lines) is not None or parse_field(text) is not None:
            break
        expected.take(text, line)
        taken += 1
        if below or item.blocks:
            break

    empty = Reference(expected.key, expected.line)
    if taken and empty in section.empty_fields:
        section.empty_fields.remove(empty)
    return taken
