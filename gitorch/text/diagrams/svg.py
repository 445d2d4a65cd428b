"""Diagrams as SVG: one file without scripts, fonts or styles from elsewhere, readable in light, dark and print."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from gitorch.model.plans.diagram import ArrowKind
from gitorch.text.diagrams.box_text import fitted, kind_text, signed_state_text, style_of
from gitorch.text.diagrams.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.model.plans.diagram import Arrow, Box, Diagram
    from gitorch.text.diagrams.layout import Layout, Place

WIDTH, HEIGHT = 216, 62
GAP_X, GAP_Y = 64, 34
MARGIN, HEADING = 24, 34
CORNER = 8
WIDTH_MIN = 320
CHARACTER = 7.0
"""The width of a character at 12 px, rather too much than too little, since the reader's font is unknown."""

GREY = "#57606a"
EMPHASISED = frozenset({"running", "claimed", "waiting_human", "failed"})
"""The states whose boxes have a heavy line."""

LINES: Mapping[ArrowKind, tuple[str, str]] = {
    ArrowKind.NEXT: ("#57606a", ""),
    ArrowKind.CONTINUE: ("#1a7f37", ""),
    ArrowKind.CANCEL: ("#cf222e", ""),
    ArrowKind.BACK: ("#8250df", ' stroke-dasharray="5 4"'),
}
"""The colour and the dashes of each kind of arrow."""

FRAME = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" \
font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', 'Noto Sans', sans-serif" font-size="12">
<title>{title}</title>
<defs>{heads}</defs>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="{margin}" y="26" font-size="15" font-weight="600" fill="#1f2328">{heading}</text>
{body}
</svg>
"""

INLINE = """<svg class="graph" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" \
role="group" aria-label="{title}" font-size="12">
<defs>{heads}</defs>
{body}
</svg>
"""
"""The same inside a page, whose style has the colours and the font, and whose heading says what is drawn."""

HALO = 'paint-order="stroke" stroke="#ffffff" stroke-width="4"'
"""Keeps a label readable where a line passes behind it."""


def svg(diagram: Diagram) -> str:
    """The whole file."""
    return _drawn(FRAME, diagram, None)


def linked_svg(diagram: Diagram, link: Callable[[str], str]) -> str:
    """A part of a page, in which each box leads to the address that `link` gives for its id."""
    return _drawn(INLINE, diagram, link)


def _drawn(frame: str, diagram: Diagram, link: Callable[[str], str] | None) -> str:
    """The drawing in a frame. Arrows come first, so that boxes lie above them."""
    layout = lay_out(diagram)
    width = max(2 * MARGIN + layout.columns * (WIDTH + GAP_X) - GAP_X, WIDTH_MIN)
    height = HEADING + MARGIN + layout.rows * (HEIGHT + GAP_Y)
    parts = [*_forward_arrows(diagram, layout), *_backward_arrows(diagram, layout)]
    for box in diagram.boxes:
        drawn = _box(box, layout.boxes[box.id])
        if link is not None:
            drawn = _linked(box, drawn, link(box.id))
        parts.append(drawn)
    return frame.format(
        width=width,
        height=height,
        title=_safe(diagram.title),
        heading=_safe(fitted(diagram.title, int((width - 2 * MARGIN) / 9))),
        margin=MARGIN,
        heads="".join(_arrow_head(kind, colour) for kind, (colour, _) in LINES.items()),
        body="\n".join(parts),
    )


def _safe(text: str) -> str:
    """A text for XML, without control characters."""
    return escape("".join(character for character in text if character.isprintable()))


def _arrow_head(kind: ArrowKind, colour: str) -> str:
    """The marker for the ends of arrows of this kind."""
    return (
        f'<marker id="head-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 1 L10 5 L0 9 z" fill="{colour}"/></marker>'
    )


def _corner(place: Place) -> tuple[float, float]:
    """The upper left corner of a place."""
    column, row = place
    return MARGIN + column * (WIDTH + GAP_X), HEADING + MARGIN / 2 + row * (HEIGHT + GAP_Y)


def _box(box: Box, place: Place) -> str:
    """A frame with three lines: the id and the kind of the job, its title, its state or its lane and phase."""
    x, y = _corner(place)
    radius, inset = CORNER, 10
    if box.kind == "checkpoint":
        radius, inset = HEIGHT // 2, 18

    kind = kind_text(box)
    name = fitted(box.id, int((WIDTH - 2 * inset - len(kind) * 6.2 - 14) / 8.4))
    left, right = x + inset, x + WIDTH - inset
    return (
        f"<g><title>{_safe(_tooltip(box))}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="{radius:g}" {_frame_style(box)}/>'
        f'<text x="{left:g}" y="{y + 20:g}" font-size="13" font-weight="600" fill="#1f2328">{_safe(name)}</text>'
        f'<text x="{right:g}" y="{y + 20:g}" font-size="10.5" fill="{GREY}" text-anchor="end">{_safe(kind)}</text>'
        f"{_lower_lines(box, left, y, units=int((WIDTH - 2 * inset) / CHARACTER))}</g>"
    )


def _linked(box: Box, drawn: str, address: str) -> str:
    """A box as a link, with its state as a class for the style of the page."""
    return f'<a href="{escape(address)}" class="box {escape(box.state)}">{drawn}</a>'


def _tooltip(box: Box) -> str:
    """Everything about a box, uncut."""
    parts = (str(box.id), box.title, box.kind, box.lane, box.state, box.note)
    return " — ".join(part for part in parts if part)


def _frame_style(box: Box) -> str:
    """The attributes of a box's frame: heavy for a state in `EMPHASISED`, dashed for a job that was skipped."""
    style = style_of(box)
    width = 1.3
    if box.state in EMPHASISED:
        width = 2.5
    dashes = ""
    if box.state == "skipped":
        dashes = ' stroke-dasharray="4 3"'
    return f'fill="{style.fill}" stroke="{style.line}" stroke-width="{width}"{dashes}'


def _lower_lines(box: Box, x: float, y: float, *, units: int) -> str:
    """The second and the third line of a box, cut to this number of characters."""
    title = box.title
    if title == box.id:
        title = ""

    third, colour = _third_line(box)

    return (
        f'<text x="{x:g}" y="{y + 37:g}" fill="#1f2328">{_safe(fitted(title, units))}</text>'
        f'<text x="{x:g}" y="{y + 53:g}" font-size="11" fill="{colour}">{_safe(fitted(third, units))}</text>'
    )


def _third_line(box: Box) -> tuple[str, str]:
    """The third line of a box and its colour: its state, otherwise its lane and phase."""
    third, colour = " · ".join(part for part in (box.lane, box.phase) if part), GREY
    if box.state:
        third, colour = signed_state_text(box), style_of(box).line
    return third, colour


def _forward_arrows(diagram: Diagram, layout: Layout) -> list[str]:
    """Arrows between columns; a checkpoint's outcome stands at their ends."""
    drawn: list[str] = []
    for arrow in diagram.arrows:
        if arrow.kind is ArrowKind.BACK:
            continue

        places = layout.ways[arrow.start, arrow.end]
        line = _line(arrow.kind, _forward_path(places))
        if arrow.kind in {ArrowKind.CONTINUE, ArrowKind.CANCEL}:
            line += _outcome(arrow, places[-1])

        drawn.append(line)

    return drawn


def _forward_path(places: Sequence[Place]) -> str:
    """Curves through the gaps between columns, level where the arrow passes a column."""
    path: list[str] = []
    for number, (place, following) in enumerate(pairwise(places)):
        x, y = _corner(place)
        end_x, end_y = _corner(following)
        start_x, start_y, end_y = x + WIDTH, y + HEIGHT / 2, end_y + HEIGHT / 2
        middle = (start_x + end_x) / 2
        path.append(f"{'L' if number else 'M'}{start_x:g} {start_y:g}")
        path.append(f"C{middle:g} {start_y:g} {middle:g} {end_y:g} {end_x:g} {end_y:g}")

    return " ".join(path)


def _line(kind: ArrowKind, path: str) -> str:
    """The path of an arrow, in the colour of its kind, with its head."""
    colour, dashes = LINES[kind]
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes} marker-end="url(#head-{kind})"/>'


def _outcome(arrow: Arrow, end: Place) -> str:
    """The word beside an arrow that only one outcome of a checkpoint takes."""
    x, y = _corner(end)
    colour, _ = LINES[arrow.kind]
    place = f'x="{x - 10:g}" y="{y + HEIGHT / 2 - 6:g}"'
    return f'<text {place} font-size="10.5" fill="{colour}" text-anchor="end" {HALO}>{arrow.kind}</text>'


def _backward_arrows(diagram: Diagram, layout: Layout) -> list[str]:
    """Ways back with their labels. Several that end at one box are shifted, so that they do not cover each other."""
    lines: list[str] = []
    labels: list[str] = []
    ending: dict[str, int] = {}

    for arrow in diagram.arrows:
        if arrow.kind is ArrowKind.BACK:
            number = ending.get(arrow.end, 0)
            ending[arrow.end] = number + 1
            start, end = layout.boxes[arrow.start], layout.boxes[arrow.end]
            lines.append(_backward_line(arrow, _backward_path(start, end, number)))
            labels.append(_rounds_label(arrow, start))

    return lines + labels


def _backward_path(start: Place, end: Place, number: int) -> str:
    """A way through the gaps between rows and columns, never through a box or a label.

    `number` counts the ways back that end at the same box.
    """
    depth = 9 + 7 * (number % 3)
    x, y = _corner(start)
    end_x, end_y = _corner(end)
    bottom, end_bottom = y + HEIGHT, end_y + HEIGHT
    path = f"M{x + WIDTH / 2:g} {bottom:g} V{bottom + depth:g} "
    if start[1] != end[1]:
        gap = end_x + WIDTH + GAP_X / 2 - 4 * (number % 5)
        path += f"H{gap:g} V{end_bottom + depth:g} "

    return path + f"H{end_x + WIDTH / 2 + 14 * (number % 5):g} V{end_bottom + 1:g}"


def _backward_line(arrow: Arrow, path: str) -> str:
    """The path of a way back; its tooltip names both ends and the rounds."""
    colour, dashes = LINES[arrow.kind]
    tooltip = _safe(f"{arrow.start} → {arrow.end}: revise, at most {arrow.rounds}")
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-linejoin="round"{dashes} '
        f'marker-end="url(#head-{arrow.kind})"><title>{tooltip}</title></path>'
    )


def _rounds_label(arrow: Arrow, start: Place) -> str:
    """The number of rounds, below the box where a way back begins."""
    x, y = _corner(start)
    colour, _ = LINES[arrow.kind]
    place = f'x="{x + WIDTH / 2 + 6:g}" y="{y + HEIGHT + 13:g}"'
    return f'<text {place} font-size="10" fill="{colour}" {HALO}>≤ {arrow.rounds}</text>'
