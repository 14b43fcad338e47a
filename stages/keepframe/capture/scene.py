"""
The scene of the synthetic camera: a still background, light that drifts, sensor noise, and an object that comes, stays and leaves.

Everything about a picture follows from the scene's numbers and the picture's index; there is no clock and no state here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]
View = Literal["empty", "edge", "object"]
_NOISE, _VISIT, _PLACE, _OBJECT = range(4)
_WORD = (1 << 64) - 1
_MARGIN = 64
"""How much larger the noise field is than the picture: 64 x 64 places to cut a picture's noise from."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in view in one picture."""

    index: int
    view: View
    """edge: less than half of the object is inside the picture, on its way in or out."""
    visit: int
    """The number of the visit it belongs to or follows; -1 before the first."""
    box: tuple[int, int, int, int] | None
    """The object's (top, left, height, width), clipped to the picture; None if it is not in view."""


@dataclass(frozen=True)
class Scene:
    """
    A seeded scene of so many rows and columns, at `fps` pictures a second.

    noise: standard deviation in levels. drift: amplitude of the light as a share of it, over a minute. object_size: its height as a
    share of the picture's. absent, present: mean seconds between two visits and of a visit.
    """

    seed: int
    height: int
    width: int
    fps: float
    noise: float
    drift: float
    object_size: float
    absent: float
    present: float

    def planes(self, index: int) -> tuple[Image, Image, Image]:
        """The picture in YUV 4:2:0 of limited range, Rec. 601: Y (H, W), U and V at half size rounded up, uint8."""
        light = 1 + self.drift * math.sin(2 * math.pi * (index / self.fps / 60 + self.seed % 97 / 97))
        luma: Image = cv2.convertScaleAbs(self._background, alpha=light)
        u, v = self._chroma
        corner = self._corner(index)
        if corner is not None:
            u, v = u.copy(), v.copy()
            body, where = self._object
            half, half_where = corner[0] // 2, corner[1] // 2
            _paint(luma, cv2.convertScaleAbs(body, alpha=light), where, corner)
            _paint(u, np.full_like(body[::2, ::2], 104), where[::2, ::2], (half, half_where))
            _paint(v, np.full_like(body[::2, ::2], 152), where[::2, ::2], (half, half_where))
        if self.noise:
            top, left = (int(part * _MARGIN) for part in _uniform(self.seed, _NOISE, index, 2))
            grain = self._grain[top : top + self.height, left : left + self.width]
            cv2.add(luma, grain, dst=luma, dtype=cv2.CV_8U)
        return luma, u, v

    def truth(self, index: int) -> Truth:
        """What is in view in the picture of this index."""
        visit, _ = self._visit(index)
        corner = self._corner(index)
        if corner is None:
            return Truth(index, "empty", visit, None)
        rows, columns = self._object[0].shape
        top, left = max(0, corner[0]), max(0, corner[1])
        height, width = min(self.height, corner[0] + rows) - top, min(self.width, corner[1] + columns) - left
        view: View = "object" if 2 * height * width >= rows * columns else "edge"
        return Truth(index, view, visit, (top, left, height, width))

    def _visit(self, index: int) -> tuple[int, float]:
        """The number of the visit that is or was last, and how far it has come: from 0 to 1 while it lasts, then more."""
        cycle = self.absent + self.present
        seconds = index / self.fps
        number = int(seconds // cycle)
        length, start = _uniform(self.seed, _VISIT, number, 2)
        length = min(self.present * (0.6 + 0.8 * length), self.present + 0.8 * self.absent)
        start = number * cycle + 0.1 * self.absent + start * (cycle - length - 0.2 * self.absent)
        return (number, (seconds - start) / length) if seconds >= start else (number - 1, 2.0)

    def _corner(self, index: int) -> tuple[int, int] | None:
        """Where the object's top left corner is, also outside the picture; None if it is not in view."""
        visit, phase = self._visit(index)
        rows, columns = self._object[0].shape
        if rows == 0 or phase >= 1:
            return None
        side, row, column = _uniform(self.seed, _PLACE, visit, 3)
        stop = column * (self.width - columns)
        if phase < 0.25:  # it comes from one side
            left = _between(-columns if side < 0.5 else self.width, stop, phase * 4)
        elif phase < 0.75:  # it stays, and moves a little
            left = stop + 0.05 * columns * math.sin(phase * 40)
        else:  # it leaves by the other side
            left = _between(stop, self.width if side < 0.5 else -columns, phase * 4 - 3)
        top, left = round(row * (self.height - rows)), round(left)
        return (top, left) if -columns < left < self.width else None

    @cached_property
    def _background(self) -> Image:
        rng = np.random.default_rng(self.seed)
        coarse = rng.uniform(60, 180, (4, 5)).astype(np.float32)
        scene: Image = cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
        for _ in range(12):  # furniture: edges, so that a structural metric has something to hold on to
            top, left = rng.integers(0, self.height), rng.integers(0, self.width)
            size = rng.integers(1, max(2, self.height // 3), 2)
            scene[top : top + size[0], left : left + size[1]] += rng.uniform(-40, 40)
        return np.clip(scene, 30, 210).astype(np.uint8)

    @cached_property
    def _chroma(self) -> tuple[Image, Image]:
        rng = np.random.default_rng(self.seed + 1)
        size = (self.width + 1) // 2, (self.height + 1) // 2
        u, v = (cv2.resize(rng.uniform(112, 144, (3, 4)).astype(np.float32), size) for _ in range(2))
        return u.astype(np.uint8), v.astype(np.uint8)

    @cached_property
    def _grain(self) -> Image:
        rng = np.random.default_rng(self.seed + 2)
        field = rng.standard_normal((self.height + _MARGIN, self.width + _MARGIN), np.float32)
        grain: Image = np.rint(field * self.noise).astype(np.int16)
        return grain

    @cached_property
    def _object(self) -> tuple[Image, Image]:
        """Its luma and where it is: an upright ellipse with stripes, dark or bright."""
        rows = min(self.height, round(self.object_size * self.height))
        columns = min(self.width, (rows + 1) // 2)
        level = 48 if _uniform(self.seed, _OBJECT, 0, 1)[0] < 0.5 else 200
        body = np.full((rows, columns), level, np.uint8)
        body[:: max(1, rows // 6)] += 30
        y, x = np.ogrid[:rows, :columns]
        inside = ((2 * y + 1) / max(1, rows) - 1) ** 2 + ((2 * x + 1) / max(1, columns) - 1) ** 2 <= 1
        return body, inside


def _paint(plane: Image, body: Image, where: Image, corner: tuple[int, int]) -> None:
    """Paint what of the body lies inside the plane."""
    top, left = corner
    rows, columns = slice(max(0, -top), plane.shape[0] - top), slice(max(0, -left), plane.shape[1] - left)
    body, where = body[rows, columns], where[rows, columns]
    top, left = max(0, top), max(0, left)
    np.copyto(plane[top : top + body.shape[0], left : left + body.shape[1]], body, where=where)


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _uniform(seed: int, what: int, index: int, count: int) -> list[float]:
    """
    Numbers from 0 to below 1 that follow from three integers: the same in every version of every library.

    Source: SplitMix64, Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195
    """
    state = (seed * 0x9E3779B97F4A7C15 + what * 0xD1B54A32D192ED03 + index * 0x8CB92BA72F3D8DD7) & _WORD
    numbers = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        numbers.append(((mixed ^ (mixed >> 31)) >> 11) / (1 << 53))
    return numbers
