"""
A picture as the default score looks at it, and what a picture is held against: pixels in, the change of each tile out.

Pure functions of images. Which pictures are compared is told in structure.py, what a place does by itself in places.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics import Box
from keepframe.metrics.directions import UNIT, Directions, directions, moved, turned
from keepframe.picture import Image
from keepframe.score.envelope import Range, levels
from keepframe.score.places import Tiles

TILE, STRIDE = 8, 4
"""Side of a tile and the distance of two, in pixels that are looked at: a tile is four cells."""
_ROWS = 100
"""About so many rows are looked at; a larger image is halved, thirded … first."""
_GRAIN = 8
_EPS = np.array([0.3, 4.0], np.float32).reshape(2, 1, 1)
"""Added before the logarithm, by kind: a change below it is next to none. Levels of about a percent."""
_REACH = 6
"""Pixels from a border that look different for it: blur, slope and neighbour."""
_FINE = 16
"""Parts of a level that a mean of levels is counted in."""
NONE = np.log(_EPS)
"""The log change, by kind, of what is the same."""


class View(NamedTuple):
    """A picture as it is looked at: (H, W) uint8, whole strides and at least a tile; coarse: cells of 8 x 8 pixels; shown: its levels."""

    small: Image
    coarse: Image
    edges: Directions
    shown: Image

    @classmethod
    def of(cls, small: Image) -> View:
        """Of a picture made small."""
        size = tuple(side // _GRAIN for side in reversed(small.shape))
        whole = small[: size[1] * _GRAIN, : size[0] * _GRAIN]
        # noise is averaged away, light is not
        coarse = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
        return cls(small, coarse, directions(small), levels(small))

    def moved(self, x: int, y: int) -> View:
        """As if the camera had moved so that the scene lies so many pixels to the right and down."""
        small, shown = moved(self.small, x, y), moved(self.shown, x, y)
        return View(small, self.coarse, self.edges.moved(x, y), shown)


def made_small(image: Image) -> tuple[Image, int]:
    """
    About 100 rows of gray, a border added for whole strides; and how many pixels of the image one of them is wide.

    image: (H, W) or (H, W, 3) uint8.

    >>> small, factor = made_small(np.zeros((480, 643), np.uint8))
    >>> small.shape, factor
    ((96, 128), 5)
    """
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    factor = max(1, round(gray.shape[0] / _ROWS))
    # very long or narrow images are not made smaller than a tile
    factor = min(factor, max(1, min(gray.shape) // TILE))
    if factor > 1:
        rows, columns = gray.shape[0] // factor, gray.shape[1] // factor
        whole = gray[: rows * factor, : columns * factor]
        gray = np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))
    down, across = (max(TILE, -side // STRIDE * -STRIDE) - side for side in gray.shape)
    return np.asarray(cv2.copyMakeBorder(gray, 0, down, 0, across, cv2.BORDER_REPLICATE)), factor


class Pair(NamedTuple):
    """Two pictures that others are compared with at once, one above the other, and for each the range that levels may have."""

    edges: Directions
    range: Range | None

    @classmethod
    def of(cls, views: Sequence[View], lately: Range | None) -> Pair:
        """Against a reference and the anchor. Levels: against what was shown lately, and besides near what the reference shows."""
        bordered = [view.edges.bordered() for view in views]
        edges = Directions(*(_piled(planes, 2) for planes in zip(*bordered, strict=True)))
        if lately is None:
            return cls(edges, None)
        ranges = lately.with_(Range.around(views[0].shown)), lately
        return cls(edges, Range(*(_piled(planes, STRIDE) for planes in zip(*ranges, strict=True))))

    def change(self, view: View) -> Tiles:
        """
        The log change of each tile against each of the two: (2, 2, rows, columns), of edges and of levels.

        Edges: how much they turned, on the mean of a tile; about 1 is noise of a level or two, hundreds a new outline. Levels: by how
        many of 255 they lie outside of the range, on the mean of a quarter of the tile, the fullest: a small thing fills no more.
        """
        height, width = view.small.shape
        period = height + STRIDE
        # whole numbers of 16 bits for both kinds, and one call for all of them
        pixels = np.zeros((4 * period, width), np.uint16)
        piled = Directions(*(_piled([plane, plane], STRIDE) for plane in view.edges))
        turned(self.edges, piled, out=pixels[: 2 * period - STRIDE])
        if self.range is not None:
            shown = _piled([view.shown, view.shown], STRIDE)
            np.multiply(self.range.outside(shown), _FINE, out=pixels[2 * period : -STRIDE], dtype=np.uint16)
        for side in (2, 4):
            # halved twice is what a mean of 4 x 4 is, in a third of the time
            size = width // side, 4 * period // side
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
        edges, outside = pixels.reshape(2, 2, period // STRIDE, -1)[:, :, :-1].astype(np.float32)
        change = np.empty((2, 2, height // STRIDE - 1, width // STRIDE - 1), np.float32)
        tall = edges[:, :-1] + edges[:, 1:]
        np.add(tall[..., :-1], tall[..., 1:], out=change[:, 0])
        change[:, 0] *= np.float32(1 / (4 * UNIT))
        tall = np.maximum(outside[:, :-1], outside[:, 1:])
        np.maximum(tall[..., :-1], tall[..., 1:], out=change[:, 1])
        change[:, 1] *= np.float32(1 / _FINE)
        change += _EPS
        return np.log(change, out=change)


def at_border(x: int, y: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """
    Which tiles, (rows, columns), see what came in at the border, or lay there, where the scene has moved so many pixels right and down.

    >>> at_border(2, 0, (1, 7)).tolist()
    [[True, True, False, False, False, True, True]]
    """
    seen = np.zeros(shape, bool)
    for axis, by in enumerate((y, x)):
        if by:
            begins, size = np.arange(shape[axis]) * STRIDE, (shape[axis] + 1) * STRIDE
            near = (begins < abs(by) + _REACH) | (begins + TILE > size - abs(by) - _REACH)
            seen |= near[:, None] if axis == 0 else near
    return seen


def box(tiles: tuple[int, int, int, int], shape: tuple[int, ...], factor: int) -> Box:
    """
    The rectangle of tiles (column, row, columns, rows) in pixels of an image of that shape, made small by that factor.

    >>> box((1, 0, 2, 1), (40, 60), 2)
    Box(x=8, y=0, width=24, height=16)
    """
    column, row, columns, rows = tiles
    left, top = column * STRIDE * factor, row * STRIDE * factor
    right = min(left + ((columns - 1) * STRIDE + TILE) * factor, shape[1])
    bottom = min(top + ((rows - 1) * STRIDE + TILE) * factor, shape[0])
    return Box(left, top, right - left, bottom - top)


def _piled(planes: Sequence[NDArray[np.uint8]], gap: int) -> Image:
    """One above the other: one call for all of them. Between two are so many rows that say nothing."""
    return np.concatenate([planes[0], planes[0][:gap], planes[1]])
