"""
What each place of a picture does by itself: a running mean and spread of the log change of every tile, by kind and light.

Pure arithmetic on arrays of tiles, (kinds, rows, columns); which pictures are compared, and what is made of an unusual place, is told in structure.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Tiles = NDArray[np.float32]

LEAST = 0.3
"""The spread of a log change of edges that no place is below: half again as much is never unusual."""
_LEAST = np.array([LEAST, 0.4], np.float32).reshape(2, 1, 1) ** 2
"""By kind, its square. Of levels: a range of dozens of pictures is known less well than a mean."""
_UNKNOWN = 0.5
"""The spread of a place of which nothing is known."""
_SLOWEST, _QUICK = 0.02, 0.15
"""The weight of a new picture once there are many: what a place does by itself is remembered for 50, who was just there for 7."""
_PRIOR = 4.0
"""For how many pictures the start counts."""
_DOUBT = 2.0
"""How much wider a spread is taken for that few pictures were seen: by 1 + 2 / count of its square."""
_CLIP, _QUICK_CLIP = 2.0, 2.5
"""Spreads: what is farther off moves a place as if it were so far, so that who passes by teaches little."""
_MOST = np.float32(1.5)
"""A log change: what is farther off is remembered as if it were so far, so that a place has not to forget for long."""
_CARRIED = 4
"""How many pictures it counts for what another light has taught."""
_LIGHT, _STICK = 0.25, 0.05
"""Octaves of mean gray level: how wide a light is, and how far beyond its edge it is left."""
_NORMAL = 1.4826
"""Of a normal distribution: its standard deviation over its median absolute deviation."""
_NOWHERE = -1
"""No light yet."""
NEAR = np.ones((3, 3), np.uint8)
"""A place, a tile or a pixel, and its eight neighbours."""


class Places:
    """
    The usual change of every tile and how unusual another is. `light` for each picture, then `unusual`, then `learn`.

    A change is the logarithm of two kinds, (2, rows, columns) float32: of edges and of levels. A light seen for the first time starts
    with what the one before had taught.

    A place has two spreads, of which the larger counts: that of what it does by itself, and that of the last few pictures. So somebody who
    walks is news where he comes to, not where he is or has just been, and a moment later the place is what it was before him.

    >>> places = Places()
    >>> places.light(96.0)
    >>> for _ in range(50):
    ...     places.learn(np.ones((2, 2, 3), np.float32))
    >>> low, high = (places.unusual(np.full((2, 2, 3), change, np.float32)) for change in (1.3, 4.6))
    >>> bool(low.max() < 4 < high.min())
    True
    """

    def __init__(self) -> None:
        self._lights: dict[int, _Usual] = {}
        self._at = _NOWHERE
        self._usual: tuple[Tiles, Tiles] | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything was learned that a change could be held against."""
        return self._at in self._lights

    def light(self, level: float) -> None:
        """Go by this light: the mean gray level, 0 to 255."""
        octave = math.log2(level + 1) / _LIGHT
        edge = _STICK / _LIGHT
        if self._at != _NOWHERE and self._at - edge <= octave < self._at + 1 + edge:
            return
        before = self._lights.get(self._at)
        self._at, self._usual = int(octave), None
        if self._at not in self._lights and before is not None:
            self._lights[self._at] = before._replace(pictures=min(before.pictures, _CARRIED))

    def unusual(self, change: Tiles) -> Tiles:
        """
        How many spreads each tile's log change, (..., 2, rows, columns), is above the usual there and beside it.

        About 2 at most in a quiet picture. Before anything is known: among the other tiles.
        """
        if not self.is_known:
            return self._among(change)
        if self._usual is None:
            usual = self._lights[self._at]
            doubt = np.float32(1 + _DOUBT / max(usual.pictures, 1))
            spread = np.sqrt(np.maximum(usual.widest(), _LEAST) * doubt)
            # what moves here moves next to it too, sooner or later
            self._usual = largest_near(usual.mean), largest_near(spread)
        mean, spread = self._usual
        found: Tiles = change - mean
        found /= spread
        return found

    def _among(self, change: Tiles) -> Tiles:
        middle = np.median(change, axis=(-2, -1), keepdims=True)
        deviation = _NORMAL * np.median(np.abs(change - middle), axis=(-2, -1), keepdims=True)
        spread = np.maximum(_UNKNOWN, deviation) * math.sqrt(1 + _DOUBT)
        return np.asarray((change - middle) / spread, np.float32)

    def learn(self, change: Tiles) -> None:
        """Take the log change of each tile against a recent picture for what it does by itself."""
        self._usual = None
        if self._at not in self._lights:
            # a place that happens to be still in the first pair is not believed to be stiller than half of the picture, and one
            # where somebody came not to be much more restless
            middle = np.median(change, axis=(-2, -1), keepdims=True)
            start = np.clip(change, middle, middle + np.float32(_CLIP * _UNKNOWN))
            unknown = np.full_like(start, _UNKNOWN**2)
            self._lights[self._at] = _Usual(1, start, unknown, unknown)
            return
        self._lights[self._at] = self._lights[self._at].moved(change)

    def forget(self) -> None:
        """Begin anew in this light: the camera shows something else."""
        self._lights.pop(self._at, None)
        self._usual = None

    def save(self) -> dict[str, Any]:
        """Each light under keys of its own: only that of the hour changes."""
        saved: dict[str, Any] = {"light": self._at}
        for light, (pictures, *planes) in self._lights.items():
            saved |= {f"usual.{light}.count": pictures, f"usual.{light}": np.stack(planes)}
        return saved

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave, among other keys."""
        self._at, self._lights, self._usual = memory["light"], {}, None
        for key, value in memory.items():
            if key.startswith("usual.") and key.count(".") == 1:
                planes = (np.array(plane) for plane in value)
                self._lights[int(key.removeprefix("usual."))] = _Usual(memory[f"{key}.count"], *planes)


class _Usual(NamedTuple):
    """What a light has taught: the mean log change of each tile, the square of its spread by itself, and that of lately; (2, rows, columns)."""

    pictures: int
    mean: Tiles
    square: Tiles
    lately: Tiles

    def widest(self) -> Tiles:
        """The square of the spread that counts."""
        return np.maximum(self.square, self.lately)

    def moved(self, change: Tiles) -> _Usual:
        """What it is with one picture more."""
        own = 1 / (self.pictures + _PRIOR)
        share, quick = np.float32(max(_SLOWEST, own)), np.float32(max(_QUICK, own))
        error = change - self.mean
        most = np.sqrt(np.maximum(self.widest(), _LEAST))
        most *= np.float32(_QUICK_CLIP)
        recent = _twice_the_upper_half(np.minimum(error, np.minimum(most, _MOST, out=most), out=most))
        most = np.sqrt(np.maximum(self.square, _LEAST))
        most *= np.float32(_CLIP)
        error = np.minimum(error, most, out=error)
        mean = self.mean + error * share
        above = _twice_the_upper_half(error)
        above -= self.square
        above *= share
        recent -= self.lately
        recent *= quick
        return _Usual(self.pictures + 1, mean, self.square + above, self.lately + recent)


def _twice_the_upper_half(error: Tiles) -> Tiles:
    """Of its square; in its place. A place that becomes still is not uneasy for it."""
    above = np.maximum(error, np.float32(0), out=error)
    above *= above
    above *= np.float32(2)
    return above


def largest_near(tiles: Tiles) -> Tiles:
    """
    The largest of each tile and its neighbours, (planes, rows, columns), all planes in one call.

    >>> largest_near(np.array([[[0, 0, 0, 3]], [[5, 0, 0, 0]]], np.float32)).tolist()
    [[[0.0, 0.0, 3.0, 3.0]], [[5.0, 5.0, 0.0, 0.0]]]
    """
    planes, rows, columns = tiles.shape
    # between two planes is a row that nothing is below
    piled = np.full((planes, rows + 1, columns), -np.inf, np.float32)
    piled[:, :-1] = tiles
    found = np.asarray(cv2.dilate(piled.reshape(-1, columns), NEAR), np.float32)
    return found.reshape(piled.shape)[:, :-1]
