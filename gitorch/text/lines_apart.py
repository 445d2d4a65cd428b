"""A rule for the Markdown parser: lines that begin a paragraph of their own, also where CommonMark joins them to the text above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it.rules_block import paragraph

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock


def line_apart(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a line that its reader wants apart for a paragraph, whatever stands above it.

    CommonMark counts such a line to the paragraph, list item or quotation above it, though it may begin further left.
    A rule of the parser: True where the line is one, and unless `silent`, its paragraph is among the tokens then.
    """
    apart = state.env.get("apart")
    if apart is None or state.is_code_block(start):
        return False

    text = _line_text(state, start)
    if not apart(text):
        return False
    if silent:
        return True

    line_max = state.lineMax
    state.lineMax = _apart_end(state, text, start + 1, end)
    paragraph(state, start, end, silent=False)
    state.lineMax = line_max

    opened = state.tokens[-3]
    opened.meta["indent"] = state.sCount[start] - state.blkIndent
    return True


def _line_text(state: StateBlock, line: int) -> str:
    """A line of the text without the blanks and markers around it."""
    begin = state.bMarks[line] + state.tShift[line]
    end = state.eMarks[line]
    return state.src[begin:end].rstrip()


def _apart_end(state: StateBlock, text: str, line: int, end: int) -> int:
    """The line before which the paragraph of a line apart ends, at the latest; `line` is the one below it.

    At the margin only lines that are indented like code belong to the paragraph, unless its text ends in a comma, so that
    it goes on. In a list item all lines below belong to it, as a person reads them.
    """
    if state.blkIndent or text.endswith((",", ";")):
        return state.lineMax

    while line < end and state.is_code_block(line):
        line += 1

    return line
