"""
From items to what is booked: one outcome per frame, the strongest of its parts, and the pictures to be written for it.

Encodes and names; writes nothing. A frame that cannot be encoded becomes `failed`, the others go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from keepframe.archive.booking import Booking
from keepframe.archive.encoding import Encoding
from keepframe.archive.names import QUARANTINED, Template, quarantined
from keepframe.archive.quarantine import RETRY_OF, packed
from keepframe.archive.row import Row, row_of
from keepframe.errors import StalePictureError
from keepframe.frame import STRENGTH, Decision, Frame, Item, strongest


@dataclass(frozen=True, slots=True)
class NewFile:
    """A picture to be written under this name."""

    file: str
    data: bytes
    sha256: str


@dataclass(slots=True)
class Settling:
    """
    What the items of one commit become: `add` each in turn, then take `bookings` and `files`.

    is_free: whether no file and no row has this name; names given out here are remembered here.
    """

    encoding: Encoding
    template: Template
    is_free: Callable[[str], bool]
    bookings: list[Booking]
    files: list[NewFile]

    def add(self, item: Item, *, is_covered: Callable[[Booking], bool]) -> None:
        """One more item; nothing is encoded for one whose row stands already."""
        frames = _best_of_each_part(item.frames)
        decision = strongest([frame.outcome or "kept" for frame in frames])
        first = frames[0]
        if decision == "end":
            self.bookings.append(Booking(first.camera, item.at, 1, decision, first.reason))
            return
        row = row_of(first)
        booking = Booking(first.camera, item.at, item.count, decision, first.reason, (row,))
        if not is_covered(booking):
            rows = [self._settle(first, row), *(self._settle(frame, row_of(frame)) for frame in frames[1:])]
            if len(rows) > 1 or rows[0].part:
                rows = _with_parent(rows)
            decision = rows[0].outcome
            booking = Booking(first.camera, item.at, item.count, decision, first.reason, tuple(rows))
        self.bookings.append(booking)

    def _settle(self, frame: Frame, row: Row) -> Row:
        if frame.outcome == "failed" and frame.picture is not None and RETRY_OF not in frame.notes:
            return self._put_aside(frame, row)
        if row.outcome != "kept":
            return row
        try:
            made = self.encoding.of(frame)
            name = self.template.name(frame)
        except (OSError, MemoryError, StalePictureError):
            raise  # the machine's trouble, not the frame's: the commit is tried again
        except Exception as error:  # noqa: BLE001 - whatever a picture does to its decoder costs this frame only
            return replace(row, outcome="failed", reason=f"archive: {str(error) or type(error).__name__}")
        new = NewFile(self._free_name(name, made.suffix), made.data, hashlib.sha256(made.data).hexdigest())
        self.files.append(new)
        return replace(
            row,
            file=new.file,
            bytes=len(new.data),
            sha256=new.sha256,
            height=made.height,
            width=made.width,
            is_original=made.is_original,
        )

    def _put_aside(self, frame: Frame, row: Row) -> Row:
        """A failed frame that comes with its picture goes to quarantine; one that is tried again lies there already."""
        try:
            data = packed(frame)
        except (OSError, MemoryError, StalePictureError):
            raise
        except Exception as error:  # noqa: BLE001 - its outcome stands, whatever its bytes do
            return replace(
                row, reason=f"{row.reason}; not in quarantine: {str(error) or type(error).__name__}"
            )
        new = NewFile(
            self._free_name(quarantined(frame), QUARANTINED), data, hashlib.sha256(data).hexdigest()
        )
        self.files.append(new)
        height, width = (frame.picture.height, frame.picture.width) if frame.picture else (None, None)
        return replace(row, file=new.file, bytes=len(data), sha256=new.sha256, height=height, width=width)

    def _free_name(self, name: str, suffix: str) -> str:
        given = {new.file for new in self.files}
        number, file = 1, name + suffix
        while file in given or not self.is_free(file):
            number += 1
            file = f"{name}-{number}{suffix}"
        return str(PurePosixPath(file))


def _best_of_each_part(frames: Sequence[Frame]) -> list[Frame]:
    """Of several branches' words on one part the strongest counts, the first of equals; the frame itself comes first."""
    best: dict[str, Frame] = {}
    for frame in frames:
        old = best.get(frame.part)
        if old is None or STRENGTH.index(_decision(frame)) > STRENGTH.index(_decision(old)):
            best[frame.part] = frame
    return sorted(best.values(), key=lambda frame: frame.part != "")


def _decision(frame: Frame) -> Decision:
    return frame.outcome or "kept"


def _with_parent(rows: list[Row]) -> list[Row]:
    """The rows of a frame of which there are parts: one for the frame itself with the strongest outcome, then the parts'."""
    best = max(rows, key=lambda row: STRENGTH.index(row.outcome))
    parts = [row for row in rows if row.part]
    own = best if not best.part else _without_picture(best)
    return [replace(own, parts=len(parts)), *parts]


def _without_picture(row: Row) -> Row:
    return replace(
        row, part="", file=None, bytes=None, sha256=None, height=None, width=None, is_original=None
    )
