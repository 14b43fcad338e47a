"""
Scores, thresholds and keeps over time as lines in a unit square: what a plot shows, whatever draws it.

No pixels here: drawing is in chart_svg.py, chart_png.py and chart_text.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise
from statistics import median
from typing import Literal

from keepframe.archive import Row
from keepframe.clock import NS

Point = tuple[float, float]
"""(x, y), both from 0 to 1: left to right, bottom to top."""
Line = list[Point]
Scale = Literal["auto", "linear", "log"]

GAP = 5.0
"""Times the usual interval: further apart, two frames are not joined by a line."""
SPREAD = 50.0
"""Times the usual score: if the largest is higher, the axis is logarithmic."""
DECADES = 4
"""Of a logarithmic axis at most, from the top."""
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Panel:
    """
    One camera. scores, thresholds: lines with at most four points in a column. keeps: where frames were kept; y 0 for one without a score.

    lost: stretches (from x to x) of frames that were dropped, rejected or failed. ticks: (y, label).
    """

    camera: str
    scores: list[Line]
    thresholds: list[Line]
    keeps: Line
    lost: list[tuple[float, float]]
    ticks: list[tuple[float, str]]
    is_log: bool
    frames: int
    kept: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels over one time axis. ticks: (x, label); day: what the labels leave out."""

    panels: list[Panel]
    ticks: list[tuple[float, str]]
    day: str


def chart(rows: Sequence[Row], columns: int, moments: int = 10, scale: Scale = "auto") -> Chart:
    """
    The chart of an archive's rows (by camera and time; parts are left out), for a drawing so many columns wide with so many times below it.

    Raises ValueError if there is nothing to draw.
    """
    whole = [row for row in rows if not row.part]
    if not whole:
        raise ValueError("nothing to plot: no frame was seen")
    begin = min(row.time_ns for row in whole)
    end = max(begin + 1, *(row.time_ns for row in whole))
    panels = [
        _panel(camera, list(of), begin, end, columns, scale)
        for camera, of in groupby(whole, key=lambda row: row.camera)
    ]
    ticks = _time_ticks(begin, end, moments)
    first, last = (datetime.fromtimestamp(t / NS, UTC).date().isoformat() for t in (begin, end))
    return Chart(panels, ticks, f"{first} UTC" if first == last else f"{first} to {last} UTC")


def _panel(camera: str, rows: list[Row], begin: int, end: int, columns: int, scale: Scale) -> Panel:
    scored = [(row, score) for row in rows if (score := row.deciding_score) is not None]
    held = [
        (row, row.threshold)
        for row, _ in scored
        if row.threshold is not None and math.isfinite(row.threshold)
    ]
    values = [score for _, score in scored]
    top = max([*values, *(threshold for _, threshold in held)], default=1.0) * 1.05 or 1.0
    positive = [value for value in values if value > 0]
    is_log = scale == "log" or (scale == "auto" and bool(positive) and top > SPREAD * median(positive))
    bottom = max(min(positive, default=top / 10), top / 10**DECADES) / 1.5 if is_log else 0.0

    def x(time_ns: int) -> float:
        return (time_ns - begin) / (end - begin)

    def y(value: float) -> float:
        if not is_log:
            return min(1.0, max(0.0, value / top))
        return min(1.0, max(0.0, math.log(max(value, bottom) / bottom) / math.log(top / bottom)))

    scores = {(row.stream, row.seq): score for row, score in scored}
    kept = [row for row in rows if row.outcome == "kept"]
    keeps = [(x(row.time_ns), y(scores.get((row.stream, row.seq), 0.0))) for row in kept]
    lost = [x(row.time_ns) for row in rows if row.outcome in {"dropped", "rejected", "failed"}]
    return Panel(
        camera,
        [thinned(line, columns) for line in _lines([(x(row.time_ns), y(score)) for row, score in scored])],
        [thinned(line, columns) for line in _lines([(x(row.time_ns), y(value)) for row, value in held])],
        sorted({(round(at * columns) / columns, round(height, 2)) for at, height in keeps}),
        _stretches(lost, columns),
        [(y(value), f"{value:g}") for value in _values(bottom, top, is_log=is_log)],
        is_log,
        sum(row.count for row in rows),
        len(kept),
    )


def thinned(line: Line, columns: int) -> Line:
    """
    A line that looks the same in so many columns: of each column the first, the lowest, the highest and the last point.

    Source: M4, Jugel, Jerzak, Hackenbroich and Markl 2014, https://doi.org/10.14778/2732951.2732953

    >>> thinned([(n / 1000, n % 7 / 7) for n in range(1000)], 2)[:2]
    [(0.0, 0.0), (0.006, 0.8571428571428571)]
    """
    found: Line = []
    for _, group in groupby(line, key=lambda point: min(columns - 1, int(point[0] * columns))):
        points = list(group)
        low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
        found += sorted({points[0], low, high, points[-1]})
    return found


def _lines(points: Line) -> list[Line]:
    """Broken where frames are missing."""
    if len(points) < 2:
        return [points] if points else []
    gaps = [b[0] - a[0] for a, b in pairwise(points)]
    longest = GAP * median(gaps) if any(gaps) else 1.0
    lines: list[Line] = [[points[0]]]
    for point, gap in zip(points[1:], gaps, strict=True):
        if gap > longest > 0:
            lines.append([])
        lines[-1].append(point)
    return lines


def _stretches(places: Sequence[float], columns: int) -> list[tuple[float, float]]:
    """Columns in which something lies, neighbours joined."""
    found: list[tuple[float, float]] = []
    for column in sorted({min(columns - 1, int(place * columns)) for place in places}):
        if found and abs(found[-1][1] - column / columns) < 0.5 / columns:
            found[-1] = found[-1][0], (column + 1) / columns
        else:
            found.append((column / columns, (column + 1) / columns))
    return found


def _values(bottom: float, top: float, *, is_log: bool) -> list[float]:
    """Round numbers for the axis of the scores."""
    if is_log:
        powers = range(math.ceil(math.log10(bottom)), math.floor(math.log10(top)) + 1)
        return [10.0**power for power in powers] or [round(top / 1.05, 3)]
    step = 10 ** math.floor(math.log10(top / 2))
    step = next(step * factor for factor in (1, 2, 5, 10) if top / (step * factor) < 5)
    return [round(n * step, 12) for n in range(int(top / step) + 1)]


def _time_ticks(begin: int, end: int, most: int) -> list[tuple[float, str]]:
    """Round moments, at most so many, with as much of the time as they need."""
    span_s = (end - begin) / NS
    step = next((s for s in STEPS_S if span_s / s <= most), STEPS_S[-1]) * NS
    form = "%m-%d" if step >= 86400 * NS else "%H:%M" if step >= 60 * NS else "%H:%M:%S"
    first = -(-begin // step) * step
    moments = range(first, end + 1, step)
    return [
        ((m - begin) / (end - begin), datetime.fromtimestamp(m / NS, UTC).strftime(form)) for m in moments
    ]
