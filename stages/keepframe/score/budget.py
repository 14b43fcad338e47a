"""
The threshold that fills a day with its largest changes: so many pictures, from midnight to midnight UTC.

Learned from all scores, events and all: what is to be kept is counted, not what happens by itself (that is learned.py). Recomputing:
a picture is kept if its score is above the threshold in its row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keepframe.score.evidence import Evidence
from keepframe.score.pace import DAY_NS, Pace
from keepframe.score.sketch import Sketch
from keepframe.score.threshold import Threshold

HALF_LIFE_DAYS = 3.0
_LOW, _WIDTH, _BINS = -21.0, 0.05, 840
"""Of log scores: 1e-9 to 1e9, in steps of 5 %."""
_HOURS = 24
_HOUR_NS = DAY_NS // _HOURS
_FIRST = 16
"""Pictures before which nothing is known; until then nothing is kept for the budget."""
_LARGE = 4.0
"""Budgets: so many pictures a day count as large where it is learned at what hours they come."""
_MINUTES, _EVERY = 1440, 16
"""The threshold is looked at once a minute, and at least every so many pictures; a kept one asks at once."""


class Budget:
    """
    A threshold that moves so that a day's kept pictures come to a number. `threshold`, then `learn` the frame; both in order.

    per_day: how many, 1 or more. What is left of the day's number is spread over what is usually left of the day's large scores, by the
    hour; once it is spent nothing more is kept until midnight (`is_spent`).

    >>> budget = Budget(per_day=100.0)
    >>> for n in range(8640):
    ...     seen = Evidence(n * 7 % 1000 / 100, None, 99.0, n * 10**10)
    ...     is_over = seen.score > budget.threshold(seen).value and not budget.is_spent
    ...     budget.learn(seen, is_over=is_over, is_kept=is_over)
    >>> 90 <= budget.kept <= 100
    True
    """

    def __init__(self, *, per_day: float) -> None:
        self.per_day = per_day
        self.kept = 0
        """Today."""
        self._pace = Pace()
        self._scores = Sketch(low=_LOW, width=_WIDTH, bins=_BINS, half_life=HALF_LIFE_DAYS)
        self._hours = [1.0] * _HOURS
        self._large = math.inf
        self._count = 0
        self._day: int | None = None
        self._forgone = 0.0
        self._value = math.inf
        self._asked_at = 0

    @property
    def is_spent(self) -> bool:
        """Whether today's number is reached."""
        return self.kept + self._forgone >= self.per_day

    def threshold(self, evidence: Evidence) -> Threshold:
        """What a frame's score is held against, at its time."""
        time_ns = evidence.time_ns
        day = time_ns // DAY_NS
        if day != self._day:
            # of the first day only what is left of it is filled
            gone = time_ns % DAY_NS / DAY_NS if self._day is None else 0.0
            self._forgone = self.per_day * gone
            self._day, self.kept, self._asked_at = day, 0, 0
            self._hours = [0.75 * hour + 0.25 for hour in self._hours]
        if self._count >= self._asked_at:
            self._ask(time_ns)
        return Threshold(
            self._value, "calibrated" if self._scores.total >= self._pace.per_day else "learning"
        )

    def learn(self, evidence: Evidence, *, is_over: bool, is_kept: bool) -> None:
        """Learn from a frame, and whether it was kept; whether it was above the threshold says no more."""
        del is_over
        self._scores.age(self._pace.step(evidence.time_ns) / DAY_NS)
        self._count += 1
        if evidence.event != "repeated":
            self._scores.add(math.log(max(evidence.score, 1e-9)))
            if evidence.score > self._large:
                self._hours[evidence.time_ns % DAY_NS // _HOUR_NS] += 0.25 / _LARGE / self.per_day * _HOURS
        if is_kept:
            self.kept += 1
            self._asked_at = self._count

    def _ask(self, time_ns: int) -> None:
        total, per_day = self._scores.total, self._pace.per_day
        self._asked_at = self._count + min(max(int(per_day / _MINUTES), 1), _EVERY)
        if self._count < _FIRST or not total or self.is_spent:
            return
        self._large = math.exp(self._scores.exceeded_by(total * min(_LARGE * self.per_day / per_day, 0.5)))
        left = max(self.per_day - self._forgone - self.kept, 0.0)
        share = min(left / (per_day * max(self._rest(time_ns), 1e-9)), 1.0)
        self._value = math.exp(self._scores.exceeded_by(total * share))

    def _rest(self, time_ns: int) -> float:
        """Which share of a day's large scores usually comes after this time of day."""
        hour, part = divmod(time_ns % DAY_NS, _HOUR_NS)
        rest = sum(self._hours[hour + 1 :]) + self._hours[hour] * (1 - part / _HOUR_NS)
        return rest / sum(self._hours)

    def save(self) -> dict[str, Any]:
        """What it has counted, today and before."""
        return {
            "pace": self._pace.save(),
            "scores": self._scores.save(),
            "hours": np.array(self._hours),
            "today": [self._day, self.kept, self._forgone],
            "asked": [self._count, self._asked_at, self._value, self._large],
        }

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave. Raises ValueError for other keys."""
        known = {"pace", "scores", "hours", "today", "asked"}
        if memory.keys() != known:
            raise ValueError(f"budget: expected a memory of {sorted(known)}, got {sorted(memory)}")
        self._pace.load(memory["pace"])
        self._scores.load(memory["scores"])
        self._hours = memory["hours"].tolist()
        self._day, self.kept, self._forgone = memory["today"]
        self._count, self._asked_at, self._value, self._large = memory["asked"]
