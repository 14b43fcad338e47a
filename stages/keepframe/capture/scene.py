"""
The scene of the synthetic camera: a still background, and what comes, moves and falls in front of it, in the order of the light's way.

Everything about a picture follows from the scene's numbers and the picture's index; there is no clock and no state here. What there is to
see is in visitors.py, weather.py and lens.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np

from keepframe.capture.lens import Grain, Infrared, Outage, Shake
from keepframe.capture.planes import Image, Planes
from keepframe.capture.visitors import Car, Visitor
from keepframe.capture.weather import Leaves, Light, Rain, Shadow

View = Literal["empty", "edge", "object"]
BOUNDS = {
    "seed": (0, 2**63 - 1),
    "width": (16, 16384),
    "height": (16, 16384),
    "fps": (0.001, 1000),
    "noise": (0, 50),
    "drift": (0, 0.5),
    "object_size": (0, 0.9),
    "absent": (0, 1e6),
    "present": (0.001, 1e6),
    "clouds": (0, 0.9),
    "shadow": (0, 0.9),
    "leaves": (0, 1),
    "rain": (0, 100),
    "shake": (0, 20),
    "parked": (0, 1e6),
    "infrared": (0, 1e6),
    "freeze": (0, 1e6),
    "loss": (0, 1e6),
}


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in view in one picture."""

    index: int
    view: View
    """edge: less than half of the object is inside the picture, on its way in or out."""
    visit: int
    """The number of the visit it belongs to or follows; -1 before the first."""
    box: tuple[int, int, int, int] | None
    """The object's (top, left, height, width), clipped to the picture; None if it is not in view."""
    car: Literal["away", "comes", "parked"] = "away"
    is_infrared: bool = False
    is_frozen: bool = False
    """The very picture before, once more; all else here is about that one."""
    is_lost: bool = False
    """Black, or gray in part: not to be believed."""


@dataclass(kw_only=True)
class SceneOptions:
    """
    What makes a scene, in rows, columns and `fps` pictures a second. What each option means says Synthetic; at 0 it is not there.

    Raises ValueError for a value that makes no sense.
    """

    seed: int = 0
    width: int = 320
    height: int = 240
    fps: float = 10.0
    noise: float = 2.0
    drift: float = 0.05
    object_size: float = 0.3
    absent: float = 6.0
    present: float = 4.0
    clouds: float = 0.0
    shadow: float = 0.0
    leaves: float = 0.0
    rain: float = 0.0
    shake: float = 0.0
    parked: float = 0.0
    infrared: float = 0.0
    freeze: float = 0.0
    loss: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            check_within(name, getattr(self, name), low, high)


class Scene(SceneOptions):
    """A seeded scene: its pictures, and what is in view in them."""

    def planes(self, index: int) -> tuple[Image, Image, Image]:
        """The picture in YUV 4:2:0 of limited range, Rec. 601: Y (H, W), U and V at half size rounded up, uint8."""
        wanted, index = index, self._outage.shown(index)
        seconds = index / self.fps
        planes = Planes(self._background.copy(), *(plane.copy() for plane in self._chroma))
        if self.leaves:
            self._leaves(planes, seconds)
        if self.parked:
            self._car(planes, index)
        self._visitor(planes, index)
        if self.shadow:
            self._shadow(planes, seconds)
        self._light(planes, seconds)
        if self.rain:
            self._rain(planes, index)
        if self.shake:
            self._shake(planes, index)
        is_dark = self._infrared.is_on(seconds)
        if is_dark:
            self._infrared(planes)
        if self.noise:
            self._grain(planes, index, is_dark=is_dark)
        if self._outage.is_lost(wanted):
            self._outage(planes, wanted)
        return planes.luma, planes.u, planes.v

    def truth(self, index: int) -> Truth:
        """What is in view in the picture of this index."""
        shown = self._outage.shown(index)
        visit, _ = self._visitor.visit(shown)
        view, box = self._seen(shown)
        car = self._car.state(shown)[0] if self.parked else "away"
        is_infrared = self._infrared.is_on(shown / self.fps)
        return Truth(index, view, visit, box, car, is_infrared, shown != index, self._outage.is_lost(index))

    def _seen(self, index: int) -> tuple[View, tuple[int, int, int, int] | None]:
        corner = self._visitor.corner(index)
        if corner is None:
            return "empty", None
        rows, columns = self._visitor.figure.body.shape
        top, left = max(0, corner[0]), max(0, corner[1])
        height, width = min(self.height, corner[0] + rows) - top, min(self.width, corner[1] + columns) - left
        view: View = "object" if 2 * height * width >= rows * columns else "edge"
        return view, (top, left, height, width)

    @cached_property
    def _background(self) -> Image:
        rng = np.random.default_rng(self.seed)
        coarse = rng.uniform(60, 180, (4, 5)).astype(np.float32)
        scene: Image = cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
        for _ in range(12):  # furniture: edges, so that a structural metric has something to hold on to
            top, left = rng.integers(0, self.height), rng.integers(0, self.width)
            size = rng.integers(1, max(2, self.height // 3), 2)
            scene[top : top + size[0], left : left + size[1]] += rng.uniform(-40, 40)
        return np.clip(scene, 30, 210).astype(np.uint8)

    @cached_property
    def _chroma(self) -> tuple[Image, Image]:
        rng = np.random.default_rng(self.seed + 1)
        size = (self.width + 1) // 2, (self.height + 1) // 2
        u, v = (cv2.resize(rng.uniform(112, 144, (3, 4)).astype(np.float32), size) for _ in range(2))
        return u.astype(np.uint8), v.astype(np.uint8)

    @cached_property
    def _visitor(self) -> Visitor:
        return Visitor(
            self.seed, self.height, self.width, self.fps, self.object_size, self.absent, self.present
        )

    @cached_property
    def _car(self) -> Car:
        return Car(self.height, self.width, self.fps, self.parked)

    @cached_property
    def _light(self) -> Light:
        return Light(self.seed, self.height, self.width, self.drift, self.clouds)

    @cached_property
    def _shadow(self) -> Shadow:
        return Shadow(self.seed, self.height, self.width, self.shadow)

    @cached_property
    def _leaves(self) -> Leaves:
        return Leaves(self.seed, self.height, self.width, self.leaves)

    @cached_property
    def _rain(self) -> Rain:
        return Rain(self.seed, self.height, self.width, self.rain)

    @cached_property
    def _shake(self) -> Shake:
        return Shake(self.seed, self.shake)

    @cached_property
    def _infrared(self) -> Infrared:
        return Infrared(self.height, self.width, self.infrared)

    @cached_property
    def _grain(self) -> Grain:
        return Grain(self.seed, self.height, self.width, self.noise)

    @cached_property
    def _outage(self) -> Outage:
        return Outage(self.seed, self.fps, self.freeze, self.loss)


def check_within(name: str, value: float, low: float, high: float) -> None:
    """
    Raise ValueError for an option that is not within its bounds.

    >>> check_within("noise", 2.0, 0, 50)
    """
    if not low <= value <= high:
        raise ValueError(f"{name}: expected from {low:g} to {high:g}, got {value!r}")
