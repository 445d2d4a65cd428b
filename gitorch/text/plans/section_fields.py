"""The fields of an epic's section: dependencies and scope, on their lines or in lists below them; status, runtime, hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from gitorch.text.glob_syntax import split_globs
from gitorch.text.markdown import plain
from gitorch.text.plans.line_syntax import is_closed_status, parse_checkbox, parse_field, split_names
from gitorch.text.plans.sections import Note, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
        return Expected(field.key, line, needs, split_names)
    if in_task:
        return None

    return _expected_above_tasks(section, field, line)


def _expected_above_tasks(section: Section, field: Field, line: int) -> Expected | None:
    """The same for the fields that count above the tasks only."""
    if field.key == "dependencies":
        return Expected(field.key, line, section.needs, split_names, certain=False)
    if field.key == "scope":
        return Expected(field.key, line, section.allowed, split_globs)
    if field.key == "not":
        return Expected(field.key, line, section.forbidden, _forbidden_globs)

    return None


def _forbidden_globs(text: str) -> tuple[str, ...]:
    """The globs of a `Not:` value; `none` and `nothing` forbid nothing."""
    if plain(text).strip().rstrip(".").lower() in {"none", "nothing", "-", "—", "n/a"}:
        return ()

    return split_globs(text)


def _take_word(section: Section, field: Field, line: int, *, in_task: bool) -> None:
    """Take a field that stands on one line: the status, the runtime or the labels of hosts."""
    if in_task:
        if field.key != "status":
            message = (
                f"`{_named(field)}` stands below a task's heading, where it has no effect; the agent reads it as text."
            )
            section.notes.append(Note(line, message, "Move the line above the first task of the epic."))
        return

    if field.key == "status":
        section.closed = section.closed or is_closed_status(field.value)
    elif field.key == "runtime":
        _take_runtime(section, field, line)
    elif field.key == "hosts":
        _take_hosts(section, field, line)


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


def take_list(section: Section, expected: Expected, items: Sequence[Item]) -> tuple[int, list[tuple[int, Field]]]:
    """Take the values of an empty field from the items of the list below it.

    Returns how many items hold values, and the fields directly below the last of these, with their lines. The values
    end before the first checkbox and before the first field; the rest is an ordinary list.

    Without any value in the list the field stays empty, which is a problem of the plan.
    """
    taken = 0
    below: list[tuple[int, Field]] = []
    for item in items:
        text = " ".join(item.lines)
        if parse_checkbox(item.lines) is not None or parse_field(text) is not None:
            break
        values = list(takewhile(_is_no_field, item.lines))
        expected.take(" ".join(values), item.line)
        taken += 1
        below = _fields_from(item, len(values))
        if below:
            break

    if taken:
        section.empty_fields.remove(Reference(expected.key, expected.line))
    return taken, below


def _is_no_field(line: str) -> bool:
    """Whether a line begins no field."""
    return parse_field(line) is None


def _fields_from(item: Item, first: int) -> list[tuple[int, Field]]:
    """The fields from this line of an item on, counted from 0.

    Markdown counts the lines below an item without a blank line before them to the item.
    """
    fields: list[tuple[int, Field]] = []
    for line, text in whole_lines(item.line + first, item.lines[first:]):
        field = parse_field(text)
        if field is not None:
            fields.append((line, field))

    return fields


def whole_lines(first: int, lines: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The lines of a paragraph with their numbers. A field that ends in a comma goes on with the next line."""
    number, whole = first, ""

    for line, text in enumerate(lines, first):
        if whole and parse_field(text) is None:
            whole = f"{whole} {text}"
        else:
            if whole:
                yield number, whole
            number, whole = line, text

        if not _goes_on(whole):
            yield number, whole
            whole = ""

    if whole:
        yield number, whole


def _goes_on(text: str) -> bool:
    """Whether a line is a field whose values go on with the next line.

    A comma or semicolon at the end of other text means nothing.
    """
    if not text.endswith((",", ";")):
        return False

    return parse_field(text) is not None
