"""
How far beyond the usual a scene goes by itself, and how rarely: the quantile that a false keep a day asks for.

In scales beyond the location (usual.py). Which pictures teach it is decided in learned.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keepframe.score.sketch import Sketch

HALF_LIFE_DAYS = 7.0
WIDTH, BINS = 0.1, 400
CALIBRATED = 3.0
"""So many of the learned pictures must lie beyond a quantile before it is counted rather than extrapolated."""
_ANCHOR = 30.0
"""What is extrapolated starts where so many lie beyond, or a twentieth of all."""
_DECAY, _PICTURES = 0.8, 10.0
"""The mean excess of a tail before anything is known of it, and for how many pictures that counts."""
_BODY = (0.3, 0.05)
_LONGEST, _HEAVIER = 1.0, 1.0
"""No tail is longer than so many times what the distance between these two upper shares tells; or twice as many, where nobody visits."""
_FEW, _MANY = 3.0, 10.0
"""Visits a day: with few, what is far off is most likely the scene's own; with many, most likely one of them."""
_EARLY_VISITS, _EARLY_DAYS = 3.0, 0.3
"""What is taken to have been seen before the first picture: many visits, until a day has shown that there are few."""


class Tail:
    """
    The distribution of how far off pictures are when nothing happens, over about ten days.

    >>> tail = Tail()
    >>> for n in range(1000):
    ...     tail.add(3 * n / 1000)
    >>> round(tail.quantile(0.1), 1), round(tail.quantile(0.2), 1), tail.is_calibrated(0.1)
    (2.7, 2.4, True)
    """

    def __init__(self) -> None:
        self._sketch = Sketch(low=0.0, width=WIDTH, bins=BINS, half_life=HALF_LIFE_DAYS)
        self._visits = self._days = 0.0

    @property
    def total(self) -> float:
        """How many pictures it stands for."""
        return self._sketch.total

    def age(self, days: float) -> None:
        """Let what was learned fade."""
        self._sketch.age(days)
        share = 2.0 ** (-days / HALF_LIFE_DAYS)
        self._visits *= share
        self._days = share * self._days + days

    def leave(self) -> None:
        """Count a visit: an excursion that was left, since it is none of the scene's own."""
        self._visits += 1

    @property
    def calmness(self) -> float:
        """1 where few visits come in a day, 0 where many do, by their logarithm between."""
        a_day = (self._visits + _EARLY_VISITS) / (self._days + _EARLY_DAYS)
        return min(max(math.log(_MANY / a_day) / math.log(_MANY / _FEW), 0.0), 1.0)

    def bin_of(self, off: float) -> int:
        """Where this distance counts."""
        return self._sketch.bin_of(off)

    def add(self, off: float) -> None:
        """Learn one picture that is so many scales off."""
        self._sketch.add(off)

    def add_to(self, index: int, times: float) -> None:
        """Learn as many pictures of one bin."""
        self._sketch.add_to(index, times)

    def is_calibrated(self, rate: float) -> bool:
        """Whether the quantile of this rate is counted; else it is extrapolated."""
        return self.total * rate >= CALIBRATED

    def excess(self) -> float:
        """By how much those beyond the anchor are beyond it on average: the scale of the tail."""
        excess, number = self._sketch.mean_excess(self._sketch.exceeded_by(self._anchor))
        return (excess + _PICTURES * _DECAY) / (number + _PICTURES)

    def quantile(self, rate: float) -> float:
        """
        How far off a picture must be that only this share of quiet ones is, at least by what was learned.

        Counted as a conformal quantile, of which one picture more than those seen may lie beyond: (1 + k) / (1 + n) <= rate. With too
        few pictures for that an exponential tail goes on from the anchor. A higher rate never gives a larger quantile.
        """
        total = self.total
        wanted = total * rate
        if wanted >= CALIBRATED:
            found = self._sketch.exceeded_by(wanted - 1)
        else:
            anchor = self._sketch.exceeded_by(self._anchor)
            reach = self.excess() * math.log(max(self._anchor / wanted, 1.0)) if wanted else math.inf
            found = max(anchor + reach, self._sketch.exceeded_by(CALIBRATED - 1))
        return min(found, self._longest(rate))

    def _longest(self, rate: float) -> float:
        upper, lower = (self._sketch.exceeded_by(share * self.total) for share in _BODY)
        decay = max(lower - upper, WIDTH) / math.log(_BODY[0] / _BODY[1])
        return lower + (_LONGEST + _HEAVIER * self.calmness) * decay * math.log(max(_BODY[1] / rate, 1.0))

    @property
    def _anchor(self) -> float:
        return min(_ANCHOR, self.total / 20)

    def save(self) -> dict[str, Any]:
        """The counts."""
        return {**self._sketch.save(), "visits": self._visits, "days": self._days}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave."""
        self._sketch.load(memory)
        self._visits, self._days = memory["visits"], memory["days"]
