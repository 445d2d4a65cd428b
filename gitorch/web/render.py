"""Templates: everything is escaped, and what no reader could see is made visible first."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gitorch.model.counts import counted
from gitorch.model.values import Value
from gitorch.text.html import to_html
from gitorch.text.records.timestamps import iso
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment

DIGEST_CHARACTERS = 12
LINE_KINDS = {"+": "added", "-": "removed", " ": "same", "\\": "end"}
"""What the style calls a line of a diff, by its sign."""


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
    made.filters["shown"] = shown
    made.filters["duration"] = duration
    made.globals["link"] = link
    made.globals["anchor"] = anchor
    made.globals["kind_of"] = LINE_KINDS.get
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
    path = ""
    for part in parts:
        path += f"/{quote(str(part), safe='')}"

    chosen: dict[str, object] = {}
    for name, value in query.items():
        if value not in {None, ""}:
            chosen[name] = value

    if chosen:
        path += f"?{urlencode(chosen)}"
    return path


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


def shown(value: object) -> str:
    """The value of a field: text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`, in the unit that says most."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def anchor(path: str, line: int) -> str:
    """The id of a line of a file on the page of its diff; of the file itself for line 0. Paths may hold anything."""
    digest = hashlib.sha256(path.encode(errors="surrogatepass")).hexdigest()[:10]
    if not line:
        return f"f{digest}"
    return f"f{digest}-{line}"
