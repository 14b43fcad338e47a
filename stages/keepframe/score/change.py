"""
The verdict by one threshold: kept if it differs enough from the camera's reference.

The camera's own noise is not learned here; where a fixed threshold fails is told in docs/verdict-default.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from keepframe.frame import Frame, Verdict
from keepframe.metrics import Box
from keepframe.picture import Image, read_only
from keepframe.score.comparison import Comparison, comparison

Reference = Literal["last-kept", "previous"]


@dataclass(kw_only=True, slots=True)
class Change:
    """
    Keep a frame whose score against the reference is above the threshold; one instance per camera.

    metric: a name of keepframe.metrics, or "module:attribute" of a function of two images that returns a number.
    reference: "last-kept": the frame kept last; "previous": the frame before this one.
    threshold: in the metric's score, 0 or more. The default suits the default metric on the default working image (gray, 48
    pixels wide, sigma 2): docs/verdict-default.md says how it was found. Another metric needs its own.

    The first frame is kept (reason `first`), and one of another size or kind than the reference (`reshaped`). The frame gets its
    score under the metric's name, the note `reference` (STREAM/SEQ of the frame it was compared with) and, from a metric with
    tiles, the note `box`: the hottest tile as "x,y,width,height" in pixels of the working image.
    Raises ValueError for an option that makes no sense; a frame on which a metric fails raises ValueError and changes nothing.

    >>> change = Change()
    >>> frames = [Frame(seq=n, working=np.full((27, 48), level, np.uint8)) for n, level in enumerate([10, 10, 200])]
    >>> [change(frame).reason for frame in frames]
    ['first', 'unchanged', 'changed']
    """

    metric: str = "ssim-tile"
    reference: Reference = "last-kept"
    threshold: float = 0.5
    _compare: Comparison = field(init=False, repr=False)
    _image: Image | None = field(init=False, repr=False, default=None)
    _at: str = field(init=False, repr=False, default="")

    def __post_init__(self) -> None:
        if self.reference not in get_args(Reference):
            raise ValueError(
                f'change: unknown reference "{self.reference}"; known: {", ".join(get_args(Reference))}'
            )
        if not (math.isfinite(self.threshold) and self.threshold >= 0):
            raise ValueError(
                f"change: expected threshold of 0 or more (0 = the same), got {self.threshold:g}"
            )
        self._compare = comparison(self.metric)

    def __call__(self, frame: Frame) -> Frame:
        """The same frame with score, notes and verdict."""
        image = frame.image
        if self._image is None:
            decided = frame.with_verdict(Verdict(True, "first"))
        elif self._image.shape != image.shape:
            decided = frame.with_verdict(Verdict(True, "reshaped"))
        else:
            decided = self._compared(frame, *self._compare(self._image, image))
        if self.reference == "previous" or decided.outcome is None:
            self._image, self._at = _own(image), _at(frame)
        return decided

    def save(self) -> dict[str, Any]:
        """What the next verdict depends on: the reference, lossless, and which frame it is."""
        return {} if self._image is None else {"image": self._image, "at": self._at}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; an empty memory is that of a camera never seen. Raises ValueError for other keys."""
        if not memory:
            self._image, self._at = None, ""
            return
        if memory.keys() != {"image", "at"}:
            raise ValueError(f"change: expected a memory of `image` and `at`, got {sorted(memory)}")
        self._image, self._at = _own(memory["image"]), memory["at"]

    def _compared(self, frame: Frame, score: float, box: Box | None) -> Frame:
        is_kept = score > self.threshold
        scored = frame.with_score(self.metric, score).with_note("reference", self._at)
        if box is not None:
            scored = scored.with_note("box", ",".join(map(str, box)))
        return scored.with_verdict(Verdict(is_kept, "changed" if is_kept else "unchanged", self.threshold))


def _own(image: Image) -> Image:
    # a working image may be a view of the captured picture, whose memory is used again once the frame is settled
    return read_only(np.array(image, order="C"))


def _at(frame: Frame) -> str:
    return f"{frame.stream}/{frame.seq}" + (f"/{frame.part}" if frame.part else "")
