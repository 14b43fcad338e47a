"""
A folder of image files as a camera.

Which files those are is in listing.py, when they were taken in picture_time.py; how they are decoded is the picture's business.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keepframe.capture.arrivals import LOOK_S, Arrivals
from keepframe.capture.disposal import After, Disposal
from keepframe.capture.interval import interval_ns, is_due
from keepframe.capture.listing import Settled, files_in
from keepframe.capture.picture_time import time_of_exif, time_of_name
from keepframe.clock import Clock, SystemClock
from keepframe.errors import PictureError
from keepframe.frame import Frame
from keepframe.picture import Picture
from keepframe.picture.encoded import check_whole
from keepframe.picture.image_file import image_of, kind_of

HALF = ("empty", "truncated")
"""Why a picture is rejected that may be a half written one."""
MAX_BYTES = 200_000_000
"""Larger files are not read."""
log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Folder:
    """
    The image files of a folder, in natural order of their names (img2 before img10).

    path: the folder. pattern: shell pattern for the names, such as "cam1*.jpg"; None takes JPEG, PNG, BMP, TIFF and WebP files by their
    extension. recursive: sub-folders too, but no links to folders; one that cannot be looked into, such as lost+found, is told in the log and
    passed over until it can. any_size: pictures of another size than the first one too. every: "1s", "500ms" or seconds of the pictures' own time: the first
    picture in each cell of a grid that starts at the first picture's time; None takes every picture.

    JPEG bytes stay as they are, other files are decoded (note "bits" = 16 where more than 8 were scaled down). A picture's time is its EXIF's,
    else its name's, else when the file was written; a time without a zone counts as UTC. Its index is its place among the folder's
    pictures. Hidden and temporary files are passed over.

    Rejected, with a note "error": "empty", "truncated", "corrupt", "not-a-picture", "too-large", "unreadable", "other-size" (than the first
    good one, unless any_size). What is settled is known by name: on the next run, files that are new come after it, whatever they are called; a file
    that is written again under a settled name is not taken again.

    watch: go on when all is read, and take files as they arrive, once they are complete: those that have kept their size and time for a second. One
    that is half a picture is read again when it has grown, and rejected if it has not for 30 seconds. after: what becomes of a file once the
    outcome of its picture is committed, unless that is rejected, dropped or failed: "leave" or "delete"; or it is moved to the folder move_to.

    Calling it raises FileNotFoundError, NotADirectoryError or PermissionError for a folder that cannot be listed.

    >>> Folder(path=Path("pictures"), pattern="*.jpg").recursive
    False
    """

    path: Path
    every: str | float | None = None
    pattern: str | None = None
    recursive: bool = False
    any_size: bool = False
    watch: bool = False
    after: After = "leave"
    move_to: Path | None = None
    clock: Clock = field(default_factory=SystemClock, init=False, repr=False, compare=False)
    wait: Callable[[float], None] = field(default=time.sleep, init=False, repr=False, compare=False)
    _settled: Settled = field(default_factory=lambda: Settled({}), init=False, repr=False)
    _size: tuple[int, int] | None = field(default=None, init=False, repr=False)
    """(height, width) of the first good picture."""
    _began_ns: int | None = field(default=None, init=False, repr=False)
    _last_ns: int | None = field(default=None, init=False, repr=False)
    _closed: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    """Sub-folders that could not be looked into the last time, and why."""

    is_live = False

    def __post_init__(self) -> None:
        self._interval = interval_ns(self.every)
        if self.after == "delete" and self.move_to is not None:
            raise ValueError("move_to: expected none with after = 'delete'; a file is moved or deleted")
        if self.move_to is not None and self.recursive and self.move_to.is_relative_to(self.path):
            raise ValueError("move_to: expected a folder outside of the one that is read")
        self._disposal = Disposal(self.path, self.after, self.move_to)

    def __call__(self) -> Iterator[Frame]:
        """Yield the frames of the files that are not settled."""
        arrivals = Arrivals(self.path, self.clock) if self.watch else None
        while True:
            began_s = self.clock.monotonic_s()
            names = self._names()
            places = {name: index for index, name in enumerate(names) if name not in self._settled}
            for name in list(places) if arrivals is None else arrivals.complete(places):
                frame = self._frame(name, places[name])
                if frame is None or (arrivals and frame.reason in HALF and arrivals.may_grow(name)):
                    continue
                self._settled.add(name)  # also when it is not due: passed over now is passed over for good
                if self._is_due(frame.time_ns):
                    yield frame
            if arrivals is None:
                return
            self.wait(max(LOOK_S, 4 * (self.clock.monotonic_s() - began_s)))

    def settle(self, frame: Frame, outcome: str) -> None:
        """The archive has committed what became of a frame: leave, delete or move its file."""
        self._disposal.settle(frame.source, outcome)

    def total(self) -> int | None:
        """How many frames are still to come; None with `every`, since only the files know their times."""
        if self._interval is not None or self.watch:
            return None
        return sum(name not in self._settled for name in self._names())

    def save(self) -> dict[str, Any]:
        """What has been yielded, as load() takes it."""
        size = None if self._size is None else list(self._size)
        grid = [self._began_ns, self._last_ns]
        return {"folder": self.path.resolve().name, "size": size, "grid": grid, **self._settled.save()}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on behind what is settled. Raises ValueError if it was a folder of another name."""
        was, now = memory.get("folder"), self.path.resolve().name
        if was is not None and was != now:
            raise ValueError(
                f"{self.path}: expected the folder that this archive began with ({was!r}), got {now!r}; "
                "choose another archive folder, or read this one as a new stream with --again"
            )
        size = memory.get("size")
        self._size = None if size is None else (size[0], size[1])
        self._began_ns, self._last_ns = memory.get("grid", (None, None))
        self._settled = Settled({key: chunk for key, chunk in memory.items() if key.startswith("settled/")})

    def _names(self) -> list[str]:
        """Of all files that can be listed now; a sub-folder that cannot is told once, and again if it could meanwhile."""
        closed: dict[str, str] = {}
        names = files_in(self.path, self.pattern, is_recursive=self.recursive, on_closed=closed.__setitem__)
        for name, why in closed.items():
            if self._closed.get(name) != why:
                log.warning("cannot-list", extra={"fields": {"path": self.path / name, "error": why}})
        self._closed = closed
        return names

    def _is_due(self, time_ns: int) -> bool:
        if self._began_ns is None:
            self._began_ns = time_ns
        last_ns = None if self._last_ns is None else self._last_ns - self._began_ns
        if not is_due(time_ns - self._began_ns, last_ns, self._interval):
            return False
        self._last_ns = time_ns
        return True

    def _frame(self, name: str, index: int) -> Frame | None:
        """The frame of a file, rejected if it is no good; None for a file that is gone since it was listed."""
        path = self.path / name
        frame = Frame(source=name, index=index)
        try:
            about = path.stat()
            frame = replace(frame, time_ns=time_of_name(path.name) or about.st_mtime_ns)
            if about.st_size > MAX_BYTES:
                raise PictureError(f"too-large: {about.st_size} bytes; expected at most {MAX_BYTES}")
            self._disposal.remember(name, about.st_size, about.st_mtime_ns)
            data = path.read_bytes()
            frame = replace(frame, time_ns=time_of_exif(data) or frame.time_ns)
            return self._filled(frame, data)
        except FileNotFoundError:
            return None
        except PictureError as error:
            fault = str(error).partition(":")[0]
            return frame.with_note("error", str(error)).settled("rejected", fault)
        except OSError as error:
            return frame.with_note("error", f"unreadable: {error.strerror}").settled("rejected", "unreadable")

    def _filled(self, frame: Frame, data: bytes) -> Frame:
        if kind_of(data) == "jpeg":
            picture = Picture.of_jpeg(data)
            check_whole(data)
        else:
            image, bits = image_of(data)
            picture = Picture.of(image)
            frame = frame if bits == 8 else frame.with_note("bits", bits)
        size = picture.height, picture.width
        if self._size is None:
            self._size = size
        if size != self._size and not self.any_size:
            raise PictureError(
                f"other-size: {size[1]}x{size[0]}; the first picture was {self._size[1]}x{self._size[0]} (any_size = true takes it)"
            )
        return replace(frame, picture=picture)
