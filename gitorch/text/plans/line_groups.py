"""Which lines of a plan belong together: those of a field, those of a list item, and what stands inside an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.text.markdown import Paragraph
from gitorch.text.plans.line_syntax import parse_checkbox, parse_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitorch.text.markdown import Block, Item, Listing
    from gitorch.text.plans.line_syntax import Field


def pieces(item: Item) -> list[tuple[int, str]]:
    """The first paragraph of an item, and from its second line on each field in it on its own, with their lines.

    The first piece is empty for an item without a paragraph. A line that is no field goes on with the piece above it.
    """
    if not item.lines:
        return [(item.line, "")]

    found = [(item.line, item.lines[0])]
    for line, text in enumerate(item.lines[1:], item.line + 1):
        if parse_field(text) is not None:
            found.append((line, text))
            continue

        begun, above = found.pop()
        whole = f"{above} {text}"
        found.append((begun, whole))

    return found


def fields_inside(item: Item) -> Iterator[tuple[int, Field]]:
    """Every field below the first line of an item, in its paragraphs and in the lists inside it, with their lines.

    They are in the order of the file. A field in code or in a quotation is text and not among them.
    """
    below = pieces(item)[1:]
    yield from _fields_among(below)
    for block in item.blocks:
        yield from _fields_of_block(block)


def _fields_of_block(block: Paragraph | Listing) -> Iterator[tuple[int, Field]]:
    """Every field of a paragraph, or of the items of a list, with their lines."""
    if isinstance(block, Paragraph):
        lines = whole_lines(block.line, block.lines)
        yield from _fields_among(lines)
        return

    for inner in block.items:
        first = pieces(inner)[:1]
        yield from _fields_among(first)
        yield from fields_inside(inner)


def _fields_among(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Field]]:
    """The lines that are fields, with their numbers.

    Their order stays as it is.
    """
    for line, text in lines:
        field = parse_field(text)
        if field is not None:
            yield line, field


def is_below_field(paragraph: Paragraph, before: Block | None) -> bool:
    """Whether a paragraph begins further right than a field on the line directly above it.

    A person may then read it as a part of that field.
    """
    if not isinstance(before, Paragraph):
        return False

    line_below = before.line + len(before.lines)
    if line_below != paragraph.line or paragraph.indent <= before.indent:
        return False

    above = before.lines[-1]
    return parse_field(above) is not None


def has_open_box(lists: Sequence[Listing]) -> bool:
    """Whether an open checkbox stands in these lists or below them. Optional ones do not count."""
    for listing in lists:
        for item in listing.items:
            if _is_open(item):
                return True

    return False


def _is_open(item: Item) -> bool:
    """Whether an item is an open checkbox, or has one below it.

    A ticked parent is open while one of its children is, since somebody has to do that child.
    """
    task = parse_checkbox(item.lines)
    if task is None or task.done or task.optional:
        return has_open_box(item.lists)

    return True


def whole_lines(first: int, lines: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The lines of a paragraph with their numbers. A field that ends in a comma goes on with the next line."""
    number, whole = first, ""

    for line, text in enumerate(lines, first):
        if whole and parse_field(text) is None:
            whole = f"{whole} {text}"
        else:
            if whole:
                yield number, whole
            number, whole = line, text

        if not _goes_on(whole):
            yield number, whole
            whole = ""

    if whole:
        yield number, whole


def _goes_on(text: str) -> bool:
    """Whether a line is a field whose values go on with the next line.

    A comma or semicolon at the end of other text means nothing.
    """
    if not text.endswith((",", ";")):
        return False

    return parse_field(text) is not None
