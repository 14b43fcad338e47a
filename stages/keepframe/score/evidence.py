"""
The seam between looking and deciding: what the pixels of one frame say, and what is decided on it.

How evidence comes about (references, metrics, places) is told by the modules that make it; how a threshold is learned from it, and
what stands around the verdict (confirmation, gaps, budgets), by the judge. A judge sees no pixels, and nothing here has a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from keepframe.frame import Note, Verdict

Event = Literal["repeated", "light", "mode"]
"""
What a picture is beside its score: `repeated`: pixel for pixel the picture before it, so nothing can be learned from it; `light`: the
light alone changed at a stroke, and stays; `mode`: the camera changed between day and night (colour and infrared).
"""

State = Literal["learning", "extrapolated", "calibrated"]
"""How much a learned threshold rests on: noise model alone; too few frames, so a tail model goes on from them; enough frames."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What the pixels of one frame say. Every frame that could be compared gives one, in order, whatever is decided.

    score: against the reference (`last-kept` by default). 0 = the same, higher = more different, finite; in units of what the place where
    it is largest usually does, if the metric learns places (about 1 to 4 in a quiet scene), else in the metric's own.
    quiet: the same number against a recent picture instead (the anchor, at most 8 pictures back): what noise, leaves and rain do here now.
    Never against the last kept picture, or a change that stays would teach that it is normal. None: there is no anchor yet. It is
    large too while something passes: a judge must not take every frame for a quiet one.
    level: mean gray level of the picture, 0 to 255: one camera's noise by day is not that by night.
    time_ns: when the frame was captured, nanoseconds since 1970; may jump, stand still or go back.
    event: see Event; None for an ordinary picture.

    >>> Evidence(score=2.5, quiet=1.75, level=96.0, time_ns=0).event is None
    True
    """

    score: float
    quiet: float | None
    level: float
    time_ns: int
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    The verdict on one frame, and what the threshold it was held against rests on (None: nobody learned it).

    notes: what the threshold can be computed from again, to go with the frame: `usual`, `spread`, `far`, `model` and `wanted`
    (threshold.py), `over`, and what the judge saw of a learned frame: `level`, `quiet`, `event` (judge.py).
    """

    verdict: Verdict
    state: State | None = None
    notes: Mapping[str, Note] = field(default_factory=dict)


class Judge(Protocol):
    """
    Decides on evidence alone; one per camera.

    It is called once for each frame that could be compared; of one that could not (the first, another size) it is told by `restart`.
    Equal calls give equal judgements: no clock, no chance. What it remembers is saved and loaded as a stage's memory is.
    """

    def __call__(self, evidence: Evidence) -> Judgement:
        """Keep or not, and why."""

    def restart(self, time_ns: int) -> None:
        """A picture was kept without evidence at this time, and is the new reference."""

    def save(self) -> dict[str, Any]:
        """Numbers, strings, small arrays; what seldom changes under keys of its own, for only changed keys are sent."""

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; an empty one is that of a camera never seen. Raises ValueError for other keys."""
