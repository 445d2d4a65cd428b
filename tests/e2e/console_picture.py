"""What a terminal shows as a picture: SVG that needs no fonts, scripts or addresses of others."""

from __future__ import annotations

import html
import io
import re

from rich.console import Console
from rich.text import Text


def picture(screen: str, columns: int, title: str) -> str:
    """A screen, with its colours as escape sequences, as SVG."""
    console = Console(width=columns, file=io.StringIO(), record=True, force_terminal=True, color_system="truecolor")
    for line in screen.splitlines():
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop", crop=True)
    drawn = console.export_svg(title=title, unique_id="terminal")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"<!-- Generated .*? -->\s*", "", drawn)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def text_of(svg: str) -> str:
    """What a picture says, from its first line to its last."""
    return " ".join(html.unescape(" ".join(re.findall(r">([^<>]+)</text>", svg))).split())


def words(svg: str) -> list[str]:
    """The words of a picture in the order of the alphabet: agents ask in any order, and have numbers and times of their own."""
    text = text_of(svg)
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return sorted(text.split())


VARYING = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"),
    (r"\b\d+ (s|min)\b", "AGE"),
    (r"\bs\d\b", "SESSION"),
    (r"\bq\d\b", "QUESTION"),
    (r"\b[0-9a-f]{12}\b", "COMMIT"),
    (r"\b(rotate-sessions)-[0-9a-f]{4}\b", r"\1-RUN"),
    (r"[▁-▇]", " "),  # the end of a scroll bar
)
