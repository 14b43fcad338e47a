"""
What an unchanging scene does by itself: noise, the drift of its light, and what verdicts would keep of it.

Pure: pictures and counts in, numbers out. Which stages are tried on them is the caller's business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from keepframe.picture import Image

WIDTH = 320
"""Pictures are looked at no wider than this; noise of single pixels is then what the stages see of it."""
TILES = 8
DAY_S = 86_400.0
HIGHEST = 3.0
"""Of a count of nothing: more than so many would have been seen in 19 of 20 such times (rule of three)."""


class Still:
    """
    Watches gray pictures of one scene, one after the other. Raises ValueError for another size than the first.

    >>> still = Still()
    >>> for level in (100, 102, 104):
    ...     still.see(np.full((48, 64), level, np.uint8))
    >>> still.told().drift, still.told().noise
    (4.0, 0.0)
    """

    def __init__(self) -> None:
        self._count = 0
        self._last: Image | None = None
        self._squares: Image | None = None
        self._levels: list[float] = []

    def see(self, gray: Image) -> None:
        """The next picture: (H, W), uint8."""
        small = _small(gray)
        if self._last is not None and self._last.shape != small.shape:
            raise ValueError(
                f"pictures of {self._last.shape[::-1]} and {small.shape[::-1]}; one scene has one size"
            )
        level = float(small.mean())
        if self._last is not None:
            # the light apart: a picture that is brighter all over is no noise
            difference = small - self._last - np.float32(level - self._levels[-1])
            self._squares = difference**2 if self._squares is None else self._squares + difference**2
        self._last = small
        self._levels.append(level)
        self._count += 1

    def told(self) -> Scene:
        """What was seen so far. Raises ValueError for fewer than two pictures."""
        if self._squares is None:
            raise ValueError(f"{self._count} pictures: noise is the difference of two of them at least")
        spread = np.sqrt(self._squares / (2 * (self._count - 1)))
        tiles = cv2.resize(
            spread, (min(TILES, spread.shape[1]), min(TILES, spread.shape[0])), interpolation=cv2.INTER_AREA
        )
        row, column = np.unravel_index(int(tiles.argmax()), tiles.shape)
        window = max(1, len(self._levels) // 20)
        smooth = np.convolve(self._levels, np.full(window, 1 / window), "valid")
        return Scene(
            pictures=self._count,
            level=float(np.mean(self._levels)),
            noise=float(np.median(spread)),
            noisiest=float(tiles.max()),
            place=(float(column) / tiles.shape[1], float(row) / tiles.shape[0]),
            drift=float(smooth.max() - smooth.min()),
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """
    An unchanging scene in numbers, all in gray levels.

    noise: standard deviation of a usual pixel; noisiest: of the noisiest 64th of the picture, whose
    top left corner is at `place` (x, y, as shares). drift: between the darkest and the brightest time.
    """

    pictures: int
    level: float
    noise: float
    noisiest: float
    place: tuple[float, float]
    drift: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What a setting keeps of a scene in which nothing changes: every keep but the first is false."""

    key: str
    value: float
    kept: int
    a_day: float
    is_bound: bool
    """Nothing was kept: a_day is what it hardly exceeds."""


def cost_of(key: str, value: float, kept: int, seconds: float) -> Cost:
    """
    Keeps in so many seconds as false keeps a day.

    >>> cost_of("threshold", 0.1, 3, 60.0).a_day, cost_of("threshold", 0.5, 0, 60.0).is_bound
    (4320.0, True)
    """
    days = max(seconds, 1e-9) / DAY_S
    return Cost(key, value, kept, (kept or HIGHEST) / days, not kept)


def thresholds(scores: Sequence[float]) -> list[float]:
    """
    Round thresholds around what an unchanging scene scores, from where much of it is kept to well above all of it.

    >>> thresholds([0.01, 0.02, 0.019, 0.03])
    [0.005, 0.01, 0.02, 0.05, 0.1]
    """
    positive = sorted(score for score in scores if score > 0)
    if not positive:
        return []
    low, high = positive[len(positive) // 4] / 2, positive[-1] * 2
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 2)
    steps = [float(f"{factor}e{power}") for power in powers for factor in (1, 2, 5)]
    first = max((n for n, step in enumerate(steps) if step <= low), default=0)
    last = min((n for n, step in enumerate(steps) if step >= high), default=len(steps) - 1)
    return steps[first : last + 1]


def _small(gray: Image) -> Image:
    factor = min(1.0, WIDTH / gray.shape[1])
    if factor == 1.0:
        return gray.astype(np.float32)
    size = max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor))
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.float32)
