"""
The value that moves: a frame, what was decided about it, and the item that stands for it on the way.

How pixels are stored is the picture's business, how a frame travels is the wire's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from keepframe.picture import Image, Picture, read_only

Position = tuple[int, int]
"""(stream, seq): the streams of a camera are ordered by a growing number, each counts from 0."""

START: Position = (-1, -1)
"""Before everything: nothing is committed."""

Outcome = Literal["kept", "unchanged", "filtered", "rejected", "dropped", "failed"]
Decision = Literal["kept", "unchanged", "filtered", "rejected", "dropped", "failed", "end"]
"""An outcome, or the end of a stream, which travels and is committed like a frame."""

OUTCOMES: tuple[Outcome, ...] = ("kept", "unchanged", "filtered", "rejected", "dropped", "failed")
STRENGTH: tuple[Decision, ...] = ("filtered", "unchanged", "dropped", "rejected", "failed", "kept", "end")
"""Of several outcomes of one frame the strongest counts; weakest first."""

Note = str | int | float | bool
_NOTES = (str, int, float, bool)
_NUMBERS = (int, float, np.integer, np.floating)
_EMPTY: Mapping[str, float] = MappingProxyType({})
_NO_NOTES: Mapping[str, Note] = MappingProxyType({})
_WITHOUT_PIXELS: dict[str, Any] = {"picture": None, "working": None}


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """
    One moment of one camera: its name in the account, its time, its picture, and what the stages noted.

    A frame is never changed; `with_…` gives a new one. A source yields frames with a picture and what it knows, the engine
    stamps the rest.

    >>> frame = Frame(camera="lobby", working=np.zeros((2, 3), np.uint8)).with_score("ssim", 0.25)
    >>> frame.image.shape, dict(frame.scores)
    ((2, 3), {'ssim': 0.25})
    """

    camera: str = ""
    stream: int = 0
    seq: int = 0
    part: str = ""
    """Which child of a frame that a stage made several of: "0", "1", "0.1" …; empty for the frame itself."""
    time_ns: int = 0
    """When it was captured, nanoseconds since 1970-01-01 UTC; 0 until the engine has stamped it."""
    picture: Picture | None = None
    """As captured; no stage changes it."""
    working: Image | None = None
    """The image the stages work on, once one has made it: (H, W) or (H, W, 3) BGR, uint8, read-only."""
    scores: Mapping[str, float] = field(default_factory=lambda: _EMPTY)
    notes: Mapping[str, Note] = field(default_factory=lambda: _NO_NOTES)
    outcome: Decision | None = None
    """Set as soon as it is decided; then it goes on as a header without pixels. None at the archive means kept."""
    reason: str = ""
    threshold: float | None = None
    """What the deciding score was held against."""
    source: str = ""
    """Its name where it came from: a file's name; empty for a live camera."""
    index: int | None = None
    """Its 0-based place in the video or the naturally ordered folder; None for a live camera."""
    media_ns: int | None = None
    """Its place in the video's own time, nanoseconds from the first picture; None elsewhere."""

    def __post_init__(self) -> None:
        if self.working is not None and (
            not isinstance(self.working, np.ndarray) or self.working.flags.writeable
        ):
            object.__setattr__(self, "working", read_only(self.working))

    @property
    def at(self) -> Position:
        """Its position in the account of its camera."""
        return self.stream, self.seq

    @property
    def time(self) -> datetime:
        """When it was captured, in UTC, to the microsecond."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.time_ns // 1000)

    @property
    def image(self) -> Image:
        """
        The pixels to work on: (H, W) gray or (H, W, 3) BGR, uint8, read-only; copy to modify.

        Until a stage has made a working image this is the captured picture, decoded. Raises ValueError for a frame without pixels.
        """
        if self.working is not None:
            return self.working
        if self.picture is None:
            raise ValueError(
                f"{self.name}: this frame is a header without pixels ({self.outcome or 'no picture'})"
            )
        return self.picture.gray() if self.picture.format == "gray" else self.picture.bgr()

    @property
    def name(self) -> str:
        """How people and commands name it: CAMERA/STREAM/SEQ, with /PART for a child."""
        return f"{self.camera}/{self.stream}/{self.seq}" + (f"/{self.part}" if self.part else "")

    def with_image(self, image: Image) -> Frame:
        """
        The same frame with this working image: (H, W) or (H, W, 3) BGR, uint8, neither side 0.

        Raises TypeError for another type, ValueError for another shape. The array is not copied; it is handed on read-only.
        """
        return self._but(working=read_only(image))

    def with_score(self, name: str, value: float) -> Frame:
        """The same frame with one more score; 0 means the same as the reference. Raises TypeError unless a number, ValueError unless finite."""
        if not isinstance(value, _NUMBERS):
            raise TypeError(f"score {name!r} of {self.name}: expected a number, got {type(value).__name__}")
        if not math.isfinite(value):
            raise ValueError(f"score {name!r} of {self.name}: expected a finite number, got {value!r}")
        return self._but(scores=MappingProxyType({**self.scores, name: float(value)}))

    def with_note(self, key: str, value: Note) -> Frame:
        """
        The same frame with one more note: a string, a number or a truth value, Python's or numpy's.

        Raises TypeError for another type, ValueError for a number that is not finite, or a whole one of more than 64 bits.
        """
        if isinstance(value, np.generic):
            value = value.item()
        if not isinstance(value, _NOTES):
            raise TypeError(
                f"note {key!r} of {self.name}: expected str, int, float or bool, got {type(value).__name__}"
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"note {key!r} of {self.name}: expected a finite number, got {value!r}")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ValueError(
                f"note {key!r} of {self.name}: expected a whole number of 64 bits, got {value!r}"
            )
        return self._but(notes=MappingProxyType({**self.notes, key: value}))

    def with_verdict(self, verdict: Verdict) -> Frame:
        """The same frame, decided: one that is kept goes on to the archive, one that is not goes on as a header."""
        gone = {} if verdict.is_kept else {"outcome": "unchanged", **_WITHOUT_PIXELS}
        return self._but(reason=verdict.reason, threshold=verdict.threshold, **gone)

    def settled(self, outcome: Decision, reason: str = "") -> Frame:
        """The same frame with this outcome, as a header without pixels. Raises ValueError for another word."""
        if outcome not in STRENGTH:
            raise ValueError(f"frame {self.name}: unknown outcome {outcome!r}; known: {', '.join(OUTCOMES)}")
        return self._but(outcome=outcome, reason=reason or self.reason, **_WITHOUT_PIXELS)

    def _but(self, **changes: Any) -> Frame:
        """The same frame with these values instead, which are right: dataclasses.replace() takes twice as long, ten times a frame."""
        frame = object.__new__(Frame)
        for put, value in zip(_PUTS, _values(self), strict=True):
            put(frame, value)
        for name, value in changes.items():
            object.__setattr__(frame, name, value)
        return frame


_FIELDS = tuple(known.name for known in fields(Frame))
_PUTS = tuple(getattr(Frame, name).__set__ for name in _FIELDS)
_values = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Keep or not, and why; the reason is a word of the closed list REASONS.

    >>> Verdict(True, "frist")
    Traceback (most recent call last):
    ValueError: verdict: unknown reason 'frist'; known: changed, due, first, learning, light, mode, passed, repeated, reshaped, spent, too-soon, unchanged, unconfirmed
    """

    is_kept: bool
    reason: str
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"verdict: unknown reason {self.reason!r}; known: {', '.join(sorted(REASONS))}")


REASONS = {
    "first": "there was nothing to compare with",
    "changed": "the score was above the threshold",
    "unchanged": "the score was not above the threshold",
    "reshaped": "its size or kind is not the reference's, so it is the new one",
    "repeated": "it is the picture before it once more, byte for byte",
    "light": "the light changed at a stroke, so it is the new reference",
    "mode": "the camera changed between day and night, so it is the new reference",
    "due": "nothing was kept for as long as at_least_every says",
    "learning": "nothing is usual yet that the score could be held against",
    "unconfirmed": "the score was above the threshold, but not yet in as many pictures as confirm asks for",
    "too-soon": "the score was above the threshold, but a picture was kept less than min_gap before",
    "spent": "the score was above the threshold, but the day's budget was spent",
    "passed": "no stage decided, so it is kept",
}


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """
    What stands at one position on its way to the archive: a frame, the parts a stage made of it, a run of drops, or the end.

    Every stage sends exactly one item for each it gets, so that order is all the bookkeeping there is.
    """

    frames: tuple[Frame, ...]
    count: int = 1
    """How many positions it covers: more than 1 for a run of drops only."""

    @property
    def at(self) -> Position:
        """Its (first) position."""
        return self.frames[0].at

    @property
    def upto(self) -> Position:
        """Its last position."""
        stream, seq = self.at
        return stream, seq + self.count - 1

    @property
    def outcome(self) -> Decision | None:
        """None while a part is undecided, else the strongest outcome of its parts."""
        if len(self.frames) == 1:
            return self.frames[0].outcome
        decided = [f.outcome for f in self.frames if f.outcome is not None]
        return strongest(decided) if len(decided) == len(self.frames) else None


def strongest(outcomes: list[Decision]) -> Decision:
    """
    The outcome that counts for a frame of which there are several.

    >>> strongest(["unchanged", "kept", "failed"])
    'kept'
    """
    return max(outcomes, key=STRENGTH.index)
