"""Markdown as the blocks that matter to a plan, each with the line on which it begins.

Only top-level blocks count: everything inside a quotation, code, HTML or a comment is opaque, so a heading in there is no
heading. Inline text stays as written: parsing it all would take twice as long, and `Scope: src/**, a/**` would become bold.
`plain` renders the few texts that need it.
"""

from __future__ import annotations

import gc
import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from gitorch.model.values import Value
from gitorch.text.lines_apart import line_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markdown_it.token import Token

NESTING_MAX = 200
"""How many levels deep blocks may be nested; a list with its items takes two. The parser's own limit is 20."""
_BLOCKS = MarkdownIt("commonmark", {"maxNesting": NESTING_MAX}).enable("table").disable("inline")
_BLOCKS.block.ruler.before("lheading", "apart", line_apart, {"alt": ["paragraph", "reference", "blockquote"]})
_INLINE = MarkdownIt("commonmark")
_MARKUP = re.compile(r"[\\`*_\[\]<>&!]")
_CODE_BLOCKS = frozenset({"fence", "code_block"})
_LISTS = frozenset({"bullet_list_open", "ordered_list_open"})
_BREAKS = frozenset({"softbreak", "hardbreak"})
_VISIBLE = frozenset({"text", "code_inline", "image"})


class Heading(Value):
    """A heading, marked with `#` or by underlining."""

    line: int
    end: int
    """The last line: that of the underline, if there is one."""
    level: int
    text: str
    """Without markup."""


class Paragraph(Value):
    """A paragraph."""

    line: int
    lines: tuple[str, ...]
    """The source lines without blanks around them; the first stands on `line`."""
    indent: int = 0
    """How far a line apart begins behind the margin or the text of its list item, in columns; 0 for other paragraphs."""


class Item(Value):
    """An item of a list."""

    line: int
    lines: tuple[str, ...]
    """The lines of its first paragraph."""
    blocks: tuple[Paragraph | Listing, ...]
    """The lists and further paragraphs inside the item."""

    @property
    def lists(self) -> tuple[Listing, ...]:
        """The lists inside the item."""
        return tuple(block for block in self.blocks if isinstance(block, Listing))


class Listing(Value):
    """A list, bulleted or numbered."""

    line: int
    items: tuple[Item, ...]


class Row(Value):
    """A row of a table."""

    line: int
    cells: tuple[str, ...]
    """Without markup."""


class Table(Value):
    """A table."""

    line: int
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    """Without the header."""


class Opaque(Value):
    """A quotation, code, HTML or rule: its contents mean nothing to a plan."""

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
    too_deep: int = 0
    """The line of the first list item that is nested too deep to be read; 0 without any. The lines after it are lost."""

    def is_code(self, line: int, text: str) -> bool:
        """Whether a text with `{{` on this line stands in a code block or in inline code.

        Only inline code with `{{` is known; for any other text the answer is about code blocks alone.
        """
        if line in self.code_lines:
            return True
        for span in self.code_spans.get(line, ()):
            if text in span:
                return True
        return False


def read_markdown(text: str, apart: Callable[[str], bool] | None = None) -> Document:
    """Parse CommonMark with tables. A line that `apart` accepts, without the blanks around it, begins a paragraph.

    Never fails: every text is Markdown. Lines count from 1.
    """
    tokens = _parse_blocks(text, apart)
    code_lines: set[int] = set()

    for token in tokens:
        if token.type in _CODE_BLOCKS:
            code_lines.update(_lines_of(token))

    return Document(tuple(_blocks(tokens)), frozenset(code_lines), _spans_by_line(tokens), _too_deep(tokens))


def _too_deep(tokens: Sequence[Token]) -> int:
    """The line of the first list item whose contents the parser skipped, with everything behind them; 0 without any."""
    for token in tokens:
        if token.type == "list_item_open" and token.level + 1 >= NESTING_MAX:
            return _first_line(token, 1)

    return 0


def _spans_by_line(tokens: Sequence[Token]) -> dict[int, tuple[str, ...]]:
    """The inline code that contains `{{`, at every line of the paragraph, heading or cell where it stands."""
    by_line: dict[int, tuple[str, ...]] = {}

    for token in tokens:
        if token.type != "inline":
            continue

        spans = _code_spans(token.content)
        if spans:
            for line in _lines_of(token):
                by_line[line] = by_line.get(line, ()) + spans

    return by_line


def _parse_blocks(text: str, apart: Callable[[str], bool] | None) -> Sequence[Token]:
    """The tokens of a text, parsed without garbage collection.

    Collecting would take half of the time of a large text (measured).
    """
    was_enabled = gc.isenabled()
    gc.disable()

    try:
        return _BLOCKS.parse(text, {"apart": apart})
    finally:
        if was_enabled:
            gc.enable()


def _lines_of(token: Token) -> range:
    """The lines that a token covers, counted from 1; none for a token inside of a line."""
    if token.map is None:
        return range(0)

    first, after = token.map
    return range(first + 1, after + 1)


def _first_line(token: Token, default: int = 0) -> int:
    """The first line of a token, counted from 1; `default` for a token inside of a line."""
    if token.map is None:
        return default
    return token.map[0] + 1


def _code_spans(content: str) -> tuple[str, ...]:
    """The inline code that contains `{{`.

    Only a text with both signs is parsed, since parsing is slow.
    """
    if "`" not in content or "{{" not in content:
        return ()

    return _braced_code(content)


def _braced_code(content: str) -> tuple[str, ...]:
    """The inline code of a text that contains `{{`."""
    spans: list[str] = []

    for part in _inline(content):
        if part.type == "code_inline" and "{{" in part.content:
            spans.append(part.content)

    return tuple(spans)


def plain(content: str) -> str:
    """Inline Markdown as a reader sees it, without markup, on one line.

    Links leave their text, images their description, and line breaks become blanks.
    """
    if not _MARKUP.search(content):
        return " ".join(content.split())

    return _visible_text(content)


def _visible_text(content: str) -> str:
    """The text of the visible parts, on one line."""
    visible: list[str] = []

    for part in _inline(content):
        if part.type in _BREAKS:
            visible.append(" ")
        elif part.type in _VISIBLE:
            visible.append(part.content)

    return " ".join("".join(visible).split())


def _inline(content: str) -> Sequence[Token]:
    """The tokens of a text that stands within one block."""
    return _INLINE.parseInline(content)[0].children or ()


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    """The top-level blocks, in order."""
    index = 0
    while index < len(tokens):
        end = _end(tokens, index)
        yield _block(tokens, index, end)
        index = end


def _block(tokens: Sequence[Token], index: int, end: int) -> Block:
    """The block whose tokens begin at `index` and end before `end`."""
    token = tokens[index]
    line = _first_line(token)
    if token.type == "heading_open":
        lines = _lines_of(token)
        return Heading(line, lines.stop - 1, int(token.tag[1]), plain(tokens[index + 1].content))

    return _other_block(tokens, index, end, token, line)


def _other_block(tokens: Sequence[Token], index: int, end: int, token: Token, line: int) -> Block:
    """A block that is no heading."""
    if token.type == "paragraph_open":
        return _paragraph(tokens, index)
    if token.type in _LISTS:
        return _listing(tokens, index, end)
    if token.type == "table_open":
        return _table(tokens[index:end], line)

    return Opaque(line)


def _end(tokens: Sequence[Token], index: int) -> int:
    """The index after the token that closes the one at `index`; the next index for a token without a closing one."""
    if tokens[index].nesting != 1:
        return index + 1

    level = tokens[index].level
    after = index + 1

    while tokens[after].nesting != -1 or tokens[after].level != level:
        after += 1

    return after + 1


def _stripped_lines(token: Token) -> tuple[str, ...]:
    """The lines of a paragraph, without the blanks around them."""
    return tuple(line.strip() for line in token.content.split("\n"))


def _paragraph(tokens: Sequence[Token], index: int) -> Paragraph:
    """The paragraph whose tokens begin at `index`."""
    token = tokens[index]
    return Paragraph(_first_line(token), _stripped_lines(tokens[index + 1]), token.meta.get("indent", 0))


def _listing(tokens: Sequence[Token], index: int, end: int) -> Listing:
    """The list whose tokens begin at `index` and end before `end`."""
    line = _first_line(tokens[index], 1)
    items: list[Item] = []
    index += 1

    while index < end - 1:
        after = _end(tokens, index)
        items.append(_item(tokens, index, after))
        index = after

    return Listing(line, tuple(items))


def _item(tokens: Sequence[Token], index: int, end: int) -> Item:
    """The item whose tokens begin at `index` and end before `end`.

    It stands on the line of its first paragraph, which may follow an empty first line.
    """
    line = _first_line(tokens[index], 1)
    lines: tuple[str, ...] = ()
    blocks: list[Paragraph | Listing] = []
    index += 1

    while index < end - 1:
        token = tokens[index]
        after = _end(tokens, index)
        if token.type == "paragraph_open":
            blocks.append(_paragraph(tokens, index))
        elif token.type in _LISTS:
            blocks.append(_listing(tokens, index, after))

        index = after

    if blocks and isinstance(blocks[0], Paragraph):
        line, lines = blocks[0].line, blocks[0].lines
        del blocks[0]

    return Item(line, lines, tuple(blocks))


def _table(tokens: Sequence[Token], line: int) -> Table:
    """The table of these tokens. The first row is its header; cells are added to the row that began last."""
    rows: list[Row] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append(Row(_first_line(token, line), ()))
        elif token.type == "inline":
            row = rows[-1]
            rows[-1] = Row(row.line, (*row.cells, plain(token.content)))

    return Table(line, rows[0].cells, tuple(rows[1:]))
