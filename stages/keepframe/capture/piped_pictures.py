"""
Pictures that another program writes into a pipe: JPEGs one after the other, or raw pixels.

The escape hatch for every device that keepframe does not know: whatever FFmpeg, GStreamer or rpicam-vid can write.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from keepframe.capture.gate import Gate, frame_of_jpeg
from keepframe.capture.interval import interval_ns
from keepframe.capture.jpeg_stream import JpegStream
from keepframe.capture.pace import Pace
from keepframe.capture.timekeeping import Timekeeper
from keepframe.clock import Clock, SystemClock
from keepframe.frame import Frame
from keepframe.picture import Picture
from keepframe.picture.handle import Inline
from keepframe.picture.picture import size_of
from keepframe.stage import CameraEvent

PIECE, MAX_BYTES = 1 << 16, 50_000_000


@dataclass(kw_only=True)
class Piped:
    """
    What is piped into keepframe, until the pipe ends.

    format: "mjpeg": JPEGs one after the other, whatever stands between them, kept byte for byte; "gray", "bgr", "yuv420" (FFmpeg's yuv420p): raw
    pictures of this width and height, one after the other. every: by the wall clock, as live sources have it; None takes every picture.

    The program that writes waits until there is room (policy "block") unless another policy is set. Rejected is what is no whole picture.
    Calling it raises ValueError if nothing is piped in.

    >>> Piped(format="gray", width=640, height=480).policy
    'block'
    """

    format: Literal["mjpeg", "gray", "bgr", "yuv420"] = "mjpeg"
    width: int | None = None
    height: int | None = None
    every: str | float | None = None
    fd: int = field(default=0, init=False, repr=False)
    clock: Clock = field(default_factory=SystemClock, init=False, repr=False, compare=False)

    is_live = True
    policy = "block"
    reads_stdin = True

    def __post_init__(self) -> None:
        self._interval = interval_ns(self.every)
        self._size = 0
        if self.format == "mjpeg":
            return
        if not self.width or not self.height or min(self.width, self.height) < 1:
            raise ValueError(f"format: {self.format} needs width and height of the pictures")
        self._size = size_of(self.format, self.height, self.width) or 0

    def __call__(self) -> Iterator[Frame | CameraEvent]:
        """Yield what comes until the end of the pipe."""
        if os.isatty(self.fd):
            raise ValueError("stdin: expected pictures piped in, got a terminal; PROGRAM | keepframe …")
        pace, gate, timekeeper = Pace(self._interval, self.clock), Gate(0), Timekeeper(self.clock)
        for frame in self._frames():
            if not pace.take():
                continue
            for passed in gate.passes(frame):
                if isinstance(passed, Frame):
                    yield from timekeeper.stamped(passed)
                else:
                    yield passed

    def _frames(self) -> Iterator[Frame]:
        if self.format == "mjpeg":
            stream, came, found = JpegStream(MAX_BYTES), 0, False
            while data := os.read(self.fd, PIECE):
                came += len(data)
                for jpeg in stream.feed(data):
                    found = True
                    yield frame_of_jpeg(jpeg)
            if rest := stream.rest():
                yield frame_of_jpeg(rest)
            elif came and not found:
                told = f"not-a-picture: no JPEG in {came} bytes; give a video by its name, or as `ffmpeg -i VIDEO -f mjpeg -`"
                yield Frame().with_note("error", told).settled("rejected", "not-a-picture")
            return
        while data := self._read_whole():
            if len(data) < self._size:
                told = f"truncated: {len(data)} bytes, expected {self._size}"
                yield Frame().with_note("error", told).settled("rejected", "truncated")
                return
            yield Frame(picture=Picture(self.format, self.height or 0, self.width or 0, Inline(data)))

    def _read_whole(self) -> bytes:
        data = bytearray()
        while len(data) < self._size and (piece := os.read(self.fd, self._size - len(data))):
            data += piece
        return bytes(data)
