"""
A video file as a camera: its pictures with their own times, all of them or one in each interval.

How a file is decoded is in decoded.py, what a decoded frame looks like in decoded_picture.py. Both are imported by who decodes: every
process of a pipeline reads what options a source has, and would import FFmpeg for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keepframe.capture.interval import NS, interval_ns, is_due
from keepframe.clock import iso
from keepframe.frame import Frame
from keepframe.picture import Room, heap

_OLDEST, _NEWEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Video:
    """
    The pictures of a video file, in the order of showing.

    path: any file FFmpeg reads. every: "1s", "500ms" or seconds of media time: the first picture in each cell of a grid that starts
    at the first picture; None takes every picture. threads: of the decoder; 0 takes all cores (a quarter faster for one camera, a
    quarter more CPU).

    A frame's index counts every decoded picture from 0, taken or not; media_ns is its time from the first picture; its time is the
    file's creation tag (if between 1990 and 2100), else when it was last written, plus media_ns. A picture that the decoder says is
    damaged, or behind a gap, and what builds on it up to the next key frame (10 s at most), is rejected as "corrupt"; damage that the
    decoder conceals without a word is not found. A packet that gives no picture counts for nothing.

    Going on starts at the key frame before the last settled picture, except in formats whose time stamps may repeat (MPEG-TS) or that have
    none: there everything before it is decoded again.

    Calling it raises FileNotFoundError, PermissionError, IsADirectoryError, or ValueError for what is no video.

    >>> Video(path=Path("lobby.mp4"), every="1s").every
    '1s'
    """

    path: Path
    every: str | float | None = None
    threads: int = 1
    _settled: Mapping[str, Any] = field(default_factory=dict, init=False, repr=False)
    """The memory: what video it is, and where the last frame that was yielded stands in it."""
    picture_room: Room = field(default_factory=lambda: heap, init=False, repr=False, compare=False)
    """Where pictures are made; the engine gives memory that the stages share."""

    is_live = False

    def __post_init__(self) -> None:
        self._interval = interval_ns(self.every)
        if self.threads < 0:
            raise ValueError(f"threads: expected 0 (all cores) or more, got {self.threads}")

    def __call__(self) -> Iterator[Frame]:
        """Yield the frames behind what is settled."""
        from keepframe.capture.decoded import Place, check_of, pictures, pictures_behind  # noqa: PLC0415
        from keepframe.capture.decoded_picture import picture_of  # noqa: PLC0415

        identity, began_ns = _identity(self.path), _began_ns(self.path, self.threads)
        settled = self._settled.get("place")
        last = Place(**settled) if settled else None
        count = int(self._settled.get("count", 0))
        source = (
            pictures_behind(self.path, self.threads, last, int(self._settled["check"]))
            if last is not None
            else pictures(self.path, self.threads)
        )
        for place, decoded in source:
            if not is_due(place.media_ns, last.media_ns if last else None, self._interval):
                continue
            last, count = place, count + 1
            self._settled = {
                "video": identity,
                "place": place.told(),
                "count": count,
                "check": check_of(decoded),
            }
            is_whole = place.damaged_ns is None
            frame = Frame(
                time_ns=began_ns + place.media_ns,
                picture=picture_of(decoded, self.picture_room) if is_whole else None,
                source=self.path.name,
                index=place.index,
                media_ns=place.media_ns,
            )
            yield frame if is_whole else frame.settled("rejected", "corrupt")

    def total(self) -> int | None:
        """How many frames are still to come, from the file's header; None if it does not say."""
        from keepframe.capture.decoded import open_video  # noqa: PLC0415

        container, stream = open_video(self.path, self.threads)
        with container:
            count, rate = stream.frames, stream.average_rate
        if not count:
            return None
        if self._interval is not None and rate:
            count = min(count, int((count - 1) / rate * NS) // self._interval + 1)
        return max(0, count - int(self._settled.get("count", 0)))

    def save(self) -> dict[str, Any]:
        """What has been yielded, as load() takes it."""
        return dict(self._settled)

    def load(self, memory: Mapping[str, Any]) -> None:
        """
        Go on behind what is settled, exactly as an undisturbed run would have.

        Raises ValueError if it was another video, OSError if there is none.
        """
        was = memory.get("video")
        if was is not None and was != (now := _identity(self.path)):
            raise ValueError(
                f"{self.path}: expected the video that this archive began with ({_told(was)}), got {_told(now)}; "
                "choose another archive folder, or read this one as a new stream with --again"
            )
        self._settled = dict(memory)


def _identity(path: Path) -> dict[str, Any]:
    about = path.stat()
    return {"name": path.name, "bytes": about.st_size, "written_ns": about.st_mtime_ns}


def _told(identity: Mapping[str, Any]) -> str:
    return f"{identity['name']}, {identity['bytes']} bytes, written {iso(identity['written_ns'])}"


def _began_ns(path: Path, threads: int) -> int:
    """When the first picture was taken: the creation tag of the file or its video stream, else when the file was last written."""
    from keepframe.capture.decoded import open_video  # noqa: PLC0415

    container, stream = open_video(path, threads)
    with container:
        tags = [container.metadata.get("creation_time"), stream.metadata.get("creation_time")]
    for tag in tags:
        try:
            moment = datetime.fromisoformat(tag or "")
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if _OLDEST <= moment < _NEWEST:
            return round(moment.timestamp() * 1_000_000) * 1000
    return path.stat().st_mtime_ns
