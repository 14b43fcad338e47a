"""
How often a camera's pictures come, by their own times.

What follows from it, how many a day may be kept, is told by whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DAY_NS = 86_400 * 1_000_000_000
_OUTAGE = 10.0
"""An interval so many times the usual one is an outage and counts as this many: nothing was seen meanwhile."""
_MEMORY = 1024
"""How many pictures the usual interval is a mean of."""
_UNKNOWN_NS = 1e9
"""One picture a second, until two times are known."""


class Pace:
    """
    The usual interval between two pictures, and how much time went by unseen outages apart.

    >>> pace = Pace()
    >>> [pace.step(time_ns) for time_ns in (0, 10**10, 2 * 10**10, 10**10)]
    [0.0, 10000000000.0, 10000000000.0, 0.0]
    >>> pace.per_day
    8640.0
    """

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._interval_ns = 0.0
        self._count = 0

    @property
    def per_day(self) -> float:
        """Pictures a day at the usual interval."""
        return DAY_NS / (self._interval_ns or _UNKNOWN_NS)

    def step(self, time_ns: int) -> float:
        """Take in the time of the next picture: how long after the one before, in nanoseconds; 0 if time stood still or went back."""
        passed = 0.0 if self._last_ns is None else float(time_ns - self._last_ns)
        self._last_ns = time_ns
        if passed <= 0:
            return 0.0
        if self._interval_ns:
            passed = min(passed, _OUTAGE * self._interval_ns)
        self._count += 1
        self._interval_ns += (passed - self._interval_ns) / min(self._count, _MEMORY)
        return passed

    def save(self) -> dict[str, Any]:
        """The usual interval, what it is a mean of, and the last time."""
        return {"last": self._last_ns, "interval": self._interval_ns, "count": self._count}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave."""
        self._last_ns, self._interval_ns = memory["last"], memory["interval"]
        self._count = memory["count"]
