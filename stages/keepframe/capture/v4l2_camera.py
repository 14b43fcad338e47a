"""
A camera at this machine: USB and whatever else Linux shows as /dev/videoN (V4L2).

It is read all the time, so that what is taken is the newest picture and not one that has waited in the driver. Which devices there
are is in attached.py.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from keepframe.capture.decoded_picture import picture_of
from keepframe.capture.gate import frame_of_jpeg
from keepframe.capture.jpeg_stream import trimmed
from keepframe.capture.live import Live
from keepframe.capture.pace import Pace
from keepframe.errors import CameraError
from keepframe.frame import Frame

LIST = "`keepframe cameras` lists what is attached"
_TOLD = {
    errno.ENOENT: f"there is no such device; {LIST}",
    errno.ENODEV: f"the device is there, but no camera answers; {LIST}",
    errno.ENOTTY: f"this is no camera; {LIST}",
    errno.EACCES: "permission denied; let this user into the group `video`: sudo usermod -aG video USER, and log in again",
    errno.EBUSY: "another program is using it; end that one first",
}


@dataclass(kw_only=True)
class Webcam(Live):
    """
    A camera at this machine.

    device: "0" or "/dev/video0", or a lasting name from /dev/v4l/by-id. width, height, fps: what it is asked for, None: what it gives by
    itself; it may give another size than it was asked for. every, open_timeout, read_timeout, frozen_after: as all live sources have them.

    MJPEG is asked for first, since USB is too slow for large pictures without it; its JPEGs are kept as they are. Whatever else a camera
    gives is decoded.

    >>> Webcam(device="0").path
    '/dev/video0'
    """

    device: str = "/dev/video0"
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    open_device: Callable[..., InputContainer] = field(default=av.open, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.width is None) != (self.height is None):
            raise ValueError("width: expected width and height, or neither")
        for name in ("width", "height", "fps"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 16384:
                raise ValueError(f"{name}: expected more than 0, got {value!r}")

    @property
    def path(self) -> str:
        """The device's path."""
        return f"/dev/video{int(self.device)}" if self.device.isdecimal() else self.device

    def connection(self, pace: Pace) -> Iterator[Frame]:
        """Open the device and read it."""
        self._check_device()
        with self._open() as container:
            stream = container.streams.video[0]
            is_jpeg = stream.codec_context.name == "mjpeg"
            for packet in self._packets(container):
                self.pulse()
                if packet.size == 0:
                    return
                if is_jpeg:
                    if pace.take():
                        yield frame_of_jpeg(trimmed(bytes(packet)))
                    continue
                for frame in _decoded(packet):
                    if pace.take():
                        yield Frame(picture=picture_of(frame, self.picture_room))

    def _check_device(self) -> None:
        """FFmpeg tells less of what is wrong than the system does."""
        try:
            if Path(self.path).exists() and not Path(self.path).is_char_device():
                raise CameraError(f"{self.path}: {_TOLD[errno.ENOTTY]}")
            os.close(os.open(self.path, os.O_RDWR | os.O_NONBLOCK))
        except OSError as error:
            raise CameraError(f"{self.path}: {_told(error)}") from error

    def _open(self) -> InputContainer:
        asked = {}
        if self.width is not None:
            asked["video_size"] = f"{self.width}x{self.height}"
        if self.fps is not None:
            asked["framerate"] = f"{self.fps:g}"
        last: av.FFmpegError | None = None
        for options in ({"input_format": "mjpeg", **asked}, asked):
            try:
                return self.open_device(
                    self.path, format="v4l2", options=options, timeout=(self.open_s, self.read_s)
                )
            except av.error.ExitError as error:
                raise CameraError(
                    f"{self.path}: no answer in time; unplug it and plug it in again"
                ) from error
            except av.FFmpegError as error:
                last = error  # another format is tried
        raise CameraError(f"{self.path}: {_told(last)}") from last

    def _packets(self, container: InputContainer) -> Iterator[av.Packet[Any]]:
        try:
            yield from container.demux(video=0)
        except av.FFmpegError as error:
            raise CameraError(
                f"{self.path}: it gives no more pictures ({error.strerror}); was it unplugged?"
            ) from error


def _decoded(packet: av.Packet[Any]) -> list[Any]:
    try:
        return list(packet.decode())
    except av.FFmpegError:
        return []


def _told(error: OSError | av.FFmpegError | None) -> str:
    number = error.errno if error is not None else None
    return _TOLD.get(
        number or 0, f"cannot be opened ({error.strerror if error is not None else 'no reason given'})"
    )
