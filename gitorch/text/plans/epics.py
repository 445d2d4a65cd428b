"""Which epics a plan has: those of its headings, or those of a list in its front matter or a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.plans.draft import Draft
from gitorch.text.plans.front_matter import DeclaredEpic
from gitorch.text.plans.line_syntax import (
    EpicHeading,
    known_id_in,
    looks_like_gate,
    parse_epic_heading,
    parse_task,
    split_heading,
    split_names,
)
from gitorch.text.plans.sections import Reference
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.text.markdown import Row, Table
    from gitorch.text.plans.sections import Outline, Section
    from gitorch.text.plans.tracked import TrackedEpics

Sections = tuple[tuple[str, "Section"], ...]
"""Sections with the ids of their epics, in file order."""

_ID_HEADS = ("id", "epic")
_TITLE_HEADS = ("title", "name")
_NUMBER_HEADS = ("#", "no", "no.", "nr", "nr.", "number")
_NEEDS_HEADS = ("depends on", "depends", "needs", "dependencies", "blocked by")


class _Columns(Value):
    """The columns of a table of epics, counted from 0; None for a missing one."""

    id: int
    title: int | None
    needs: int | None
    number: int | None


def table_epics(tables: Sequence[Table]) -> tuple[DeclaredEpic, ...]:
    """The epics of the first table with a column `Id` or `Epic` and a column `Title` or `Depends on`.

    Rows with an empty id are left out. Empty without such a table.
    """
    for table in tables:
        columns = _columns(table)
        if columns is not None:
            found = []
            for row in table.rows:
                if row.cells[columns.id]:
                    found.append(_row_epic(row, columns))
            return tuple(found)

    return ()


def table_lines(declared: Sequence[DeclaredEpic], tables: Sequence[Table]) -> set[int]:
    """The lines of the table that lists the epics, without rows that have no id.

    Empty where the front matter lists them, or nothing does.
    """
    if declared:
        return set()

    for table in tables:
        epics = table_epics((table,))
        if epics:
            return {table.line, table.line + 1, *(epic.line for epic in epics)}

    return set()


def _columns(table: Table) -> _Columns | None:
    """The columns of a table of epics; None when the table lists no epics."""
    heads = [cell.strip().lower() for cell in table.header]
    ids = _column(heads, _ID_HEADS)
    titles = _column(heads, _TITLE_HEADS)
    needs = _column(heads, _NEEDS_HEADS)
    if ids is None:
        return None

    if titles is None and needs is None:
        return None

    return _Columns(ids, titles, needs, _column(heads, _NUMBER_HEADS))


def _column(heads: Sequence[str], known: Sequence[str]) -> int | None:
    """The first column with one of these heads; None without any."""
    for number, head in enumerate(heads):
        if head in known:
            return number

    return None


def _row_epic(row: Row, columns: _Columns) -> DeclaredEpic:
    """The epic of a row: its id, else an id from its title. Without a title, the id is shown."""
    cell = row.cells[columns.id]
    heading = parse_epic_heading(f"Epic: {cell}") or EpicHeading("", cell, closed=False)
    name = heading.id or _id_from_title(heading.title)

    title = _row_title(row, columns.title, heading)
    needs = _row_needs(row, columns.needs)
    aliases = _row_aliases(row, columns.number)
    return DeclaredEpic(name, title or name, row.line, needs, closed=heading.closed, aliases=aliases)


def _row_aliases(row: Row, column: int | None) -> tuple[str, ...]:
    """The cell of the column of numbers; none without that column, and for an empty cell."""
    if column is None or not row.cells[column].strip():
        return ()

    return (row.cells[column].strip().strip("#."),)


def _row_title(row: Row, column: int | None, heading: EpicHeading) -> str:
    """The cell of the column of titles; without that column, the title beside the id."""
    if column is None:
        return heading.title

    return row.cells[column]


def _row_needs(row: Row, column: int | None) -> tuple[Reference, ...]:
    """The cell of a row in the column of dependencies; none without that column, and for an empty cell."""
    if column is None or not split_names(row.cells[column]):
        return ()

    return (Reference(row.cells[column], row.line),)


def _id_from_title(title: str) -> str:
    """The id that a title stands for: a cell of one word is the id itself, unless it is an ordinary word in capitals."""
    if " " in title or title.isalpha():
        return slug(title, title)

    return title


class KnownEpics:
    """Recognises the headings of epics whose ids and titles are known: `Epic: …`, an id in brackets, or just an id or title."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        """`titles` are the titles of the epics by id.

        Where an id equals another epic's title, the id wins.
        """
        self._titles = titles
        self._ids = {title.casefold(): name for name, title in titles.items()}

        for name in titles:
            self._ids[name.casefold()] = name

    def opens(self, heading: str) -> EpicHeading | None:
        """The epic whose section the heading opens; None for any other heading.

        Forms that name a known epic come before an `Epic` heading with an unknown id, so that `Epic 1: The shop (shop-a1)`
        means the known `shop-a1`. A bare id or title comes last, since it is the weakest sign.
        """
        epic = parse_epic_heading(heading)
        if epic is not None:
            named = self._named_by(epic)
            if named is not None:
                return named

        name = known_id_in(heading, epic, self._titles)
        if name is not None and not _is_gate_or_task(heading):
            closed = epic is not None and epic.closed
            return EpicHeading(name, self._titles[name], closed)

        if epic is not None and epic.id:
            return epic

        return self._bare(heading, epic)

    def _named_by(self, epic: EpicHeading) -> EpicHeading | None:
        """The known epic that an `Epic` heading names by its id, its title, or an id in brackets.

        None when it names no known epic.
        """
        for word in (*epic.names(), epic.title):
            name = self._ids.get(word.casefold())
            if name is None:
                continue

            if epic.id == name:
                return EpicHeading(name, epic.title, epic.closed)

            return EpicHeading(name, _without_brackets(epic.title, name), epic.closed, epic.id)

        return None

    def _bare(self, heading: str, epic: EpicHeading | None) -> EpicHeading | None:
        """The epic of a heading that is just a known id or title, with a title behind the id where it has one.

        For any other heading, the epic that was read from it, if any.
        """
        parts = split_heading(heading)
        if epic is not None:
            parts = EpicHeading(epic.title, "", epic.closed)

        name = self._ids.get(heading.casefold()) or self._ids.get(parts.id.casefold())
        if name is None:
            return epic

        return EpicHeading(name, parts.title or self._titles[name], parts.closed)


def _is_gate_or_task(heading: str) -> bool:
    """Whether a heading that names an epic opens no section, but is its gate, or a task about it."""
    if looks_like_gate(heading):
        return True

    return parse_task(heading) is not None


def _without_brackets(title: str, name: str) -> str:
    """A title without the id in brackets at its end; the id when nothing else is left."""
    return title.removesuffix(f"({name})").removesuffix(f"[{name}]").rstrip() or name


def epics_with_gates(outline: Outline, tracked: TrackedEpics, line: int = 0) -> tuple[DeclaredEpic, ...]:
    """The tracker's issues that have a gate in this file, in the order of their last gates.

    Problems point to the gate's line, or to `line` when it is given.
    """
    epics: list[DeclaredEpic] = []
    for name, gate in outline.exact_gates().items():
        issue = tracked.issues.get(name)
        if issue is not None:
            epics.append(DeclaredEpic(name, issue.title, line or gate.line))

    return tuple(epics)


def stray_gate_titles(outline: Outline) -> dict[str, str]:
    """The names in a file's stray gates by the ids that they give: a name of several words is a title.

    For plans with headings such as `## api: The API`.
    """
    titles: dict[str, str] = {}
    for number, gate in enumerate(outline.stray_gates, 1):
        if not gate.exact:
            continue
        name = gate.id
        if " " in name or not name.isascii():
            name = slug(gate.id, f"epic-{number}")
        titles[name] = gate.id

    return titles


def with_ids(outline: Outline) -> Sections:
    """The sections with their ids, in file order.

    The id comes from the heading, from the title, or is `epic-<number>` when the title gives none.
    """
    sections: list[tuple[str, Section]] = []
    for number, section in enumerate(outline.sections, 1):
        name = section.heading.id or slug(section.heading.title, f"epic-{number}")
        sections.append((name, section))

    return tuple(sections)


def drafts_of(path: str, sections: Sections, declared: Sequence[DeclaredEpic]) -> tuple[Draft, ...]:
    """The epics before the checks: one for each declared epic, or one for each section when none is declared.

    A declared epic takes what the first section with its id adds.
    """
    if not declared:
        return tuple(_section_draft(path, name, section) for name, section in sections)

    return _declared_drafts(path, sections, declared)


def _declared_drafts(path: str, sections: Sections, declared: Sequence[DeclaredEpic]) -> tuple[Draft, ...]:
    """One draft for each declared epic, with its first section."""
    first: dict[str, Section] = {}

    for name, section in sections:
        first.setdefault(name, section)

    return tuple(_declared_draft(path, epic, first.get(epic.id)) for epic in declared)


def _section_draft(path: str, name: str, section: Section) -> Draft:
    """The epic of a section, as its heading and fields state it."""
    return Draft(
        path,
        name,
        section.heading.title,
        section.line,
        tuple(section.tasks),
        tuple(section.needs),
        tuple(section.allowed),
        tuple(section.forbidden),
        section.closed,
        aliases=section.aliases,
        runtime=section.runtime,
        runtime_line=section.runtime_line,
        host_labels=section.host_labels,
    )


def _declared_draft(path: str, epic: DeclaredEpic, section: Section | None) -> Draft:
    """A declared epic, with what its section adds. Its line is that of the section, if there is one."""
    if section is None:
        return Draft(
            path,
            epic.id,
            epic.title,
            epic.line,
            epic.tasks,
            epic.needs,
            epic.allowed,
            epic.forbidden,
            epic.closed,
            aliases=epic.aliases,
            runtime=epic.runtime,
            runtime_line=_runtime_line(epic),
            host_labels=epic.host_labels,
        )

    return Draft(
        path,
        epic.id,
        epic.title,
        section.line,
        (*epic.tasks, *section.tasks),
        (*epic.needs, *section.needs),
        (*epic.allowed, *section.allowed),
        (*epic.forbidden, *section.forbidden),
        epic.closed or section.closed,
        aliases=(*epic.aliases, *section.aliases),
        runtime=section.runtime or epic.runtime,
        runtime_line=section.runtime_line or _runtime_line(epic),
        host_labels=(*epic.host_labels, *section.host_labels),
    )


def _runtime_line(epic: DeclaredEpic) -> int:
    """The line of the list that chooses the runtime; 0 where it chooses none."""
    if not epic.runtime:
        return 0
    return epic.line
