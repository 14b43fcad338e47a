"""
The stage that compares each frame with its camera's reference and says whether to keep it.

It only puts together: references are in reference.py, scores in structure.py and metered.py, thresholds and what stands around the
verdict in what options.py makes. How the defaults were chosen, and where they fail, is told in docs/verdict-default.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import cv2

from keepframe.frame import Frame, Verdict
from keepframe.picture import Image
from keepframe.score.evidence import Evidence
from keepframe.score.judge import Steered
from keepframe.score.looking import Looker, Seen
from keepframe.score.metered import Metered, Ruled
from keepframe.score.options import judge
from keepframe.score.reference import Policy, Reference, policy
from keepframe.score.structure import Structure

STRUCTURE = "structure"
"""The metric that learns places."""
RULES = "rules"
"""The name of the score of a rule over several metrics: 1 is the limit."""
FLOOR = 4.0
"""The lowest learned threshold of the structure score: 4.6 spreads, which of some thousand places and two kinds of change none exceeds by noise
alone. Until a threshold is counted it is this one: what a place does by itself is in the score already."""

SLACK = 1.35
"""How many times that a counted one may be: one spread more. Without it a road with traffic all day long raised it from 4 to between 7
and 27 within three days, and every eighth of its cars was kept that was kept before."""

Match = Literal["any", "all"]


@dataclass(kw_only=True, slots=True)
class Change:
    """
    Keep a frame that differs enough from the reference; one instance per camera.

    metric: "structure" (the default score, which learns what each place does), a name of keepframe.metrics, or "module:attribute" of a
    function of two images that returns a number.
    reference: "last-kept": the frame kept last; "previous": the one before; "background": a running mean; "window-median": of the last
    five; "fixed": the file `picture`.
    keep: "auto": the threshold is learned from what the scene does by itself; "low", "medium", "high": so that a false picture a week, a
    day, ten a day are kept; or limits by metric, { ssim = 0.05, hash-perceptual = 8 }, of which `match` = "any" (or "all") must be
    exceeded. threshold: a number, in the metric's score, instead. false_keeps_per_day, budget ("200/day"), confirm ("2 of 3"), min_gap,
    at_least_every: see options.py.

    The first frame is kept (reason `first`), and one of another size or kind than the reference (`reshaped`). The frame gets its
    score under the metric's name (under `rules` that of several), the note `reference` (STREAM/SEQ of the frame it was compared with,
    or the policy), `box` where the metric has tiles: the hottest one as "x,y,width,height" in pixels of the working image; from the default
    score also `light`, `gain`, `offset` (what the light did), `shift` (the camera's, undone), `hot_share` and `boxes` (what is far
    out of the ordinary, share of the tiles and where); `state` from a learned threshold, and what it was learned from.
    Raises ValueError for options that make no sense; a frame on which a metric fails raises ValueError and changes nothing.

    >>> import numpy as np
    >>> change = Change(metric="mean-absolute-difference", threshold=0.1)
    >>> frames = [Frame(seq=n, working=np.full((27, 48), level, np.uint8)) for n, level in enumerate([10, 10, 200])]
    >>> [change(frame).reason for frame in frames]
    ['first', 'unchanged', 'changed']
    """

    metric: str = STRUCTURE
    reference: Policy = "last-kept"
    picture: Path | None = None
    keep: str | dict[str, float] = "auto"
    match: Match = "any"
    threshold: float | None = None
    false_keeps_per_day: float | None = None
    budget: str | None = None
    confirm: str | None = None
    min_gap: str | float | None = None
    at_least_every: str | float | None = None
    _look: Looker = field(init=False, repr=False)
    _judge: Steered = field(init=False, repr=False)
    _reference: Reference = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.reference not in get_args(Policy):
            raise ValueError(
                f'change: unknown reference "{self.reference}"; known: {", ".join(get_args(Policy))}'
            )
        try:
            self._reference = policy(self.reference, self.picture)
            self._look, self._judge = self._made()
        except ValueError as error:
            raise ValueError(f"change: {error}") from error

    def __call__(self, frame: Frame) -> Frame:
        """The same frame with score, notes and verdict."""
        image = frame.image
        reference = self._reference.image(image.shape)
        if reference is None:
            reason = "first" if self._reference.is_empty else "reshaped"
            self._look.begin(image)
            self._judge.restart(frame.time_ns)
            decided = frame.with_verdict(Verdict(True, reason))
        else:
            at = self._reference.at
            decided = self._judged(frame, image, self._look(reference, image), at)
        self._reference.take(image, _at(frame), is_kept=decided.outcome is None)
        return decided

    def save(self) -> dict[str, Any]:
        """What the next verdict depends on: the reference, lossless, what the score has learned, and the judge."""
        return {
            f"{owner}.{key}": value
            for owner, part in self._parts().items()
            for key, value in part.save().items()
        }

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; an empty memory is that of a camera never seen. Raises ValueError for other keys."""
        by_owner: dict[str, dict[str, Any]] = {owner: {} for owner in self._parts()}
        for key, value in memory.items():
            owner, _, name = key.partition(".")
            if owner not in by_owner or not name:
                raise ValueError(
                    f"change: expected a memory with keys that begin with {', '.join(by_owner)}, got {sorted(memory)}"
                )
            by_owner[owner][name] = value
        self._look, self._judge = self._made()
        for owner, part in self._parts().items():
            part.load(by_owner[owner])

    def fresh_judge(self) -> Steered:
        """A judge as this stage begins with, that has seen nothing: verdicts on stored scores can be taken again with it."""
        return self._made()[1]

    def _made(self) -> tuple[Looker, Steered]:
        if isinstance(self.keep, dict):
            self._check_rules(self.keep)
            return Ruled(self.keep, match=self.match), self._judge_of("auto", 1.0)
        made = self._judge_of(self.keep, self.threshold)
        if self.metric == STRUCTURE:
            return Structure(), made
        return Metered(self.metric, learns=self.threshold is None and self.budget is None), made

    def _judge_of(self, keep: str, threshold: float | None) -> Steered:
        is_structure = self.metric == STRUCTURE
        return judge(
            keep=keep,
            threshold=threshold,
            false_keeps_per_day=self.false_keeps_per_day,
            budget=self.budget,
            confirm=self.confirm,
            min_gap=self.min_gap,
            at_least_every=self.at_least_every,
            cold=FLOOR if is_structure else None,
            floor=FLOOR if is_structure else 0.0,
            ceiling=FLOOR if is_structure else math.inf,
            slack=SLACK if is_structure else math.inf,
        )

    def _check_rules(self, rules: Mapping[str, float]) -> None:
        if not rules:
            raise ValueError(
                'keep: expected limits by metric, like { ssim = 0.05 }, got none; or write "auto"'
            )
        wrong = [name for name, limit in rules.items() if not 0 < limit < math.inf]
        if wrong:
            raise ValueError(f"keep.{wrong[0]}: expected a limit above 0, got {rules[wrong[0]]:g}")
        if self.match not in get_args(Match):
            raise ValueError(f'match: expected one of {", ".join(get_args(Match))}, got "{self.match}"')
        several = ("threshold", "false_keeps_per_day", "budget")
        also = [name for name in several if getattr(self, name) is not None]
        if also:
            raise ValueError(f"keep and {also[0]}: each says how much to keep; write one of them")

    def _parts(self) -> dict[str, Any]:
        return {"reference": self._reference, "look": self._look, "judge": self._judge}

    def _judged(self, frame: Frame, image: Image, seen: Seen, at: str) -> Frame:
        level = float(sum(cv2.mean(image)[: 1 if image.ndim == 2 else 3])) / (1 if image.ndim == 2 else 3)
        given = self._judge(Evidence(seen.score, seen.quiet, level, frame.time_ns, seen.event))
        deciding = RULES if isinstance(self.keep, dict) else self.metric
        scores = {**frame.scores, **seen.scores, deciding: seen.score}
        notes: dict[str, Any] = {**frame.notes, "reference": at, **seen.notes, **given.notes}
        if seen.box is not None:
            notes["box"] = ",".join(map(str, seen.box))
        if seen.scores:
            notes["score"] = deciding
        if given.state is not None:
            notes["state"] = given.state
        # a frame for each of a dozen notes took longer than the verdict
        told = replace(frame, scores=MappingProxyType(scores), notes=MappingProxyType(notes))
        return told.with_verdict(given.verdict)


def _at(frame: Frame) -> str:
    return f"{frame.stream}/{frame.seq}" + (f"/{frame.part}" if frame.part else "")
