"""
The life of a live camera: it is opened, read, lost, tried again after a while, found; and what every live source has in common.

How one kind of camera is reached is in its own module: connection() there. Which pictures are fit to be shown is in gate.py, what
the clocks say in timekeeping.py.
"""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from keepframe.capture.gate import Gate
from keepframe.capture.interval import interval_ns, seconds
from keepframe.capture.pace import Pace
from keepframe.capture.timekeeping import Timekeeper
from keepframe.clock import Clock, SystemClock
from keepframe.errors import CameraError
from keepframe.frame import Frame
from keepframe.picture import Room, heap
from keepframe.stage import CameraEvent

FIRST_RETRY_S, MAX_RETRY_S = 0.5, 15.0
SETTLED_S = 10.0
"""A connection that lasted this long was a good one: the next is tried soon again."""
SIGN_OF_LIFE_S = 0.5
MARGIN_S = 5.0


@dataclass(kw_only=True)
class Live(ABC):
    """
    What every live source has: its options, its clocks, and the way back to a camera that was lost.

    every: "10s" takes a picture at :00, :10, :20 of the wall clock; None takes every picture. open_timeout, read_timeout: how long a
    connection and a picture may take. frozen_after: so many identical pictures in a row mean a frozen camera; 0: never.
    """

    every: str | float | None = "1s"
    open_timeout: str | float = "10s"
    read_timeout: str | float = "10s"
    frozen_after: int = 30
    clock: Clock = field(default_factory=SystemClock, init=False, repr=False, compare=False)
    wait: Callable[[float], None] = field(default=time.sleep, init=False, repr=False, compare=False)
    jitter: Callable[[], float] = field(default=random.random, init=False, repr=False, compare=False)
    """From 0 to 1: cameras that were lost together must not come back in step."""
    pulse: Callable[[], None] = field(
        default_factory=lambda: lambda: None, init=False, repr=False, compare=False
    )
    """Called as a sign of life; the engine replaces the process of a source that gives none for hang_after_s."""
    picture_room: Room = field(default_factory=lambda: heap, init=False, repr=False, compare=False)

    is_live = True

    def __post_init__(self) -> None:
        self._interval = interval_ns(self.every)
        self.open_s = seconds(self.open_timeout, "open_timeout")
        self.read_s = seconds(self.read_timeout, "read_timeout")
        if self.frozen_after < 0 or self.frozen_after == 1:
            raise ValueError(
                f"frozen_after: expected 0 (never) or at least 2 pictures, got {self.frozen_after}"
            )

    @property
    def hang_after_s(self) -> float:
        """How long it may give no sign of life: both deadlines, and a little more."""
        return self.open_s + self.read_s + MARGIN_S

    @abstractmethod
    def connection(self, pace: Pace) -> Iterator[Frame]:
        """
        Open the camera and yield its pictures as they come, those that `pace` takes, until it is lost; closing it closes the camera.

        Raises CameraError, in one line that says what to do, if it cannot be opened or read. A picture's own time goes into `media_ns`.
        """

    def __call__(self) -> Iterator[Frame | CameraEvent]:
        """Yield frames, and what happens to the camera, for ever."""
        pace = Pace(self._interval, self.clock)
        gate, timekeeper = Gate(self.frozen_after), Timekeeper(self.clock)
        tries, why, lost_at = 0, "", 0.0
        while True:
            began = self.clock.monotonic_s()
            gate.begin()
            try:
                with closing(self.connection(pace)) as pictures:  # type: ignore[type-var]
                    for frame in pictures:
                        if why:
                            yield CameraEvent("found", f"after {self.clock.monotonic_s() - lost_at:.1f} s")
                            why = ""
                        for passed in gate.passes(frame):
                            if isinstance(passed, Frame):
                                yield from timekeeper.stamped(passed)
                            else:
                                yield passed
                                if passed.ends_stream:
                                    timekeeper.begin()
                        self.pulse()
                told = "the camera has ended the connection"
            except CameraError as error:
                told = str(error)
            now = self.clock.monotonic_s()
            tries = 0 if now - began > SETTLED_S else tries
            if not why:
                lost_at = now
                yield CameraEvent("lost", told, ends_stream=True)
                timekeeper.begin()
            elif told != why:
                yield CameraEvent("still-lost", told)
            why = told
            self.rest(self._retry_in_s(tries))
            tries += 1

    def rest(self, for_s: float) -> None:
        """Wait, and give signs of life meanwhile."""
        until = self.clock.monotonic_s() + for_s
        while (left := until - self.clock.monotonic_s()) > 0:
            self.pulse()
            self.wait(min(left, SIGN_OF_LIFE_S))
        self.pulse()

    def _retry_in_s(self, tries: int) -> float:
        longest = min(MAX_RETRY_S, FIRST_RETRY_S * (1 << min(tries, 16)))
        return longest * (0.75 + 0.25 * self.jitter())
