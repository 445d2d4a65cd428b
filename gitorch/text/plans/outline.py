"""Sorts the blocks of a plan into the sections of its epics. `plans.checks` judges the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.plan import Task
from gitorch.text.markdown import Heading, Listing, Paragraph, Table, plain
from gitorch.text.plans.continued_values import ContinuedValues, is_on_later_line
from gitorch.text.plans.line_groups import fields_inside, has_open_box, is_below_field, pieces
from gitorch.text.plans.line_syntax import (
    announces_tasks,
    field_in_heading,
    line_looks_like_gate,
    looks_like_gate,
    may_state_need,
    parse_checkbox,
    parse_epic_heading,
    parse_field,
    parse_gate_heading,
    parse_task,
    path_in,
)
from gitorch.text.plans.section_fields import (
    note_heading,
    note_indented,
    take_field,
    take_field_of_item,
    take_list,
)
from gitorch.text.plans.sections import Gate, Note, Outline, Reference, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitorch.text.markdown import Block, Document, Item
    from gitorch.text.plans.line_syntax import EpicHeading, Field
    from gitorch.text.plans.section_fields import Expected

    HeadingTest = Callable[[str], EpicHeading | None]
    """Reads the text of a heading that opens an epic's section; None for any other heading."""


def outline_of(
    document: Document, line_count: int, opens: HeadingTest = parse_epic_heading, whole: EpicHeading | None = None
) -> Outline:
    """The outline of a document with this many lines.

    `opens` recognises the headings that begin a section. With `whole`, the document is this epic's section from line 1.
    Never fails: text that means nothing to a plan is skipped, and `plans.checks` judges the rest.
    """
    outline = _read(document.blocks, line_count, opens, whole)
    title = _title_beside_its_epic(document, outline)
    if title is None:
        return outline

    below = [block for block in document.blocks if block is not title]
    outline = _read(below, line_count, opens, whole)
    outline.title = title.text
    outline.title_line = title.line
    return outline


def _read(blocks: Sequence[Block], line_count: int, opens: HeadingTest, whole: EpicHeading | None) -> Outline:
    """The outline of these blocks; with `whole`, all of them are this epic's section."""
    reader = _OutlineReader(opens)
    if whole is not None:
        reader.outline.sections.append(Section(whole, 1, 1))

    reader.take_all(blocks, None)
    reader.end_section(line_count + 1)
    return reader.outline


def _title_beside_its_epic(document: Document, outline: Outline) -> Heading | None:
    """The title of a plan that is also that of its epic, so that it opened a section as well as the epic's own heading.

    Such a title is the only heading of level 1, and does not say `Epic`. None in any other plan.
    """
    top = [block for block in document.blocks if isinstance(block, Heading) and block.level == 1]
    if len(top) != 1 or parse_epic_heading(top[0].text) is not None:
        return None

    opened = {section.line: section.heading.id for section in outline.sections}
    name = opened.pop(top[0].line, None)
    if name in opened.values():
        return top[0]
    return None


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
        self.unanswered: Expected | None = None
        """Takes the values that the next list names, after a field without a value."""
        self.values = ContinuedValues()
        self.below_value = False
        """Whether the current block is indented below the value of a field."""

    @property
    def section(self) -> Section | None:
        """The section that the current block belongs to.

        None before the first section.
        """
        if self.outline.sections:
            return self.outline.sections[-1]
        return None

    def take_all(self, blocks: Sequence[Block], before: Block | None) -> None:
        """Take blocks one after the other; `before` is the block that precedes the first.

        A field between two parts of a list does not part them: the second one is announced by what announced the first.
        """
        announced = before
        for block in blocks:
            self.take(block, before)
            if isinstance(block, Listing):
                announced, before = before, block
            elif isinstance(before, Listing) and _is_field(block):
                before = announced
            else:
                announced = before = block

    def take(self, block: Block, before: Block | None) -> None:
        """Take the next block; `before` is the block that precedes it.

        Only a list directly below an empty field holds its values, so every block takes back that expectation.
        """
        unanswered, self.unanswered = self.unanswered, None
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._paragraph(block, before)
            case Listing() if unanswered is not None:
                self._value_list(block, unanswered)
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
            self.outline.title_line = heading.line

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

        field = field_in_heading(heading.text)
        if field is not None and not section.gates:
            note_heading(section, field, heading.line)

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

        The steps of a task decide whether it is done, whatever its heading says.
        """
        if self.section is not None and self.task_level and self.steps:
            self.section.mark_last_task(done=all(self.steps))

        self.task_level = 0
        self.steps = []

    def _paragraph(self, paragraph: Paragraph, before: Block | None) -> None:
        """Take each line of a paragraph that is a field, or looks like a gate without its `##`."""
        is_below = is_below_field(paragraph, before)
        for line, text in self.values.lines_of(paragraph):
            field = parse_field(text)
            if field is not None:
                self._field(field, line, indented=is_below or is_on_later_line(paragraph, line, text))
            elif self.section is not None and line_looks_like_gate(text):
                self._gate(Gate("", line, exact=False))
            else:
                self._prose(text, line)

    def _prose(self, text: str, line: int) -> None:
        """Take a line of running text: one that may state a dependency is kept for a check."""
        if self.section is None or self.section.gates:
            return
        if may_state_need(text):
            prose = Reference(text, line)
            self.section.prose.append(prose)

    def _listing(self, listing: Listing, *, below_tasks_line: bool) -> None:
        """Take the items of a list one after the other.

        Below a `Tasks:` line, every item is a task, with or without a checkbox.
        """
        for item in listing.items:
            self._item(item, below_tasks_line=below_tasks_line)

    def _item(self, item: Item, *, below_tasks_line: bool) -> None:
        """Take an item: it is a field, a task, or a parent of more items.

        What stands inside a task is part of that task, so only that of a field or parent is entered.
        """
        (line, text), *_ = pieces(item)
        field = parse_field(text)
        if field is not None:
            self._field(field, line)
        elif self._is_task(item, text, below_tasks_line=below_tasks_line):
            return
        else:
            self._prose(text, line)

        self._inside(item)

    def _is_task(self, item: Item, text: str, *, below_tasks_line: bool) -> bool:
        """Take an item that is no field if it is a task; fields inside it have no effect."""
        task = parse_checkbox(item.lines) or parse_task(plain(text))
        if task is not None:
            done = task.done and not has_open_box(item.lists)
            self._task_item(Task(task.title, item.line, done, task.optional))
        elif below_tasks_line and not self.task_level:
            self._task_item(Task(plain(text), item.line))
        else:
            return False

        if self.section is not None and not self.section.gates:
            for line, field in fields_inside(item):
                take_field_of_item(self.section, field, line)
        return True

    def _inside(self, item: Item) -> None:
        """Take what stands inside an item that is no task, below its first paragraph or its value.

        A field within the first paragraph is indented below it, like the second line of any paragraph.
        """
        for line, text in pieces(item)[1:]:
            below = Paragraph(line - 1, ("", text))
            self._paragraph(below, None)

        first = Paragraph(item.line, item.lines or ("",))
        self.take_all(item.blocks, first)

    def _task_item(self, task: Task) -> None:
        """Take a list item that is a task: a step of the current task heading, or a task of the section.

        Items outside of sections, and behind a heading that followed the gate, belong to no epic.
        """
        if self.task_level:
            self.steps.append(task.done or task.optional)
        elif self.section is not None and not self.section.left:
            self.section.add_task(task)
        else:
            self.outline.boxes.append(task.line)

    def _value_list(self, listing: Listing, expected: Expected) -> None:
        """Read the list below an empty field: its values, with what stands below each, then an ordinary list."""
        items = listing.items
        while self.section is not None and items:
            taken = take_list(self.section, expected, items)
            if not taken:
                break
            self._below_value(items[taken - 1])
            items = items[taken:]
            expected = self.unanswered or expected

        self._listing(Listing(listing.line, items), below_tasks_line=False)

    def _below_value(self, item: Item) -> None:
        """Take what is indented below a value of a field.

        A field there counts for the epic and is named, since it may look like a part of the value.
        """
        self.unanswered = None
        outside = self.below_value
        self.below_value = True
        self._inside(item)
        self.below_value = outside

    def _field(self, field: Field, line: int, *, indented: bool = False) -> None:
        """Take a field of the plan, or of the section that is open. Behind its gate, a section takes none."""
        if self.section is None:
            self._field_of_plan(field, line)
        elif not self.section.gates:
            if indented or self.below_value:
                note_indented(self.section, field, line)
            self.unanswered = take_field(self.section, field, line, in_task=bool(self.task_level))

    def _field_of_plan(self, field: Field, line: int) -> None:
        """Take a field before the first section: only the first `Design:` line counts."""
        if field.key != "design":
            return
        if self.outline.design:
            message = (
                f"The plan names a second design document here; only that of line {self.outline.design_line} counts."
            )
            self.outline.notes.append(Note(line, message, "Name one document, which may link to the others."))
            return

        self.outline.design = path_in(field.value)
        self.outline.design_line = line


def _is_field(block: Block) -> bool:
    """Whether a block is a field on a line of its own."""
    return isinstance(block, Paragraph) and parse_field(block.lines[0]) is not None


def _leaves(section: Section, heading: Heading) -> bool:
    """Whether a heading behind the gate leaves the section, which is marked then."""
    if section.gates and heading.level <= 2:
        section.left = True
        return True

    return False


def _is_tasks_line(block: Block | None) -> bool:
    """Whether the list after this block is a list of tasks.

    The block is `Tasks:` as a heading, or a paragraph whose last line is `Tasks:`.
    """
    if isinstance(block, Heading):
        return announces_tasks(block.text)
    if isinstance(block, Paragraph):
        return announces_tasks(block.lines[-1])
    return False
