"""A chart as pixels, for PNG. What it shows is in chart.py."""

from __future__ import annotations

import cv2
import numpy as np

from keepframe.cli.chart import Chart, Line, Panel
from keepframe.picture import Image

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1280, 200, 78, 20, 40, 34
SCORE, THRESHOLD, KEPT, LOST, FAULT = (
    (184, 104, 22),
    (0, 112, 208),
    (58, 128, 24),
    (205, 205, 240),
    (60, 60, 200),
)
GRID, INK = (222, 222, 222), (40, 40, 40)
"""BGR."""
_SHIFT = 4
"""OpenCV draws at sixteenths of a pixel."""


def to_pixels(chart: Chart) -> Image:
    """The chart as (H, W, 3) BGR, uint8, on white. Letters that OpenCV's font does not have are shown as "?"."""
    step = TOP + HEIGHT + BOTTOM
    image = np.full((len(chart.panels) * step + 10, WIDTH, 3), 255, np.uint8)
    for number, panel in enumerate(chart.panels):
        _draw(image[number * step :], panel, chart)
    return image


def _draw(image: Image, panel: Panel, chart: Chart) -> None:
    right, bottom = WIDTH - RIGHT, TOP + HEIGHT
    for begin, end in panel.lost:
        image[TOP:bottom, int(_x(begin)) : max(int(_x(begin)) + 1, int(_x(end)))] = LOST
    for y, label in panel.ticks:
        at = round(_y(y))
        cv2.line(image, (LEFT, at), (right, at), GRID, 1)
        _write(image, label, LEFT - 8, at + 5, align=1.0)
    for x, label in chart.ticks:
        at = round(_x(x))
        cv2.line(image, (at, TOP), (at, bottom), GRID, 1)
        _write(image, label, at, bottom + 22, align=0.5)
    for line in panel.scores:
        _polyline(image, line, SCORE, 1)
    for line in panel.thresholds:
        _polyline(image, line, THRESHOLD, 2)
    for x, y in panel.keeps:
        cv2.circle(image, (round(_x(x)), round(_y(y))), 4, KEPT, -1, cv2.LINE_AA)
    at = LEFT + _write(image, panel.camera, LEFT, TOP - 14, thick=2)
    for name, colour in (("score", SCORE), ("threshold", THRESHOLD), ("kept", KEPT), ("lost", FAULT)):
        at += 16 + _write(image, name, at + 16, TOP - 14, colour=colour)
    told = f"{panel.kept:,} of {panel.frames:,} kept, {chart.day}{', logarithmic' if panel.is_log else ''}"
    _write(image, told, right, TOP - 14, align=1.0)


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * HEIGHT


def _polyline(image: Image, line: Line, colour: tuple[int, int, int], thick: int) -> None:
    points = np.array([[_x(x), _y(y)] for x, y in line])
    if len(points) == 1:
        points = np.vstack([points, points + np.array([1, 0])])
    whole = np.rint(points * 2**_SHIFT).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(image, [whole], False, colour, thick, cv2.LINE_AA, _SHIFT)


def _write(
    image: Image,
    text: str,
    x: int,
    y: int,
    *,
    align: float = 0.0,
    thick: int = 1,
    colour: tuple[int, int, int] = INK,
) -> int:
    """align: how much of the text stands left of x. Returns its width."""
    text = text.encode("ascii", "replace").decode()
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, thick)
    at = max(0, min(WIDTH - width, round(x - align * width)))
    cv2.putText(image, text, (at, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thick, cv2.LINE_AA)
    return int(width)
