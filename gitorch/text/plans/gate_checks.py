"""P3: every section of a plan ends with exactly one review gate, its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.text.complaints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.errors import Problem
    from gitorch.text.plans.epics import Sections
    from gitorch.text.plans.names import EpicNames
    from gitorch.text.plans.sections import Gate, Section
    from gitorch.text.source import Source


def check_gates(source: Source, sections: Sections, strays: Sequence[Gate], names: EpicNames) -> Iterator[Problem]:
    """P3: every section ends with exactly one gate, its own.

    `strays` are the gates before the first section. A gate may call its epic by any of its names. Problems are in file
    order.
    """
    yield from _GateCheck(source, sections, strays, names).problems()


class _GateCheck:
    """Goes through the gates of one file in order."""

    def __init__(self, source: Source, sections: Sections, strays: Sequence[Gate], names: EpicNames) -> None:
        """`names` are those of the plan; the sections may add ids that have a problem of their own."""
        self.source = source
        self.sections = sections
        self.strays = strays
        self.names = names
        self.known = {*names.order, *(name for name, _ in sections)}
        self.present = {self._epic(gate) for gate in strays}

        for _, section in sections:
            self.present |= {self._epic(gate) for gate in section.gates}

        self.first: dict[str, int] = {}
        """The line of the first gate of each epic."""

    def problems(self) -> Iterator[Problem]:
        """Check the stray gates, then each section with its gates."""
        for gate in self.strays:
            self.first[self._epic(gate)] = gate.line
            yield self._stray(gate)

        opened: set[str] = set()

        for name, section in self.sections:
            is_repeated = name in opened
            if is_repeated:
                # The second section of one id is a problem already; its own gate is then not a second gate.
                self.first.pop(name, None)
            opened.add(name)
            yield from self._section(name, section, is_repeated=is_repeated)

    def _section(self, name: str, section: Section, *, is_repeated: bool) -> Iterator[Problem]:
        """Check the gates of one section, that it has one, and that no task stands behind it."""
        for gate in section.gates:
            yield from self._gate(gate, name)

        # A gate in the wrong place stands for the missing one, and so does a faulty one: its problem says what to write.
        stands = name in self.present
        if is_repeated:
            stands = bool(section.gates)
        if not stands and not self._has_faulty_gate(section):
            fix = f"End its section with the heading `## Review Gate: {name}`."
            yield self.source.problem(section.line, f"Epic `{name}` has no review gate.", fix)

        yield from self._tasks_behind(name, section)

    def _tasks_behind(self, name: str, section: Section) -> Iterator[Problem]:
        """No task stands behind the section's gate."""
        if section.tasks_after_gate:
            task = section.tasks_after_gate[0]
            message = f"A task of `{name}` stands after its gate on line {section.end}, where no agent will see it."
            fix = f"Move `## Review Gate: {name}` below the last task of the section."
            yield self.source.problem(task.line, message, fix)

    def _has_faulty_gate(self, section: Section) -> bool:
        """Whether a gate of the section is misspelt, or names no epic."""
        for gate in section.gates:
            if not gate.exact or self._epic(gate) not in self.known:
                return True
        return False

    def _epic(self, gate: Gate) -> str:
        """The id of the epic that a gate names; the gate's own text when it names none."""
        if gate.id in self.known:
            return gate.id

        return self.names.resolve(gate.id) or gate.id

    def _gate(self, gate: Gate, section: str) -> Iterator[Problem]:
        """Check one gate in the section of an epic.

        An unknown id cannot be compared, so it comes before the order.
        """
        if not gate.exact:
            text = self.source.lines[gate.line - 1].strip()
            fix = f"Write `## Review Gate: {section}` on a line of its own."
            yield self.source.problem(gate.line, f"`{text}` looks like a review gate but is none.", fix)
            return
        epic = self._epic(gate)
        if epic not in self.known:
            yield self._unknown(gate, f"Write `## Review Gate: {section}` on a line of its own.")
            return
        if epic in self.first:
            message = f"Epic `{epic}` has a second review gate; the first is on line {self.first[epic]}."
            yield self.source.problem(gate.line, message, "Remove one of the two.")
            return

        self.first[epic] = gate.line
        if epic != section:
            message = f"The review gate of `{epic}` is out of order: it stands in the section of `{section}`."
            yield self.source.problem(gate.line, message, f"Move it to the end of the section of `{epic}`.")

    def _stray(self, gate: Gate) -> Problem:
        """The problem of a gate before the first section."""
        epic = self._epic(gate)
        if epic not in self.known:
            return self._unknown(gate, "Remove it, or give it the id of an epic.")

        message = f"The review gate of `{epic}` is out of order: it stands before the first epic."
        return self.source.problem(gate.line, message, f"Move it to the end of the section of `{epic}`.")

    def _unknown(self, gate: Gate, fix: str) -> Problem:
        """The problem of a gate whose id is not that of an epic."""
        message = f"The review gate `{gate.id}` names no epic.{did_you_mean(gate.id, self.known)}"
        return self.source.problem(gate.line, message, fix, self.source.column(gate.line, gate.id))
