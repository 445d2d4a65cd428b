"""Templates: everything is escaped, and what no reader could see is made visible first."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gitorch.model.values import Value
from gitorch.text.html import to_html
from gitorch.text.records.timestamps import iso
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment

DIGEST_CHARACTERS = 12


class Page(Value):
    """What a page shows, before it is written as HTML."""

    template: str
    values: Mapping[str, Any]
    live: bool = False
    """Whether it shows more than the ledger, such as a screen, so that it may change while the ledger does not."""


@cache
def environment() -> Environment:
    """The templates of this package, with the filters that they use."""
    made = Environment(
        loader=PackageLoader("gitorch.web", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    made.filters["when"] = when
    made.filters["words"] = words
    made.filters["short"] = short
    made.filters["markdown"] = markdown
    made.filters["counted"] = counted
    made.globals["link"] = link
    return made


def html(template: str, values: Mapping[str, Any]) -> str:
    """A template filled in."""
    return environment().get_template(template).render(values)


def _visible(value: Any) -> Any:
    """Text as a page may show it; markup of our own stays."""
    if value is None:
        return ""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return safe_text(str(value))
    return value


def link(*parts: object, **query: object) -> str:
    """The path of a page on this server: each part is one segment, whatever characters it has."""
    path = "".join(f"/{quote(str(part), safe='')}" for part in parts) or "/"
    chosen = {name: value for name, value in query.items() if value not in {None, ""}}
    if not chosen:
        return path
    return f"{path}?{urlencode(chosen)}"


def when(at: Moment | None) -> Markup:
    """A time for people, in local time; the script of the page adds how long ago that was."""
    if at is None:
        return Markup("")
    shown = datetime.fromtimestamp(at / 1000).strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}">{}</time>').format(iso(at), shown)


def words(name: object) -> str:
    """A name of the model in words: `waiting human`."""
    return str(name).replace("_", " ")


def short(digest: object) -> Markup:
    """The beginning of a commit or digest, the whole of it as its title."""
    whole = str(digest or "")
    shown = whole.removeprefix("sha256:")[:DIGEST_CHARACTERS]
    return Markup('<code title="{}">{}</code>').format(whole, shown)


def markdown(text: str) -> Markup:
    """Markdown from anybody as HTML in which nothing of theirs is HTML."""
    return Markup(to_html(safe_text(text)))  # noqa: S704  `to_html` escapes everything that it did not make


def counted(number: int, one: str, several: str = "") -> str:
    """`1 question`, `3 questions`."""
    if number == 1:
        return f"1 {one}"
    return f"{number} {several or one + 's'}"


def escaped(text: str) -> Markup:
    """Text for a place in markup of our own."""
    return escape(safe_text(text))
