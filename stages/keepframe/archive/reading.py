"""
The account for people and scripts: rows, counts, events and positions, read while a pipeline may be writing.

Changes nothing. Whether the account is right is verify.py's question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from keepframe.archive.catalogue import Catalogue
from keepframe.archive.row import COLUMNS, Row, plain
from keepframe.clock import iso
from keepframe.frame import OUTCOMES, START, Outcome, Position

Counts = dict[str, int]
"""Frames by outcome, with "captured" for all of them, in the order people read them."""
NAMED = 5
"""So many cameras an error names."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One unbroken run of a camera's pictures, as the account knows it."""

    camera: str
    stream: int
    frames: int | None
    """How many it has; None while it has no end."""
    reason: str
    """Why it ended: "" by itself, "again", "store-lost"; of a live camera "lost", "resized", "clock"."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened beside the account, such as a stage that started a camera fresh."""

    time_ns: int
    camera: str
    kind: str
    text: str

    def to_json(self) -> dict[str, Any]:
        """The event for scripts."""
        return {"time": iso(self.time_ns), "camera": self.camera, "kind": self.kind, "text": self.text}


class Reader:
    """
    An archive opened for reading. Use it in a `with`.

    Raises FileNotFoundError for a folder without an archive, RuntimeError for one of a newer keepframe or a damaged catalogue.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.catalogue = Catalogue(self.folder)

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Close it."""
        self.catalogue.close()

    def kept(self) -> list[Row]:
        """The kept frames (and parts of frames) whose picture is there, by camera, time and seq."""
        return self._rows("outcome = 'kept' AND file IS NOT NULL AND gone IS NULL")

    def rows(self) -> list[Row]:
        """Every row, by camera, time and seq: frames, runs of drops, parts of frames."""
        return self._rows("1")

    def after(self, camera: str, at: Position) -> list[Row]:
        """
        The rows of a camera that come after this position, in the order of its account, without those of parts.

        Read again with the last one's position, this is how an account is followed while it grows.
        """
        found = self.catalogue.rows(
            f"SELECT {_COLUMNS} FROM frame WHERE camera = ? AND (stream, seq) > (?, ?) AND part = ''"  # noqa: S608 - ours
            " ORDER BY stream, seq",
            camera,
            *at,
        )
        return [Row.from_columns(columns) for columns in found]

    def find(self, name: str | Path) -> Row:
        """
        The row of a frame named CAMERA/STREAM/SEQ (or …/PART), or of a kept file: relative to the archive, or any path to it.

        A position within a run of drops finds the run. Raises LookupError if there is none.
        """
        text = plain(str(name))
        found = self._by_position(text) or self._rows("file = ?", text) or self._by_path(Path(name))
        if not found:
            raise LookupError(
                f"{self.folder}: no frame or file {text!r}; {self._newest()}expected CAMERA/STREAM/SEQ or a kept file, see `keepframe list {self.folder} --all`"
            )
        return found[0]

    def parts(self, row: Row) -> list[Row]:
        """The rows of the parts of a frame, if a stage made several of it."""
        return self._rows(
            "camera = ? AND stream = ? AND seq = ? AND part <> ''", plain(row.camera), row.stream, row.seq
        )

    def counts(
        self, *, since_commit: int = 0, streams: Collection[tuple[str, int]] | None = None
    ) -> dict[str, Counts]:
        """
        How many frames of each camera had which outcome, as {camera: {"captured": 8, "kept": 1, …}}; parts are not counted.

        since_commit: only streams that grew or ended after this commit (`newest_commit` before a run), each counted as a whole.
        streams: only these, as (camera, stream).
        """
        found = self.catalogue.rows(
            'SELECT camera, stream, outcome, sum("count") FROM frame JOIN stream USING (camera, stream)'
            " WHERE part = '' AND last_commit > ? GROUP BY camera, stream, outcome ORDER BY camera",
            since_commit,
        )
        return _summed(
            (camera, outcome, count)
            for camera, stream, outcome, count in found
            if streams is None or (camera, stream) in streams
        )

    def counts_behind(self, positions: Mapping[str, Position]) -> dict[str, Counts]:
        """What counts() tells, of the frames alone that come behind these positions, by camera; of a camera without one, of all."""
        return _summed(
            (camera, outcome, count)
            for camera in self.committed()
            for outcome, count in self.catalogue.rows(
                "SELECT outcome, sum(\"count\") FROM frame WHERE camera = ? AND (stream, seq) > (?, ?) AND part = '' GROUP BY outcome",
                camera,
                *positions.get(camera, START),
            )
        )

    def newest_commit(self) -> int:
        """How many marks have been committed so far; what comes later has a greater number."""
        (number,) = self.catalogue.one("SELECT commits FROM archive") or (0,)
        return int(number)

    def biggest_change(
        self, *, since_commit: int = 0, behind: Mapping[str, Position] = MappingProxyType({})
    ) -> Row | None:
        """
        The kept frame whose deciding score was farthest above its threshold; None if nothing was held against one.

        Which score decided is the one noted as "score"; without that note, the greatest. since_commit: of streams that grew after this
        commit. behind: and only behind these positions, by camera.
        """
        found = self._rows(
            "outcome = 'kept' AND file IS NOT NULL AND threshold > 0 AND (camera, stream) IN"
            " (SELECT camera, stream FROM stream WHERE last_commit > ?)",
            since_commit,
        )
        scored = [
            (score / (row.threshold or 1), row)
            for row in found
            if row.at > behind.get(row.camera, START) and (score := row.deciding_score) is not None
        ]
        return max(scored, key=lambda pair: pair[0])[1] if scored else None

    def example(self, outcome: Outcome, *, since_commit: int = 0) -> Row | None:
        """The first frame with this outcome, of streams that grew after this commit; None if there is none."""
        found = self.catalogue.one(
            f"SELECT {_COLUMNS} FROM frame WHERE outcome = ? AND part = '' AND (camera, stream) IN"  # noqa: S608 - ours
            " (SELECT camera, stream FROM stream WHERE last_commit > ?) ORDER BY camera, stream, seq LIMIT 1",
            outcome,
            since_commit,
        )
        return Row.from_columns(found) if found is not None else None

    def streams(self) -> list[Stream]:
        """Every stream, by camera and number."""
        return [
            Stream(*columns)
            for columns in self.catalogue.rows(
                "SELECT camera, stream, frames, reason FROM stream ORDER BY camera, stream"
            )
        ]

    def committed(self) -> dict[str, Position]:
        """Up to which position everything is settled, by camera; (-1, -1) before the first frame."""
        found = self.catalogue.rows("SELECT camera, stream, seq FROM camera ORDER BY camera")
        return {camera: (stream, seq) for camera, stream, seq in found}

    def events(self, camera: str | None = None) -> list[Event]:
        """What happened beside the account, oldest first; of one camera only if asked for."""
        found = self.catalogue.rows(
            "SELECT time_ns, camera, kind, text FROM event WHERE ?1 IS NULL OR camera = ?1 ORDER BY id",
            camera,
        )
        return [Event(*columns) for columns in found]

    def _rows(self, condition: str, *values: object) -> list[Row]:
        found = self.catalogue.rows(
            f"SELECT {_COLUMNS} FROM frame WHERE {condition} ORDER BY camera, time_ns, seq, stream, part",  # noqa: S608 - ours
            *values,
        )
        return [Row.from_columns(columns) for columns in found]

    def _newest(self) -> str:
        """The newest frame of each camera, for whoever has asked for one that is not there."""
        found = self.catalogue.rows(
            "SELECT camera, stream, max(seq + \"count\" - 1) FROM frame WHERE part = '' GROUP BY camera, stream ORDER BY camera, stream"
        )
        newest = list({camera: f"{camera}/{stream}/{seq}" for camera, stream, seq in found}.values())
        more = ", …" if len(newest) > NAMED else ""
        return f"the newest: {', '.join(newest[:NAMED])}{more}; " if newest else ""

    def _by_position(self, text: str) -> list[Row]:
        parts = text.split("/")
        for split in (
            len(parts) - 2,
            len(parts) - 3,
        ):  # with a part and without; a camera's name may hold a "/"
            numbers = parts[split : split + 2]
            if split >= 1 and all(
                number.isascii() and number.isdigit() and len(number) < 19 for number in numbers
            ):
                camera, part = "/".join(parts[:split]), "/".join(parts[split + 2 :])
                found = self._rows(
                    'camera = ?1 AND stream = ?2 AND seq <= ?3 AND seq + "count" > ?3 AND part = ?4'
                    " AND seq = (SELECT max(seq) FROM frame WHERE camera = ?1 AND stream = ?2 AND seq <= ?3)",
                    camera,
                    *map(int, numbers),
                    part,
                )
                if found:
                    return found
        return []

    def _by_path(self, path: Path) -> list[Row]:
        try:
            inside = path.resolve().relative_to(self.folder.resolve())
        except (ValueError, OSError, RuntimeError):
            return []
        return self._rows("file = ?", plain(inside.as_posix()))


def _summed(found: Iterable[tuple[str, str, int]]) -> dict[str, Counts]:
    """By camera, from (camera, outcome, how many)."""
    counts: dict[str, Counts] = {}
    for camera, outcome, count in found:
        of_camera = counts.setdefault(camera, dict.fromkeys(("captured", *OUTCOMES), 0))
        of_camera["captured"] += count
        of_camera[outcome] += count
    return counts


_COLUMNS = ", ".join(f'"{column}"' for column in COLUMNS)
