"""The three planes of a synthetic picture, and painting something into them. What is painted is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]


@dataclass(slots=True)
class Planes:
    """Y (H, W), U and V at half size rounded up, uint8, limited range, Rec. 601: its own, to be changed."""

    luma: Image
    u: Image
    v: Image


@dataclass(frozen=True, slots=True)
class Figure:
    """Something with a shape: its luma, where it is not transparent (both of one size), and its chroma."""

    body: Image
    where: Image
    u: int
    v: int

    def paint(self, planes: Planes, corner: tuple[int, int]) -> None:
        """Paint what of it lies inside the picture; corner: its (top, left), also outside."""
        half, half_where = (corner[0] // 2, corner[1] // 2), self.where[::2, ::2]
        _paint(planes.luma, self.body, self.where, corner)
        _paint(planes.u, np.full_like(self.body[::2, ::2], self.u), half_where, half)
        _paint(planes.v, np.full_like(self.body[::2, ::2], self.v), half_where, half)


def _paint(plane: Image, body: Image, where: Image, corner: tuple[int, int]) -> None:
    top, left = corner
    rows = slice(max(0, -top), max(0, plane.shape[0] - top))
    columns = slice(max(0, -left), max(0, plane.shape[1] - left))
    body, where = body[rows, columns], where[rows, columns]
    top, left = max(0, top), max(0, left)
    np.copyto(plane[top : top + body.shape[0], left : left + body.shape[1]], body, where=where)
