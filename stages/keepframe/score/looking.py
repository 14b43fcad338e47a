"""
What whoever compares two pictures says: one number, where, and what else is worth noting.

The default looker is in structure.py, that for any other metric in metered.py.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from keepframe.frame import Note
from keepframe.metrics import Box
from keepframe.picture import Image
from keepframe.score.evidence import Event


@dataclass(frozen=True, slots=True)
class Seen:
    """
    Of one picture against its reference; what the fields mean is told in evidence.py.

    scores: by metric, where there are others than the deciding one. box: the place of the largest change, in pixels of the image.
    """

    score: float
    quiet: float | None = None
    event: Event | None = None
    box: Box | None = None
    notes: Mapping[str, Note] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


class Looker(Protocol):
    """Compares a camera's pictures, in order; one per camera, with a memory if it learns."""

    def begin(self, image: Image) -> None:
        """A picture came that cannot be compared: the first, or one of another size or kind."""

    def __call__(self, reference: Image, image: Image) -> Seen:
        """What is seen of the image against a reference of its shape. Raises ValueError where a metric fails; then nothing is learned."""

    def save(self) -> dict[str, Any]:
        """What the next look depends on."""

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; other keys are not its own."""


def fingerprint(image: Image) -> int:
    """
    By which a picture is known that is pixel for pixel the one before: 32 bits, wherever the image lies in memory.

    >>> black = np.zeros((4, 12), np.uint8)
    >>> fingerprint(black[:, ::2]) == fingerprint(np.zeros((4, 6), np.uint8)) != fingerprint(np.zeros((6, 4), np.uint8))
    True
    """
    # from the width on: bytes alone do not tell a wide black picture from a high one
    return zlib.crc32(np.ascontiguousarray(image).data, image.shape[1])
