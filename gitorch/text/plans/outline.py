"""Sorts the blocks of a plan into the sections of its epics. `plans.checks` judges the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.plan import Task
from gitorch.text.glob_syntax import split_globs
from gitorch.text.markdown import Heading, Listing, Paragraph, Table, plain
from gitorch.text.plans.line_syntax import (
    announces_tasks,
    is_closed_status,
    line_looks_like_gate,
    looks_like_gate,
    parse_checkbox,
    parse_epic_heading,
    parse_field,
    parse_gate_heading,
    parse_task,
    path_in,
    split_names,
)
from gitorch.text.plans.sections import Gate, Outline, Reference, Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.text.markdown import Block, Document, Item
    from gitorch.text.plans.line_syntax import EpicHeading, Field

    HeadingTest = Callable[[str], EpicHeading | None]
    """Reads the text of a heading that opens an epic's section; None for any other heading."""


def outline_of(
    document: Document, line_count: int, opens: HeadingTest = parse_epic_heading, whole: EpicHeading | None = None
) -> Outline:
    """The outline of a document with this many lines.

    `opens` recognises the headings that begin a section. With `whole`, the document is this epic's section from line 1.
    Never fails: text that means nothing to a plan is skipped, and `plans.checks` judges the rest.
    """
    reader = _OutlineReader(opens)
    if whole is not None:
        reader.outline.sections.append(Section(whole, 1, 1))

    before: Block | None = None

    for block in document.blocks:
        reader.take(block, before)
        before = block

    reader.end_section(line_count + 1)
    return reader.outline


class _OutlineReader:
    """Takes the blocks of a file one after the other.

    A task's heading owns the blocks below it, up to the next heading of its level or above.
    """

    def __init__(self, opens: HeadingTest) -> None:
        """Begin with an empty outline, outside of any section."""
        self.outline = Outline()
        self.opens = opens
        self.task_level = 0
        """The level of the task heading that owns the current block; 0 outside of such tasks."""
        self.steps: list[bool] = []
        """Whether each checkbox below the current task heading is ticked."""
        self.unanswered: list[Reference] | None = None
        """Takes the dependencies that the next list names, after a `Depends on:` line without a value."""

    @property
    def section(self) -> Section | None:
        """The section that the current block belongs to.

        None before the first section.
        """
        if self.outline.sections:
            return self.outline.sections[-1]
        return None

    def take(self, block: Block, before: Block | None) -> None:
        """Take the next block; `before` is the block that precedes it.

        Only a list directly below an empty `Depends on:` line names dependencies, so every block takes back that expectation.
        """
        unanswered, self.unanswered = self.unanswered, None
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._paragraph(block)
            case Listing() if unanswered is not None:
                self._dependency_list(block, unanswered)
            case Listing():
                self._listing(block, below_tasks_line=_is_tasks_line(before))
            case Table() if self.section is None:
                self.outline.tables.append(block)

    def end_section(self, line: int) -> None:
        """End the current section before this line.

        Does nothing outside of sections, or when a gate has ended the section already.
        """
        self._end_task()
        if self.section is not None:
            self.section.close(line)

    def _heading(self, heading: Heading) -> None:
        """Take a heading: it opens a section, is a gate, means something to the open section, or is the title of the plan.

        The forms are tried in this order; the heading of an epic is the strongest sign.
        """
        if heading.level <= self.task_level:
            self._end_task()

        epic = self.opens(heading.text)
        if epic is not None:
            self._open_section(epic, heading)
            return

        self._heading_elsewhere(heading)

    def _heading_elsewhere(self, heading: Heading) -> None:
        """Take a heading that opens no section: a gate, one that means something to the open section, or the plan's title."""
        gate = parse_gate_heading(heading.text, heading.level)
        if gate is not None:
            self._gate(Gate(gate, heading.line, exact=True))
            return

        if self.section is not None and self._heading_in_section(self.section, heading):
            return

        self._plan_title(heading)

    def _plan_title(self, heading: Heading) -> None:
        """The first heading of level 1 that means nothing else is the title of the plan."""
        if heading.level == 1 and not self.outline.title:
            self.outline.title = heading.text

    def _open_section(self, epic: EpicHeading, heading: Heading) -> None:
        """Begin a section below the heading; it ends the one before."""
        self.end_section(heading.line)
        section = Section(epic, heading.line, heading.end + 1, closed=epic.closed)
        self.outline.sections.append(section)

    def _heading_in_section(self, section: Section, heading: Heading) -> bool:
        """Take a heading that opens no section. Returns False when it means nothing to the section.

        It may be a misspelt gate, a task, or a heading behind the gate that ends the epic's part of the file.
        """
        if looks_like_gate(heading.text):
            self._gate(Gate("", heading.line, exact=False))
            return True

        task = parse_task(heading.text)
        if task is not None:
            self._end_task()
            section.add_task(Task(task.title, heading.line, task.done))
            self.task_level = heading.level
            return True

        return _leaves(section, heading)

    def _gate(self, gate: Gate) -> None:
        """Add a gate to the current section, or to the stray gates before the first one."""
        self._end_task()
        if self.section is None:
            self.outline.stray_gates.append(gate)
        else:
            self.section.add_gate(gate)

    def _end_task(self) -> None:
        """End the current task heading.

        Its task is done, too, when it has steps and all of them are ticked.
        """
        all_steps_done = bool(self.steps) and all(self.steps)
        if self.section is not None and self.task_level and all_steps_done:
            self.section.mark_last_task_done()

        self.task_level = 0
        self.steps = []

    def _paragraph(self, paragraph: Paragraph) -> None:
        """Take each line of a paragraph that is a field, or looks like a gate without its `##`."""
        for line, text in enumerate(paragraph.lines, paragraph.line):
            field = parse_field(text)
            if field is not None:
                self._field(field, line)
            elif self.section is not None and line_looks_like_gate(text):
                self._gate(Gate("", line, exact=False))

    def _listing(self, listing: Listing, *, below_tasks_line: bool) -> None:
        """Take the items of a list one after the other.

        Below a `Tasks:` line, every item is a task, with or without a checkbox.
        """
        for item in listing.items:
            self._item(item, below_tasks_line=below_tasks_line)

    def _item(self, item: Item, *, below_tasks_line: bool) -> None:
        """Take an item: it is a field, a task, or a parent of more items.

        Lists inside a task are part of that task, so only those of a parent are entered.
        """
        text = " ".join(item.lines)
        field = parse_field(text)
        if field is not None:
            self._field_item(field, item)
            return

        self._task_or_list(item, below_tasks_line, text)

    def _task_or_list(self, item: Item, below_tasks_line: bool, text: str) -> None:
        """Take an item that is no field: a task, or a parent of more items."""
        task = parse_checkbox(item.lines) or parse_task(plain(text))
        if task is not None:
            self._task_item(Task(task.title, item.line, task.done))
        elif below_tasks_line and not self.task_level:
            self._task_item(Task(plain(text), item.line))
        else:
            for inner in item.lists:
                self._listing(inner, below_tasks_line=False)

    def _field_item(self, field: Field, item: Item) -> None:
        """Take a field that is a list item. The names of an empty `Depends on:` may stand in the list inside it."""
        self._field(field, item.line)

        if self.unanswered is not None and item.lists:
            self._dependency_list(item.lists[0], self.unanswered)

    def _task_item(self, task: Task) -> None:
        """Take a list item that is a task: a step of the current task heading, or a task of the section.

        Items outside of sections, and behind a heading that followed the gate, belong to no epic.
        """
        if self.task_level:
            self.steps.append(task.done)
        elif self.section is not None and not self.section.left:
            self.section.add_task(task)

    def _dependency_list(self, listing: Listing, needs: list[Reference]) -> None:
        """Read the list below an empty `Depends on:` line.

        Its items are names up to the first checkbox; the rest is an ordinary list.
        """
        names = _take_needs(listing, needs)
        if names and self.section is not None:
            self.section.empty_needs.pop()

        self._listing(Listing(listing.line, listing.items[names:]), below_tasks_line=False)

    def _field(self, field: Field, line: int) -> None:
        """Take a field of the plan, or of the section that is open. Behind its gate, a section takes none."""
        if self.section is None:
            self._field_of_plan(field, line)
        elif not self.section.gates:
            self._field_of_section(self.section, field, line)

    def _field_of_plan(self, field: Field, line: int) -> None:
        """Take a field before the first section: only the first `Design:` line counts."""
        if field.key == "design" and not self.outline.design:
            self.outline.design = path_in(field.value)
            self.outline.design_line = line

    def _field_of_section(self, section: Section, field: Field, line: int) -> None:
        """Take a field of a section.

        Below a task's heading, a dependency is recorded for a warning, and other fields are that task's text.
        """
        if field.key == "depends on":
            self._depends_on(section, field, line)
            return
        if self.task_level:
            return

        _scope_or_status(section, field, line)

    def _depends_on(self, section: Section, field: Field, line: int) -> None:
        """Take a `Depends on:` line. Without a value, its names are expected in the list below it."""
        needs = section.needs
        if self.task_level:
            needs = section.needs_in_tasks
        if field.value:
            needs += _references(field.value, line)
            return

        section.empty_needs.append(line)
        self.unanswered = needs


def _leaves(section: Section, heading: Heading) -> bool:
    """Whether a heading behind the gate leaves the section, which is marked then."""
    if section.gates and heading.level <= 2:
        section.left = True
        return True

    return False


def _take_needs(listing: Listing, needs: list[Reference]) -> int:
    """Add the references of the items before the first task; the result is the number of these items."""
    names = 0
    for item in listing.items:
        if parse_checkbox(item.lines) is not None:
            break
        needs += _references(" ".join(item.lines), item.line)
        names += 1
    return names


def _scope_or_status(section: Section, field: Field, line: int) -> None:
    """Take a field that counts above the tasks only."""
    match field.key:
        case "dependencies":
            section.needs += _references(field.value, line, certain=False)
        case "scope":
            section.allowed += _globs(field.value, line)
        case "not":
            section.forbidden += _globs(field.value, line)
        case "status":
            section.closed = section.closed or is_closed_status(field.value)


def _references(text: str, line: int, *, certain: bool = True) -> list[Reference]:
    """The epics that a value names, all on one line of the file.

    `certain` is False for a value that may list other things than epics.
    """
    return [Reference(name, line, certain=certain) for name in split_names(text)]


def _globs(text: str, line: int) -> list[Reference]:
    """The globs of a `Scope:` or `Not:` value."""
    return [Reference(glob, line) for glob in split_globs(text)]


def _is_tasks_line(block: Block | None) -> bool:
    """Whether the list after this block is a list of tasks.

    The block is `Tasks:` as a heading, or a paragraph whose last line is `Tasks:`.
    """
    if isinstance(block, Heading):
        return announces_tasks(block.text)
    if isinstance(block, Paragraph):
        return announces_tasks(block.lines[-1])
    return False
