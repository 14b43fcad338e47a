"""A chart as SVG: small, sharp at any size, light or dark as the reader's machine is. What it shows is in chart.py."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from keepframe.cli.chart import Chart, Line, Panel

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 150, 58, 14, 30, 26
"""Of the whole, of one panel's square, and around it."""
KEY = ("score", "threshold", "kept", "lost")
STYLE = """
  svg { font: 12px system-ui, sans-serif; background: #fff; color: #222 }
  text { fill: currentColor } tspan.score { fill: #1668b8; stroke: none } tspan.threshold { fill: #d07000; stroke: none }
  .grid { stroke: #8884; stroke-width: 1 } rect.lost { fill: #c336 } tspan.lost { fill: #c33 }
  path.score { fill: none; stroke: #1668b8; stroke-width: 1 } path.threshold { fill: none; stroke: #d07000; stroke-width: 1.5 }
  .kept { fill: #18803a }
  @media (prefers-color-scheme: dark) { svg { background: #16181b; color: #ddd } path.score { stroke: #6cb4ff } tspan.score { fill: #6cb4ff } tspan.threshold { fill: #ffa83d } path.threshold { stroke: #ffa83d } .kept { fill: #53d77e } }
"""


def to_svg(chart: Chart) -> str:
    """The chart as a document of its own."""
    height = len(chart.panels) * (TOP + HEIGHT + BOTTOM) + 16
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>Scores of {escape(', '.join(panel.camera for panel in chart.panels))}, {chart.day}</title>",
        f"<style>{STYLE}</style>",
    ]
    for number, panel in enumerate(chart.panels):
        lines.append(f'<g transform="translate({LEFT} {number * (TOP + HEIGHT + BOTTOM) + TOP})">')
        lines += _panel(panel, chart)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel, chart: Chart) -> Iterator[str]:
    wide = WIDTH - LEFT - RIGHT
    names = "".join(f'<tspan class="{name}" dx="12">{name}</tspan>' for name in KEY)
    yield f'<text x="0" y="-12"><tspan font-weight="600">{escape(panel.camera)}</tspan>{names}</text>'
    told = f"{panel.kept:,} of {panel.frames:,} kept, {chart.day}{', logarithmic' if panel.is_log else ''}"
    yield f'<text x="{wide}" y="-12" text-anchor="end">{told}</text>'
    for begin, end in panel.lost:
        yield f'<rect class="lost" x="{begin * wide:.1f}" y="0" width="{max(1.0, (end - begin) * wide):.1f}" height="{HEIGHT}"/>'
    for y, label in panel.ticks:
        at = (1 - y) * HEIGHT
        yield f'<path class="grid" d="M0 {at:.1f}H{wide}"/><text x="-6" y="{at + 4:.1f}" text-anchor="end">{label}</text>'
    for x, label in chart.ticks:
        at = x * wide
        yield f'<path class="grid" d="M{at:.1f} 0V{HEIGHT}"/><text x="{at:.1f}" y="{HEIGHT + 17}" text-anchor="middle">{label}</text>'
    for name, paths in (("score", panel.scores), ("threshold", panel.thresholds)):
        for line in paths:
            yield f'<path class="{name}" d="{_path(line, wide)}"/>'
    for x, y in panel.keeps:
        yield f'<circle class="kept" cx="{x * wide:.1f}" cy="{(1 - y) * HEIGHT:.1f}" r="2.5"/>'


def _path(line: Line, wide: float) -> str:
    points = [f"{x * wide:.1f} {(1 - y) * HEIGHT:.1f}" for x, y in line]
    return f"M{points[0]}h1" if len(points) == 1 else "M" + "L".join(points)
