"""
The threshold a camera teaches: what its scene does by itself, and how rarely it may be taken for a change.

No pixels, no clock, no chance: scores and times in, a threshold out. What stands around the verdict is in judge.py. Recomputing a
threshold from what is noted: usual x exp(spread x far), or `cold`, not less than `floor`, not more than `ceiling`; these three are
the metric's own, `model`, times lean(`wanted`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keepframe.score.evidence import Evidence, State
from keepframe.score.pace import DAY_NS, Pace
from keepframe.score.tail import BINS, Tail
from keepframe.score.threshold import Threshold
from keepframe.score.usual import Lights

LEARNING = 100
"""Pictures learned before the tail is asked; until then its model alone says how far is too far."""
_FIRST = 16
"""Pictures before which nothing is usual yet."""
_FAR = 4.0
"""Scales from the usual at which an excursion begins; it is learned or left as a whole."""
_OVER = 8
"""Pictures without a far one that end an excursion."""
_OWN_A_DAY = 3.0
"""How far a scene goes by itself: what it does so often a day, or halfway from there, by logarithm, to what is asked. By what is asked alone
the tail for one a day would be taught visits, and that for ten a day lose what is rarer."""
_REACH, _CALM_REACH = 1.0, 4.0
"""Mean excesses beyond it up to which an excursion passes for the scene's own, and how many more where nobody visits."""
_STAYS = 100
_STAYS_NS = 900 * 1e9
"""An excursion of so many pictures and so long a time (a quarter of an hour) that is mostly far off is the new normal."""
_MODEL_FROM, _MODEL_DECAY = 2.0, 0.8
"""In the first pictures: one in fifty is two scales off, and from there on the rate falls by e every 0.8."""
_USUAL_SPREAD = 0.2
"""Of the logarithm of quiet scores, before any was seen: as the default score has it on most scenes."""
_MOST_LEAN = 2.0
"""A metric's own threshold is not moved farther by what is wished: below half of the default score's every quiet picture is above it."""
_LOWEST = 1e-9


def lean(false_keeps_per_day: float) -> float:
    """
    How many times its own threshold a metric's is where another number of false keeps a day is wished than one: 0.5 to 2.

    By the model of a tail of which nothing was seen yet: the rate falls by e every 0.8 scales, of 0.2 in the logarithm.

    >>> [round(4.0 * lean(wanted), 2) for wanted in (1 / 7, 1.0, 10.0)]
    [5.46, 4.0, 2.77]
    """
    leant = math.exp(-_MODEL_DECAY * _USUAL_SPREAD * math.log(false_keeps_per_day))
    return min(max(leant, 1 / _MOST_LEAN), _MOST_LEAN)


class Learned:
    """
    One camera's threshold. `threshold` for the light of a frame, then `learn` the frame; both in order.

    false_keeps_per_day: how many quiet pictures a day may pass for changes, more than 0. It moves what is asked of the tail, and at once,
    by lean(), the metric's own thresholds below, which are those for one a day.
    cold: the threshold before anything is usual; None: infinite, nothing is kept on it.
    floor: no threshold is lower; what noise alone explains.
    ceiling: no threshold is higher until one is counted: where the score itself knows what a place does, a few pictures of a busy
    scene must not make it deaf. slack: how many times the ceiling a counted one may be; a scene that is never still would raise it for ever.

    >>> learned = Learned(false_keeps_per_day=1.0, cold=6.0)
    >>> for n in range(200):
    ...     quiet = Evidence(1.0 + n % 3 / 10, 1.0 + n % 3 / 10, 99.0, n * 10**10)
    ...     learned.learn(quiet, is_over=False, is_kept=False)
    >>> now = learned.threshold(quiet)
    >>> now.state, 1.2 < now.value < 3
    ('extrapolated', True)
    """

    def __init__(
        self,
        *,
        false_keeps_per_day: float = 1.0,
        cold: float | None = None,
        floor: float = 0.0,
        ceiling: float = math.inf,
        slack: float = math.inf,
    ) -> None:
        self.false_keeps_per_day, self.slack = false_keeps_per_day, slack
        leant = lean(false_keeps_per_day)
        self.cold = None if cold is None else cold * leant
        self.floor, self.ceiling = floor * leant, ceiling * leant
        self._wish = {} if cold is None or leant == 1 else {"model": cold, "wanted": false_keeps_per_day}
        self._pace, self._lights, self._tail = Pace(), Lights(), Tail()
        self._count = 0
        self._far: float | None = None
        self._own = _FAR
        self._is_calibrated = False
        self._excess = 0.0
        self._asked_at = 0
        self._excursion: Excursion | None = None

    is_spent = False
    """It knows no budget."""

    @property
    def rate(self) -> float:
        """The share of quiet pictures that may be kept."""
        return min(self.false_keeps_per_day / self._pace.per_day, 0.5)

    def threshold(self, evidence: Evidence) -> Threshold:
        """What a frame's score is held against, in its light."""
        usual = self._lights.at(evidence.level)
        if self._count < _FIRST or usual.count < 2:
            value = math.inf if self.cold is None else max(self.cold, self.floor)
            return Threshold(value, "learning", **self._wish)
        state: State = "calibrated" if self._is_calibrated else "extrapolated"
        far = self._far
        if far is None:
            state, far = "learning", _MODEL_FROM - _MODEL_DECAY * math.log(min(self.rate / 0.02, 1.0))
        value = math.exp(min(usual.location + usual.scale * far, 700.0))
        if state == "learning" and self.cold is not None:
            value = max(value, self.cold)
        value = min(value, self.ceiling * (self.slack if state == "calibrated" else 1.0))
        value = max(value, self.floor)
        return Threshold(value, state, math.exp(usual.location), usual.scale, far, **self._wish)

    def learn(self, evidence: Evidence, *, is_over: bool, is_kept: bool) -> None:
        """Learn from a frame that was held against `threshold`, whether it was above it; whether it was kept says no more."""
        del is_kept
        passed_ns = self._pace.step(evidence.time_ns)
        if evidence.event is not None:
            return
        self._tail.age(passed_ns / DAY_NS)
        usual = self._lights.at(evidence.level)
        off = usual.off(_log(evidence.score)) if usual.is_settled else 0.0
        is_far = usual.is_settled and (is_over or abs(off) > _FAR)
        self._count += 1
        if is_far and self._excursion is None:
            self._excursion = Excursion()
        if self._excursion is None:
            if evidence.quiet is not None:
                usual.learn(_log(evidence.quiet), passed_ns)
            if usual.is_settled:
                self._tail.add(off)
        else:
            self._follow(self._excursion, off, passed_ns, is_far=is_far)
        if self._count >= self._asked_at:
            self._ask()

    def _follow(self, excursion: Excursion, off: float, passed_ns: float, *, is_far: bool) -> None:
        excursion.add(self._tail.bin_of(off), off, passed_ns, is_far=is_far)
        if excursion.calm >= _OVER:
            reach = _REACH + _CALM_REACH * self._tail.calmness
            if excursion.peak < self._own + reach * self._excess:
                for index, times in sorted(excursion.bins.items()):  # as it is saved: sums tell their order
                    self._tail.add_to(index, times)
            else:
                self._tail.leave()
            self._excursion = None
        elif excursion.count >= _STAYS and excursion.passed_ns >= _STAYS_NS:
            if 2 * excursion.far > excursion.count:
                self._lights.forget()
            self._excursion = None

    def _ask(self) -> None:
        # a walk over the tail costs as much as a hundred pictures; it changes the less, the more it holds
        self._asked_at = self._count + max(1, min(64, self._count // 32))
        if self._tail.total >= LEARNING:
            rate = self.rate
            self._far = self._tail.quantile(rate)
            self._is_calibrated = self._tail.is_calibrated(rate)
            self._excess = self._tail.excess()
            own_a_day = math.sqrt(_OWN_A_DAY * self.false_keeps_per_day)
            self._own = self._tail.quantile(min(own_a_day / self._pace.per_day, 0.5))

    def save(self) -> dict[str, Any]:
        """All it has learned, under a key for each part: a few kilobytes."""
        return {
            "pace": self._pace.save(),
            "lights": self._lights.save(),
            "tail": self._tail.save(),
            "asked": [self._count, self._asked_at, self._far, self._own, self._is_calibrated, self._excess],
            "excursion": None if self._excursion is None else self._excursion.save(),
        }

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave. Raises ValueError for other keys."""
        known = {"pace", "lights", "tail", "asked", "excursion"}
        if memory.keys() != known:
            raise ValueError(f"learned: expected a memory of {sorted(known)}, got {sorted(memory)}")
        self._pace.load(memory["pace"])
        self._lights.load(memory["lights"])
        self._tail.load(memory["tail"])
        self._count, self._asked_at, self._far, self._own, self._is_calibrated, self._excess = memory["asked"]
        self._excursion = None if memory["excursion"] is None else Excursion.load(memory["excursion"])


class Excursion:
    """A run of pictures far from the usual, with calm ones between that end none: one visit, one gust, one shadow."""

    def __init__(self) -> None:
        self.bins: dict[int, float] = {}
        self.count = self.far = self.calm = 0
        self.peak = self.passed_ns = 0.0

    def add(self, index: int, off: float, passed_ns: float, *, is_far: bool) -> None:
        """One more picture: its bin of the tail, how far it is off, the time since the one before."""
        self.bins[index] = self.bins.get(index, 0.0) + 1.0
        self.count += 1
        self.far += is_far
        self.calm = 0 if is_far else self.calm + 1
        self.peak = max(self.peak, off)
        self.passed_ns += passed_ns

    def save(self) -> dict[str, Any]:
        """The run so far."""
        bins = np.zeros(BINS)
        for index, times in self.bins.items():
            bins[index] = times
        return {"bins": bins, "run": [self.count, self.far, self.calm, self.peak, self.passed_ns]}

    @classmethod
    def load(cls, saved: Mapping[str, Any]) -> Excursion:
        """What save() gave."""
        excursion = cls()
        bins = saved["bins"]
        excursion.bins = {index: float(bins[index]) for index in np.flatnonzero(bins).tolist()}
        excursion.count, excursion.far, excursion.calm, excursion.peak, excursion.passed_ns = saved["run"]
        return excursion


def _log(score: float) -> float:
    return math.log(max(score, _LOWEST))
