"""
What a synthetic camera itself does to a picture: it shakes, switches to infrared, adds noise, stands still, or breaks.

What is in front of it is in visitors.py and weather.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from keepframe.capture.planes import Image, Planes
from keepframe.capture.seeded import uniform

_NOISE, _SHAKE, _LOSS = 0, 6, 7
_MARGIN = 64
"""How much larger the noise field is than the picture: 64 x 64 places to cut a picture's noise from."""
FROZEN_S, LOST_S = 3.0, 2.0
"""How long it stands still, and how long it is broken."""


@dataclass(frozen=True)
class Grain:
    """Sensor noise. level: its standard deviation in levels."""

    seed: int
    height: int
    width: int
    level: float

    def __call__(self, planes: Planes, index: int, *, is_dark: bool) -> None:
        """Add it; half as much again in the dark."""
        top, left = (int(part * _MARGIN) for part in uniform(self.seed, _NOISE, index, 2))
        field = self._strong if is_dark else self._field
        grain = field[top : top + self.height, left : left + self.width]
        cv2.add(planes.luma, grain, dst=planes.luma, dtype=cv2.CV_8U)

    @cached_property
    def _numbers(self) -> Image:
        rng = np.random.default_rng(self.seed + 2)
        return rng.standard_normal((self.height + _MARGIN, self.width + _MARGIN), np.float32)

    @cached_property
    def _field(self) -> Image:
        grain: Image = np.rint(self._numbers * self.level).astype(np.int16)
        return grain

    @cached_property
    def _strong(self) -> Image:
        grain: Image = np.rint(self._numbers * (1.5 * self.level)).astype(np.int16)
        return grain


@dataclass(frozen=True)
class Shake:
    """A camera that moves with every picture. far: standard deviation of each direction in pixels."""

    seed: int
    far: float

    def __call__(self, planes: Planes, index: int) -> None:
        """Move the picture; its edge is mirrored."""
        numbers = uniform(self.seed, _SHAKE, index, 8)
        x, y = (self.far * (sum(part) - 2) * 3**0.5 for part in (numbers[:4], numbers[4:]))
        planes.luma = _moved(planes.luma, x, y)
        planes.u, planes.v = (_moved(plane, x / 2, y / 2) for plane in (planes.u, planes.v))


@dataclass(frozen=True)
class Infrared:
    """A lamp at the camera, no colour. every: so many seconds of colour, then as many of infrared."""

    height: int
    width: int
    every: float

    def is_on(self, seconds: float) -> bool:
        """Whether it is night."""
        return bool(self.every) and int(seconds / self.every) % 2 == 1

    def __call__(self, planes: Planes) -> None:
        """See it so."""
        cv2.multiply(planes.luma, self._lamp, dst=planes.luma, dtype=cv2.CV_8U)
        planes.u, planes.v = np.full_like(planes.u, 128), np.full_like(planes.v, 128)

    @cached_property
    def _lamp(self) -> Image:
        y, x = np.mgrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j].astype(np.float32)
        lamp: Image = np.float32(1.25) - np.float32(0.45) * (x * x + y * y)
        return lamp


@dataclass(frozen=True)
class Outage:
    """
    When the picture stands still, and when it is broken. freeze, loss: seconds between two; 0 for never.

    >>> [Outage(1, 10.0, freeze=1.0, loss=0.0).shown(n) for n in (8, 9, 10, 39, 40)]
    [8, 9, 9, 9, 40]
    """

    seed: int
    fps: float
    freeze: float
    loss: float

    def shown(self, index: int) -> int:
        """Number of the picture that is seen in its place."""
        if not self.freeze:
            return index
        alive = max(1, round(self.freeze * self.fps))
        cycle = alive + max(1, round(FROZEN_S * self.fps))
        return index - max(0, index % cycle - alive + 1)

    def is_lost(self, index: int) -> bool:
        """Whether it is broken."""
        whole, cycle = self._loss
        return bool(whole) and index % cycle >= whole

    def __call__(self, planes: Planes, index: int) -> None:
        """Break it: black, or gray from some row on, in turn."""
        number = index // self._loss[1]
        first = 0 if number % 2 == 0 else round(uniform(self.seed, _LOSS, number, 1)[0] * len(planes.luma))
        planes.luma[first:] = 16 if number % 2 == 0 else 126
        planes.u[first // 2 :] = planes.v[first // 2 :] = 128

    @property
    def _loss(self) -> tuple[int, int]:
        whole = max(1, round(self.loss * self.fps)) if self.loss else 0
        return whole, whole + max(1, round(LOST_S * self.fps))


def _moved(plane: Image, x: float, y: float) -> Image:
    shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(plane, shift, plane.shape[::-1], borderMode=cv2.BORDER_REFLECT_101)
