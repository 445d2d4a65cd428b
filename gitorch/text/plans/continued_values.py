"""Lines below a field that a reader takes for more of its values, although no comma ends the line above them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.text.glob_syntax import split_globs
from gitorch.text.plans.line_groups import whole_lines
from gitorch.text.plans.line_syntax import parse_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitorch.text.markdown import Paragraph
    from gitorch.text.plans.line_syntax import Field

_PATH = re.compile(r".*[/*].*|[\w-]+\.[A-Za-z]\w{0,5}")
"""A glob that can only be meant as one: with a slash or a star, or with an extension."""

_WORD = re.compile(r"`?[\w.-]+`?")

_NAMES = re.compile(r"[^\s:.!?]+(?: +[^\s:.!?]+){0,7}")
"""A line that is short, no sentence and no other field, so that it may name epics."""

_LABELS = re.compile(r"[\w.-]+(?:, *[\w.-]+)*")


class ContinuedValues:
    """Reads the paragraphs of a plan in their order, and keeps the field that ended the one before."""

    def __init__(self) -> None:
        self._above: Field | None = None
        self._line_below = 0
        """The line directly below that field."""

    def lines_of(self, paragraph: Paragraph) -> Iterator[tuple[int, str]]:
        """The whole lines of a paragraph with their numbers; one that holds more values of the field above it is a field itself.

        Below a dependency such a line is `Dependencies:`, which may name something else than an epic.
        """
        if self._line_below != paragraph.line:
            self._above = None

        for line, text in whole_lines(paragraph.line, paragraph.lines):
            yield line, self._as_field(text)

        self._line_below = paragraph.line + len(paragraph.lines)

    def _as_field(self, text: str) -> str:
        """A line as the field that it is, or that it goes on with; any other line as it is."""
        field = parse_field(text)
        if field is not None:
            self._above = field
            return text

        key = _key_of_more(self._above, text)
        if not key:
            self._above = None
            return text

        return f"{key}: {text}"


def is_on_later_line(paragraph: Paragraph, line: int, text: str) -> bool:
    """Whether a field begins on this line, below the first one of its paragraph; more values of another field do not."""
    return line > paragraph.line and text.startswith(paragraph.lines[line - paragraph.line])


def _key_of_more(above: Field | None, text: str) -> str:
    """The field that a line goes on with; empty where it is text of its own."""
    if above is None or above.key not in _MORE or not above.value:
        return ""

    key, is_more = _MORE[above.key]
    if not is_more(text):
        return ""

    return key


def _are_paths(text: str) -> bool:
    """Whether a line is one word, or holds paths and nothing else but what joins them or explains them.

    A word that is no path of the target is named by `gitorch check` as a pattern that matches nothing.
    """
    if _WORD.fullmatch(text):
        return True

    globs = split_globs(text)
    return bool(globs) and all(map(_PATH.fullmatch, globs))


_MORE: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "scope": ("Scope", _are_paths),
    "not": ("Not", _are_paths),
    "depends on": ("Dependencies", _NAMES.fullmatch),
    "dependencies": ("Dependencies", _NAMES.fullmatch),
    "runtime": ("Runtime", _WORD.fullmatch),
    "hosts": ("Hosts", _LABELS.fullmatch),
}
"""By field: the one that a line below it is, and what the line has to look like."""
