"""A chart in a terminal, in braille dots. What it shows is in chart.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from keepframe.cli.chart import Chart, Line, Panel

ROWS = 8
LEFT = 8
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of a braille character, from the top: left, right."""
Paint = Callable[[str, str], str]
"""(text, "score", "threshold", "kept" or "lost") to the text as the terminal shall show it."""


def to_text(chart: Chart, width: int, paint: Paint = lambda text, _: text) -> Iterator[str]:
    """The lines of a chart, `width` characters wide at most."""
    for panel in chart.panels:
        yield from _panel(panel, chart, max(10, width - LEFT - 1), paint)


def _panel(panel: Panel, chart: Chart, wide: int, paint: Paint) -> Iterator[str]:
    scores, thresholds = _dotted(panel.scores, wide), _dotted(panel.thresholds, wide)
    labels = {min(ROWS - 1, int((1 - y) * ROWS)): label for y, label in panel.ticks}
    scale = ", logarithmic" if panel.is_log else ""
    yield f"{panel.camera}: {panel.kept:,} of {panel.frames:,} kept, {chart.day}{scale}"
    for row in range(ROWS):
        cells = []
        for column in range(wide):
            over, under = scores.get((row, column), 0), thresholds.get((row, column), 0)
            kind = "score" if over else "threshold"
            cells.append(paint(chr(0x2800 + (over or under)), kind) if over or under else " ")
        yield f"{labels.get(row, ''):>{LEFT - 1}} {''.join(cells)}".rstrip()
    marks = [" "] * wide
    for begin, end in panel.lost:
        for column in range(int(begin * wide), max(int(begin * wide) + 1, int(end * wide))):
            marks[min(wide - 1, column)] = paint("×", "lost")
    for x, _ in panel.keeps:
        marks[min(wide - 1, int(x * wide))] = paint("▲", "kept")
    yield f"{'kept':>{LEFT - 1}} {''.join(marks)}".rstrip()
    yield " " * LEFT + _times(chart, wide)
    yield ""


def _dotted(lines: list[Line], wide: int) -> dict[tuple[int, int], int]:
    """Which dots of which character, by (row, column), lie on the lines."""
    cells: dict[tuple[int, int], int] = {}
    right, bottom = 2 * wide - 1, 4 * ROWS - 1
    for line in lines:
        points = [(x * right, (1 - y) * bottom) for x, y in line]
        for (x, y), (next_x, next_y) in pairwise(points if len(points) > 1 else points * 2):
            steps = max(1, round(max(abs(next_x - x), abs(next_y - y))))
            for n in range(steps + 1):
                column, row = round(x + (next_x - x) * n / steps), round(y + (next_y - y) * n / steps)
                cell = row // 4, column // 2
                cells[cell] = cells.get(cell, 0) | _DOTS[row % 4][column % 2]
    return cells


def _times(chart: Chart, wide: int) -> str:
    line = [" "] * wide
    end = -2
    for x, label in chart.ticks:
        at = min(wide - len(label), max(0, round(x * wide) - len(label) // 2))
        if at > end + 1:
            line[at : at + len(label)] = label
            end = at + len(label)
    return "".join(line).rstrip()
