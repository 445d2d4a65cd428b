"""Remarks on a plan: what has no effect, and what no agent reads. They stop nothing, and leave nothing unsaid (F1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.text.plans.gates import GATE_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitorch.errors import Problem
    from gitorch.text.plans.sections import Outline
    from gitorch.text.source import Source

_STEPS = frozenset(GATE_STEPS.splitlines())
"""Lines that gitorch itself writes below gates, for people."""

RANGES_MAX = 12
"""How many ranges of lines one remark names; a longer list is several remarks."""


def outline_remarks(source: Source, outline: Outline, declared: Iterable[int] = ()) -> Iterator[Problem]:
    """The remarks on one file: its notes, checkboxes that belong to no epic, and the lines that no agent reads.

    `declared` are the lines of a table of epics, which the plan uses.
    """
    for note in outline.notes:
        yield source.problem(note.line, note.message, note.fix)
    for section in outline.sections:
        for note in section.notes:
            yield source.problem(note.line, note.message, note.fix)

    yield from _boxes(source, outline)
    yield from _unread(source, outline, set(declared))


def _boxes(source: Source, outline: Outline) -> Iterator[Problem]:
    """Checkboxes outside of every epic, which are nobody's tasks."""
    for lines in _portions(_ranges(outline.boxes)):
        message = f"{lines[0]}: checkboxes that stand in no epic are nobody's tasks."
        fix = "Move each above the gate of an epic, or leave it to people."
        yield source.problem(lines[1], message, fix)


def _unread(source: Source, outline: Outline, used: set[int]) -> Iterator[Problem]:
    """The lines outside of every epic's section, without the headings and fields that the plan uses."""
    used |= _used_lines(source, outline)
    left: list[int] = []
    for number in range(source.front_matter_lines + 1, len(source.lines) + 1):
        line = source.line(number).strip()
        if line and number not in used:
            left.append(number)

    for lines in _portions(_ranges(left, source)):
        message = f"{lines[0]}: this text stands outside of the epics, and no agent reads it."
        fix = "Leave it to people, or move it between an epic's heading and its gate."
        yield source.problem(lines[1], message, fix)


def _used_lines(source: Source, outline: Outline) -> set[int]:
    """The lines that the plan uses: its title and design, and each section with its heading and gates.

    The lines below a gate are not among them, since no agent reads them, except those that gitorch wrote there.
    """
    used = {outline.title_line, outline.design_line}
    for section in outline.sections:
        used.update(range(section.line, section.end or section.line))
        used.update(range(section.line, section.begin))

    for gate in outline.gates():
        used.add(gate.line)
        used.update(_steps_below(source, gate.line))

    return used


def _steps_below(source: Source, gate: int) -> Iterator[int]:
    """The lines right below a gate that gitorch itself writes there."""
    for number in range(gate + 1, len(source.lines) + 1):
        line = source.line(number).strip()
        if line and line not in _STEPS:
            return

        yield number


def _ranges(lines: Sequence[int], source: Source | None = None) -> list[tuple[int, int]]:
    """Numbers of lines as ranges; blank lines between two of them do not end a range."""
    ranges: list[tuple[int, int]] = []
    for line in lines:
        if ranges and _is_next(ranges[-1][1], line, source):
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))

    return ranges


def _is_next(last: int, line: int, source: Source | None) -> bool:
    """Whether only blank lines stand between two lines.

    Headings and checkboxes are compared without their source, and then only neighbours join.
    """
    if line == last + 1:
        return True
    if source is None:
        return False

    return not any(source.line(number).strip() for number in range(last + 1, line))


def _portions(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[str, int]]:
    """The ranges as words, `Lines 3-5, 9`, a few at a time, each portion with its first line."""
    for at in range(0, len(ranges), RANGES_MAX):
        portion = ranges[at : at + RANGES_MAX]
        words: list[str] = []
        for first, last in portion:
            words.append(_words(first, last))

        head = "Lines"
        if words[0].isdigit() and len(words) == 1:
            head = "Line"
        yield f"{head} {', '.join(words)}", portion[0][0]


def _words(first: int, last: int) -> str:
    """One range of lines."""
    if first == last:
        return str(first)
    return f"{first}-{last}"
