"""
What a score is held against, and whoever says so: a fixed number here, what a camera teaches in learned.py, a budget in budget.py.

What stands around the verdict is in judge.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from keepframe.frame import Note
from keepframe.score.evidence import Evidence, State


@dataclass(frozen=True, slots=True)
class Threshold:
    """
    A value, what it rests on (None: somebody wrote it), and the numbers a learned one comes from: usual * exp(spread * far).

    usual: the median of quiet scores in this light. spread: the scale of their logarithm. far: how many of these beyond the usual is rare
    enough. All three are None where nothing is usual yet; a value that differs from theirs is the metric's own: the floor, the ceiling or that
    of a cold start. model, wanted: where another number of false keeps a day is wanted than one, what its own is for one (learned.py).

    >>> Threshold(6.0, "learning").notes
    {}
    >>> Threshold(3.0, "calibrated", usual=1.5, spread=0.25, far=2.77).notes
    {'usual': 1.5, 'spread': 0.25, 'far': 2.77}
    """

    value: float
    state: State | None = None
    usual: float | None = None
    spread: float | None = None
    far: float | None = None
    model: float | None = None
    wanted: float | None = None

    @property
    def notes(self) -> dict[str, Note]:
        """The numbers it comes from, to go with the frame."""
        numbers = ((name, getattr(self, name)) for name in ("usual", "spread", "far", "model", "wanted"))
        return {name: number for name, number in numbers if number is not None}


class Steering(Protocol):
    """Whoever says what a score is held against; one per camera, asked and told of each frame in order."""

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be kept today."""

    def threshold(self, evidence: Evidence) -> Threshold:
        """What this frame's score is held against."""

    def learn(self, evidence: Evidence, *, is_over: bool, is_kept: bool) -> None:
        """Whether it was above it, and whether it was kept in the end."""

    def save(self) -> dict[str, Any]:
        """What the next threshold depends on."""

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave. Raises ValueError for other keys."""


class Fixed:
    """
    A threshold that somebody wrote: it stays.

    >>> Fixed(0.5).threshold(Evidence(0.25, None, 99.0, 0)).value
    0.5
    """

    is_spent = False

    def __init__(self, value: float) -> None:
        self._threshold = Threshold(value)

    def threshold(self, evidence: Evidence) -> Threshold:
        """The number."""
        del evidence
        return self._threshold

    def learn(self, evidence: Evidence, *, is_over: bool, is_kept: bool) -> None:
        """Nothing."""

    def save(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Take nothing. Raises ValueError for more."""
        if memory:
            raise ValueError(f"threshold: expected no memory, got {sorted(memory)}")
