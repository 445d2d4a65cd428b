"""Missing review gates, added to a plan; and the skeleton of a new plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.values import Value
from gitorch.text.complaints import Complaints
from gitorch.text.markdown import Heading, read_markdown
from gitorch.text.plans.epics import KnownEpics, table_epics, with_ids
from gitorch.text.plans.front_matter import read_front_matter
from gitorch.text.plans.outline import outline_of
from gitorch.text.source import read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.text.markdown import Document
    from gitorch.text.plans.sections import Outline, Section
    from gitorch.text.source import Source

BYTES_MAX = 2_000_000

GATE_STEPS = """1. Commit all work.
2. Run the tests.
3. Report with `gitorch handoff`, then stop until the work is cleared."""
"""What people read below a gate."""

_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
"""Behind each line end that `Source` counts; `splitlines` knows more of them, such as form feeds."""


class GatesAdded(Value):
    """A plan with a gate at the end of each section."""

    text: str
    added: tuple[str, ...]
    """The epics that got a gate, in file order."""
    inexact: tuple[int, ...]
    """The lines that look like a gate and are none; their epics got no other one."""


def add_gates(path: str, data: bytes) -> GatesAdded:
    """Add a gate to each epic's section that has none, and change nothing else: line ends stay as they are.

    The gate stands above the first heading behind the epic's tasks that is of its level or above. Raises Malformed for a file
    that is not text or has no epics.
    """
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be read", (source,))

    document = read_markdown(source.without_front_matter())
    outline = _outline(source, document)
    if not outline.sections:
        fix = "Give each epic a heading such as `## Epic: api — The API`."
        raise Malformed(f"{path} has no epics", (source.problem(1, "The plan has no epics.", fix),))

    places: list[tuple[int, str]] = []
    inexact: list[int] = []
    for name, section in with_ids(outline):
        inexact += [gate.line for gate in section.gates if not gate.exact]
        if not section.gates:
            places.append((_end(source, document, section), name))

    added = tuple(name for _, name in places)
    return GatesAdded(_with_gates(data.decode("utf-8"), places), added, tuple(inexact))


def _outline(source: Source, document: Document) -> Outline:
    """The outline of a plan, by the epics of its list or table where it has one."""
    front = read_front_matter(source, Complaints(source.path), Complaints(source.path))
    first = outline_of(document, len(source.lines))
    declared = front.epics or table_epics(first.tables)
    if not declared:
        return first

    opens = KnownEpics({epic.id: epic.title for epic in declared}).opens
    return outline_of(document, len(source.lines), opens)


def _end(source: Source, document: Document, section: Section) -> int:
    """The line before which the gate of a section belongs, behind its last line that is not blank.

    Blank lines before that place stay behind the gate.
    """
    last_task = section.line
    for task in section.tasks:
        last_task = max(last_task, task.line)

    end = section.end
    level = _level_at(document, section.line)
    for heading in reversed(_headings(document, last_task, section.end)):
        if heading.level <= level:
            end = heading.line

    while end > section.begin and not source.line(end - 1).strip():
        end -= 1

    return end


def _headings(document: Document, after: int, before: int) -> list[Heading]:
    """The headings between two lines, in order.

    Both lines are excluded.
    """
    headings: list[Heading] = []
    lines = range(after + 1, before)
    for block in document.blocks:
        if block.line not in lines:
            continue
        if isinstance(block, Heading):
            headings.append(block)

    return headings


def _level_at(document: Document, line: int) -> int:
    """The level of the heading on this line; 2 for a section without one."""
    for heading in _headings(document, line - 1, line + 1):
        return heading.level

    return 2


def _with_gates(text: str, places: Sequence[tuple[int, str]]) -> str:
    """The text with gates before these lines."""
    lines = _LINE_END.split(text)
    newline = "\n"
    if "\r\n" in text:
        newline = "\r\n"
    if not text.endswith("\n"):
        lines[-1] += newline

    for line, name in reversed(places):
        gate = f"\n## Review Gate: {name}\n\n{GATE_STEPS}\n"
        lines.insert(line - 1, gate.replace("\n", newline))

    return "".join(lines)


def new_plan(title: str) -> str:
    """The skeleton of a plan: two epics, the second after the first, each with tasks and a gate. It passes the checks."""
    return f"""# {title}

Say here why this work is done; people read it, and agents do not.

## Epic: first — What the first epic delivers

Depends on: none

Say what the agent needs to know. To limit what it may change, add a line such as `Scope:` with globs.

- [ ] The first task
- [ ] Tests for it

## Review Gate: first

{GATE_STEPS}

## Epic: second — What the second epic delivers

Depends on: first

Say what the agent needs to know.

- [ ] The next task

## Review Gate: second

{GATE_STEPS}
"""
