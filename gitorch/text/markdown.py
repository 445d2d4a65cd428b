"""Markdown as the blocks that matter to a plan, each with the line it begins on.

Only blocks at the top level are told apart: whatever stands in a quotation, code, HTML or a comment is opaque, so a heading in
there is no heading. Inline text is kept as written, because parsing it all would double the time, and `Scope: src/**, a/**`
would come out as bold; `plain` renders the little that is needed.
"""

from __future__ import annotations

import gc
import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_BLOCKS = MarkdownIt("commonmark").enable("table").disable("inline")
_INLINE = MarkdownIt("commonmark")
_MARKUP = re.compile(r"[\\`*_\[\]<>&!]")


class Heading(Value):
    """A heading, by `#` or by underlining (then `end` is the underline's line); `text` is its words without markup."""

    line: int
    end: int
    level: int
    text: str


class Paragraph(Value):
    """`lines` are the source lines, stripped; the first stands on `line`."""

    line: int
    lines: tuple[str, ...]


class Item(Value):
    """An item of a list: the lines of its first paragraph, and the lists within it."""

    line: int
    lines: tuple[str, ...]
    lists: tuple[Listing, ...]


class Listing(Value):
    """A list, bulleted or numbered."""

    line: int
    items: tuple[Item, ...]


class Row(Value):
    """A row of a table, its cells without markup."""

    line: int
    cells: tuple[str, ...]


class Table(Value):
    """A table; `rows` leave the header out."""

    line: int
    header: tuple[str, ...]
    rows: tuple[Row, ...]


class Opaque(Value):
    """A quotation, code, HTML or rule: nothing in it means anything to a plan."""

    line: int


Block = Heading | Paragraph | Listing | Table | Opaque


class Document(Value):
    """A Markdown text."""

    blocks: tuple[Block, ...]
    """The top-level blocks in order."""
    code_lines: frozenset[int]
    """The lines that lie in code blocks."""
    code_spans: dict[int, tuple[str, ...]]
    """The inline code that contains `{{`, by line."""

    def is_code(self, line: int, text: str) -> bool:
        """Whether a text with `{{` on this line stands in a code block or in inline code."""
        if line in self.code_lines:
            return True
        return any(text in span for span in self.code_spans.get(line, ()))


def read_markdown(text: str) -> Document:
    """Parse CommonMark with tables. Never fails: every text is Markdown."""
    tokens = _without_collecting(text)
    lines: set[int] = set()
    spans: dict[int, tuple[str, ...]] = {}
    for token in tokens:
        if token.type in {"fence", "code_block"} and token.map:
            lines.update(range(token.map[0] + 1, token.map[1] + 1))
        elif token.type == "inline" and token.map and "`" in token.content and "{{" in token.content:
            words = tuple(
                part.content for part in _inline(token.content) if part.type == "code_inline" and "{{" in part.content
            )
            for line in range(token.map[0] + 1, token.map[1] + 1):
                spans[line] = spans.get(line, ()) + words
    return Document(tuple(_blocks(tokens)), frozenset(lines), spans)


def _without_collecting(text: str) -> Sequence[Token]:
    """The tokens of a text. Measured: while millions of them are made, looking for garbage among them takes half of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _BLOCKS.parse(text)
    finally:
        if collecting:
            gc.enable()


def plain(content: str) -> str:
    """Inline Markdown as the words that a reader sees, on one line."""
    if not _MARKUP.search(content):
        return " ".join(content.split())
    words = [
        " " if part.type in {"softbreak", "hardbreak"} else part.content
        for part in _inline(content)
        if part.type in {"text", "code_inline", "softbreak", "hardbreak", "image"}
    ]
    return " ".join("".join(words).split())


def _inline(content: str) -> Sequence[Token]:
    return _INLINE.parseInline(content)[0].children or ()


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _end(tokens, at)
        line = token.map[0] + 1 if token.map else 0
        if token.type == "heading_open":
            yield Heading(line, (token.map or [0, 0])[1], int(token.tag[1]), plain(tokens[at + 1].content))
        elif token.type == "paragraph_open":
            yield Paragraph(line, _lines(tokens[at + 1]))
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            yield _listing(tokens, at, end)
        elif token.type == "table_open":
            yield _table(tokens[at:end], line)
        else:
            yield Opaque(line)
        at = end


def _end(tokens: Sequence[Token], at: int) -> int:
    """The index after the token that closes the one at `at`."""
    if tokens[at].nesting != 1:
        return at + 1
    level = tokens[at].level
    after = at + 1
    while tokens[after].nesting != -1 or tokens[after].level != level:
        after += 1
    return after + 1


def _lines(token: Token) -> tuple[str, ...]:
    return tuple(line.strip() for line in token.content.split("\n"))


def _listing(tokens: Sequence[Token], at: int, end: int) -> Listing:
    line = (tokens[at].map or [0])[0] + 1
    items: list[Item] = []
    at += 1
    while at < end - 1:
        after = _end(tokens, at)
        items.append(_item(tokens, at, after))
        at = after
    return Listing(line, tuple(items))


def _item(tokens: Sequence[Token], at: int, end: int) -> Item:
    line = (tokens[at].map or [0])[0] + 1
    words: tuple[str, ...] = ()
    lists: list[Listing] = []
    at += 1
    while at < end - 1:
        after = _end(tokens, at)
        if tokens[at].type == "paragraph_open" and not words and not lists:
            words, line = _lines(tokens[at + 1]), (tokens[at].map or [line - 1])[0] + 1
        elif tokens[at].type in {"bullet_list_open", "ordered_list_open"}:
            lists.append(_listing(tokens, at, after))
        at = after
    return Item(line, words, tuple(lists))


def _table(tokens: Sequence[Token], line: int) -> Table:
    rows: list[Row] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append(Row((token.map or [line - 1])[0] + 1, ()))
        elif token.type == "inline":
            rows[-1] = Row(rows[-1].line, (*rows[-1].cells, plain(token.content)))
    return Table(line, rows[0].cells, tuple(rows[1:]))
