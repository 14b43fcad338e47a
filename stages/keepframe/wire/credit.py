"""
How much of one camera may be on its way to the archive, and how much is.

What is sent when else, is decided in capture.py; how much may wait for its outcome, in store.py.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from keepframe.frame import Position


@dataclass(frozen=True, slots=True)
class Credit:
    """How much of one camera may be sent and not yet taken by the archive; one frame more than the stages hold back always may."""

    frames: int = 32
    nbytes: int = 64 << 20


@dataclass(slots=True)
class InFlight:
    """
    What of a session is sent and not yet taken.

    holds: how many frames the stages on the way hold back at most.

    >>> in_flight = InFlight(Credit(frames=1))
    >>> in_flight.add((0, 0), 100)
    >>> in_flight.allows(100)
    False
    >>> in_flight.taken((0, 0))
    >>> in_flight.allows(100)
    True
    """

    credit: Credit
    holds: int = 0
    nbytes: int = 0
    largest: int = 0
    """How many bytes the largest frame has had."""
    frames: deque[tuple[Position, int]] = field(default_factory=deque)

    def allows(self, nbytes: int) -> bool:
        """Whether a frame of this size may follow."""
        if len(self.frames) <= self.holds:
            return True
        return len(self.frames) < self.credit.frames and self.nbytes + nbytes <= self.credit.nbytes

    def add(self, upto: Position, nbytes: int) -> None:
        """A frame is sent."""
        self.frames.append((upto, nbytes))
        self.nbytes += nbytes
        self.largest = max(self.largest, nbytes)

    def taken(self, upto: Position) -> None:
        """The archive has taken everything up to here."""
        while self.frames and self.frames[0][0] <= upto:
            self.nbytes -= self.frames.popleft()[1]

    @property
    def half(self) -> int:
        """How many frames may be taken before it has to be told: so many again may be sent meanwhile, whatever the stages hold back."""
        most = min(self.credit.frames, self.credit.nbytes // max(1, self.largest))
        return max(1, (most - self.holds) // 2)

    def clear(self) -> None:
        """A new session: nothing is sent."""
        self.frames.clear()
        self.nbytes = self.largest = 0
