"""
A camera that needs no hardware and knows the truth about its pictures; the test bench of the pipeline.

What is in its pictures is put together in scene.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

import numpy as np

from keepframe.capture.interval import NS
from keepframe.capture.scene import Scene, SceneOptions, Truth, check_within
from keepframe.clock import Clock, SystemClock
from keepframe.frame import Frame
from keepframe.picture import Picture, Room, heap
from keepframe.picture.planes import full_range

BEGAN_NS = 1_704_067_200 * NS
"""When a finite one begins: 2024-01-01 00:00 UTC, so that two runs give the same."""


@dataclass(kw_only=True)
class Synthetic(SceneOptions):
    """
    A seeded camera: noise, drifting light, and an object that comes, stays a while and leaves.

    count: how many pictures; None is a live camera, which goes on and is paced by the wall clock. A finite one gives its pictures as fast
    as they are taken. Each picture depends on the options and its index alone.
    noise: standard deviation in levels. drift: how far light swings in a minute, as a share of it. object_size: height of the object as a
    share of the picture's, 0 for none. absent, present: mean seconds between two visits, and of one.
    format: "yuv420" (limited range, Rec. 601, as cameras give it), "gray" or "bgr", of the same scene.

    What makes life hard for a verdict, none of it unless asked for. clouds, shadow: the share of the light that clouds before the sun, and a
    hard shadow that wanders through the picture, take. leaves: the share of the picture that a swaying tree covers. rain: streaks in 10,000
    pixels. shake: how far the camera moves from picture to picture, standard deviation in pixels. parked: after how many seconds a car comes
    and stays. infrared: seconds of colour, then as many of infrared light. freeze, loss: seconds between two times when the picture stands
    still for 3 s, and when it is black or half gray for 2 s.

    Its notes tell the truth: "truth" is "empty", "edge" (less than half of the object is in view) or "object", "visit" the number of the
    visit, from 0. truth(index) tells more.

    >>> camera = Synthetic(count=3)
    >>> [frame.notes["truth"] for frame in camera()]
    ['empty', 'empty', 'empty']
    """

    count: int | None = None
    format: Literal["yuv420", "gray", "bgr"] = "yuv420"
    clock: Clock = field(default_factory=SystemClock, init=False, repr=False, compare=False)
    wait: Callable[[float], None] = field(default=time.sleep, init=False, repr=False, compare=False)
    picture_room: Room = field(default_factory=lambda: heap, init=False, repr=False, compare=False)
    """Where pictures are made; the engine gives memory that the stages share."""
    _next: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count is not None:
            check_within("count", self.count, 0, 10**12)
        self.scene = Scene(**{option.name: getattr(self, option.name) for option in fields(SceneOptions)})

    @property
    def is_live(self) -> bool:
        """Whether it goes on for ever."""
        return self.count is None

    def __call__(self) -> Iterator[Frame]:
        """Yield the frames from the first that is not settled."""
        if self.count is None:
            yield from self._live()
            return
        while self._next < self.count:
            index = self._next
            media_ns = round(index / self.fps * NS)
            self._next += 1
            yield self._frame(index, BEGAN_NS + media_ns, source="synthetic", index=index, media_ns=media_ns)

    def truth(self, index: int) -> Truth:
        """What is in view in the picture of this index: the view, the number of the visit, the object's box."""
        return self.scene.truth(index)

    def total(self) -> int | None:
        """How many frames are still to come; None for a live one."""
        return None if self.count is None else max(0, self.count - self._next)

    def save(self) -> dict[str, Any]:
        """What has been yielded, as load() takes it."""
        return {"scene": asdict(self.scene), "next": self._next}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on behind what is settled, with the same bytes. Raises ValueError if it was a camera with other options."""
        known, now = memory.get("scene"), asdict(self.scene)
        # an archive of an older version knows nothing of what came later, and showed nothing of it
        was = None if known is None else {**dict.fromkeys(now, 0.0), **known}
        if was is not None and was != now:
            other = [
                f"{key} {was.get(key)!r} → {value!r}" for key, value in now.items() if was.get(key) != value
            ]
            raise ValueError(
                f"synthetic: expected the camera that this archive began with, got another ({', '.join(other)}); "
                "choose another archive folder, or begin a new stream with --again"
            )
        self._next = int(memory.get("next", 0))

    def _live(self) -> Iterator[Frame]:
        """A picture that is not asked for in time is never taken: what comes next is the newest."""
        began, began_ns, index = self.clock.monotonic_s(), self.clock.wall_ns(), 0
        while True:
            early = index / self.fps - (self.clock.monotonic_s() - began)
            if early > 0:
                self.wait(early)
            yield self._frame(index, began_ns + round(index / self.fps * NS))
            index = max(index + 1, int((self.clock.monotonic_s() - began) * self.fps))

    def _frame(self, number: int, time_ns: int, **known: Any) -> Frame:
        truth = self.truth(number)
        notes = {"truth": truth.view, "visit": truth.visit}
        return Frame(time_ns=time_ns, picture=self._picture(number), notes=notes, **known)

    def _picture(self, number: int) -> Picture:
        planes = self.scene.planes(number)
        if self.format == "gray":
            return Picture.of(full_range(planes[0]))
        room = self.picture_room if self.format == "yuv420" else heap
        space = room(sum(plane.size for plane in planes))
        np.concatenate([plane.ravel() for plane in planes], out=np.frombuffer(space.view, np.uint8))
        picture = Picture("yuv420", self.height, self.width, space.close(), is_full_range=False)
        return picture if self.format == "yuv420" else Picture.of(picture.bgr())
