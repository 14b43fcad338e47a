"""
What a scene's scores usually are, by the light: a running location and scale of their logarithm.

How far beyond the usual a score must be to count is told in tail.py and learned.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HALF_LIFE_NS = 3600 * 1e9
_SLOWEST = 1 / 32
"""A picture counts at most this much once there are so many, however rare pictures are."""
_CLIP = 3.5
"""Scales: what is farther off moves the usual as if it were so far."""
_NORMAL = 1.2533
"""Of a normal distribution: its standard deviation over its mean absolute deviation."""
_LEAST = 0.05
"""Of a scale: scores that differ by 5 % are never far apart."""
_UNCLIPPED = 8
_SEEDED = 4
"""How many pictures it counts for what another light taught."""
_BAND = 32.0
_STICK = 4.0
"""Gray levels: how wide a band of light is, and how far beyond its edge it is left."""


class Usual:
    """
    Location and scale of log scores in one light. Both move with a half-life of an hour, outliers clipped.

    >>> usual = Usual()
    >>> for _ in range(50):
    ...     usual.learn(0.25, 1e9)
    >>> usual.location, round(usual.scale, 2)
    (0.25, 0.05)
    """

    def __init__(self, seed: Usual | None = None, settles_at: int = 16) -> None:
        self.count: int = 0 if seed is None else min(seed.count, _SEEDED)
        self.location: float = 0.0 if seed is None else seed.location
        self.scale: float = 0.5 if seed is None else seed.scale
        self._settles_at = settles_at

    @property
    def is_settled(self) -> bool:
        """Whether enough pictures were learned to tell how far off another is."""
        return self.count >= self._settles_at

    def off(self, log_score: float) -> float:
        """How many scales above the location."""
        return (log_score - self.location) / self.scale

    def learn(self, log_score: float, passed_ns: float) -> None:
        """Move towards this score, as far as time has passed since the one before."""
        self.count += 1
        share = max(1 / self.count, min(1 - 2.0 ** (-passed_ns / HALF_LIFE_NS), _SLOWEST))
        error = log_score - self.location
        if self.count > _UNCLIPPED:
            most = _CLIP * self.scale
            error = min(max(error, -most), most)
        self.location += share * error
        if self.count > 1:
            share = max(1 / (self.count - 1), share) if self.count < 1 / _SLOWEST else share
            self.scale = max(self.scale + share * (_NORMAL * abs(error) - self.scale), _LEAST)

    def save(self) -> list[float | int]:
        """Its four numbers."""
        return [self.count, self.location, self.scale, self._settles_at]

    @classmethod
    def load(cls, saved: list[Any]) -> Usual:
        """What save() gave."""
        usual = cls(settles_at=saved[3])
        usual.count, usual.location, usual.scale = saved[:3]
        return usual


class Lights:
    """
    The usual of each light: bands of 32 gray levels, so that one camera's day is not judged by its night.

    A band seen for the first time starts with what the one before had taught.

    >>> lights = Lights()
    >>> day = lights.at(120.0)
    >>> lights.at(130.0) is day, lights.at(40.0) is day
    (True, False)
    """

    _settles_at = 64

    def __init__(self) -> None:
        self._band: int | None = None
        self._bands: dict[int, Usual] = {}

    def at(self, level: float) -> Usual:
        """The usual in this light: a mean gray level, 0 to 255."""
        band = self._band
        if band is None or not _BAND * band - _STICK <= level < _BAND * (band + 1) + _STICK:
            band = int(level // _BAND)
            if band not in self._bands:
                before = None if self._band is None else self._bands[self._band]
                self._bands[band] = Usual() if before is None else Usual(before, self._settles_at)
            self._band = band
        return self._bands[band]

    def forget(self) -> None:
        """Learn the present light anew, from what was usual before."""
        if self._band is not None:
            self._bands[self._band] = Usual(self._bands[self._band], self._settles_at)

    def save(self) -> dict[str, Any]:
        """Each band under its number."""
        return {
            "band": self._band,
            "bands": {str(band): usual.save() for band, usual in self._bands.items()},
        }

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave."""
        self._band = memory["band"]
        self._bands = {int(band): Usual.load(saved) for band, saved in memory["bands"].items()}
