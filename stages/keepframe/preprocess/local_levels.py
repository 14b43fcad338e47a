"""
Levels spread by what is around each pixel: of one gray plane.

One table for the whole image is in levels.py, which offers both as methods of normalize.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.picture import Image


def clahe(plane: Image, clip: float, tiles: int) -> Image:
    """
    Contrast limited adaptive histogram equalisation of a (H, W) uint8 plane; there are never more tiles than pixels.

    >>> clahe(np.arange(64, dtype=np.uint8).reshape(8, 8), 40.0, 1).max()
    np.uint8(255)
    """
    down, across = min(tiles, plane.shape[0]), min(tiles, plane.shape[1])
    return cv2.createCLAHE(clip, (across, down)).apply(np.ascontiguousarray(plane))


def local(plane: Image, window: int, min_spread: int) -> Image:
    """
    Each pixel by mean and standard deviation of the window around it: 128 + 64 (x - mean) / std, to 0..255; borders are mirrored.

    plane: (H, W) uint8. A window whose four standard deviations are fewer than min_spread levels counts as if they were that many.

    >>> local(np.full((9, 9), 7, np.uint8), 5, 32).tolist()[0][:3]
    [128, 128, 128]
    """
    count = window * window
    sums = _summed(plane.astype(np.int32), window)
    squares = _summed(np.square(plane, dtype=np.int32), window)
    # sums below 2^53 and each step rounded once: the same on every machine
    variance = (squares - sums * sums / count) / count
    spread = np.maximum(4 * np.sqrt(np.maximum(variance, 0)), min_spread)
    lifted = np.floor((plane - sums / count) * (256 / spread) + 128.5)
    return np.asarray(np.clip(lifted, 0, 255), np.uint8)


def _summed(plane: NDArray[np.int32], window: int) -> NDArray[np.float64]:
    summed = cv2.boxFilter(plane.astype(np.float64), -1, (window, window), normalize=False)
    return np.asarray(summed, np.float64)
