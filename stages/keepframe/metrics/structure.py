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
        for strip in uniform_strips(left, right, side):
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
        for strip in uniform_strips(_mirrored(left, radius), _mirrored(right, radius), side):
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


def uniform_strips(a: Image, b: Image, side: int, *, biased: bool = False) -> Iterator[NDArray[np.float32]]:
    """
    SSIM of every window that lies wholly inside two gray images, a strip of rows at a time.

    biased: divide variances by the window's size, not by one less.

    >>> [strip.shape for strip in uniform_strips(*np.zeros((2, 9, 9), np.uint8), 7)]
    [(3, 3)]
    """
    height, width = a.shape
    rows = max(_STRIP_PIXELS // width, 8)
    for top in range(0, height - side + 1, rows):
        part = slice(top, min(top + rows, height - side + 1) + side - 1)
        yield _ssim(*window_sums(a[part], b[part], side), side * side, levels(a), biased=biased)


def window_sums(a: Image, b: Image, side: int) -> tuple[Image, Image, Image, Image]:
    """
    Sums over every window wholly inside: of a, of b, of a b, and of (a - b)²; exact.

    int32 for uint8 images and sides up to 13, where side⁴ 255² stays below 2³¹; float64 otherwise.

    >>> [int(x[0, 0]) for x in window_sums(np.full((2, 2), 3, np.uint8), np.full((2, 2), 5, np.uint8), 2)]
    [12, 20, 60, 16]
    """
    if a.dtype == np.uint8 and side <= 13:
        difference = cv2.absdiff(a, b)
        product = cv2.multiply(a, b, dtype=cv2.CV_16U)
        square = cv2.multiply(difference, difference, dtype=cv2.CV_16U)
    else:
        a, b = a.astype(np.float64), b.astype(np.float64)
        product, square = a * b, (a - b) ** 2
    return _box(a, side), _box(b, side), _box(product, side), _box(square, side)


def _ssim(
    sum_a: Image, sum_b: Image, sum_ab: Image, sum_dd: Image, n: int, largest: int, *, biased: bool
) -> NDArray[np.float32]:
    product = sum_a * sum_b
    covariance = sum_ab * n - product
    gap = sum_a - sum_b
    # n Σ(a-b)² - (Σa - Σb)² is the variance of the difference: var a + var b = var(a-b) + 2 cov
    spread = sum_dd * n - gap * gap
    c1 = np.float32((_K1 * largest) ** 2 * n * n)
    c2 = np.float32((_K2 * largest) ** 2 * n * (n if biased else max(n - 1, 1)))
    luminance = 2 * product.astype(np.float32) + c1
    contrast = 2 * covariance.astype(np.float32) + c2
    gap32 = gap.astype(np.float32)
    below = (luminance + gap32 * gap32) * (contrast + spread.astype(np.float32))
    return cast("NDArray[np.float32]", luminance * contrast / below)


def _box(plane: Image, side: int) -> Image:
    depth = cv2.CV_64F if plane.dtype == np.float64 else cv2.CV_32S
    sums = cv2.boxFilter(plane, depth, (side, side), normalize=False)
    before, lost = side // 2, side - 1
    inside: Image = sums[before : before + len(sums) - lost, before : before + sums.shape[1] - lost]
    return inside


METRICS = (Recipe(ssim, one_minus, ssim_map),)
