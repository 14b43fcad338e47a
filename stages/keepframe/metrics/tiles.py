"""
The largest tile: where a difference map is hottest, and how hot.

A mean over the whole picture loses a small object; the largest mean over small tiles keeps it. The maps themselves are
made by the metrics; what counts as too hot is decided by the score stage.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """A rectangle in pixels of the compared picture: left edge, top edge, width, height."""

    x: int
    y: int
    width: int
    height: int


def tile_side(height: int, width: int) -> int:
    """
    Side of a tile in pixels: a fifteenth of the shorter side, at least 8, at most the shorter side.

    8 at 160x120 is what was measured to separate small objects from noise best; the share keeps it resolution-free.

    >>> tile_side(120, 160), tile_side(1080, 1920), tile_side(3, 9)
    (8, 72, 3)
    """
    return min(max(8, min(height, width) // 15), height, width)


def tile_means(
    difference: NDArray[np.float32], *, tile: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """
    Mean of every tile of a difference map, tiles half overlapping, the last ones flush with the border.

    difference: (H, W) float32. tile: side in pixels; by default `tile_side`.
    Returns (means (rows, columns), top edge of each row, left edge of each column).
    Errors: ValueError if tile is below 1.

    >>> tile_means(np.eye(4, dtype=np.float32), tile=2)[0][0]
    array([0.5 , 0.25, 0.  ])
    """
    height, width = difference.shape
    if tile is not None and tile < 1:
        raise ValueError(f"tile_means: expected tile of at least 1 pixel, got {tile}")
    side = min(tile or tile_side(height, width), height, width)
    tops, lefts = _starts(height, side), _starts(width, side)
    sums = cv2.integral(difference, sdepth=cv2.CV_64F)
    bottom, top = sums[tops + side], sums[tops]
    total = bottom[:, lefts + side] - bottom[:, lefts] - top[:, lefts + side] + top[:, lefts]
    return np.asarray(total / (side * side), np.float64), tops, lefts


def hottest_tile(difference: NDArray[np.float32], *, tile: int | None = None) -> tuple[float, Box]:
    """
    Largest tile mean of a difference map and the tile it is in; the first in reading order of equals.

    difference: (H, W) float32, 0 = same. tile: as in `tile_means`.

    >>> hottest_tile(np.eye(4, dtype=np.float32), tile=2)
    (0.5, Box(x=0, y=0, width=2, height=2))
    """
    means, tops, lefts = tile_means(difference, tile=tile)
    row, column = np.unravel_index(int(np.argmax(means)), means.shape)
    side = min(tile or tile_side(*difference.shape), *difference.shape)
    # the integral picture subtracts large sums: an all-zero tile may come out as -1e-17
    return max(float(means[row, column]), 0.0), Box(int(lefts[column]), int(tops[row]), side, side)


@lru_cache(maxsize=64)
def _starts(length: int, side: int) -> NDArray[np.intp]:
    regular = np.arange(0, length - side + 1, max(side // 2, 1))
    starts = np.unique(np.append(regular, length - side))
    starts.flags.writeable = False
    return starts
