"""
Where a picture's bytes lie. A handle is resolved by the process that wants the pixels, and only then.

What the bytes mean is the picture's business. Inline is the handle of a picture that travels with its frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Handle(Protocol):
    """A place that holds the bytes of one picture."""

    @property
    def nbytes(self) -> int:
        """How many bytes the picture has."""

    def data(self) -> memoryview:
        """The bytes: contiguous, one-dimensional, read-only."""


@dataclass(frozen=True, slots=True)
class Inline:
    """
    The bytes themselves, in this process.

    >>> Inline(b"abc").nbytes
    3
    """

    buffer: bytes | memoryview

    @property
    def nbytes(self) -> int:
        """How many bytes the picture has."""
        return len(self.data())

    def data(self) -> memoryview:
        """The bytes: contiguous, one-dimensional, read-only."""
        return memoryview(self.buffer).cast("B").toreadonly()
