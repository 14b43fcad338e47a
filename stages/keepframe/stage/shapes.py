"""
What stages look like to a type checker: no class need inherit from these, mypy compares the signatures.

Options are not part of the shape; how a signature is read at run time is in contract.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from keepframe.frame import Frame
from keepframe.picture import Image, Picture


class Map(Protocol):
    """
    A stage: a function of a frame, or an instance of a class with such a `__call__`. None filters the frame.

    >>> def invert(frame: Frame, *, top: int = 255) -> Frame: return frame.with_image(top - frame.image)
    >>> stage: Map = invert
    """

    def __call__(self, frame: Frame, /) -> Frame | Iterable[Frame] | None:
        """What becomes of a frame."""


class Source(Protocol):
    """A camera: a function without parameters but options, or an instance of a class with such a `__call__`."""

    def __call__(self) -> Iterable[Frame | Picture | Image]:
        """Picture after picture."""


class Sink(Protocol):
    """A stage that gives nothing on: what it makes of a frame decides nothing."""

    def __call__(self, frame: Frame, /) -> None:
        """Take note of a frame."""
