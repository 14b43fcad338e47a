"""
Read a source: whatever it yields becomes a frame, with what the source remembers after it.

Numbers (stream, seq) are given by who sends the frames on, and so is the pace: a source is read when there is room. What happens to a
camera beside its pictures, a source yields as a CameraEvent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keepframe.clock import Clock, SystemClock
from keepframe.frame import Frame
from keepframe.picture import Image, Picture, Room, heap
from keepframe.redaction import redacted
from keepframe.stage.contract import Contract


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame of a source, not numbered yet, and the source's memory once it is settled."""

    frame: Frame
    memory: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CameraEvent:
    """
    What happened to a camera beside its pictures, such as "lost": the catalogue records it with the next frame.

    kind: one word. ends_stream: what comes next is a new stream.
    """

    kind: str
    detail: str = ""
    ends_stream: bool = False


class Reading:
    """A source at work for one camera. Made by read_source()."""

    def __init__(self, contract: Contract, options: Mapping[str, Any], camera: str, clock: Clock) -> None:
        self.contract, self.camera, self.clock = contract, camera, clock
        self.source: Any = None
        if contract.is_class:
            self.source = contract.target(**options)
        self.options = {} if contract.is_class else dict(options)
        owner = self.source if contract.is_class else contract.target
        self.room: Room = heap
        self.is_live: bool = bool(getattr(owner, "is_live", False))
        self.settle: Callable[[Frame, str], None] | None = getattr(self.source, "settle", None)
        """Of a source that wants to hear what has become of its frames, once that is committed."""
        self._asked_at: float | None = None
        """Since when the source has been asked for a picture without a sign of life; None while nobody asks."""
        if hasattr(self.source, "pulse"):
            self.source.pulse = self._pulse

    @property
    def has_memory(self) -> bool:
        """Whether it can go on behind what is settled."""
        return self.contract.has_memory and not self.is_live

    def lend(self, room: Room) -> None:
        """Make pictures of its arrays in this room; one with an attribute `picture_room` makes its pictures there itself."""
        self.room = room
        if hasattr(self.source, "picture_room"):
            self.source.picture_room = room

    @property
    def hangs_for_s(self) -> float:
        """For how long the source has not come back, if that is longer than it says it can take (`hang_after_s`); else 0."""
        limit, asked_at = getattr(self.source, "hang_after_s", None), self._asked_at
        blocked_s = self.clock.monotonic_s() - asked_at if asked_at is not None else 0.0
        return blocked_s if limit is not None and blocked_s > limit else 0.0

    def total(self) -> int | None:
        """How many pictures there will be, if it is known."""
        total = getattr(self.source, "total", None)
        return total() if total is not None else None

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on behind what is settled. Raises ValueError if it is not the same source any more."""
        if memory and self.has_memory:
            self.source.load(dict(memory))

    def __iter__(self) -> Iterator[Shot | CameraEvent]:
        """
        Every picture as a frame with its camera and time, and what else happens; its `with`, if it has one, is left when the reading ends.

        Raises what the source raises, TypeError or ValueError for what is no picture.
        """
        with ExitStack() as exits:
            if hasattr(self.source, "__enter__"):
                exits.enter_context(self.source)
            pictures = self._pictures()
            if hasattr(pictures, "close"):
                exits.enter_context(closing(pictures))  # type: ignore[type-var]
            for given in self._watched(pictures):
                if isinstance(given, CameraEvent):
                    yield replace(given, detail=redacted(given.detail))
                    continue
                frame = self._frame(given)
                stamped = replace(frame, camera=self.camera, time_ns=frame.time_ns or self.clock.wall_ns())
                yield Shot(stamped, dict(self.source.save()) if self.has_memory else None)

    def _watched(self, pictures: Iterable[Any]) -> Iterator[Any]:
        """The same, and it is known how long each takes to come."""
        given = iter(pictures)
        while True:
            self._pulse()
            try:
                picture = next(given)
            except StopIteration:
                return
            finally:
                self._asked_at = None
            yield picture

    def _pulse(self) -> None:
        self._asked_at = self.clock.monotonic_s()

    def _pictures(self) -> Iterable[Any]:
        pictures = self.source() if self.contract.is_class else self.contract.target(**self.options)
        if isinstance(pictures, Frame | Picture | np.ndarray) or not isinstance(pictures, Iterable):
            raise TypeError(
                f"{self.contract.use!r}: a source yields pictures one after the other, "
                f"got one {type(pictures).__name__}: `yield` it"
            )
        return pictures

    def _frame(self, given: Any) -> Frame:
        if isinstance(given, Picture):
            return Frame(picture=given)
        if isinstance(given, np.ndarray):
            return Frame(picture=self._picture(given))
        if not isinstance(given, Frame):
            raise TypeError(
                f"{self.contract.use!r}: a source yields frames, pictures or uint8 arrays, got {type(given).__name__}"
            )
        if not isinstance(given.picture, Picture | None):
            raise TypeError(
                f"{self.contract.use!r}: expected Frame.picture to be a Picture, got {type(given.picture).__name__}; "
                "yield the array itself, or Picture.of(array)"
            )
        if given.outcome not in (None, "rejected"):
            raise ValueError(
                f"{self.contract.use!r}: a source settles a frame as rejected only, got {given.outcome!r}"
            )
        if given.outcome is None and given.picture is None:
            if given.working is None:
                raise ValueError(
                    f'{self.contract.use!r}: a frame without a picture; give it one, or .settled("rejected", why)'
                )
            return replace(given, picture=self._picture(given.working), working=None)
        return given

    def _picture(self, image: Image) -> Picture:
        """A picture of pixels that stay as they are now: a source may fill the same array again and again."""
        try:
            is_lasting = isinstance(image, np.ndarray) and image.base is None and not image.flags.writeable
            return Picture.of(image, None if is_lasting else self.room)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.contract.use!r}: {error}") from error


def read_source(
    contract: Contract, options: Mapping[str, Any], camera: str, clock: Clock | None = None
) -> Reading:
    """
    Start a source for a camera; iterate over it for its shots.

    >>> from keepframe.stage.contract import read_contract
    >>> def dark(): yield np.zeros((2, 2), np.uint8)
    >>> [shot.frame.camera for shot in read_source(read_contract(dark, "dark"), {}, "lobby")]
    ['lobby']
    """
    return Reading(contract, options, camera, clock or SystemClock())
