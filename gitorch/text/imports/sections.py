"""A Markdown file as sections: what stands below each heading of the level that divides its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.markdown import Heading, Listing, read_markdown
from gitorch.text.plans.line_syntax import parse_checkbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitorch.text.markdown import Block, Document, Item
    from gitorch.text.source import Source

    Span = tuple[Heading, int]
    """A heading, and the line of the next one that divides."""


class Box(Value):
    """A checkbox of a list at the top level of a file or below items that are no checkboxes."""

    line: int
    title: str
    done: bool
    optional: bool


class Part(Value):
    """A heading with everything below it, up to the next one of its level or above."""

    title: str
    line: int
    """0 for the text above the first heading."""
    begin: int
    """The first line below the heading."""
    end: int
    """The line after the last one."""
    body: str
    boxes: tuple[Box, ...]


class Divided(Value):
    """A file, divided."""

    title: str
    """The first heading of level 1; empty without one."""
    parts: tuple[Part, ...]
    """The parts that hold checkboxes, in order."""
    rest: str
    """All other text, without the title, in order."""
    rest_lines: tuple[int, ...]
    """The first line of each piece of the rest."""


def divide(source: Source) -> Divided:
    """The parts of a Markdown file that hold checkboxes, and the rest.

    The dividing level is the highest one at which two headings hold checkboxes; a file without such a level is one part.
    """
    document = read_markdown(source.without_front_matter())
    headings = headings_of(document)
    boxes = tuple(_boxes(document.blocks))
    after = len(source.lines) + 1
    level = _level(headings, boxes, after)
    title = top_heading(headings)
    if not level:
        return _undivided(source, title, boxes)

    return _divided(source, _spans(headings, level, after), boxes, title)


def headings_of(document: Document) -> list[Heading]:
    """The headings of a document, in order."""
    headings: list[Heading] = []
    for block in document.blocks:
        if isinstance(block, Heading):
            headings.append(block)

    return headings


def top_heading(headings: Sequence[Heading]) -> Heading | None:
    """The first heading of level 1; None without one.

    Headings of other levels may stand before it, and do not count.
    """
    for heading in headings:
        if heading.level == 1:
            return heading

    return None


def _level(headings: Sequence[Heading], boxes: Sequence[Box], after: int) -> int:
    """The dividing level; 0 without any.

    A heading of a higher level ends a part too, whether it holds checkboxes or not.
    """
    for level in range(1, 7):
        if _holding(_spans(headings, level, after), level, boxes) > 1:
            return level

    return 0


def _holding(spans: Sequence[Span], level: int, boxes: Sequence[Box]) -> int:
    """How many headings of exactly this level hold checkboxes."""
    number = 0
    for heading, end in spans:
        if heading.level == level and _within(boxes, heading.line, end):
            number += 1

    return number


def _spans(headings: Sequence[Heading], level: int, after: int) -> list[Span]:
    """Each heading of this level or above with the line of the next one."""
    spans: list[Span] = []
    for heading in reversed(headings):
        if heading.level <= level:
            spans.append((heading, after))
            after = heading.line

    spans.reverse()
    return spans


def _within(boxes: Sequence[Box], first: int, end: int) -> tuple[Box, ...]:
    """The checkboxes between two lines.

    The second line is not one of them, so that neighbouring spans share nothing.
    """
    lines = range(first, end)
    within: list[Box] = []
    for box in boxes:
        if box.line in lines:
            within.append(box)

    return tuple(within)


def _divided(source: Source, spans: Sequence[Span], boxes: Sequence[Box], title: Heading | None) -> Divided:
    """The parts below these headings; the text above the first one is a part where it holds checkboxes.

    Text that holds none is kept in one piece for people, with the line on which each part of it begins.
    """
    parts: list[Part] = []
    rest: list[str] = []
    lines: list[int] = []

    for part in _pieces(source, spans, boxes):
        begin = _begin_of_rest(part, title)
        text = _text(source, begin, part.end)
        if part.boxes:
            parts.append(part)
        elif text.strip():
            rest.append(text)
            lines.append(_first_line(source, begin, part.end))

    return Divided(_text_of(title), tuple(parts), "\n\n".join(rest), tuple(lines))


def _begin_of_rest(part: Part, title: Heading | None) -> int:
    """Where the text of a part without checkboxes begins: at its heading, unless that is the title of the file."""
    if title is not None and part.line == title.line:
        return part.begin

    return part.line or part.begin


def _pieces(source: Source, spans: Sequence[Span], boxes: Sequence[Box]) -> Iterator[Part]:
    """The whole file in pieces: the text above the first heading, then what is below each.

    Every line of the file but those of front matter and headings is in exactly one piece.
    """
    first = source.front_matter_lines + 1
    yield _piece(source, "", (0, first, spans[0][0].line), boxes)
    for heading, end in spans:
        yield _piece(source, heading.text, (heading.line, heading.end + 1, end), boxes)


def _piece(source: Source, title: str, lines: tuple[int, int, int], boxes: Sequence[Box]) -> Part:
    """One piece: the lines are that of its heading, the first below it, and the one after the last."""
    line, begin, end = lines
    return Part(title, line, begin, end, _text(source, begin, end), _within(boxes, begin, end))


def _text_of(heading: Heading | None) -> str:
    """The text of a heading; empty without one."""
    if heading is None:
        return ""
    return heading.text


def _first_line(source: Source, begin: int, end: int) -> int:
    """The first line that is not blank; `begin` where all are."""
    for number in range(begin, end):
        if source.line(number).strip():
            return number

    return begin


def _undivided(source: Source, title: Heading | None, boxes: tuple[Box, ...]) -> Divided:
    """The whole file as one part, without its title; a file without checkboxes has no part.

    Such a file becomes a plan of one epic, whose tasks are all its checkboxes.
    """
    first, after = source.front_matter_lines + 1, len(source.lines) + 1
    body = text_without(source, title, first, after)
    name = _text_of(title)
    if not boxes:
        return Divided(name, (), body, ())

    return Divided(name, (Part(name, 0, first, after, body, boxes),), "", ())


def text_without(source: Source, heading: Heading | None, begin: int, end: int) -> str:
    """The lines from `begin` up to `end`, without a heading and without blank lines around them."""
    if heading is None:
        return _text(source, begin, end)

    above = _text(source, begin, min(heading.line, end))
    below = _text(source, max(heading.end + 1, begin), end)
    return f"{above}\n\n{below}".strip("\n")


def _text(source: Source, begin: int, end: int) -> str:
    """The lines from `begin` up to `end`, without blank lines around them."""
    return "\n".join(source.lines[begin - 1 : max(end, begin) - 1]).strip("\n")


def _boxes(blocks: Iterable[Block]) -> Iterator[Box]:
    """The checkboxes of all lists; those inside a checkbox belong to it."""
    for block in blocks:
        if isinstance(block, Listing):
            yield from _boxes_in(block)


def _boxes_in(listing: Listing) -> Iterator[Box]:
    """The checkboxes of a list, and of the lists in its other items.

    They come in file order; a task that has boxes of its own is one checkbox with all of them.
    """
    for item in listing.items:
        task = parse_checkbox(item.lines)
        if task is None:
            yield from _boxes_below(item)
        else:
            yield Box(item.line, task.title, task.done and not _has_open(item), task.optional)


def _boxes_below(item: Item) -> Iterator[Box]:
    """The checkboxes of the lists inside an item."""
    for listing in item.lists:
        yield from _boxes_in(listing)


def _has_open(item: Item) -> bool:
    """Whether an open checkbox stands below an item. Optional ones do not count.

    The answer decides whether a ticked task counts as done.
    """
    for box in _boxes_below(item):
        if not box.done and not box.optional:
            return True

    return False
