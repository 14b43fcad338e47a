"""
When a live camera's next picture is due: `every` on the grid of the wall clock, so that "10s" means :00, :10, :20.

Which of the pictures of a file are taken is in interval.py. Nothing is waited for here.
"""

from __future__ import annotations

from keepframe.capture.interval import NS
from keepframe.clock import Clock


class Pace:
    """
    One picture in each cell of the wall clock's grid; every picture if the interval is None.

    A wall clock that stands still or goes back delays nothing: what is due by the monotonic clock is due.

    >>> from keepframe.clock import FakeClock
    >>> clock = FakeClock(9 * NS)
    >>> pace = Pace(10 * NS, clock)
    >>> pace.take(), pace.is_due, pace.wait_s
    (True, False, 1.0)
    """

    def __init__(self, interval: int | None, clock: Clock) -> None:
        self.interval, self._clock = interval, clock
        self._cell: int | None = None
        self._taken_s = 0.0

    @property
    def is_due(self) -> bool:
        """Whether a picture that comes now is taken."""
        return self.wait_s <= 0.0

    @property
    def wait_s(self) -> float:
        """Seconds until one is due; 0 if it is."""
        if self.interval is None or self._cell is None:
            return 0.0
        now_ns = self._clock.wall_ns()
        if now_ns // self.interval != self._cell:
            return 0.0
        by_wall_s = (self.interval - now_ns % self.interval) / NS
        by_monotonic_s = self._taken_s + self.interval / NS - self._clock.monotonic_s()
        return max(0.0, min(by_wall_s, by_monotonic_s))

    def take(self) -> bool:
        """Take the picture that has come now, if it is due; whether it was."""
        if not self.is_due:
            return False
        if self.interval is not None:
            self._cell = self._clock.wall_ns() // self.interval
        self._taken_s = self._clock.monotonic_s()
        return True
