"""Imported epics as the text of a plan that passes `gitorch check`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import replace
from gitorch.text.imports.imported import Left
from gitorch.text.imports.sections import headings_of
from gitorch.text.markdown import Heading, Listing, Paragraph, read_markdown
from gitorch.text.plans.gates import GATE_STEPS
from gitorch.text.plans.line_syntax import (
    line_looks_like_gate,
    looks_like_gate,
    parse_checkbox,
    parse_epic_heading,
    parse_field,
)

if TYPE_CHECKING:
    from gitorch.text.imports.imported import Imported, ImportedEpic

_BRACES = re.compile(r"\{\{(?P<inside>.*?)\}\}")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_STRIP = re.compile(r"<!--\s*STRIP\b")
_ATX = re.compile(r"(?P<indent> {0,3})#{1,6}(?P<rest>\s.*|$)")


def plan_text(imported: Imported, path: str) -> tuple[str, tuple[Left, ...]]:
    """The plan, and everything of the file at `path` that was left out or changed its meaning."""
    left = list(imported.left)
    parts = [f"# {_one_line(imported.title)}"]
    if imported.design:
        parts.append(f"Design: {imported.design}")
    if imported.preamble.strip():
        parts.append(_preamble(imported.preamble))

    for epic in imported.epics:
        parts += _section(path, epic, left)

    return "\n\n".join(parts) + "\n", tuple(left)


def _one_line(text: str) -> str:
    """A text on one line, without placeholders."""
    return _unbraced(" ".join(text.split()))


def _section(path: str, epic: ImportedEpic, left: list[Left]) -> list[str]:
    """The section of an epic with its gate."""
    parts = [f"## Epic: {epic.id} — {_one_line(epic.title)}"]
    if epic.needs:
        parts.append(f"Depends on: {', '.join(epic.needs)}")

    body, quoted = plain_body(epic.body, 3)
    for line in quoted:
        message = f"`{line.strip()}` means something to gitorch, so it became quoted text of epic `{epic.id}`."
        left.append(Left(path, message))

    for found in _BRACES.finditer(f"{epic.title}\n{epic.body}"):
        message = (
            f"`{found[0]}` is a placeholder that is left, so it became `{_unbraced(found[0])}` in epic `{epic.id}`."
        )
        left.append(Left(path, message))

    return [*parts, body, f"## Review Gate: {epic.id}", GATE_STEPS]


def _preamble(text: str) -> str:
    """Text for people, without anything that gitorch would take for a part of the plan."""
    return plain_body(text, 2)[0]


def plain_body(text: str, level: int) -> tuple[str, list[str]]:
    """Markdown whose headings are at least of this level and whose lines mean nothing to a plan but their checkboxes.

    Also returns the lines that were quoted for it.
    """
    text = _STRIP.sub("<!-- (STRIP)", _unbraced(text.strip("\n")))
    lines = text.split("\n")
    quoted: list[str] = []
    shift = _shift(text, level)

    for block in read_markdown(text).blocks:
        if isinstance(block, Heading):
            _demote(lines, block, shift, quoted)
        elif isinstance(block, Paragraph):
            _quote_lines(lines, block, quoted)
        elif isinstance(block, Listing):
            _quote_items(lines, block, quoted)

    return "\n".join(lines), quoted


def _unbraced(text: str) -> str:
    """A text in which no placeholder is left: `{{x}}` becomes `{ {x} }`."""
    return _BRACES.sub(lambda found: "{ {" + found["inside"] + "} }", text)


def _shift(text: str, level: int) -> int:
    """By how many levels the headings of a text must be demoted."""
    highest = level
    for heading in headings_of(read_markdown(text)):
        highest = min(highest, heading.level)

    return level - highest


def _demote(lines: list[str], heading: Heading, shift: int, quoted: list[str]) -> None:
    """Demote a heading. One that gitorch would take for an epic or gate gets a word before it.

    Underlined headings become headings with `#`, on the line of their text.
    """
    index = heading.line - 1
    level = min(6, heading.level + shift)
    found = _ATX.match(lines[index])
    text = heading.text
    if found:
        text = found["rest"].strip()

    for number in range(heading.line, heading.end):
        lines[number] = ""
    if parse_epic_heading(heading.text) or looks_like_gate(heading.text):
        quoted.append(text)
        lines[index] = f"{'#' * level} Section: {text}"
    else:
        lines[index] = f"{'#' * level} {text}".rstrip()


def _quote_lines(lines: list[str], paragraph: Paragraph, quoted: list[str]) -> None:
    """Quote a paragraph with a line that is a field or looks like a gate.

    The whole paragraph is quoted, since a quotation ends with its paragraph.
    """
    found = [line for line in paragraph.lines if _means_something(line)]
    if not found:
        return

    quoted += found
    first = paragraph.line - 1
    after = first + len(paragraph.lines)
    for number in range(first, after):
        lines[number] = f"> {lines[number].strip()}"


def _quote_items(lines: list[str], listing: Listing, quoted: list[str]) -> None:
    """Quote the first lines of items that are fields; the lists inside tasks are text and stay.

    Quoted text stays readable for the agent, and means nothing to gitorch.
    """
    for item in listing.items:
        index = item.line - 1
        text = " ".join(item.lines)
        if parse_field(text) is not None:
            quoted.append(lines[index])
            lines[index] = _ITEM.sub(r"\g<0>> ", lines[index], count=1)
        elif not _is_task(item.lines):
            for inner in item.lists:
                _quote_items(lines, inner, quoted)


def _is_task(lines: tuple[str, ...]) -> bool:
    """Whether an item is a checkbox."""
    return parse_checkbox(lines) is not None


def _means_something(line: str) -> bool:
    """Whether a line of text would be a field of an epic, or look like a gate."""
    return parse_field(line) is not None or line_looks_like_gate(line)


def without_empty_epics(imported: Imported, done: frozenset[str]) -> Imported:
    """The import without the epics `done`; those that waited for one of them wait for what it waited for."""
    by_id = {epic.id: epic for epic in imported.epics}
    kept: list[ImportedEpic] = []
    for epic in imported.epics:
        if epic.id not in done:
            kept.append(replace(epic, needs=_open_needs(epic, by_id, done)))

    return replace(imported, epics=tuple(kept))


def _open_needs(epic: ImportedEpic, by_id: dict[str, ImportedEpic], done: frozenset[str]) -> tuple[str, ...]:
    """The needs of an epic, with those of finished epics in place of these.

    Each need is there once; a circle of finished epics leaves none.
    """
    needs: dict[str, None] = {}
    waiting = list(epic.needs)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if name not in done:
            needs[name] = None
        elif name in by_id:
            waiting += by_id[name].needs

    return tuple(needs)
