"""
The time of a live camera's frames, by three clocks: the wall's, the machine's monotonic one, the camera's own.

Within a stream time grows from frame to frame. A clock that jumps begins a new stream and stops nothing. All times are UTC: a
night in which the clocks are changed is a night like every other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from keepframe.capture.interval import NS
from keepframe.clock import Clock
from keepframe.frame import Frame
from keepframe.stage import CameraEvent

JUMP_S = 2.0
"""A wall clock that is set moves away from the monotonic one; one that is slewed does so by less between two pictures."""
LEAST_NS = 1000
"""Two frames of one stream are at least so far apart, whatever the wall clock says."""


class Timekeeper:
    """
    Stamps the frames of one camera.

    >>> from keepframe.clock import FakeClock
    >>> [frame.time_ns for frame in Timekeeper(FakeClock(5)).stamped(Frame())]
    [5]
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """What comes next is a new stream."""
        self._wall_ns: int | None = None
        self._monotonic_s = 0.0
        self._given_ns = 0
        self._media_ns: int | None = None
        self._first_media_ns: int | None = None
        self._is_standing = False

    def stamped(self, frame: Frame) -> Iterator[Frame | CameraEvent]:
        """The frame with its times, behind an event if a clock has jumped; a frame that has a time keeps it."""
        wall_ns, monotonic_s = self._clock.wall_ns(), self._clock.monotonic_s()
        told = self._jump(wall_ns, monotonic_s) or self._source_jump(frame.media_ns)
        if told:
            self.begin()
            self._is_standing = "stands still" in told
            yield CameraEvent("clock", told, ends_stream=True)
        self._wall_ns, self._monotonic_s = wall_ns, monotonic_s
        self._given_ns = max(wall_ns, self._given_ns + LEAST_NS) if self._given_ns else wall_ns
        if frame.media_ns is not None:
            self._media_ns = frame.media_ns
            if self._first_media_ns is None:
                self._first_media_ns = frame.media_ns
            frame = replace(frame, media_ns=frame.media_ns - self._first_media_ns)
        yield replace(frame, time_ns=self._given_ns).with_note("monotonic_ns", round(monotonic_s * NS))

    def _jump(self, wall_ns: int, monotonic_s: float) -> str:
        if self._wall_ns is None:
            return ""
        by_wall_s, by_monotonic_s = (wall_ns - self._wall_ns) / NS, monotonic_s - self._monotonic_s
        if by_wall_s == 0.0 and by_monotonic_s > 0.0:
            told = "the machine's wall clock stands still"
            was, self._is_standing = self._is_standing, True
            return "" if was else told
        self._is_standing = False
        jump_s = by_wall_s - by_monotonic_s
        if abs(jump_s) <= JUMP_S:
            return ""
        return (
            f"the machine's wall clock was set {'forward' if jump_s > 0 else 'back'} by {abs(jump_s):.0f} s"
        )

    def _source_jump(self, media_ns: int | None) -> str:
        if media_ns is None or self._media_ns is None:
            return ""
        back_s = (self._media_ns - media_ns) / NS
        return f"the camera's own clock went back by {back_s:.0f} s" if back_s > 1.0 else ""
