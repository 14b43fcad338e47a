"""
The directions of edges, as small whole numbers: what stays of a picture when the light changes.

No metric of the catalogue: how much of a change is too much depends on the place, and is learned by the score stage. Pure functions of
one or two arrays; every sum is one of whole numbers, so that a score is the same in every process.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image

SIGMA = 1.4
"""Of the blur before the slopes are taken, in pixels: below it is the sensor's noise."""
FAINT = 6.0
"""The slope, in gray levels over four pixels, at which a direction counts half: below it is noise of several levels."""
TILE, STRIDE = 8, 4
"""Side of a tile and the distance of two, in pixels."""
MARGIN = 9
"""How far, in pixels, a reference can be moved, and one more for the neighbours."""
_NEIGHBOURS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
_UNIT = 127.0


class Directions(NamedTuple):
    """The slope of every pixel: its direction (127 + 127 x the unit vector, shorter where it is faint) and its strength; uint8 (H, W)."""

    across: Image
    down: Image
    strength: Image


def directions(gray: Image) -> Directions:
    """
    The directions of the edges of a gray image, (H, W) uint8; constant images have none.

    Source: Scharr's and others' gradient orientation, with the length of the vector as its own confidence: g / (|g| + FAINT).

    >>> flat = directions(np.full((4, 4), 9, np.uint8))
    >>> int(flat.across.max()), int(flat.strength.max())
    (127, 0)
    """
    smooth = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), SIGMA)
    x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.5)
    y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.5)
    strength = cv2.magnitude(x, y)
    shortened = strength + np.float32(FAINT)
    np.divide(np.float32(_UNIT), shortened, out=shortened)
    for slope in (x, y):
        np.multiply(slope, shortened, out=slope)
        np.add(slope, np.float32(_UNIT + 0.5), out=slope)
    # truncated, and so rounded half up; the strength by half a level less, for OpenCV rounds
    return Directions(
        x.astype(np.uint8), y.astype(np.uint8), np.asarray(cv2.convertScaleAbs(strength, beta=-0.5))
    )


def margined(found: Directions) -> Directions:
    """The directions of a reference, ready to be compared with often: bordered by MARGIN, the strength that of the strongest neighbour."""
    strongest = cv2.dilate(found.strength, np.ones((3, 3), np.uint8))
    across, down, strength = (
        np.asarray(cv2.copyMakeBorder(plane, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REPLICATE))
        for plane in (found.across, found.down, np.asarray(strongest))
    )
    return Directions(across, down, strength)


def turned(
    reference: Directions, test: Directions, shift: tuple[int, int] = (0, 0), *, is_tolerant: bool = True
) -> NDArray[np.float32]:
    """
    How much the edges of every tile have turned, come or gone: (rows, columns) of tiles of 8x8 pixels, half overlapping.

    reference: margined. shift: where the scene of the reference is in the test, pixels right and down, at most MARGIN - 1.
    is_tolerant: every pixel of the test may look for its like among the four neighbours, so that half a pixel of shaking is none.
    0 = the same; about 1 is noise of a level or two, hundreds a new outline. Images below a tile give one.

    >>> scene = np.random.default_rng(0).integers(0, 256, (32, 48), dtype=np.uint8)
    >>> found = directions(scene)
    >>> turned(margined(found), found).shape, float(turned(margined(found), found).max())
    ((7, 11), 0.0)
    """
    height, width = test.strength.shape
    least, apart, down = (np.full((height, width), 255, np.uint8) for _ in range(3))
    for x, y in _NEIGHBOURS if is_tolerant else _NEIGHBOURS[:1]:
        top, left = MARGIN - shift[1] - y, MARGIN - shift[0] - x
        here = np.s_[top : top + height, left : left + width]
        cv2.absdiff(reference.across[here], test.across, apart)
        cv2.absdiff(reference.down[here], test.down, down)
        # beyond 255 is 255
        cv2.min(least, cv2.add(apart, down, apart), least)
    top, left = MARGIN - shift[1], MARGIN - shift[0]
    strength = cv2.max(reference.strength[top : top + height, left : left + width], test.strength)
    return _tiles(np.multiply(least, strength, dtype=np.uint16))


def tile_shape(height: int, width: int) -> tuple[int, int]:
    """
    How many tiles an image of that size has, down and across.

    >>> tile_shape(120, 160), tile_shape(5, 9)
    ((29, 39), (1, 1))
    """
    rows, columns = (max((side - TILE) // STRIDE + 1, 1) for side in (height, width))
    return rows, columns


def _tiles(weighted: NDArray[np.uint16]) -> NDArray[np.float32]:
    rows, columns = tile_shape(*weighted.shape)
    # what sticks out behind the last tile is less than a stride, and has been seen by no tile of its own: the blur brings it in
    height, width = min(TILE, weighted.shape[0]), min(TILE, weighted.shape[1])
    sums = cv2.boxFilter(
        weighted, cv2.CV_32S, (width, height), anchor=(0, 0), normalize=False, borderType=cv2.BORDER_REPLICATE
    )
    picked = sums[: rows * STRIDE : STRIDE, : columns * STRIDE : STRIDE]
    return picked.astype(np.float32) / np.float32(_UNIT * height * width)
