"""
Where a picture's bytes lie. A handle is resolved by the process that wants the pixels, and only then.

What the bytes mean is the picture's business. Inline is the handle of a picture that travels with its frame; slots.py has the one
of a picture in memory that processes share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Handle(Protocol):
    """A place that holds the bytes of one picture."""

    @property
    def nbytes(self) -> int:
        """How many bytes the picture has."""

    @property
    def is_lasting(self) -> bool:
        """Whether what data() gives stays as it is for as long as somebody refers to it."""

    def data(self) -> memoryview:
        """The bytes: contiguous, one-dimensional, read-only. Raises StalePictureError if they are gone."""

    def check(self) -> None:
        """See that what was read since data() is the picture. Raises StalePictureError if it was let go meanwhile."""

    def free(self) -> None:
        """Let the bytes go; whoever owns them alone may."""


class Space(Protocol):
    """Room for one picture that is about to be made."""

    view: memoryview
    """Where to write: exactly as many bytes as were asked for."""

    def close(self) -> Handle:
        """All is written, and from now on nothing more: the picture's handle."""


Room = Callable[[int], Space]
"""Gives room for a picture of so many bytes. What a source gets is closed and yielded, or it is never free again."""


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

    @property
    def is_lasting(self) -> bool:
        """Whether data() stays as it is; here the bytes live as long as whoever refers to them."""
        return True

    def data(self) -> memoryview:
        """The bytes: contiguous, one-dimensional, read-only."""
        return memoryview(self.buffer).cast("B").toreadonly()

    def check(self) -> None:
        """Nobody takes them away."""

    def free(self) -> None:
        """They go with whoever refers to them last."""


class _HeapSpace:
    def __init__(self, nbytes: int) -> None:
        self.view = np.empty(nbytes, np.uint8).data

    def close(self) -> Inline:
        return Inline(self.view)


def heap(nbytes: int) -> Space:
    """
    Room for a picture in this process's own memory.

    >>> space = heap(2)
    >>> space.view[:] = b"ab"
    >>> bytes(space.close().data())
    b'ab'
    """
    return _HeapSpace(nbytes)
