"""
The image moved back to where the camera stood.

Whole translations alone; how one is found is in keepframe.metrics. Turning and zooming are not undone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np

from keepframe.frame import Frame
from keepframe.metrics import shift
from keepframe.metrics.shrink import shrunk
from keepframe.picture import Image
from keepframe.preprocess.reference import read_reference

Reference = Literal["first", "previous"]

_SIDE = 270
"""A larger image is halved, thirded … to about this height to find the shift: a tenth of a pixel there is enough."""
_PIXELS = 1 << 20
"""And to at most as many pixels, or a panorama would be too large for a memory."""
_NEAR = 0.2
"""A shift below this many pixels is not undone: interpolation would cost more than it gives."""
_STEPS = 32
"""Parts of a pixel: with weights of 32nds every product and sum is exact, and rounded once."""


@dataclass(kw_only=True, slots=True)
class Align:
    """
    The frame with its image moved back by the camera's shift against a reference; one instance per camera. Gray or BGR, size stays.

    reference: "first": the camera's first picture, to a fraction of a pixel for as long as it shows the same scene; "previous": the one
    before, as it left this step, where the scene itself changes: small errors add up, and after a picture that cannot be aligned
    it begins anew. picture: an image file to align to instead, of this size or larger.
    min_response: 0 to 1, how sure phase correlation must be; another scene stays below 0.11 (in pictures below about 100 rows 0.25).
    max_shift: above 0 to 0.5, as a share of the shorter side. A shift that is not believed is not undone: a wrong one would hide a
    real change.
    Found on the gray image, at about 270 rows; undone to a 32nd of a pixel, linearly. The strip that the camera did not see repeats
    the border: crop a little behind this step. Below 8 pixels a side, and on constant images, nothing moves.

    Notes: `shift`: what was undone, "x,y" in pixels right and down; `shift_response`: how sure it was.
    An image of another size than the reference becomes the new one, a constant one never does. Raises ValueError for an option that makes no sense; OSError or
    ValueError at the first frame if the picture cannot be used.
    Source: Kuglin, Hines 1975 (keepframe.metrics.shift).

    >>> scene = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    >>> align = Align()
    >>> frames = [Frame(working=np.roll(scene, moved, axis=1)) for moved in (0, 3)]
    >>> [align(frame).notes.get("shift") for frame in frames]
    [None, '3,0']
    """

    reference: Reference = "first"
    picture: Path | None = None
    min_response: float = 0.15
    max_shift: float = 0.125
    _small: Image | None = field(init=False, repr=False, default=None)
    _shape: list[int] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        if self.reference not in get_args(Reference):
            raise ValueError(
                f'align: unknown reference "{self.reference}"; known: {", ".join(get_args(Reference))}'
            )
        if not 0 <= self.min_response <= 1:
            raise ValueError(f"align: expected min_response from 0 to 1, got {self.min_response:g}")
        if not 0 < self.max_shift <= 0.5:
            raise ValueError(f"align: expected max_shift above 0 up to 0.5, got {self.max_shift:g}")

    def __call__(self, frame: Frame) -> Frame:
        """The same frame with its image in place, and notes."""
        image = frame.image
        if self._small is None and self.picture is not None:
            self._remember(read_reference(self.picture, image, "align"))
        if self._small is None or self._shape != list(image.shape[:2]):
            if self.picture is not None:
                raise ValueError(
                    f"align: expected images of {self._shape} as the first one, got {list(image.shape[:2])}"
                )
            self._remember(image)
            return frame
        x, y, response = self._found(self._small, image)
        moved = _moved_back(image, x, y)
        if self.reference == "previous" and self.picture is None:
            self._remember(moved)
        noted = frame.with_note("shift", f"{x:g},{y:g}").with_note("shift_response", round(response, 3))
        return noted if moved is image else noted.with_image(moved)

    def save(self) -> dict[str, Any]:
        """What the next shift depends on: the reference as it is looked at, and the size it had."""
        if self._small is None or self.picture is not None:
            return {}
        return {"small": self._small, "shape": self._shape}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; an empty memory is that of a camera never seen. Raises ValueError for other keys."""
        if memory and memory.keys() != {"small", "shape"}:
            raise ValueError(f"align: expected a memory of `small` and `shape`, got {sorted(memory)}")
        self._small, self._shape = memory.get("small"), memory.get("shape", [])

    def _remember(self, image: Image) -> None:
        small = _reduced(image)
        if small.min() != small.max():  # a covered lens is no reference
            self._small, self._shape = small, list(image.shape[:2])

    def _found(self, reference: Image, image: Image) -> tuple[float, float, float]:
        """The shift to undo in pixels of the image, 0 if it is not believed, and the response."""
        small = _reduced(image)
        found = shift(reference, small)
        x, y = (
            round(length * _STEPS * whole / part) / _STEPS
            for length, whole, part in (
                (found.x, image.shape[1], small.shape[1]),
                (found.y, image.shape[0], small.shape[0]),
            )
        )
        far = max(abs(x), abs(y))
        is_believed = found.response >= self.min_response and far <= self.max_shift * min(image.shape[:2])
        return (x, y, found.response) if is_believed and far >= _NEAR else (0.0, 0.0, found.response)


def _reduced(image: Image) -> Image:
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = max(min(gray.shape) // _SIDE, math.isqrt((gray.size - 1) // _PIXELS) + 1)
    # a copy: a working image may be a view of the captured picture, whose memory is used again
    return shrunk(gray, max(1, gray.shape[1] // factor), max(1, gray.shape[0] // factor)).copy()


def _moved_back(image: Image, x: float, y: float) -> Image:
    """What lay x to the right and y below is in place again, linearly between pixels; the border is repeated."""
    if x == y == 0:
        return image
    for axis, moved in ((0, y), (1, x)):
        whole, part = divmod(round(moved * _STEPS), _STEPS)
        length = image.shape[axis]
        first, second = (
            image.take(np.clip(np.arange(whole + step, whole + step + length), 0, length - 1), axis)
            for step in (0, 1)
        )
        image = first if part == 0 else cv2.addWeighted(first, 1 - part / _STEPS, second, part / _STEPS, 0)
    return image
