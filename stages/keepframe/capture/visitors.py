"""
Who comes into a synthetic scene: an object that comes, stays and leaves again and again, and a car that parks for good.

Each knows where it is in a picture from the picture's number alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from keepframe.capture.planes import Figure, Planes
from keepframe.capture.seeded import uniform

_VISIT, _PLACE, _OBJECT = 1, 2, 3
DRIVES_S = 2.0
"""How long the car takes from the picture's edge to its place."""


@dataclass(frozen=True)
class Visitor:
    """An upright ellipse with stripes. size: its height as a share of the picture's; absent, present: mean seconds."""

    seed: int
    height: int
    width: int
    fps: float
    size: float
    absent: float
    present: float

    def __call__(self, planes: Planes, index: int) -> None:
        """Paint it, if it is in view."""
        corner = self.corner(index)
        if corner is not None:
            self.figure.paint(planes, corner)

    def visit(self, index: int) -> tuple[int, float]:
        """The number of the visit that is or was last, and how far it has come: from 0 to 1 while it lasts, then more."""
        cycle = self.absent + self.present
        seconds = index / self.fps
        number = int(seconds // cycle)
        length, start = uniform(self.seed, _VISIT, number, 2)
        length = min(self.present * (0.6 + 0.8 * length), self.present + 0.8 * self.absent)
        start = number * cycle + 0.1 * self.absent + start * (cycle - length - 0.2 * self.absent)
        return (number, (seconds - start) / length) if seconds >= start else (number - 1, 2.0)

    def corner(self, index: int) -> tuple[int, int] | None:
        """Where its top left corner is, also outside the picture; None if it is not in view."""
        visit, phase = self.visit(index)
        rows, columns = self.figure.body.shape
        if rows == 0 or phase >= 1:
            return None
        side, row, column = uniform(self.seed, _PLACE, visit, 3)
        stop = column * (self.width - columns)
        if phase < 0.25:  # it comes from one side
            left = _between(-columns if side < 0.5 else self.width, stop, phase * 4)
        elif phase < 0.75:  # it stays, and moves a little
            left = stop + 0.05 * columns * math.sin(phase * 40)
        else:  # it leaves by the other side
            left = _between(stop, self.width if side < 0.5 else -columns, phase * 4 - 3)
        top, left = round(row * (self.height - rows)), round(left)
        return (top, left) if -columns < left < self.width else None

    @cached_property
    def figure(self) -> Figure:
        """Dark or bright."""
        rows = min(self.height, round(self.size * self.height))
        columns = min(self.width, (rows + 1) // 2)
        level = 48 if uniform(self.seed, _OBJECT, 0, 1)[0] < 0.5 else 200
        body = np.full((rows, columns), level, np.uint8)
        body[:: max(1, rows // 6)] += 30
        y, x = np.ogrid[:rows, :columns]
        inside = ((2 * y + 1) / max(1, rows) - 1) ** 2 + ((2 * x + 1) / max(1, columns) - 1) ** 2 <= 1
        return Figure(body, inside, 104, 152)


@dataclass(frozen=True)
class Car:
    """It comes from the right `at_s` seconds after the first picture and stays."""

    height: int
    width: int
    fps: float
    at_s: float

    def __call__(self, planes: Planes, index: int) -> None:
        """Paint it, if it has come."""
        state, corner = self.state(index)
        if state != "away":
            self.figure.paint(planes, corner)

    def state(self, index: int) -> tuple[Literal["away", "comes", "parked"], tuple[int, int]]:
        """What it is doing, and its top left corner."""
        share = (index / self.fps - self.at_s) / DRIVES_S
        rows, columns = self.figure.body.shape
        top, place = round(0.9 * self.height) - rows, round(0.3 * self.width)
        left = round(_between(self.width, place, min(1.0, max(0.0, share))))
        if share < 0 or (share < 1 and left >= self.width):
            return "away", (top, self.width)
        return ("comes" if share < 1 else "parked"), (top, max(left, place - columns))

    @cached_property
    def figure(self) -> Figure:
        """A box with a roof, windows and wheels."""
        columns = max(4, round(0.28 * self.width))
        rows = max(4, round(0.4 * columns))
        body, where = np.full((rows, columns), 168, np.uint8), np.zeros((rows, columns), bool)
        roof, floor = rows // 3, rows - rows // 6
        where[:roof, columns // 4 : -columns // 4] = True
        where[roof:floor] = True
        body[rows // 10 : roof, columns // 3 : -columns // 3] = 50
        for left in (columns // 8, columns - columns // 4 - columns // 8):
            body[floor - rows // 6 :, left : left + columns // 4] = 30
            where[floor:, left : left + columns // 4] = True
        return Figure(body, where, 112, 168)


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share
