"""Which epics a plan has: from its headings, or from a list in its front matter or a table, with sections by heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.text.plans.draft import Draft
from gitorch.text.plans.front_matter import DeclaredEpic
from gitorch.text.plans.line_syntax import (
    EpicHeading,
    almost_gate,
    epic_words,
    heading_names,
    named_words,
    names_of,
    task_words,
    word_among,
)
from gitorch.text.plans.sections import Named
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.text.markdown import Row, Table
    from gitorch.text.plans.sections import Outline, Section
    from gitorch.text.plans.tracked import Tracked

Sections = tuple[tuple[str, "Section"], ...]

_ID_HEADS = ("id", "epic")
_TITLE_HEADS = ("title", "name")
_NEEDS_HEADS = ("depends on", "depends", "needs", "dependencies", "blocked by")


def table_epics(tables: Sequence[Table]) -> tuple[DeclaredEpic, ...]:
    """The epics of the first table with a column `Id` or `Epic` and a column `Title` or `Depends on`; else none."""
    for table in tables:
        heads = [cell.strip().lower() for cell in table.header]
        ids, titles, needs = (_column(heads, known) for known in (_ID_HEADS, _TITLE_HEADS, _NEEDS_HEADS))
        if ids is not None and (titles is not None or needs is not None):
            return tuple(_row_epic(row, ids, titles, needs) for row in table.rows if row.cells[ids])
    return ()


def _column(heads: Sequence[str], known: Sequence[str]) -> int | None:
    return next((number for number, head in enumerate(heads) if head in known), None)


def _row_epic(row: Row, ids: int, titles: int | None, needs: int | None) -> DeclaredEpic:
    words = epic_words(f"Epic: {row.cells[ids]}") or EpicHeading("", row.cells[ids], closed=False)
    title = row.cells[titles] if titles is not None else words.title
    name = words.id or (words.title if " " not in words.title else slug(words.title, words.title))
    named = tuple(Named(other, row.line) for other in names_of(row.cells[needs])) if needs is not None else ()
    return DeclaredEpic(name, title or name, row.line, named, closed=words.closed)


def opener(titles: Mapping[str, str]) -> Callable[[str], EpicHeading | None]:
    """A test for headings that open a section, when ids and titles are known: `Epic: …` as ever, or just an id or title."""
    ids = {title.casefold(): name for name, title in titles.items()} | {name.casefold(): name for name in titles}

    def opens(heading: str) -> EpicHeading | None:
        words = epic_words(heading)
        if words and (named := next((ids[n.casefold()] for n in heading_names(words) if n.casefold() in ids), None)):
            return EpicHeading(named, words.title if words.id == named else _without(words.title, named), words.closed)
        if (other := word_among(words, heading, titles)) and not almost_gate(heading) and not task_words(heading):
            return EpicHeading(other, titles[other], bool(words and words.closed))
        if words and words.id:
            return words
        text, title, closed = named_words(heading) if words is None else (words.title, "", words.closed)
        name = ids.get(heading.casefold()) or ids.get(text.casefold())
        return EpicHeading(name, title or titles[name], closed) if name else words

    return opens


def _without(title: str, name: str) -> str:
    """A title less the id in brackets at its end, or the id alone."""
    return title.removesuffix(f"({name})").removesuffix(f"[{name}]").rstrip() or name


def gated(outline: Outline, tracked: Tracked, line: int = 0) -> tuple[DeclaredEpic, ...]:
    """The issues of the tracker that have a gate in a file, in the order of their gates; `line` where to complain of them."""
    gates = [*outline.stray_gates, *(gate for section in outline.sections for gate in section.gates)]
    known = {gate.id: gate for gate in gates if gate.exact and gate.id in tracked.issues}
    return tuple(DeclaredEpic(name, tracked.issues[name].title, line or gate.line) for name, gate in known.items())


def headed(outline: Outline) -> dict[str, str]:
    """The ids of a file's gates as titles of epics, for plans whose headings say `## api: The API` and never `Epic`."""
    return {gate.id: gate.id for gate in outline.stray_gates if gate.exact}


def with_ids(outline: Outline) -> Sections:
    """Sections with their ids: written in the heading, made from the title, or `epic-<number>` where nothing else is left."""
    return tuple(
        (section.heading.id or slug(section.heading.title, f"epic-{number}"), section)
        for number, section in enumerate(outline.sections, 1)
    )


def drafts_of(path: str, sections: Sections, declared: Sequence[DeclaredEpic]) -> tuple[Draft, ...]:
    """The epics before they are judged: those declared, with what their sections add, or one for each section."""
    if not declared:
        return tuple(_section_draft(path, name, section) for name, section in sections)
    found = dict(reversed(sections))
    return tuple(_declared_draft(path, epic, found.get(epic.id)) for epic in declared)


def _section_draft(path: str, name: str, section: Section) -> Draft:
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
    )


def _declared_draft(path: str, epic: DeclaredEpic, section: Section | None) -> Draft:
    if section is None:
        return Draft(
            path, epic.id, epic.title, epic.line, epic.tasks, epic.needs, epic.allowed, epic.forbidden, epic.closed
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
    )
