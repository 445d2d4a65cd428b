"""A picture as SVG: one file with no script, no font and no style from elsewhere, readable in light and dark and in print."""

from __future__ import annotations

import unicodedata
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from gitorch.model.diagram import ArrowKind
from gitorch.text.diagrams.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.model.diagram import Arrow, Box, Diagram
    from gitorch.text.diagrams.layout import Layout, Place

WIDTH, HEIGHT = 216, 62
GAP_X, GAP_Y = 64, 34
MARGIN, HEADING = 24, 34
CORNER = 8
LETTER = 7.0
"""Width of a letter at 12 px, rather too much than too little: nobody knows the font that will be there."""

STATES: Mapping[str, tuple[str, str, str, str]] = {
    "": ("#ffffff", "#57606a", "", ""),
    "blocked": ("#f6f8fa", "#6e7781", "·", "waits"),
    "queued": ("#ddf4ff", "#0969da", "○", "queued"),
    "claimed": ("#b6e3ff", "#0969da", "◐", "starting"),
    "running": ("#80ccff", "#0550ae", "▶", "running"),
    "submitted": ("#fff8c5", "#9a6700", "◆", "at its gate"),
    "waiting_human": ("#ffd8b5", "#bc4c00", "?", "waits for you"),
    "stale": ("#ffe2cc", "#bc4c00", "!", "stale"),
    "completed": ("#dafbe1", "#1a7f37", "✓", "done"),
    "failed": ("#ffc1c0", "#cf222e", "✗", "failed"),
    "canceled": ("#eaeef2", "#6e7781", "–", "canceled"),
    "skipped": ("#eaeef2", "#6e7781", "↷", "skipped"),
}
"""For each state: fill, line, sign, word. Colour never says anything that the sign and the word do not."""

LINES = {
    ArrowKind.NEXT: ("#57606a", ""),
    ArrowKind.CONTINUE: ("#1a7f37", ""),
    ArrowKind.CANCEL: ("#cf222e", ""),
    ArrowKind.BACK: ("#8250df", ' stroke-dasharray="5 4"'),
}
FRAME = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" \
font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', 'Noto Sans', sans-serif" font-size="12">
<title>{title}</title>
<defs>{heads}</defs>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="{margin}" y="26" font-size="15" font-weight="600" fill="#1f2328">{heading}</text>
{body}
</svg>
"""

HALO = 'paint-order="stroke" stroke="#ffffff" stroke-width="4"'
"""Keeps a word readable where a line passes behind it."""


def svg(diagram: Diagram) -> str:
    """The whole file. Arrows come first, so that boxes lie above them."""
    layout = lay_out(diagram)
    width = max(2 * MARGIN + layout.columns * (WIDTH + GAP_X) - GAP_X, 320)
    height = HEADING + MARGIN + layout.rows * (HEIGHT + GAP_Y)
    parts = [
        *_forward(diagram, layout),
        *_backward(diagram, layout),
        *(_box(b, layout.boxes[b.id]) for b in diagram.boxes),
    ]
    return FRAME.format(
        width=width,
        height=height,
        title=_safe(diagram.title),
        heading=_safe(fitted(diagram.title, int((width - 2 * MARGIN) / 9))),
        margin=MARGIN,
        heads="".join(_head(kind, colour) for kind, (colour, _) in LINES.items()),
        body="\n".join(parts),
    )


def fitted(text: str, units: int) -> str:
    """The text, cut with an ellipsis where it is wider than so many letters; wide letters count twice, marks not at all."""
    kept, used = "", 0
    for char in " ".join(text.split()):
        used += 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > units:
            return _without_last(kept) + "…"
        kept += char
    return kept


def _without_last(text: str) -> str:
    """A text shortened by its last prompt, with the marks that stand on it."""
    while text and unicodedata.combining(text[-1]):
        text = text[:-1]
    return text[:-1]


def _safe(text: str) -> str:
    return escape("".join(char for char in text if char.isprintable()))


def _head(kind: ArrowKind, colour: str) -> str:
    return (
        f'<marker id="head-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 1 L10 5 L0 9 z" fill="{colour}"/></marker>'
    )


def _corner(place: Place) -> tuple[float, float]:
    """The upper left corner of a place."""
    return MARGIN + place[0] * (WIDTH + GAP_X), HEADING + MARGIN / 2 + place[1] * (HEIGHT + GAP_Y)


def _box(box: Box, place: Place) -> str:
    """Three lines: the id with what the job is, its title, and where it stands."""
    x, y = _corner(place)
    fill, line, sign, word = STATES[box.state]
    dashes = ' stroke-dasharray="4 3"' if box.state == "skipped" else ""
    radius = HEIGHT / 2 if box.kind == "checkpoint" else CORNER
    inset = 18 if box.kind == "checkpoint" else 10
    units = int((WIDTH - 2 * inset) / LETTER)
    said = (
        f"{sign} {word}{', ' if box.note else ''}{box.note}"
        if sign
        else " · ".join(x for x in (box.lane, box.phase) if x)
    )
    tip = " — ".join(x for x in (str(box.id), box.title, box.kind, box.lane, box.state, box.note) if x)
    kind = _kind_word(box.kind)
    name = fitted(box.id, int((WIDTH - 2 * inset - len(kind) * 6.2 - 14) / 8.4))
    heavy = 2.5 if box.state in {"running", "claimed", "waiting_human", "failed"} else 1.3
    return (
        f"<g><title>{_safe(tip)}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="{radius:g}" fill="{fill}" stroke="{line}" '
        f'stroke-width="{heavy}"{dashes}/>'
        f'<text x="{x + inset:g}" y="{y + 20:g}" font-size="13" font-weight="600" fill="#1f2328">{_safe(name)}</text>'
        f'<text x="{x + WIDTH - inset:g}" y="{y + 20:g}" font-size="10.5" fill="#57606a" text-anchor="end">{_safe(kind)}</text>'
        f'<text x="{x + inset:g}" y="{y + 37:g}" fill="#1f2328">{_safe(fitted(box.title if box.title != box.id else "", units))}</text>'
        f'<text x="{x + inset:g}" y="{y + 53:g}" font-size="11" fill="{line if sign else "#57606a"}">'
        f"{_safe(fitted(said, units))}</text></g>"
    )


def _kind_word(kind: str) -> str:
    return kind.replace("_", " ")


def _forward(diagram: Diagram, layout: Layout) -> Iterator[str]:
    """Arrows between columns, level where they pass one."""
    for arrow in diagram.arrows:
        if arrow.kind is ArrowKind.BACK:
            continue
        places = layout.ways[arrow.start, arrow.end]
        drawn = []
        for number, (one, other) in enumerate(pairwise(places)):
            (x, y), (to_x, to_y) = _corner(one), _corner(other)
            start, end = (x + WIDTH, y + HEIGHT / 2), (to_x, to_y + HEIGHT / 2)
            middle = (start[0] + end[0]) / 2
            drawn.append(f"{'M' if number == 0 else 'L'}{start[0]:g} {start[1]:g}")
            drawn.append(f"C{middle:g} {start[1]:g} {middle:g} {end[1]:g} {end[0]:g} {end[1]:g}")
        yield _line(arrow, " ".join(drawn), _said(arrow), places)


def _said(arrow: Arrow) -> str:
    return str(arrow.kind) if arrow.kind in {ArrowKind.CONTINUE, ArrowKind.CANCEL} else ""


def _line(arrow: Arrow, path: str, said: str, places: tuple[Place, ...]) -> str:
    colour, dashes = LINES[arrow.kind]
    drawn = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes} marker-end="url(#head-{arrow.kind})"/>'
    if not said:
        return drawn
    (x, _), (_, y) = _corner(places[-1]), _corner(places[-1])
    where = f'x="{x - 10:g}" y="{y + HEIGHT / 2 - 6:g}"'
    return f'{drawn}<text {where} font-size="10.5" fill="{colour}" text-anchor="end" {HALO}>{said}</text>'


def _backward(diagram: Diagram, layout: Layout) -> Iterator[str]:
    """Ways back run in the gaps between rows and columns, each a little below the one before, never through a box or a word."""
    back = [arrow for arrow in diagram.arrows if arrow.kind is ArrowKind.BACK]
    ends: dict[str, int] = {}
    words: list[str] = []
    for arrow in back:
        (column, row), (to_column, to_row) = layout.boxes[arrow.start], layout.boxes[arrow.end]
        number = ends[arrow.end] = ends.get(arrow.end, -1) + 1
        depth = 9 + 7 * (number % 3)
        x, y = _corner((column, row))
        to_x, to_y = _corner((to_column, to_row))
        x, to_x = x + WIDTH / 2, to_x + WIDTH / 2 + 14 * (number % 5)
        low, to_low = y + HEIGHT + depth, to_y + HEIGHT + depth
        gap = _corner((to_column + 1, 0))[0] - GAP_X / 2 - 4 * (number % 5)
        way = f"M{x:g} {y + HEIGHT:g} V{low:g} "
        way += "" if row == to_row else f"H{gap:g} V{to_low:g} "
        way += f"H{to_x:g} V{to_y + HEIGHT + 1:g}"
        colour, dashes = LINES[arrow.kind]
        said = f"revise, at most {arrow.rounds}"
        yield (
            f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-linejoin="round"{dashes} '
            f'marker-end="url(#head-{arrow.kind})"><title>{_safe(f"{arrow.start} → {arrow.end}: {said}")}</title></path>'
        )
        place = f'x="{x + 6:g}" y="{y + HEIGHT + 13:g}"'
        words.append(f'<text {place} font-size="10" fill="{colour}" {HALO}>≤ {arrow.rounds}</text>')
    yield from words
