"""
Time as the pipeline sees it: a clock that can be handed in, and how a moment is written.

Nothing else in the package asks the system what time it is where a test would want to decide it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

NS = 1_000_000_000


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


def iso(time_ns: int) -> str:
    """
    Write a moment as ISO 8601 in UTC, with milliseconds.

    >>> iso(1_700_000_000_250_000_000)
    '2023-11-14T22:13:20.250Z'
    """
    seconds, rest = divmod(time_ns, NS)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest // 1_000_000:03d}Z"
