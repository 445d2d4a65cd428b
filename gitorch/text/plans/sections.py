"""The sections of a plan: what one file says about each epic, before anyone judges whether it makes a plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitorch.model.values import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.plans.plan import Task
    from gitorch.model.tracker import Blocked
    from gitorch.text.markdown import Table
    from gitorch.text.plans.line_syntax import EpicHeading


class Reference(Value):
    """A name or glob that a plan mentions, and the line where it stands."""

    text: str
    line: int
    blocked: Blocked | None = None
    """The issue and its blocker, for a dependency that comes from the tracker and not from the plan."""
    certain: bool = True
    """False when the text may mean something other than an epic, such as a library."""


class Note(Value):
    """Something that has no effect, or may mean something else than its author thought; it stops nothing."""

    line: int
    message: str
    fix: str


class Gate(Value):
    """A heading that ends an epic's section."""

    id: str
    """The id or title in the heading."""
    line: int
    exact: bool
    """False for text that only looks like a gate; such a gate has no id."""


@dataclass(slots=True)
class Section:
    """One epic's section of a file."""

    heading: EpicHeading
    line: int
    begin: int
    """The first line below the heading."""
    end: int = 0
    """The line of the first gate or of the next epic; 0 while the section is open."""
    tasks: list[Task] = field(default_factory=list)
    tasks_after_gate: list[Task] = field(default_factory=list)
    """No agent would see these tasks."""
    gates: list[Gate] = field(default_factory=list)
    needs: list[Reference] = field(default_factory=list)
    needs_in_tasks: list[Reference] = field(default_factory=list)
    """Dependencies written below a task's heading, where they have no effect."""
    empty_fields: list[Reference] = field(default_factory=list)
    """The fields without a value, by their keys."""
    prose: list[Reference] = field(default_factory=list)
    """Lines of text that may state a dependency."""
    notes: list[Note] = field(default_factory=list)
    allowed: list[Reference] = field(default_factory=list)
    forbidden: list[Reference] = field(default_factory=list)
    closed: bool = False
    runtime: str = ""
    """The runtime of a `Runtime:` line; empty without one."""
    runtime_line: int = 0
    host_labels: tuple[str, ...] = ()
    """The labels of its `Hosts:` lines."""
    left: bool = False
    """Whether another heading followed the gate, so that later lists belong to no epic."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """The number of the heading, or its id, where a list or table gives the epic another one."""
        if not self.heading.alias:
            return ()
        return (self.heading.alias,)

    @property
    def open_tasks(self) -> list[Task]:
        """The list that takes the next task.

        Tasks after the gate are kept apart, since no agent would see them.
        """
        if self.gates:
            return self.tasks_after_gate
        return self.tasks

    def add_gate(self, gate: Gate) -> None:
        """Add a gate; the first one ends the section."""
        self.gates.append(gate)
        self.close(gate.line)

    def add_task(self, task: Task) -> None:
        """Add a task before or after the gate, wherever the reader stands."""
        self.open_tasks.append(task)

    def mark_last_task(self, *, done: bool) -> None:
        """Mark the task that was added last as done, or as open.

        Raises IndexError when there is none on this side of the gate.
        """
        last = self.open_tasks[-1]
        self.open_tasks[-1] = replace(last, done=done)

    def close(self, line: int) -> None:
        """End the section before this line, unless a gate ended it earlier."""
        if not self.end:
            self.end = line


@dataclass(slots=True)
class Outline:
    """Everything that one file says about epics, in file order."""

    title: str = ""
    design: str = ""
    design_line: int = 0
    title_line: int = 0
    notes: list[Note] = field(default_factory=list)
    boxes: list[int] = field(default_factory=list)
    """The lines of checkboxes that stand in no epic's section."""
    sections: list[Section] = field(default_factory=list)
    stray_gates: list[Gate] = field(default_factory=list)
    """Gates before the first section."""
    tables: list[Table] = field(default_factory=list)
    """Tables before the first section."""

    def heading_names(self) -> list[str]:
        """Every word in the headings of sections that may be the id of an epic.

        In file order; a word may occur several times.
        """
        names: list[str] = []
        for section in self.sections:
            names += section.heading.names()

        return names

    def exact_gates(self) -> dict[str, Gate]:
        """The gates with an id, by that id.

        Of several with one id, the last counts.
        """
        return {gate.id: gate for gate in self.gates() if gate.exact}

    def gates(self) -> Iterator[Gate]:
        """All gates of the file, misspelt ones included.

        The stray ones come first, then those of each section.
        """
        yield from self.stray_gates
        for section in self.sections:
            yield from section.gates
