"""Line drawings as SVG, for figures that are measured here: both axes are logarithmic."""

from __future__ import annotations

import math

COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf")


def panel(at: tuple[int, int], title: str, lines: dict[str, list[tuple[float, float]]]) -> list[str]:
    """One drawing of 300 by 220 with both axes logarithmic, whole powers of ten marked."""
    left, top, width, height = at[0] + 46, at[1] + 24, 240, 150
    points = [point for line in lines.values() for point in line]
    low = [math.floor(math.log10(max(min(point[side] for point in points), 1))) for side in (0, 1)]
    high = [math.ceil(math.log10(max(point[side] for point in points)) + 1e-9) for side in (0, 1)]

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low[0]) / (high[0] - low[0] or 1)
        up = (math.log10(max(y, 1)) - low[1]) / (high[1] - low[1] or 1)
        return left + across * width, top + height - up * height

    drawn = [f'<text x="{left}" y="{top - 8}" font-weight="bold">{title}</text>']
    drawn.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888"/>')
    for power in range(low[0], high[0] + 1):
        drawn.append(
            f'<text x="{place(10**power, 1)[0]:.0f}" y="{top + height + 14}" text-anchor="middle">{10**power:,}</text>'
        )
    for power in range(low[1], high[1] + 1):
        y = place(10 ** low[0], 10**power)[1]
        drawn.append(f'<text x="{left - 4}" y="{y + 4:.0f}" text-anchor="end">{10**power:,}</text>')
        drawn.append(f'<path d="M{left} {y:.0f}h{width}" stroke="#ddd"/>')
    for color, line in zip(COLORS, lines.values(), strict=False):
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        drawn.append(f'<polyline points="{way}" fill="none" stroke="{color}" stroke-width="2"/>')
    return drawn


def drawing(panels: list[str], names: list[str], size: tuple[int, int]) -> str:
    """A picture of this width and height: the panels, and below them the name of each line beside its color."""
    width, height = size
    drawn = list(panels)
    for number, (name, color) in enumerate(zip(names, COLORS, strict=False)):
        x, y = 46 + number * 110, height + 14
        drawn.append(
            f'<path d="M{x} {y - 4}h16" stroke="{color}" stroke-width="3"/><text x="{x + 20}" y="{y}">{name}</text>'
        )
    area = f'width="{width}" height="{height + 24}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {area} font-family="sans-serif" font-size="11">'
    return "\n".join((head, '<rect width="100%" height="100%" fill="white"/>', *drawn, "</svg>\n"))
