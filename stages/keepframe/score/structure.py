"""
The default score: how unusual, for its place, the most unusual change of edges is.

Looks at a picture, its reference and a recent picture (the anchor), from which each place learns what it does by itself. Which
picture is the reference is told in reference.py, what is decided on the score by a judge.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.frame import Note
from keepframe.metrics import Box, even_light, shift
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
from keepframe.score.evidence import Event
from keepframe.score.looking import Seen
from keepframe.score.places import LEAST, Places

_ROWS = 100
"""About so many rows are looked at; a larger image is halved, thirded … first."""
_ANCHOR_AGE = 8
"""Pictures until the anchor is replaced: so old is the oldest change that counts as what a place does by itself."""
_EPS = np.float32(0.3)
"""Added before the logarithm: a change below it is none."""
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
        self._places = Places()
        self._anchor: Image | None = None
        self._age = 0
        self._print = 0
        self._anchored: Directions | None = None
        self._reference: tuple[Image, Image, Directions] | None = None

    def begin(self, image: Image) -> None:
        """Take a picture that has nothing to be compared with: the first, or another size."""
        self._places, self._age = Places(), 0
        self._anchor_to(_small(image))
        self._print = _fingerprint(image)

    def __call__(self, reference: Image, image: Image) -> Seen:
        """What is seen of an image against a reference of its shape; learns from it."""
        small, found = _small(image), None
        fingerprint = _fingerprint(image)
        is_repeat, self._print = fingerprint == self._print, fingerprint
        if self._anchor is None or self._anchor.shape != small.shape:
            self.begin(image)
        anchor = small if self._anchor is None else self._anchor
        self._places.light(cv2.mean(small)[0])
        found = directions(small)
        anchored = self._anchored = self._anchored or margined(directions(anchor))
        known, shown = self._known(reference)
        recent, _ = self._change(anchored, anchor, found, small)
        is_first = not self._places.is_known
        quiet = None if is_first else self._places.unusual(recent)
        change, moved = self._change(shown, known, found, small)
        unusual = self._places.among(change) if is_first else self._places.unusual(change)
        event = "repeated" if is_repeat else _event(quiet, unusual, anchor, small)
        self._remember(small, found, recent, event)
        is_same = not moved[0] and not moved[1] and bool((change == np.log(_EPS)).all())
        return Seen(
            0.0 if is_same else _score(unusual),
            None if quiet is None else _score(quiet),
            event,
            _box(image, small, *_hottest(unusual)),
            self._notes(known, small, image, unusual, moved),
        )

    def save(self) -> dict[str, Any]:
        """The anchor, lossless, and the places; the reference is somebody else's."""
        if self._anchor is None:
            return {}
        return {"anchor": self._anchor, "age": self._age, "print": self._print, **self._places.save()}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave, among other keys."""
        self.__init__()  # type: ignore[misc]
        if "anchor" in memory:
            self._anchor, self._age, self._print = memory["anchor"], memory["age"], memory["print"]
            self._places.load(memory)

    def _change(
        self, reference: Directions, pictured: Image, found: Directions, small: Image
    ) -> tuple[NDArray[np.float32], tuple[int, int]]:
        """The log change of each tile, and where the scene of the reference lies now."""
        change = np.log(turned(reference, found) + _EPS)
        if not self._places.is_known:
            is_displaced = True
        else:
            is_displaced = float((self._places.unusual(change) > _SUSPECT).mean()) > _DISPLACED
        if is_displaced:
            moved = _moved(pictured, small)
            if moved != (0, 0):
                back = np.log(turned(reference, found, moved) + _EPS)
                # what passes by may fool the correlation, not most of the tiles
                if back.mean() < change.mean():
                    return back, moved
        return change, (0, 0)

    def _remember(
        self, small: Image, found: Directions, recent: NDArray[np.float32], event: Event | None
    ) -> None:
        if event == "repeated":
            return
        if event is not None:
            self._places.forget()
        else:
            self._places.learn(recent)
        self._age += 1
        if event is not None or self._age >= _ANCHOR_AGE:
            self._anchor_to(small, found)

    def _anchor_to(self, small: Image, found: Directions | None = None) -> None:
        self._anchor, self._age = small, 0
        self._anchored = None if found is None else margined(found)

    def _known(self, reference: Image) -> tuple[Image, Directions]:
        """The reference as it is looked at; worked out once for each."""
        if self._reference is None or self._reference[0] is not reference:
            small = _small(reference)
            self._reference = reference, small, margined(directions(small))
        return self._reference[1:]

    def _notes(
        self,
        known: Image,
        small: Image,
        image: Image,
        unusual: NDArray[np.float32],
        moved: tuple[int, int],
    ) -> dict[str, Note]:
        light = even_light(_coarse(known), _coarse(small))
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


def _event(
    quiet: NDArray[np.float32] | None, unusual: NDArray[np.float32], anchor: Image, small: Image
) -> Event | None:
    """What changed everywhere at a stroke, against the reference and against what was just there."""
    if quiet is None or min((quiet > HOT).mean(), (unusual > HOT).mean()) < _EVERYWHERE:
        return None
    then, now = (_coarse(image).astype(np.float64) for image in (anchor, small))
    both = float(np.sqrt(then.var() * now.var()))
    alike = float(((then - then.mean()) * (now - now.mean())).mean()) / both if both > 0 else 0.0
    return "light" if alike >= _ALIKE else "mode"


def _score(unusual: NDArray[np.float32]) -> float:
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


def _hottest(unusual: NDArray[np.float32]) -> tuple[int, int, int, int]:
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
