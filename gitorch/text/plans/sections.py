"""A plan's blocks sorted into epics: which heading opens a section, what stands in it, which gates close it.

This only finds; whether what was found makes a plan is judged in `plan_checks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from gitorch.model.plan import Task
from gitorch.model.values import Value
from gitorch.text.glob_syntax import split_globs
from gitorch.text.markdown import Heading, Listing, Paragraph, Table, plain
from gitorch.text.plans.line_syntax import (
    EpicHeading,
    almost_gate,
    almost_gate_line,
    box_words,
    epic_words,
    field_words,
    gate_id,
    is_closed_status,
    is_tasks_line,
    names_of,
    path_of,
    task_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.text.markdown import Block, Document
    from gitorch.text.plans.line_syntax import FieldLine


class Named(Value):
    """A word of a plan that is to be checked, and where it stands.

    `why` says who else than the plan put it there; it is not `sure` where it may mean something else than an epic.
    """

    words: str
    line: int
    why: str = ""
    sure: bool = True


class Gate(Value):
    """A gate, or (`exact` is false) something that was probably meant as one."""

    id: str
    line: int
    exact: bool


@dataclass(slots=True)
class Section:
    """One epic as its section states it: `begin` is its first line below the heading, `end` that of its first gate or the next epic.

    `late` are tasks that stand after the gate, where no agent will see them; `inner_needs` are dependencies written
    below a task's heading; `left` says that another heading followed the gate, so that lists are nobody's tasks.
    """

    heading: EpicHeading
    line: int
    begin: int
    end: int = 0
    tasks: list[Task] = field(default_factory=list)
    late: list[Task] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    needs: list[Named] = field(default_factory=list)
    inner_needs: list[Named] = field(default_factory=list)
    empty_needs: list[int] = field(default_factory=list)
    allowed: list[Named] = field(default_factory=list)
    forbidden: list[Named] = field(default_factory=list)
    closed: bool = False
    left: bool = False


@dataclass(slots=True)
class Outline:
    """Everything of one file: sections in order, gates before the first of them, tables of epics, title, design."""

    title: str = ""
    design: str = ""
    design_line: int = 0
    sections: list[Section] = field(default_factory=list)
    stray_gates: list[Gate] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def outline_of(
    document: Document,
    lines: int,
    opens: Callable[[str], EpicHeading | None] = epic_words,
    whole: EpicHeading | None = None,
) -> Outline:
    """Sort the blocks of a document of so many lines.

    `opens` tells which headings begin an epic's section; with `whole` the document is this epic's section from its first line.
    """
    scan = _Scan(opens)
    if whole is not None:
        scan.outline.sections.append(Section(whole, 1, 1))
    for before, block in zip((None, *document.blocks), document.blocks, strict=False):
        scan.take(block, before)
    scan.finish(lines + 1)
    return scan.outline


class _Scan:
    """Goes through the blocks once. A heading for a task owns what follows, up to a heading of its level or above."""

    def __init__(self, opens: Callable[[str], EpicHeading | None]) -> None:
        self.outline = Outline()
        self.opens = opens
        self.task_level = 0
        self.steps: list[bool] = []
        self.open_value: list[Named] | None = None

    @property
    def section(self) -> Section | None:
        return self.outline.sections[-1] if self.outline.sections else None

    def take(self, block: Block, before: Block | None) -> None:
        open_value, self.open_value = self.open_value, None
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._paragraph(block)
            case Listing() if open_value is not None:
                self._value_items(block, open_value)
            case Listing():
                self._listing(block, under_tasks=_announces_tasks(before))
            case Table() if not self.section:
                self.outline.tables.append(block)
            case _:
                pass

    def finish(self, line: int) -> None:
        """The section that is open ends before this line."""
        self._end_task()
        if self.section and not self.section.end:
            self.section.end = line

    def _heading(self, heading: Heading) -> None:
        if self.task_level and heading.level <= self.task_level:
            self._end_task()
        if words := self.opens(heading.text):
            self.finish(heading.line)
            self.outline.sections.append(Section(words, heading.line, heading.end + 1, closed=words.closed))
        elif (gate := gate_id(heading.text, heading.level)) is not None:
            self._gate(Gate(gate, heading.line, exact=True))
        elif self.section and almost_gate(heading.text):
            self._gate(Gate("", heading.line, exact=False))
        elif self.section and (task := task_words(heading.text)):
            self._end_task()
            self._task(Task(task.title, heading.line, task.done))
            self.task_level, self.steps = heading.level, []
        elif self.section and self.section.gates and heading.level <= 2:
            self.section.left = True
        elif heading.level == 1 and not self.outline.title:
            self.outline.title = heading.text

    def _gate(self, gate: Gate) -> None:
        self._end_task()
        if self.section is None:
            self.outline.stray_gates.append(gate)
            return
        self.section.gates.append(gate)
        self.section.end = self.section.end or gate.line

    def _task(self, task: Task) -> None:
        if self.section:
            (self.section.late if self.section.gates else self.section.tasks).append(task)

    def _end_task(self) -> None:
        """A task under a heading is done, too, when it has steps and every one of them is ticked off."""
        section = self.section
        if section and self.task_level and self.steps and all(self.steps):
            tasks = section.late if section.gates else section.tasks
            tasks[-1] = Task(tasks[-1].title, tasks[-1].line, done=True)
        self.task_level, self.steps = 0, []

    def _paragraph(self, paragraph: Paragraph) -> None:
        for number, line in enumerate(paragraph.lines):
            if found := field_words(line):
                self._field(found, paragraph.line + number)
            elif self.section and almost_gate_line(line):
                self._gate(Gate("", paragraph.line + number, exact=False))

    def _listing(self, listing: Listing, *, under_tasks: bool) -> None:
        for item in listing.items:
            if found := field_words(" ".join(item.lines)):
                self._field(found, item.line)
                if self.open_value is not None and item.lists:
                    self._value_items(item.lists[0], self.open_value)
            elif box := box_words(item.lines):
                self._item(Task(box.title, item.line, box.done))
            elif task := task_words(plain(" ".join(item.lines))):
                self._item(Task(task.title, item.line, task.done))
            elif under_tasks and not self.task_level:
                self._item(Task(plain(" ".join(item.lines)), item.line))
            else:
                for inner_list in item.lists:
                    self._listing(inner_list, under_tasks=False)

    def _item(self, task: Task) -> None:
        if self.task_level:
            self.steps.append(task.done)
        elif not (self.section and self.section.left):
            self._task(task)

    def _value_items(self, listing: Listing, needs: list[Named]) -> None:
        """A `Depends on:` line without a value is answered by the list below it, up to the first item that is a task."""
        plain_items = tuple(takewhile(lambda item: box_words(item.lines) is None, listing.items))
        needs += [Named(name, item.line) for item in plain_items for name in names_of(" ".join(item.lines))]
        if plain_items and self.section:
            self.section.empty_needs.pop()
        self._listing(Listing(listing.line, listing.items[len(plain_items) :]), under_tasks=False)

    def _field(self, found: FieldLine, line: int) -> None:
        section = self.section
        if section is None:
            if found.key == "design" and not self.outline.design:
                self.outline.design, self.outline.design_line = path_of(found.value), line
            return
        if section.gates:
            return
        match found.key:
            case "dependencies" if found.value and not self.task_level:
                section.needs += [Named(name, line, sure=False) for name in names_of(found.value)]
            case "depends on":
                needs = section.inner_needs if self.task_level else section.needs
                needs += [Named(name, line) for name in names_of(found.value)]
                if not found.value:
                    section.empty_needs.append(line)
                    self.open_value = needs
            case "scope" if not self.task_level:
                section.allowed += [Named(glob, line) for glob in split_globs(found.value)]
            case "not" if not self.task_level:
                section.forbidden += [Named(glob, line) for glob in split_globs(found.value)]
            case "status" if not self.task_level and is_closed_status(found.value):
                section.closed = True
            case _:
                pass


def _announces_tasks(block: Block | None) -> bool:
    if isinstance(block, Heading):
        return is_tasks_line(block.text)
    return isinstance(block, Paragraph) and is_tasks_line(block.lines[-1])
