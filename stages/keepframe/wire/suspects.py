"""
Frames that were in hand when a process died by itself: each is tried alone, until it is settled or has killed too often.

Who had what in hand is the supervisor's knowledge; what is sent when is decided in capture.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from keepframe.frame import Position

DEATHS = 3
"""The first could be chance; after two more, alone, it is the frame."""


@dataclass(slots=True)
class Suspects:
    """
    How often each suspected frame of a camera has been in hand at a death.

    >>> suspects = Suspects()
    >>> [suspects.accuse((0, 7)) for _ in range(DEATHS)]
    [False, False, True]
    """

    deaths: dict[Position, int] = field(default_factory=dict)

    def accuse(self, at: Position) -> bool:
        """One more process has died with this frame in hand. Whether that is once too often."""
        self.deaths[at] = self.deaths.get(at, 0) + 1
        return self.deaths[at] >= DEATHS

    def allow(self, at: Position, first: Position) -> bool:
        """Whether the frame at a position may go; first: the oldest one that is held. A suspect goes alone."""
        return all(at < suspect or at == suspect == first for suspect in self.deaths)

    def settled_upto(self, position: Position) -> None:
        """What is settled is suspected no more."""
        self.deaths = {at: deaths for at, deaths in self.deaths.items() if at > position}
