"""
How often values were how large, the older the less: a histogram of fixed size whose counts fade.

What the values are and what a quantile is good for is the caller's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_MOST = 2.0**40
"""Of the weight of new values; then everything is scaled down by exactly this much, so that no rounding tells when it happened."""


class Sketch:
    """
    Counts of values in bins of one width; what is below the first bin counts in it, what is above the last in that.

    low: where the first bin begins. width: of each bin. bins: how many. half_life: after this much age a count is worth half.
    Adding costs the same however much was added; a quantile costs one walk over the bins from the top.

    >>> sketch = Sketch(low=0.0, width=1.0, bins=10, half_life=1.0)
    >>> for value in (0.5, 1.5, 2.5, 3.5):
    ...     sketch.add(value)
    >>> sketch.total, sketch.exceeded_by(1.0), sketch.exceeded_by(2.0)
    (4.0, 3.0, 2.0)
    """

    def __init__(self, *, low: float, width: float, bins: int, half_life: float) -> None:
        self.low, self.width, self.half_life = low, width, half_life
        self._counts = [0.0] * bins
        self._sum = 0.0
        self._weight = 1.0

    @property
    def total(self) -> float:
        """How many values it stands for, faded ones in part."""
        return self._sum / self._weight

    def age(self, by: float) -> None:
        """Let everything added so far fade, by this much of what half_life is in."""
        self._weight *= 2.0 ** (by / self.half_life)
        if self._weight > _MOST:
            self._weight /= _MOST
            self._sum /= _MOST
            self._counts = [count / _MOST for count in self._counts]

    def bin_of(self, value: float) -> int:
        """The bin a value counts in."""
        return min(max(int((value - self.low) / self.width), 0), len(self._counts) - 1)

    def add(self, value: float) -> None:
        """Count one value."""
        self.add_to(self.bin_of(value), 1.0)

    def add_to(self, index: int, times: float) -> None:
        """Count as many values in a bin."""
        self._counts[index] += self._weight * times
        self._sum += self._weight * times

    def exceeded_by(self, count: float) -> float:
        """The value that this many are above, between two bins' edges in proportion; the low end if there are fewer."""
        left = count * self._weight
        for index in range(len(self._counts) - 1, -1, -1):
            here = self._counts[index]
            if here > 0 and here >= left:
                return self.low + self.width * (index + 1 - left / here)
            left -= here
        return self.low

    def mean_excess(self, above: float) -> tuple[float, float]:
        """Of the values above this one: by how much, all together, and how many they are."""
        excess = number = 0.0
        for index in range(len(self._counts) - 1, -1, -1):
            bottom = self.low + index * self.width
            top = bottom + self.width
            if top <= above:
                break
            start = max(bottom, above)
            here = self._counts[index] * (top - start) / self.width
            number += here
            excess += here * ((start + top) / 2 - above)
        return excess / self._weight, number / self._weight

    def save(self) -> dict[str, Any]:
        """The counts and what they are worth."""
        return {"counts": np.array(self._counts), "sum": self._sum, "weight": self._weight}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave. Raises ValueError for another number of bins."""
        counts = memory["counts"].tolist()
        if len(counts) != len(self._counts):
            raise ValueError(f"sketch: expected {len(self._counts)} counts, got {len(counts)}")
        self._counts, self._sum, self._weight = counts, memory["sum"], memory["weight"]
