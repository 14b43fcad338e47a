"""
The default score: how unusual, for its place, the most unusual change of edges is.

Looks at a picture, its reference and a recent picture (the anchor), from which each place learns what it does by itself. Which
picture is the reference is told in reference.py, what is decided on the score by a judge.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.frame import Note
from keepframe.metrics import Box, Light, even_light, shift
from keepframe.metrics.directions import (
    MARGIN,
    STRIDE,
    TILE,
    Directions,
    directions,
    margined,
    turned,
)
from keepframe.picture import Image
from keepframe.score.envelope import Envelope, Range, levels
from keepframe.score.evidence import Event
from keepframe.score.looking import Seen
from keepframe.score.places import LEAST, Places, Tiles

_ROWS = 100
"""About so many rows are looked at; a larger image is halved, thirded … first."""
_ANCHOR_AGE = 8
"""Pictures until the anchor is replaced: so old is the oldest change that counts as what a place does by itself."""
_EPS = np.float32(0.3)
"""Added before the logarithm: a change below it is none."""
_NONE = np.log(_EPS)
HOT = 4.0
"""Spreads from which a tile is counted as hot in what is noted. The verdict goes by the threshold, not by this."""
_DISPLACED, _SUSPECT = 0.25, 2.0
"""If so many tiles are so unusual the camera may have moved."""
_TRUSTED = 0.1
"""The response of phase correlation below which a shift is chance."""
_EVERYWHERE = 0.5
"""The share of hot tiles from which all of the picture has changed at a stroke."""
_ALIKE = 0.9
"""The correlation of levels from which such a change is one of light."""
_MOST = 40.0
"""Spreads: what is farther off is not told apart."""
_GRAIN = 8
_MOST_BOXES = 4


class Structure:
    """
    Scores a camera's pictures; one per camera, called for each picture in order.

    >>> structure, rng = Structure(), np.random.default_rng(0)
    >>> pictures = [rng.normal(90, 2, (90, 160)).astype(np.uint8) for _ in range(12)]
    >>> scores = [structure(pictures[0], picture).score for picture in pictures[1:]]
    >>> pictures[-1][40:50, 70:80] = 130
    >>> max(scores) < 3 < structure(pictures[0], pictures[-1]).score
    True
    """

    def __init__(self) -> None:
        self._places, self._envelope = Places(), Envelope()
        self._anchor: Image | None = None
        self._age = 0
        self._print = 0
        self._anchored: _Known | None = None
        self._reference: tuple[Image, _Known, Range] | None = None

    def begin(self, image: Image) -> None:
        """Take a picture that has nothing to be compared with: the first, or another size."""
        small = _small(image)
        self._places, self._envelope = Places(), Envelope()
        self._envelope.light(cv2.mean(small)[0])
        self._envelope.learn(levels(small))
        self._anchor_to(small)
        self._print = _fingerprint(image)

    def __call__(self, reference: Image, image: Image) -> Seen:
        """What is seen of an image against a reference of its shape; learns from it."""
        small = _small(image)
        fingerprint = _fingerprint(image)
        is_repeat, self._print = fingerprint == self._print, fingerprint
        if self._anchor is None or self._anchor.shape != small.shape:
            self.begin(image)
        self._places.light(cv2.mean(small)[0])
        self._envelope.light(cv2.mean(small)[0])
        coarse, found, shown = _coarse(small), directions(small), levels(small)
        anchored = self._anchored = self._anchored or _Known.of(
            small if self._anchor is None else self._anchor
        )
        known, near = self._known(reference)
        recent, quiet, _ = self._change(anchored, found, small)
        change, unusual, moved = self._change(known, found, small)
        lately, outside = self._envelope.outside(shown), self._envelope.outside(shown, near)
        is_same = moved == (0, 0) and bool((change == _NONE).all()) and not outside.any()
        is_first = not self._places.is_known
        event = (
            "repeated" if is_repeat else None if is_first else _event(quiet, unusual, anchored.coarse, coarse)
        )
        quiet = np.maximum(quiet, self._envelope.unusual(lately))
        unusual = np.maximum(unusual, self._envelope.unusual(outside))
        if event is None:
            self._places.learn(recent)
            self._envelope.learn(shown, lately)
        elif event != "repeated":
            self._places.forget()
            self._envelope.forget()
            self._envelope.learn(shown)
        if event != "repeated":
            self._age_anchor(_Known(small, coarse, found), is_over=event is not None)
        return Seen(
            0.0 if is_same else _score(unusual),
            None if is_first else _score(quiet),
            event,
            _box(image, small, *_hottest(unusual)),
            self._notes(even_light(known.coarse, coarse), small, image, unusual, moved),
        )

    def save(self) -> dict[str, Any]:
        """The anchor, lossless, the places and the envelope; the reference is somebody else's."""
        if self._anchor is None:
            return {}
        envelope = {f"envelope.{key}": value for key, value in self._envelope.save().items()}
        own = {"anchor": self._anchor, "age": self._age, "print": self._print}
        return own | self._places.save() | envelope

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave, among other keys."""
        self.__init__()  # type: ignore[misc]
        if "anchor" in memory:
            self._anchor, self._age, self._print = memory["anchor"], memory["age"], memory["print"]
            self._places.load(memory)
            begin = "envelope."
            self._envelope.load({k.removeprefix(begin): v for k, v in memory.items() if k.startswith(begin)})

    def _change(
        self, reference: _Known, found: Directions, small: Image
    ) -> tuple[Tiles, Tiles, tuple[int, int]]:
        """The log change of each tile, how unusual it is, and where the scene of the reference lies now."""
        change = _log(turned(reference.found, found))
        unusual = self._unusual(change)
        is_known = self._places.is_known
        if not is_known or np.count_nonzero(unusual > _SUSPECT) > _DISPLACED * unusual.size:
            moved = _moved(reference.small, small)
            if moved != (0, 0):
                back = _log(turned(reference.found, found, moved))
                # what passes by may fool the correlation, not most of the tiles
                if back.mean() < change.mean():
                    return back, self._unusual(back), moved
        return change, unusual, (0, 0)

    def _unusual(self, change: Tiles) -> Tiles:
        return self._places.unusual(change) if self._places.is_known else self._places.among(change)

    def _age_anchor(self, now: _Known, *, is_over: bool) -> None:
        self._age += 1
        if is_over or self._age >= _ANCHOR_AGE:
            self._anchor_to(now.small)
            self._anchored = now._replace(found=margined(now.found))

    def _anchor_to(self, small: Image) -> None:
        self._anchor, self._age, self._anchored = small, 0, None

    def _known(self, reference: Image) -> tuple[_Known, Range]:
        """The reference as it is looked at, and the range of its levels; worked out once for each."""
        if self._reference is None or self._reference[0] is not reference:
            small = _small(reference)
            self._reference = reference, _Known.of(small), Range.around(levels(small))
        return self._reference[1:]

    def _notes(
        self, light: Light, small: Image, image: Image, unusual: Tiles, moved: tuple[int, int]
    ) -> dict[str, Note]:
        notes: dict[str, Note] = {
            "light": round(light.step, 1),
            "gain": round(light.gain, 2),
            "offset": round(light.offset, 1),
        }
        factor = image.shape[0] // small.shape[0]
        if moved != (0, 0):
            notes["shift"] = f"{moved[0] * factor},{moved[1] * factor}"
        hot = unusual > HOT
        if hot.any():
            notes["hot_share"] = round(float(hot.mean()), 4)
            notes["boxes"] = " ".join(",".join(map(str, box)) for box in _boxes(image, small, hot))
        return notes


class _Known(NamedTuple):
    """A picture that others are compared with, as it is looked at. found: margined."""

    small: Image
    coarse: Image
    found: Directions

    @classmethod
    def of(cls, small: Image) -> _Known:
        return cls(small, _coarse(small), margined(directions(small)))


def _log(change: Tiles) -> Tiles:
    change += _EPS
    return np.log(change, out=change)


def _event(quiet: Tiles, unusual: Tiles, anchor: Image, coarse: Image) -> Event | None:
    """What changed everywhere at a stroke, against the reference and against what was just there; both by their cells."""
    if any(np.count_nonzero(tiles > HOT) < _EVERYWHERE * tiles.size for tiles in (quiet, unusual)):
        return None
    then, now = (image.astype(np.float64) for image in (anchor, coarse))
    both = float(np.sqrt(then.var() * now.var()))
    alike = float(((then - then.mean()) * (now - now.mean())).mean()) / both if both > 0 else 0.0
    return "light" if alike >= _ALIKE else "mode"


def _score(unusual: Tiles) -> float:
    """The most unusual tile: how many times the usual its change is, had the place the least spread."""
    return math.exp(LEAST * min(float(unusual.max()), _MOST))


def _small(image: Image) -> Image:
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = max(1, round(gray.shape[0] / _ROWS))
    # very long or narrow images are not made smaller than a tile
    factor = min(factor, max(1, min(gray.shape) // TILE))
    if factor == 1:
        return gray.copy()
    rows, columns = gray.shape[0] // factor, gray.shape[1] // factor
    whole = gray[: rows * factor, : columns * factor]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))


def _coarse(small: Image) -> Image:
    """Cells of 8x8 pixels: noise is averaged away, light is not."""
    rows, columns = (max(side // _GRAIN, 1) for side in small.shape)
    whole = small[: rows * _GRAIN, : columns * _GRAIN]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))


def _fingerprint(image: Image) -> int:
    return zlib.crc32(np.ascontiguousarray(image).data)


def _moved(reference: Image, small: Image) -> tuple[int, int]:
    """How far the camera moved, in whole pixels right and down; (0, 0) if that is not sure or too far to be undone."""
    half = small.shape[1] // 2, small.shape[0] // 2
    if min(half) < TILE:
        return 0, 0
    found = shift(
        *(
            np.asarray(cv2.resize(image[: half[1] * 2, : half[0] * 2], half, interpolation=cv2.INTER_AREA))
            for image in (reference, small)
        )
    )
    x, y = round(2 * found.x), round(2 * found.y)
    is_trusted = found.response >= _TRUSTED and max(abs(x), abs(y)) < MARGIN
    return (x, y) if is_trusted else (0, 0)


def _hottest(unusual: Tiles) -> tuple[int, int, int, int]:
    row, column = divmod(int(unusual.argmax()), unusual.shape[1])
    return column, row, 1, 1


def _boxes(image: Image, small: Image, hot: NDArray[np.bool_]) -> list[Box]:
    """Of the largest groups of hot tiles that touch."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(hot.astype(np.uint8), connectivity=8)
    groups = sorted((tuple(map(int, stats[n])) for n in range(1, count)), key=lambda g: (-g[4], g))
    return [_box(image, small, x, y, width, height) for x, y, width, height, _ in groups[:_MOST_BOXES]]


def _box(image: Image, small: Image, column: int, row: int, columns: int, rows: int) -> Box:
    """The rectangle of so many tiles, in pixels of the image that was given."""
    factor = image.shape[0] // small.shape[0]
    left, top = column * STRIDE, row * STRIDE
    right = min(left + (columns - 1) * STRIDE + TILE, small.shape[1])
    bottom = min(top + (rows - 1) * STRIDE + TILE, small.shape[0])
    return Box(left * factor, top * factor, (right - left) * factor, (bottom - top) * factor)
