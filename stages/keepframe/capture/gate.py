"""
The gate of a live camera: what is no whole picture is rejected, and never becomes a reference; what a picture says of its camera is told.

Rejected are pictures that do not decode to their end, and those of which a decoder has filled the rest with gray. A camera that gives
the same picture again and again is frozen, one that sees nothing but one level is blinded, one of another size begins a new stream.
Whether something in a picture has changed is the score's business.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from keepframe.errors import PictureError
from keepframe.frame import Frame
from keepframe.picture import Image, Picture
from keepframe.stage import CameraEvent

FILL = (124, 132)
"""Gray levels, full range, of what a decoder fills in where it has nothing: 128 in luma, 130 if that is of limited range."""
FLAT = 2
"""Levels within which a row counts as flat: a camera's noise is more, JPEG's ringing at half quality about this."""
LEAST_SHARE = 0.2
WARMING_UP = 5
"""So many pictures after a connection a wholly gray one is a decoder without a key frame, and not a blinded camera."""


class Gate:
    """
    Lets the frames of one camera through, rejected where they must be, and tells what they say of it.

    frozen_after: how many identical pictures in a row are too many; 0: never.

    >>> frame = Frame(picture=Picture.of(np.arange(64, dtype=np.uint8).reshape(8, 8)))
    >>> [type(given).__name__ for _ in range(3) for given in Gate(2).passes(frame)]
    ['Frame', 'Frame', 'Frame']
    """

    def __init__(self, frozen_after: int) -> None:
        self.frozen_after = frozen_after
        self._size: tuple[int, int] | None = None
        self._last, self._same = 0, 0
        self._is_blinded = False
        self._since_connected = 0

    def begin(self) -> None:
        """A connection begins."""
        self._since_connected = 0

    def passes(self, frame: Frame) -> Iterator[Frame | CameraEvent]:
        """What to make of a frame: events first, then the frame, or its header if it is rejected."""
        self._since_connected += 1
        picture = frame.picture
        if picture is None:
            yield frame
            return
        try:
            gray = picture.gray(_shrink(picture))
            self._check_filled(gray)
        except PictureError as error:
            picture.handle.free()
            fault = str(error).partition(":")[0]
            yield frame.with_note("error", str(error)).settled("rejected", fault)
            return
        size = (picture.height, picture.width)
        if self._size not in (None, size):
            height, width = self._size or size
            told = f"from {width}x{height} to {size[1]}x{size[0]}"
            yield CameraEvent("resized", told, ends_stream=True)
        self._size = size
        yield from self._told_frozen(picture)
        yield from self._told_blinded(gray)
        yield frame.with_note("blinded", value=True) if self._is_blinded else frame

    def _check_filled(self, gray: Image) -> None:
        flat = (np.ptp(gray, axis=1) <= FLAT) & (gray.min(axis=1) >= FILL[0]) & (gray.max(axis=1) <= FILL[1])
        rows = len(flat) if flat.all() else int(np.argmin(flat[::-1]))
        if rows == len(flat) and self._since_connected > WARMING_UP:
            return
        if rows >= max(1, LEAST_SHARE * len(flat)):
            share = f"{100 * rows / len(flat):.0f} % of it"
            raise PictureError(f"filled: {share}, from the bottom, is the gray a decoder fills in")

    def _told_frozen(self, picture: Picture) -> Iterator[CameraEvent]:
        if not self.frozen_after:
            return
        digest = zlib.crc32(picture.handle.data())
        was_frozen = self._same >= self.frozen_after - 1
        self._same = self._same + 1 if digest == self._last else 0
        self._last = digest
        if self._same == self.frozen_after - 1:
            yield CameraEvent("frozen", f"the same picture {self.frozen_after} times in a row")
        elif was_frozen and not self._same:
            yield CameraEvent("moving", "its pictures differ again")

    def _told_blinded(self, gray: Image) -> Iterator[CameraEvent]:
        is_blinded = int(np.ptp(gray)) <= FLAT
        if is_blinded and not self._is_blinded:
            yield CameraEvent("blinded", f"nothing in view but gray level {round(float(gray.mean()))}")
        elif self._is_blinded and not is_blinded:
            yield CameraEvent("seeing", "there is something in view again")
        self._is_blinded = is_blinded


def frame_of_jpeg(data: bytes) -> Frame:
    """
    The frame of a camera's JPEG, rejected if it is none.

    >>> frame_of_jpeg(b"<html>").reason
    'not-a-picture'
    """
    try:
        return Frame(picture=Picture.of_jpeg(data))
    except PictureError as error:
        return Frame().with_note("error", str(error)).settled("rejected", str(error).partition(":")[0])


def _shrink(picture: Picture) -> int:
    """By how much a picture can be made smaller before one looks at it: some rows must be left."""
    smaller = [shrink for shrink in (8, 4, 2) if min(picture.height, picture.width) // shrink >= 16]
    return smaller[0] if smaller else 1
