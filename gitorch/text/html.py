"""Markdown from anybody as HTML that does nothing: no tags of theirs, no pictures, and links that lead to the web only."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

_TO_THE_WEB = re.compile(r"https?://[^\s\x00-\x1f\x7f-\x9f]+", re.IGNORECASE)
"""An address that leads to the web and to nothing else: no script, no file, no data, nothing relative to the page."""

HEADINGS_BELOW = 2
"""A page has its own first and second heading; those of a text follow below them."""


def to_html(text: str) -> str:
    """The text as HTML. Tags in it are shown as they are written; a picture is shown as its description.

    A link keeps its text only, unless its address is one of http or https. Headings begin at the third level.
    """
    written: str = _renderer().render(text)
    return written


class _Harmless(MarkdownIt):
    """markdown-it without links that lead anywhere but to the web."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  the name that markdown-it calls
        """Whether an address becomes a link. What does not stays as it is written."""
        return _TO_THE_WEB.fullmatch(url) is not None


@cache
def _renderer() -> MarkdownIt:
    """CommonMark with tables, without HTML."""
    made = _Harmless("commonmark", {"html": False}).enable("table")
    made.core.ruler.push("lower_headings", lambda state: _lower_headings(state.tokens))
    made.add_render_rule("link_open", _link)
    made.add_render_rule("image", _image)
    return made


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Move each heading below those of the page."""
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            level = min(int(token.tag[1]) + HEADINGS_BELOW, 6)
            token.tag = f"h{level}"


def _link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A link that tells the other side nothing."""
    tokens[index].attrSet("rel", "noopener noreferrer nofollow")
    return renderer.renderToken(tokens, index, options, env)


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """The description of a picture: loading it would tell its server who reads."""
    token = tokens[index]
    return f"[{renderer.renderInlineAsText(token.children or [], options, env)}]"
