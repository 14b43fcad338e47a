"""
What has been shown lately: the range of each pixel's levels over some dozens of pictures, and how far another picture lies outside.

An edge that turns is faint beside what leaves do to the edges there; a thing that is brighter or darker than any of the leaves is not.
Pure arithmetic on images; which pictures are shown is told in structure.py, how far outside is unusual in places.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from keepframe.picture import Image
from keepframe.score.places import NEAR

LATELY = 8
"""Pictures until what was shown counts as what a place does by itself, as in structure.py; and before the envelope is believed."""
_NARROW = 5
"""Side of the binomial blur before anything else, in pixels."""
_WIDE = 15
"""Side of the neighbourhood whose mean level is taken off, in pixels: light and soft shadows are wider."""
_DARK = 30.0
"""Gray levels added before the logarithm: below it is noise. A gain is then one step for all of a neighbourhood, and goes with its mean."""
_MIDDLE = 128
_LOGARITHMS = np.round(255 * np.log1p(np.arange(256) / _DARK) / np.log1p(255 / _DARK)).astype(np.uint8)


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
        return Range(np.asarray(cv2.erode(self.low, NEAR)), np.asarray(cv2.dilate(self.high, NEAR)))

    def outside(self, shown: Image) -> Image:
        """By how many levels each pixel lies outside."""
        return np.asarray(cv2.max(cv2.subtract(shown, self.high), cv2.subtract(self.low, shown)))

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
    logarithms = cv2.LUT(cv2.GaussianBlur(gray, (_NARROW, _NARROW), 0), _LOGARITHMS)
    around = cv2.blur(logarithms, (_WIDE, _WIDE))
    return np.asarray(cv2.addWeighted(logarithms, 1, around, -1, _MIDDLE))


class Envelope:
    """
    The range of the last pictures, which what is older leaves by a quarter of the way every LATELY pictures.

    >>> envelope = Envelope()
    >>> for level in (100, 100, 120):
    ...     envelope.learn(np.full((8, 8), level, np.uint8))
    >>> int(envelope.near.outside(np.full((8, 8), 150, np.uint8)).max()), envelope.is_believed
    (30, False)
    """

    def __init__(self) -> None:
        self._range: Range | None = None
        self._lately: Range | None = None
        self._count = 0
        self._near: Range | None = None

    @property
    def is_believed(self) -> bool:
        """Whether enough was shown that what lies outside is unusual."""
        return self._count > LATELY

    @property
    def near(self) -> Range | None:
        """What was shown lately within a pixel of each place; the same object while it is the same, None before the first picture."""
        if self._near is None and self._range is not None:
            self._near = self._range.near()
        return self._near

    def learn(self, shown: Image) -> None:
        """A picture was shown; within LATELY pictures it counts as what the places do."""
        one = Range(shown, shown)
        self._lately = one if self._lately is None else self._lately.with_(one)
        self._count += 1
        if self._range is None or self._count <= LATELY:
            self._range, self._near = one if self._range is None else self._range.with_(one), None
        elif self._count % LATELY == 1:
            # when the anchor is replaced too: what pictures are held against is worked out once for both
            left = Range(*(_nearer(old, new) for old, new in zip(self._range, self._lately, strict=True)))
            self._range, self._lately, self._near = left.with_(self._lately), one, None

    def save(self) -> dict[str, Any]:
        """The two ranges, each plane under a key of its own."""
        if self._range is None or self._lately is None:
            return {}
        planes = {"low": self._range.low, "high": self._range.high}
        return planes | {
            "lately.low": self._lately.low,
            "lately.high": self._lately.high,
            "count": self._count,
        }

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave."""
        self.__init__()  # type: ignore[misc]
        if memory:
            self._range = Range(memory["low"], memory["high"])
            self._lately = Range(memory["lately.low"], memory["lately.high"])
            self._count = memory["count"]


def _nearer(old: Image, new: Image) -> Image:
    """A quarter of the way from the old to the new, in whole numbers."""
    return ((3 * old.astype(np.uint16) + new + 2) >> 2).astype(np.uint8)
