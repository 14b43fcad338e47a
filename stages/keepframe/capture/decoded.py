"""
The decoded pictures of a video file, each with its place: number, time stamp, media time, and whether it is whole.

Which of them are taken and what becomes of them is the source's business (video_file.py); what a picture is, picture's.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.plane import VideoPlane
from av.video.stream import VideoStream
from numpy.typing import NDArray

from keepframe.capture.interval import NS

log = logging.getLogger(__name__)

_TS_DISCONT = 0x0200
"""AVFMT_TS_DISCONT: formats like MPEG-TS, in which the same time stamp may come twice."""

ANY_METADATA: dict[str, Any] = (
    {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
)
"""What av.open() is told so that metadata in another encoding than UTF-8 are no error; from PyAV 19 on they are none, and it knows no such option."""

DAMAGE_NS = 10 * NS
"""Longest media time for which pictures after a damaged one count as damaged, if no key frame comes before."""
CUT_NS = NS
"""What is missing at the end of a file is told from so much on."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where decoding stands after a picture; enough to go on behind it as if there had been no pause."""

    index: int
    media_ns: int
    pts: int | None
    first_pts: int | None
    """The time stamp that media time counts from."""
    damaged_ns: int | None = None
    """Media time of the last damaged picture, while those that build on it are not to be trusted."""
    is_regular: bool = True
    """Whether every time stamp up to here was there and after its predecessor."""

    def told(self) -> dict[str, Any]:
        """
        All of it by name, as Place(**told) takes it; asdict() takes ten times as long, for each picture.

        >>> Place(**Place(7, 280, 7, 0).told())
        Place(index=7, media_ns=280, pts=7, first_pts=0, damaged_ns=None, is_regular=True)
        """
        return {name: getattr(self, name) for name in self.__slots__}


def open_video(path: Path, threads: int) -> tuple[InputContainer, VideoStream]:
    """
    A video file and its best video stream, to be decoded with so many threads (0: as many as there are cores).

    Raises FileNotFoundError, PermissionError, IsADirectoryError as open() does, ValueError for what is no video.
    """
    with path.open("rb") as file:  # Python's own messages; and no address can pass for a path
        if not file.read(1):
            raise ValueError(f"{path}: expected a video, got an empty file")
    try:
        container = av.open(f"file:{path}", **ANY_METADATA)
    except av.FFmpegError as error:
        raise ValueError(
            f"{path}: expected a video, got a file that cannot be read as one ({error.strerror})"
        ) from error
    stream = container.streams.best("video")
    if isinstance(stream, VideoStream) and stream.codec_context is None:
        container.close()
        raise ValueError(
            f"{path}: its video is coded in a way that cannot be decoded here; convert it, to H.264 for instance"
        )
    if not isinstance(stream, VideoStream) or stream.codec_context is None or not stream.codec_context.width:
        container.close()
        raise ValueError(f"{path}: expected a video, got a file without a picture in it")
    stream.codec_context.thread_count = threads
    return container, stream


def pictures(path: Path, threads: int) -> Iterator[tuple[Place, av.VideoFrame]]:
    """Every decoded picture of a video from its beginning, in the order of showing. Raises as open_video does."""
    container, stream = open_video(path, threads)
    with container:
        yield from _placed(_frames(container, stream, path), None, stream, path)


def pictures_behind(
    path: Path, threads: int, place: Place, check: int
) -> Iterator[tuple[Place, av.VideoFrame]]:
    """
    The pictures behind `place`, exactly as pictures() gives them.

    check: check_of() the picture at that place. Decoding starts at the key frame before it; if the picture found there is not the one
    that was, or its time stamp is no guide, it starts again at the beginning. Raises ValueError if it is not found then either.
    """
    if place.is_regular and place.pts is not None:
        container, stream = open_video(path, threads)
        with container:
            frames = _frames(container, stream, path)
            if _sought(container, stream, frames, place.pts) == check:
                yield from _placed(frames, place, stream, path)
                return
    found = False
    for at, frame in pictures(path, threads):
        if at.index == place.index:
            found = check_of(frame) == check
        elif at.index > place.index and found:
            yield at, frame
    if not found:
        raise ValueError(f"{path}: its picture number {place.index} is not the one that was there")


def _sought(
    container: InputContainer, stream: VideoStream, frames: Iterator[tuple[av.VideoFrame, bool]], pts: int
) -> int | None:
    """Lead `frames` to the picture of this time stamp, from the key frame before it; its check, None if it is not to be had so."""
    if container.format.flags & _TS_DISCONT:
        return None
    try:
        container.seek(pts, stream=stream)
    except av.FFmpegError:
        return None
    frame = next((f for f, _ in frames if f.pts is None or f.pts >= pts), None)
    return check_of(frame) if frame is not None and frame.pts == pts else None


def check_of(frame: av.VideoFrame) -> int:
    """A checksum of every 16th row of a picture's first plane: 0.1 ms at 1080p, and a decoder gone astray does not pass it."""
    return zlib.crc32(pixels_of(frame.planes[0])[::16].tobytes())


def pixels_of(plane: VideoPlane) -> NDArray[Any]:
    """A view of a plane of bytes without the padding of its rows: (H, W) uint8, valid as long as its frame."""
    buffer: Any = plane  # it has the buffer protocol; its stubs do not say so
    padded: NDArray[Any] = np.frombuffer(buffer, np.uint8).reshape(plane.height, plane.line_size)
    return padded[:, : plane.width]


def _frames(
    container: InputContainer, stream: VideoStream, path: Path
) -> Iterator[tuple[av.VideoFrame, bool]]:
    """
    Decoded frames, each with whether it is damaged or follows something that could not be decoded.

    A packet that the decoder refuses gives no picture and no number. A file that ends too early ends here too, with a warning.
    """
    count, refused = 0, 0
    gap: list[
        int | None
    ] = []  # time stamps of what was refused or incomplete; the decoder gives pictures later than it takes packets
    packets = container.demux(stream)
    while True:
        packet = _next_packet(packets, path)
        if packet is not None and packet.is_corrupt:
            gap.append(packet.pts)
        try:
            frames = stream.codec_context.decode(packet)
        except av.error.EOFError:  # the last packet of a demuxer has flushed the decoder already
            frames = []
        except av.FFmpegError:
            refused, frames = refused + 1, []
            gap.append(packet.pts if packet is not None else None)
        for frame in frames:
            before = len(gap)
            gap = [pts for pts in gap if pts is not None and frame.pts is not None and frame.pts < pts]
            yield frame, frame.is_corrupt or (len(gap) < before and not frame.key_frame)
            count += 1
        if packet is None:
            break
    if refused:
        told = {"path": path, "decoded": count, "of": stream.frames or None, "undecodable": refused}
        log.warning("undecodable", extra={"fields": told})


def _next_packet(packets: Iterator[av.Packet[Any]], path: Path) -> av.Packet[Any] | None:
    """The next packet; None at the end, and where nothing can be made of the rest of the file. Raises OSError if it cannot be read."""
    try:
        return next(packets, None)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and not isinstance(error, BlockingIOError):
            raise  # the disk, the network: what follows may be there next time
        log.warning("ends-early", extra={"fields": {"path": path, "error": error.strerror}})
    except IndexError:  # PyAV 18 at the end of a file in which a further stream turned up on the way
        pass
    return None


def _placed(
    frames: Iterator[tuple[av.VideoFrame, bool]], place: Place | None, stream: VideoStream, path: Path
) -> Iterator[tuple[Place, av.VideoFrame]]:
    for frame, is_damaged in frames:
        place = _timed(place, frame.pts, stream)
        if is_damaged:
            place = replace(place, damaged_ns=place.media_ns)
        elif place.damaged_ns is not None:
            is_over = frame.key_frame or place.media_ns - place.damaged_ns > DAMAGE_NS
            place = replace(place, damaged_ns=None if is_over else place.damaged_ns)
        yield place, frame
    if place is not None and _is_cut(place, stream):
        told = f"{place.index + 1} of the {stream.frames} pictures it should have are there"
        log.warning("ends-early", extra={"fields": {"path": path, "error": told}})


def _is_cut(last: Place, stream: VideoStream) -> bool:
    """
    Whether a file ends long before it says it does, which a demuxer takes for an end like any other.

    By pictures alone an edit list would look like a cut, by time alone a picture that stands for long.
    """
    if not stream.duration or stream.time_base is None:
        return False
    left_ns = stream.duration * stream.time_base * NS - last.media_ns
    return last.index + 1 < stream.frames and left_ns > CUT_NS


def _timed(place: Place | None, pts: int | None, stream: VideoStream) -> Place:
    """A picture without a time stamp, or with one not after its predecessor's, comes one frame's duration after it."""
    if place is None:
        return Place(0, 0, pts, pts, is_regular=pts is not None)
    index = place.index + 1
    base = stream.time_base  # a new Fraction each time it is asked for
    if pts is not None and place.first_pts is not None and base is not None:
        media_ns = _rounded((pts - place.first_pts) * base.numerator * NS, base.denominator)
        if media_ns > place.media_ns:
            return Place(index, media_ns, pts, place.first_pts, place.damaged_ns, place.is_regular)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return replace(place, index=index, pts=pts, media_ns=place.media_ns + round(NS / rate), is_regular=False)


def _rounded(numerator: int, denominator: int) -> int:
    """
    round(Fraction(numerator, denominator)), half to even, without the greatest common divisor, which took half of what timing a picture does.

    >>> [_rounded(n, 2) for n in (-3, -1, 1, 3, 4)]
    [-2, 0, 0, 2, 2]
    """
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
