"""
Which rows of an archive a verb looks at: of some cameras, of the newest hours.

What they tell is the verbs' business (why, plot, replay).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from keepframe.archive import Row
from keepframe.capture.interval import interval_ns


def chosen(rows: Sequence[Row], camera: str | None, folder: Path) -> list[Row]:
    """The rows of one camera, or all of them. Raises LookupError for a camera that the archive does not know."""
    if camera is None:
        return list(rows)
    found = [row for row in rows if row.camera == camera]
    if not found:
        known = ", ".join(sorted({row.camera for row in rows})) or "none yet"
        raise LookupError(f"{folder}: no camera {camera!r}; known: {known}")
    return found


def newest(rows: Sequence[Row], last: str | None) -> list[Row]:
    """
    Of each camera the rows of its newest so many hours, by the pictures' own times; all of them if `last` is None.

    Raises ValueError for what is no duration.

    >>> rows = [Row(camera="a", stream=0, seq=n, outcome="unchanged", time_ns=n * 10**9) for n in range(9)]
    >>> [row.seq for row in newest(rows, "2s")]
    [6, 7, 8]
    """
    try:
        span_ns = interval_ns(last)
    except ValueError as error:
        raise ValueError(str(error).replace("every:", "--last:")) from error
    if span_ns is None:
        return list(rows)
    found: list[Row] = []
    for _, group in groupby(rows, key=lambda row: row.camera):
        of_camera = list(group)
        end_ns = max(row.time_ns for row in of_camera)
        found += [row for row in of_camera if row.time_ns >= end_ns - span_ns]
    return found
