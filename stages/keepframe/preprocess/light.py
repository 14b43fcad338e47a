"""
The image in the light of the camera's reference picture.

What needs no other picture is in levels.py. Lamps and shadows that do not light everything evenly are not undone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.frame import Frame
from keepframe.metrics import even_light
from keepframe.metrics.shrink import shrunk
from keepframe.picture import Image
from keepframe.preprocess.levels import counts
from keepframe.preprocess.reference import read_reference

Reference = Literal["first", "previous"]
Method = Literal["gain-offset", "histogram"]

_SIDE = 64
"""Rows that are enough to fit a line to."""
_SAMPLES = 1 << 20
"""At most as many, or a panorama would be too large for a memory."""


@dataclass(kw_only=True, slots=True)
class EvenLight:
    """
    The frame with its image in the light of a reference; one instance per camera. Gray or BGR (each channel for itself), size stays.

    method: "gain-offset": a line through the levels of both pictures, fitted without what differs most, so that an object that
    comes does not change the light; the gain stays within a factor of 2. "histogram": each level becomes the one of the same rank
    (histogram matching); it follows any curve, and a large object too.
    reference: "first": the camera's first picture; "previous": the one before, as it left this step. picture: an image file instead, of
    this size or larger. A constant image stays constant (with histogram: at the reference's mean level).

    Notes: `light`: how many levels brighter the image was than what goes on, on average.
    An image of another size or kind than the reference becomes the new one, a constant one never does. Raises ValueError for an option that makes no sense; OSError
    or ValueError at the first frame if the picture cannot be used.
    Source: keepframe.metrics.even_light; histogram matching as skimage.exposure.match_histograms, tested against it.

    >>> light = EvenLight()
    >>> scene = np.arange(64, dtype=np.uint8).reshape(8, 8) + 50
    >>> [light(Frame(working=image)).image[0, :3].tolist() for image in (scene, scene + 20)]
    [[50, 51, 52], [50, 51, 52]]
    """

    method: Method = "gain-offset"
    reference: Reference = "first"
    picture: Path | None = None
    _known: NDArray[Any] | None = field(init=False, repr=False, default=None)
    _shape: list[int] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        for name, word, known in (("method", self.method, Method), ("reference", self.reference, Reference)):
            if word not in get_args(known):
                raise ValueError(f'even_light: unknown {name} "{word}"; known: {", ".join(get_args(known))}')

    def __call__(self, frame: Frame) -> Frame:
        """The same frame in the reference's light, and how much brighter it was."""
        image = frame.image
        if self._known is None and self.picture is not None:
            self._remember(read_reference(self.picture, image, "even_light"))
        if self._known is None or self._shape != list(image.shape):
            if self.picture is not None:
                raise ValueError(
                    f"even_light: expected images of {self._shape} as the first one, got {list(image.shape)}"
                )
            self._remember(image)
            return frame
        find = _counted if self.method == "histogram" else _fitted
        table = np.clip(find(self._known, image), 0, 255).astype(np.uint8)
        even = cv2.LUT(image, table.reshape(1, 256, -1))
        if self.reference == "previous" and self.picture is None:
            self._remember(even)
        return frame.with_image(even).with_note("light", round(_mean(image) - _mean(even), 3))

    def save(self) -> dict[str, Any]:
        """What the next picture's light is held against, and the shape it had."""
        if self._known is None or self.picture is not None:
            return {}
        return {"known": self._known, "shape": self._shape}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; an empty memory is that of a camera never seen. Raises ValueError for other keys."""
        if memory and memory.keys() != {"known", "shape"}:
            raise ValueError(f"even_light: expected a memory of `known` and `shape`, got {sorted(memory)}")
        self._known, self._shape = memory.get("known"), memory.get("shape", [])

    def _remember(self, image: Image) -> None:
        small = _reduced(image)
        if (small != small[0, 0]).any():  # a covered lens is no reference
            self._known = _counts(image) if self.method == "histogram" else small
            self._shape = list(image.shape)


def _fitted(known: Image, image: Image) -> NDArray[np.float64]:
    """For each channel the table that takes gain and offset out: (256,) or (256, 3)."""
    columns = []
    for reference, plane in zip(_planes(known), _planes(_reduced(image)), strict=True):
        light = even_light(reference, plane)
        columns.append(np.floor((np.arange(256) - light.offset) / light.gain + 0.5))
    return np.stack(columns, axis=-1)


def _counted(known: NDArray[np.int64], image: Image) -> NDArray[np.float64]:
    """For each channel the table that gives every level its rank's level in the reference."""
    columns = []
    for reference, found in zip(known, _counts(image), strict=True):
        levels = np.flatnonzero(reference)
        upto, ranks = (np.cumsum(c) / c.sum() for c in (reference, found))
        if np.count_nonzero(found) == 1:
            mean = int(reference @ np.arange(256)) / int(reference.sum())
            columns.append(np.full(256, np.floor(mean + 0.5)))
        else:
            columns.append(np.floor(np.interp(ranks, upto[levels], levels) + 0.5))
    return np.stack(columns, axis=-1)


def _counts(image: Image) -> NDArray[np.int64]:
    """How often each channel has each level: (channels, 256)."""
    return np.stack([counts(plane) for plane in _planes(image)])


def _reduced(image: Image) -> Image:
    factor = max(min(image.shape[:2]) // _SIDE, math.isqrt((image.size - 1) // _SAMPLES) + 1)
    # a copy: a working image may be a view of the captured picture, whose memory is used again
    return shrunk(image, max(1, image.shape[1] // factor), max(1, image.shape[0] // factor)).copy()


def _planes(image: Image) -> list[Image]:
    return [np.ascontiguousarray(image)] if image.ndim == 2 else list(cv2.split(image))


def _mean(image: Image) -> float:
    channels = cv2.mean(image)[: 1 if image.ndim == 2 else 3]
    return sum(channels) / len(channels)
