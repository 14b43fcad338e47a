"""
Does the account balance? Asked of the catalogue alone, in a handful of statements whatever its size.

Whether the kept pictures are there is verify.py's question.
"""

from __future__ import annotations

from collections.abc import Iterator

from keepframe.archive.catalogue import Catalogue
from keepframe.frame import STRENGTH


def imbalances(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """
    Where rows and streams do not add up, as (where, what is wrong).

    The rows of a stream cover 0 to its last seq without hole or overlap; a stream with an end has as many; every stream but a
    camera's newest has one; a camera's committed position is its newest stream's last; a frame's parts are all there.
    """
    yield from _holes(catalogue)
    yield from _ends(catalogue)
    yield from _positions(catalogue)
    yield from _parts(catalogue)


def _holes(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    found = catalogue.rows(
        "SELECT camera, stream, seq, before FROM (SELECT camera, stream, seq,"
        ' lag(seq + "count", 1, 0) OVER (PARTITION BY camera, stream ORDER BY seq) AS before'
        " FROM frame WHERE part = '') WHERE seq <> before ORDER BY camera, stream, seq"
    )
    for camera, stream, seq, before in found:
        what = (
            f"no rows for {before} to {seq - 1}"
            if seq > before
            else f"rows overlap from {seq} to {before - 1}"
        )
        yield f"{camera}/{stream}", what


def _ends(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    found = catalogue.rows(
        'SELECT s.camera, s.stream, s.frames, coalesce(max(f.seq + f."count"), 0),'
        " s.stream < max(s.stream) OVER (PARTITION BY s.camera)"
        " FROM stream s LEFT JOIN frame f ON f.camera = s.camera AND f.stream = s.stream AND f.part = ''"
        " GROUP BY s.camera, s.stream ORDER BY s.camera, s.stream"
    )
    for camera, stream, frames, rows, is_older in found:
        if frames is None and is_older:
            yield f"{camera}/{stream}", "it has no end although a newer stream has begun"
        elif frames is not None and frames != rows:
            yield f"{camera}/{stream}", f"it ended with {frames} frames, its rows cover {rows}"


def _positions(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    found = catalogue.rows(
        "SELECT c.camera, c.stream, c.seq, coalesce(s.stream, -1), coalesce(s.frames,"
        " (SELECT max(seq + \"count\") - 1 FROM frame f WHERE f.camera = s.camera AND f.stream = s.stream AND part = ''), -1)"
        " FROM camera c LEFT JOIN stream s ON s.camera = c.camera"
        " AND s.stream = (SELECT max(stream) FROM stream n WHERE n.camera = c.camera) ORDER BY c.camera"
    )
    for camera, stream, seq, last_stream, last_seq in found:
        if (stream, seq) != (last_stream, last_seq):
            yield camera, f"committed up to {stream}/{seq}, the rows reach to {last_stream}/{last_seq}"


def _parts(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    parents = catalogue.rows("SELECT camera, stream, seq, parts, outcome FROM frame WHERE parts > 0")
    for camera, stream, seq, parts, outcome in parents:
        found = catalogue.rows(
            "SELECT outcome FROM frame WHERE camera = ? AND stream = ? AND seq = ? AND part <> ''",
            camera,
            stream,
            seq,
        )
        if len(found) != parts:
            yield f"{camera}/{stream}/{seq}", f"it has {parts} parts, there are rows of {len(found)}"
        elif STRENGTH.index(outcome) < max(STRENGTH.index(of_part) for (of_part,) in found):
            yield f"{camera}/{stream}/{seq}", f"it is {outcome}, one of its parts is more"
    orphans = catalogue.rows(
        "SELECT camera, stream, seq, part FROM frame p WHERE part <> '' AND NOT EXISTS (SELECT 1 FROM frame f"
        " WHERE f.camera = p.camera AND f.stream = p.stream AND f.seq = p.seq AND f.part = '' AND f.parts > 0)"
    )
    for camera, stream, seq, part in orphans:
        yield f"{camera}/{stream}/{seq}/{part}", "a part without its frame"
