"""
Read a source: whatever it yields becomes a frame, with what the source remembers after it.

Numbers (stream, seq) are given by who sends the frames on, and so is the pace: a source is read when there is room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keepframe.clock import Clock, SystemClock
from keepframe.frame import Frame
from keepframe.picture import Picture
from keepframe.stage.contract import Contract


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame of a source, not numbered yet, and the source's memory once it is settled."""

    frame: Frame
    memory: Mapping[str, Any] | None


class Source:
    """A source at work for one camera. Made by read_source()."""

    def __init__(self, contract: Contract, options: Mapping[str, Any], camera: str, clock: Clock) -> None:
        self.contract, self.camera, self.clock = contract, camera, clock
        self.source = contract.target(**options) if contract.is_class else None
        self.options = options
        self.is_live: bool = bool(getattr(self.source or contract.target, "is_live", False))

    @property
    def has_memory(self) -> bool:
        """Whether it can go on behind what is settled."""
        return self.contract.has_memory and not self.is_live

    def total(self) -> int | None:
        """How many pictures there will be, if it is known."""
        total = getattr(self.source, "total", None)
        return total() if total is not None else None

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on behind what is settled. Raises ValueError if it is not the same source any more."""
        if memory and self.source is not None:
            self.source.load(dict(memory))

    def __iter__(self) -> Iterator[Shot]:
        """Every picture as a frame with its camera and time; raises what the source raises, TypeError for what is no picture."""
        pictures = self.source() if self.source is not None else self.contract.target(**self.options)
        for given in pictures:
            frame = self._frame(given)
            yield Shot(
                replace(frame, camera=self.camera, time_ns=frame.time_ns or self.clock.wall_ns()),
                self._memory(),
            )

    def _memory(self) -> Mapping[str, Any] | None:
        return self.source.save() if self.source is not None and self.has_memory else None

    def _frame(self, given: Any) -> Frame:
        if isinstance(given, Frame):
            if given.picture is None and given.working is not None:
                return replace(given, picture=Picture.of(given.working))
            return given
        if isinstance(given, Picture):
            return Frame(picture=given)
        if isinstance(given, np.ndarray):
            return Frame(picture=Picture.of(given))
        raise TypeError(
            f"{self.contract.use!r}: a source yields frames, pictures or uint8 arrays, got {type(given).__name__}"
        )


def read_source(
    contract: Contract, options: Mapping[str, Any], camera: str, clock: Clock | None = None
) -> Source:
    """
    Start a source for a camera; iterate over it for its shots.

    >>> from keepframe.stage.contract import read_contract
    >>> def dark(): yield np.zeros((2, 2), np.uint8)
    >>> [shot.frame.camera for shot in read_source(read_contract(dark, "dark"), {}, "lobby")]
    ['lobby']
    """
    return Source(contract, options, camera, clock or SystemClock())
