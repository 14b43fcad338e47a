"""
What each place has shown lately: the range of its levels over some dozens of pictures, and how far another picture lies outside.

An edge that turns is faint beside what leaves do to the edges there; a thing that is brighter or darker than any of the leaves is not.
Pure arithmetic on images; which pictures are shown, and what is made of an unusual place, is told in structure.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from keepframe.metrics.directions import STRIDE, tile_shape
from keepframe.picture import Image
from keepframe.score.places import Places, Tiles

LATELY = 8
"""Pictures until what was shown counts as what a place does by itself, as in structure.py; and before the envelope is believed."""
_NOTHING = np.float32(4.0)
"""Levels added before the logarithm: so far outside is next to nothing."""
_LEAST = 0.4
"""The spread of its logarithm that no place is below: a range of dozens of pictures is known less well than a mean."""
_SIGMA = 1.0
_WIDE = 15
"""Side of the neighbourhood whose mean level is taken off, in pixels: light and soft shadows are wider."""
_DARK = 30.0
"""Gray levels added before the logarithm: below it is noise. A gain is then one step for all of a neighbourhood, and goes with its mean."""
_MIDDLE = 128
_LOGARITHMS = np.round(255 * np.log1p(np.arange(256) / _DARK) / np.log1p(255 / _DARK)).astype(np.uint8)
_NEAR = np.ones((3, 3), np.uint8)


class Range(NamedTuple):
    """The lowest and the highest level of each pixel, (H, W) uint8."""

    low: Image
    high: Image

    @classmethod
    def around(cls, shown: Image) -> Range:
        """What a picture, or a range, shows within a pixel of each place: half a pixel of shaking is nothing new."""
        return cls(shown, shown).near()

    def near(self) -> Range:
        """The range with that of the eight neighbours."""
        return Range(np.asarray(cv2.erode(self.low, _NEAR)), np.asarray(cv2.dilate(self.high, _NEAR)))

    def with_(self, other: Range) -> Range:
        """All that lies in the one or the other, and between."""
        return Range(np.asarray(cv2.min(self.low, other.low)), np.asarray(cv2.max(self.high, other.high)))


def levels(gray: Image) -> Image:
    """
    The logarithm of each level above that of its neighbourhood: what stays when the light changes. (H, W) uint8, 128 is as bright.

    >>> scene = np.random.default_rng(0).integers(40, 120, (24, 24), dtype=np.uint8)
    >>> apart = cv2.absdiff(levels(scene), levels((scene * 1.5).astype(np.uint8)))
    >>> int(apart.max()) <= 9
    True
    """
    logarithms = cv2.LUT(cv2.GaussianBlur(gray, (0, 0), _SIGMA), _LOGARITHMS)
    around = cv2.blur(logarithms, (_WIDE, _WIDE))
    return np.asarray(cv2.addWeighted(logarithms, 1, around, -1, _MIDDLE))


class Envelope:
    """
    The range of the last pictures, which what is older leaves by a quarter every LATELY pictures, and how far they lie outside as a rule.

    `light` for each picture, then `outside` and `unusual`, then `learn`.

    >>> envelope, shown = Envelope(), np.full((8, 8), 128, np.uint8)
    >>> for _ in range(9):
    ...     envelope.light(90.0)
    ...     envelope.learn(shown)
    >>> still, lit = envelope.outside(shown), envelope.outside(shown + np.uint8(40))
    >>> float(still.max()), float(lit.max()), bool(envelope.unusual(still).max() < 1 < 4 < envelope.unusual(lit).max())
    (0.0, 40.0, True)
    """

    def __init__(self) -> None:
        self._places = Places(_LEAST)
        self._range: Range | None = None
        self._lately: Range | None = None
        self._count = 0
        self._near: Range | None = None

    def light(self, level: float) -> None:
        """Go by this light: the mean gray level, 0 to 255."""
        self._places.light(level)

    def outside(self, shown: Image, besides: Range | None = None) -> Tiles:
        """By how many levels each tile (its fullest quarter) lies outside of what was shown lately and of the range besides."""
        if self._range is None:
            return np.zeros(tile_shape(*shown.shape), np.float32)
        if self._near is None:
            self._near = self._range.near()
        known = self._near if besides is None else self._near.with_(besides)
        return _tiles(np.asarray(cv2.max(cv2.subtract(shown, known.high), cv2.subtract(known.low, shown))))

    def unusual(self, outside: Tiles) -> Tiles:
        """How many spreads that is above the usual, as Places has it; below all numbers while too few pictures were seen."""
        if self._count <= LATELY or not self._places.is_known:
            return np.full_like(outside, -np.inf)
        return self._places.unusual(np.log(outside + _NOTHING))

    def learn(self, shown: Image, lately: Tiles | None = None) -> None:
        """A picture was shown, so far outside of those before it; within LATELY pictures it counts as what the places do."""
        if self._range is not None:
            self._places.learn(np.log((self.outside(shown) if lately is None else lately) + _NOTHING))
        one = Range(shown, shown)
        self._lately = one if self._lately is None else self._lately.with_(one)
        self._count += 1
        if self._range is None or self._count <= LATELY:
            self._range, self._near = one if self._range is None else self._range.with_(one), None
        elif self._count % LATELY == 0:
            left = Range(*(_nearer(old, new) for old, new in zip(self._range, self._lately, strict=True)))
            self._range, self._lately, self._near = left.with_(self._lately), one, None

    def forget(self) -> None:
        """Begin anew in this light: the camera shows something else."""
        self._places.forget()
        self._range = self._lately = self._near = None
        self._count = 0

    def save(self) -> dict[str, Any]:
        """The two ranges, each plane under a key of its own, and the places."""
        if self._range is None or self._lately is None:
            return {}
        planes = {"low": self._range.low, "high": self._range.high}
        planes |= {"lately.low": self._lately.low, "lately.high": self._lately.high}
        return planes | {"count": self._count, **self._places.save()}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave."""
        self.__init__()  # type: ignore[misc]
        if memory:
            self._range = Range(memory["low"], memory["high"])
            self._lately = Range(memory["lately.low"], memory["lately.high"])
            self._count = memory["count"]
            self._places.load(memory)


def _nearer(old: Image, new: Image) -> Image:
    """A quarter of the way from the old to the new, in whole numbers."""
    return ((3 * old.astype(np.uint16) + new + 2) >> 2).astype(np.uint8)


def _tiles(outside: Image) -> Tiles:
    rows, columns = tile_shape(*outside.shape)
    height, width = (rows + 1) * STRIDE, (columns + 1) * STRIDE
    lacks = max(height - outside.shape[0], 0), max(width - outside.shape[1], 0)
    if any(lacks):
        outside = np.asarray(cv2.copyMakeBorder(outside, 0, lacks[0], 0, lacks[1], cv2.BORDER_REPLICATE))
    whole = outside[:height, :width].astype(np.float32)
    cells = np.asarray(cv2.resize(whole, (columns + 1, rows + 1), interpolation=cv2.INTER_AREA))
    # a small thing fills a quarter of a tile
    tall = np.maximum(cells[:-1], cells[1:])
    return np.maximum(tall[:, :-1], tall[:, 1:])
