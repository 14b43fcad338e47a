"""
Structural similarity in small windows: SSIM as scikit-image computes it by default, and its map.

The Gaussian, sewar and OpenCV variants and the several-scale form live in `structure_variants`.
"""

from collections.abc import Iterator
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, levels, pair
from keepframe.metrics.recipe import Recipe, one_minus

_WINDOW = 7
_K1, _K2 = 0.01, 0.03
# strips of about this many pixels keep the working set in the second-level cache
_STRIP_PIXELS = 1 << 16


def ssim(reference: Image, test: Image, *, window: int = _WINDOW) -> float:
    """
    Mean structural similarity over uniform windows.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels.
    window: odd side of the window in pixels; shrinks to the largest odd side that fits into the picture.
    Range: -1 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value, 0 to 2.
    Cost: low.
    Blind to: a small object in a large picture (use ssim-tile); an even, small change of brightness.
    When: structure matters more than brightness; the camera stands still.
    Errors: ValueError if the images differ in size, channels or dtype, or window is even or below 1.
    Source: Wang, Bovik, Sheikh, Simoncelli 2004; equals skimage.metrics.structural_similarity with its defaults
        (sample covariance, border cropped) and data_range 255 (65535).

    >>> ssim(np.full((8, 8), 10, np.uint8), np.full((8, 8), 10, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "ssim")
    side = fitting_window(window, a.shape, "ssim")
    total, count = 0.0, 0
    for left, right in channels(a, b):
        for strip in _strips(left, right, side):
            total += float(np.sum(strip, dtype=np.float64))
            count += strip.size
    return total / count


def ssim_map(reference: Image, test: Image, *, window: int = _WINDOW) -> NDArray[np.float32]:
    """
    1 - SSIM of the window around every pixel; (H, W) float32, mean over the channels, border mirrored.

    Equals 1 - the map skimage returns with full=True. Errors as `ssim`.

    >>> float(ssim_map(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8)).max())
    0.0
    """
    a, b = pair(reference, test, "ssim")
    side = fitting_window(window, a.shape, "ssim")
    radius = side // 2
    total = np.zeros(a.shape[:2], np.float32)
    planes = list(channels(a, b))
    for left, right in planes:
        row = 0
        for strip in _strips(_mirrored(left, radius), _mirrored(right, radius), side):
            total[row : row + len(strip)] += strip
            row += len(strip)
    return np.float32(1) - total / np.float32(len(planes))


def fitting_window(window: int, shape: tuple[int, ...], where: str) -> int:
    """
    The window's side, made small enough for the picture.

    >>> fitting_window(7, (100, 4), "ssim")
    3
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"{where}: expected window to be odd and at least 1, got {window}")
    return min(window, *(side - 1 + side % 2 for side in shape[:2]))


def channels(a: Image, b: Image) -> Iterator[tuple[Image, Image]]:
    """
    The planes of two checked images, one pair per channel.

    >>> len(list(channels(*np.zeros((2, 4, 4, 3), np.uint8))))
    3
    """
    if a.ndim == 2:
        yield a, b
    else:
        yield from zip(cv2.split(a), cv2.split(b), strict=True)


def _mirrored(plane: Image, radius: int) -> Image:
    return np.asarray(cv2.copyMakeBorder(plane, radius, radius, radius, radius, cv2.BORDER_REFLECT))


def _strips(a: Image, b: Image, side: int) -> Iterator[NDArray[np.float32]]:
    """SSIM of every window that lies wholly inside, a strip of rows at a time."""
    height, width = a.shape
    rows = max(_STRIP_PIXELS // width, 8)
    of = _windows_u8 if a.dtype == np.uint8 and side <= 13 else _windows_float
    for top in range(0, height - side + 1, rows):
        part = slice(top, min(top + rows, height - side + 1) + side - 1)
        yield of(a[part], b[part], side)


def _windows_u8(a: Image, b: Image, side: int) -> NDArray[np.float32]:
    # exact integer sums: side² * side² * 255² stays below 2^31 up to side 13; the float products only lose at the end
    n = side * side
    sum_a, sum_b = _box(a, side), _box(b, side)
    difference = cv2.absdiff(a, b)
    sum_ab = _box(cv2.multiply(a, b, dtype=cv2.CV_16U), side)
    sum_dd = _box(cv2.multiply(difference, difference, dtype=cv2.CV_16U), side)
    return _ssim(sum_a, sum_b, sum_ab, sum_dd, n, 255)


def _windows_float(a: Image, b: Image, side: int) -> NDArray[np.float32]:
    x, y = a.astype(np.float64), b.astype(np.float64)
    sums = (_box(x, side), _box(y, side), _box(x * y, side), _box((x - y) ** 2, side))
    return _ssim(*sums, side * side, levels(a))


def _ssim(
    sum_a: Image, sum_b: Image, sum_ab: Image, sum_dd: Image, n: int, largest: int
) -> NDArray[np.float32]:
    product = sum_a * sum_b
    covariance = sum_ab * n - product
    gap = sum_a - sum_b
    # n Σ(a-b)² - (Σa - Σb)² is the variance of the difference: var a + var b = var(a-b) + 2 cov
    spread = sum_dd * n - gap * gap
    c1 = np.float32((_K1 * largest) ** 2 * n * n)
    c2 = np.float32((_K2 * largest) ** 2 * n * max(n - 1, 1))
    luminance = 2 * product.astype(np.float32) + c1
    contrast = 2 * covariance.astype(np.float32) + c2
    gap32 = gap.astype(np.float32)
    below = (luminance + gap32 * gap32) * (contrast + spread.astype(np.float32))
    return cast("NDArray[np.float32]", luminance * contrast / below)


def _box(plane: Image, side: int) -> Image:
    depth = cv2.CV_64F if plane.dtype == np.float64 else cv2.CV_32S
    sums = cv2.boxFilter(plane, depth, (side, side), normalize=False)
    radius = side // 2
    inside: Image = sums[radius : len(sums) - radius, radius : sums.shape[1] - radius]
    return inside


METRICS = (Recipe(ssim, one_minus, ssim_map),)
