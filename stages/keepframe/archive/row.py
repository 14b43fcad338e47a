"""
A row of the account as a value, and as it is written for scripts.

Where rows are stored is the catalogue's business; which rows a commit makes is the archive's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, cast

from keepframe.clock import NS, iso
from keepframe.frame import Frame, Note, Outcome, Position

MAX_INT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    What the account says about a frame, a run of drops or a part of a frame; schema.py explains every column.

    >>> Row(camera="lobby", stream=0, seq=7, outcome="unchanged", time_ns=0).name
    'lobby/0/7'
    """

    camera: str
    stream: int
    seq: int
    part: str = ""
    count: int = 1
    parts: int = 0
    outcome: Outcome
    reason: str = ""
    threshold: float | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    notes: Mapping[str, Note] = field(default_factory=dict)
    time_ns: int
    media_ns: int | None = None
    source: str = ""
    index: int | None = None
    file: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    height: int | None = None
    width: int | None = None
    is_original: bool | None = None
    gone: str | None = None

    @property
    def at(self) -> Position:
        """Its (first) position."""
        return self.stream, self.seq

    @property
    def name(self) -> str:
        """How people and commands name it: CAMERA/STREAM/SEQ, with /PART for a part."""
        return f"{self.camera}/{self.stream}/{self.seq}" + (f"/{self.part}" if self.part else "")

    @property
    def deciding_score(self) -> float | None:
        """The score that was held against the threshold: the one noted as "score"; without that note, the greatest."""
        named = self.scores.get(str(self.notes.get("score", "")))
        known = [score for score in self.scores.values() if score is not None]
        return named if named is not None else max(known, default=None)

    @property
    def fault(self) -> str:
        """What was wrong with a rejected or failed frame, in as many words as there are."""
        return str(self.notes.get("error", self.reason))

    def to_columns(self) -> tuple[Any, ...]:
        """The values for COLUMNS, as the catalogue stores them."""
        return tuple([v if type(v) in _AS_THEY_ARE else _stored(v) for v in _values(self)])

    @classmethod
    def from_columns(cls, values: Sequence[Any]) -> Row:
        """The row of the values of COLUMNS."""
        known = dict(zip(COLUMNS, values, strict=True))
        known["scores"], known["notes"] = json.loads(known["scores"]), json.loads(known["notes"])
        if known["is_original"] is not None:
            known["is_original"] = bool(known["is_original"])
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """
        The row for scripts: `stream`, `seq` and `index` count from 0, `time` is ISO 8601 in UTC; what is unknown is absent.

        >>> Row(camera="a", stream=0, seq=1, outcome="filtered", time_ns=0).to_json()["time"]
        '1970-01-01T00:00:00.000Z'
        """
        told: dict[str, Any] = {
            "camera": self.camera,
            "stream": self.stream,
            "seq": self.seq,
            "part": self.part or None,
            "count": self.count if self.count > 1 else None,
            "parts": self.parts or None,
            "outcome": self.outcome,
            "reason": self.reason,
            "index": self.index,
            "time": iso(self.time_ns),
            "media_seconds": None if self.media_ns is None else self.media_ns / NS,
            "source": self.source or None,
            "threshold": self.threshold,
            "scores": dict(self.scores),
            "notes": dict(self.notes) or None,
            "file": self.file,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "height": self.height,
            "width": self.width,
            "is_original": self.is_original,
            "gone": self.gone,
        }
        return {key: value for key, value in told.items() if value is not None}


COLUMNS: tuple[str, ...] = tuple(column.name for column in fields(Row))
"""In the order of the catalogue's statements."""
_values = attrgetter(*COLUMNS)


def row_of(frame: Frame) -> Row:
    """
    The row of a settled frame, without a picture's columns. An outcome still open counts as kept, reason "passed".

    A number that does not fit into 64 bits makes the frame `failed`, and the row says which.
    """
    wrong = [name for name in ("time_ns", "media_ns", "index") if not _fits(getattr(frame, name))]
    outcome, reason = cast("Outcome", frame.outcome or "kept"), frame.reason
    if wrong:
        outcome, reason = (
            "failed",
            f"archive: {wrong[0]} {getattr(frame, wrong[0])} does not fit into 64 bits",
        )
    elif not reason and frame.outcome is None:
        reason = "passed"
    return Row(
        camera=frame.camera,
        stream=frame.stream,
        seq=frame.seq,
        part=frame.part,
        outcome=outcome,
        reason=reason,
        threshold=frame.threshold,
        scores={name: float(value) if math.isfinite(value) else None for name, value in frame.scores.items()},
        notes=dict(frame.notes),
        time_ns=0 if "time_ns" in wrong else frame.time_ns,
        media_ns=None if "media_ns" in wrong else frame.media_ns,
        source=frame.source,
        index=None if "index" in wrong else frame.index,
    )


def plain(text: str) -> str:
    r"""
    The text with what UTF-8 cannot say (a file name's raw bytes) written out as an escape.

    >>> plain("b\udcfcro")
    'b\\udcfcro'
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _fits(number: int | None) -> bool:
    return number is None or -MAX_INT <= number <= MAX_INT


_JSON = json.JSONEncoder(default=str).encode


_AS_THEY_ARE = {type(None), int, float, bool}
"""Two of three values; asking whether one is a Mapping takes ten times as long as looking here."""


def _stored(value: object) -> object:
    if isinstance(value, str):
        return plain(value)
    return _JSON(dict(value)) if isinstance(value, Mapping) else value
