"""
The score by one metric of one's choice, or by a rule over several.

The metrics are in keepframe.metrics, the default score, which learns places, in structure.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from keepframe.metrics import Box
from keepframe.picture import Image, read_only
from keepframe.score.comparison import comparison
from keepframe.score.evidence import Event
from keepframe.score.looking import Seen, fingerprint

Match = Literal["any", "all"]

_ANCHOR_AGE = 8
"""Pictures until the anchor is replaced, as in structure.py."""


class Metered:
    """
    Scores a camera's pictures by a metric; one per camera, called for each picture in order.

    metric: see comparison.py. learns: whether the score against the anchor is wanted too; it costs as much again.

    >>> Metered("mean-absolute-difference")(np.zeros((2, 2), np.uint8), np.full((2, 2), 51, np.uint8)).score
    0.2
    """

    def __init__(self, metric: str, *, learns: bool = False) -> None:
        self._compare, self._learns = comparison(metric), learns
        self._anchor: Image | None = None
        self._age = self._print = 0

    def begin(self, image: Image) -> None:
        """Take a picture that has nothing to be compared with for the anchor."""
        if self._learns:
            self._anchor_to(image)
            self._print = fingerprint(image)

    def __call__(self, reference: Image, image: Image) -> Seen:
        """The metric's score against the reference, and against the anchor."""
        score, box = self._compare(reference, image)
        if not self._learns:
            return Seen(score, box=box)
        has_anchor = self._anchor is not None and self._anchor.shape == image.shape
        quiet = self._compare(self._anchor, image)[0] if self._anchor is not None and has_anchor else None
        before, self._print = self._print, fingerprint(image)
        event: Event | None = "repeated" if has_anchor and before == self._print else None
        self._age += event is None
        if not has_anchor or self._age >= _ANCHOR_AGE:
            self._anchor_to(image)
        return Seen(score, quiet, event, box)

    def save(self) -> dict[str, Any]:
        """The anchor, lossless."""
        if self._anchor is None:
            return {}
        return {"anchor": self._anchor, "age": self._age, "print": self._print}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from it, among other keys."""
        self._anchor, self._age = memory.get("anchor"), memory.get("age", 0)
        self._print = memory.get("print", 0)

    def _anchor_to(self, image: Image) -> None:
        self._anchor, self._age = read_only(np.array(image, order="C")), 0


class Ruled:
    """
    A rule over several metrics: the score is how many times its limit the metric that decides has reached, so 1 is the limit.

    limits: by metric, above 0. match: "any": the metric that is farthest beyond its limit decides; "all": the one that is least.

    >>> ruled = Ruled({"mean-absolute-difference": 0.1, "mse": 0.5}, match="all")
    >>> seen = ruled(np.zeros((2, 2), np.uint8), np.full((2, 2), 51, np.uint8))
    >>> round(seen.score, 3), {name: round(score, 3) for name, score in seen.scores.items()}
    (0.08, {'mean-absolute-difference': 0.2, 'mse': 0.04})
    """

    def __init__(self, limits: Mapping[str, float], *, match: Match = "any") -> None:
        self._rules = [(name, comparison(name), limit) for name, limit in limits.items()]
        self._match = match

    def begin(self, image: Image) -> None:
        """Nothing is learned."""

    def __call__(self, reference: Image, image: Image) -> Seen:
        """All scores, and that which decides as a share of its limit."""
        found: list[tuple[float, Box | None]] = []
        scores: dict[str, float] = {}
        for name, compare, limit in self._rules:
            score, box = compare(reference, image)
            scores[name] = score
            found.append((score / limit, box))
        decides = max if self._match == "any" else min
        share, box = decides(found, key=lambda each: each[0])
        return Seen(share, box=box, scores=scores)

    def save(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Nothing."""
