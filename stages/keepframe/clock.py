"""
Time as the pipeline sees it: a clock that can be handed in, and how a moment is written.

Nothing else in the package asks the system what time it is where a test would want to decide it.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

NS = 1_000_000_000
_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


class Clock(Protocol):
    """Wall time for people, monotonic time for intervals."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC; may jump."""

    def monotonic_s(self) -> float:
        """Seconds from an arbitrary start; never goes back."""


class SystemClock:
    """The machine's own clocks."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC; may jump."""
        return time.time_ns()

    def monotonic_s(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        return time.monotonic()


@dataclass(slots=True)
class FakeClock:
    """A clock for tests: it stands still until it is moved."""

    now_ns: int = 0

    def wall_ns(self) -> int:
        """The set time, in nanoseconds since 1970-01-01 UTC."""
        return self.now_ns

    def monotonic_s(self) -> float:
        """The set time, in seconds."""
        return self.now_ns / NS

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds. Raises ValueError for less than 0: monotonic time never goes back."""
        if seconds < 0:
            raise ValueError(f"expected 0 or more seconds, got {seconds}")
        self.now_ns += round(seconds * NS)


def duration_ns(written: str | float) -> int:
    """
    A duration in nanoseconds; a bare number is seconds.

    Raises ValueError ("expected a duration …") for what is no duration, or none above 0.

    >>> duration_ns("500ms"), duration_ns("2 min"), duration_ns(0.1)
    (500000000, 120000000000, 100000000)
    """
    match = _DURATION.fullmatch(written) if isinstance(written, str) else None
    seconds = math.nan
    if match is not None and (match[2] or "s") in _UNITS:
        seconds = float(match[1]) * _UNITS[match[2] or "s"]
    elif isinstance(written, int | float) and not isinstance(written, bool):
        seconds = float(written)
    if not math.isfinite(seconds) or round(seconds * NS) < 1:
        raise ValueError(f"expected a duration like '1s', '500ms' or seconds above 0, got {written!r}")
    return round(seconds * NS)


def iso(time_ns: int) -> str:
    """
    Write a moment as ISO 8601 in UTC, with milliseconds.

    >>> iso(1_700_000_000_250_000_000)
    '2023-11-14T22:13:20.250Z'
    """
    seconds, rest = divmod(time_ns, NS)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest // 1_000_000:03d}Z"
