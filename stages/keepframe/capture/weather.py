"""
What sun, clouds, wind and rain do to a synthetic scene: light that drifts, shadows, leaves that sway, streaks.

None of it is something new in the picture; each follows from its numbers and the time alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from keepframe.capture.planes import Image, Planes
from keepframe.capture.seeded import uniform

_RAIN = 5


@dataclass(frozen=True)
class Light:
    """
    The sun and the clouds before it.

    drift: how far the light swings in a minute, as a share of it. clouds: how much of it they take where they are thickest.
    """

    seed: int
    height: int
    width: int
    drift: float
    clouds: float

    def __call__(self, planes: Planes, seconds: float) -> None:
        """Light the scene."""
        light = 1 + self.drift * math.sin(2 * math.pi * (seconds / 60 + self.seed % 97 / 97))
        cv2.convertScaleAbs(planes.luma, dst=planes.luma, alpha=light)
        if self.clouds:
            left = round(seconds * self.width / 15) % self.width
            thick = self._sky[:, left : left + self.width]
            cv2.multiply(planes.luma, 1 - np.float32(self.clouds) * thick, dst=planes.luma, dtype=cv2.CV_8U)

    @cached_property
    def _sky(self) -> Image:
        """How thick the clouds are, 0 to 1, twice as wide as the picture and the same at both ends."""
        rng = np.random.default_rng(self.seed + 11)
        coarse = rng.uniform(-0.4, 1.4, (3, 4)).astype(np.float32)
        around = np.hstack([coarse, coarse, coarse])
        wide = cv2.resize(around, (3 * self.width, self.height), interpolation=cv2.INTER_CUBIC)
        return np.clip(wide[:, self.width // 2 :][:, : 2 * self.width], 0, 1)


@dataclass(frozen=True)
class Shadow:
    """The hard shadow of something outside the picture that wanders across it in minutes. depth: the share of the light it takes."""

    seed: int
    height: int
    width: int
    depth: float

    def __call__(self, planes: Planes, seconds: float) -> None:
        """Darken where it falls."""
        centre = self.width * (0.5 + 0.8 * math.sin(2 * math.pi * (seconds / 180 + self.seed % 89 / 89)))
        distance = np.abs(self._slanted - np.float32(centre)) - np.float32(0.18 * self.width)
        falls = np.clip(0.5 - distance / 3, 0, 1)  # a penumbra of three pixels
        cv2.multiply(planes.luma, 1 - np.float32(self.depth) * falls, dst=planes.luma, dtype=cv2.CV_8U)

    @cached_property
    def _slanted(self) -> Image:
        y, x = np.mgrid[: self.height, : self.width].astype(np.float32)
        slanted: Image = x + np.float32(0.35) * y
        return slanted


@dataclass(frozen=True)
class Leaves:
    """A tree at the left that sways, in gusts. share: of the picture that it covers."""

    seed: int
    height: int
    width: int
    share: float

    def __call__(self, planes: Planes, seconds: float) -> None:
        """Paint it over what is behind."""
        rows, columns = self._tree.shape
        turn, gust = seconds + self._phase, 0.35 + 0.65 * math.sin(2 * math.pi * seconds / 17) ** 2
        sway = np.sin(2 * np.pi * 0.9 * turn) + 0.5 * np.sin(2 * np.pi * 2.3 * turn)
        far = np.float32(gust * max(1.0, 0.008 * self.width))
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        moved = cv2.remap(self._tree, x + far * sway, y + far / 2 * sway, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)  # fmt: skip
        planes.luma[:rows, :columns] = moved

    @cached_property
    def _tree(self) -> Image:
        rng = np.random.default_rng(self.seed + 21)
        columns = min(self.width, max(2, round(self.share * self.width / 0.8)))
        rows = min(self.height, max(2, round(self.share * self.height * self.width / columns)))
        fine = rng.uniform(30, 150, (max(1, rows // 5), max(1, columns // 5))).astype(np.float32)
        return cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_CUBIC).clip(16, 200).astype(np.uint8)

    @cached_property
    def _phase(self) -> Image:
        """Seconds by which each twig is ahead of the others."""
        rng = np.random.default_rng(self.seed + 22)
        coarse = rng.uniform(0, 1, (5, 4)).astype(np.float32)
        return cv2.resize(coarse, self._tree.shape[::-1], interpolation=cv2.INTER_CUBIC)


@dataclass(frozen=True)
class Rain:
    """Bright streaks, others in every picture. streaks: in 10,000 pixels."""

    seed: int
    height: int
    width: int
    streaks: float

    def __call__(self, planes: Planes, index: int) -> None:
        """Let it rain."""
        count = round(self.streaks * self.height * self.width / 10_000)
        numbers = uniform(self.seed, _RAIN, index, 3 * count)
        fallen = np.zeros_like(planes.luma)
        for top, left, length in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
            x, y = round(left * self.width), round(top * self.height)
            far = round(self.height * (0.03 + 0.05 * length))
            cv2.line(fallen, (x, y), (x - far // 5, y + far), (40,), 1, cv2.LINE_AA)
        cv2.add(planes.luma, fallen, dst=planes.luma)
