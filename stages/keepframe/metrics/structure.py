"""
Structural similarity in small windows: SSIM as scikit-image computes it by default, and its map.

The Gaussian, sewar and OpenCV variants and the several-scale form live in `structure_variants`.
"""

from collections.abc import Iterator
from typing import NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, levels, pair
from keepframe.metrics.recipe import Recipe, one_minus

_WINDOW = 7
_K1, _K2 = 0.01, 0.03
# strips of about this many pixels keep the working set in the second-level cache
_STRIP_PIXELS = 1 << 14
_BLOCK = (96, 512)


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
            total += cv2.sumElems(strip)[0]
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

    biased: divide variances by the window's size, not by one less. A strip is overwritten when the next is asked for.

    >>> [strip.shape for strip in uniform_strips(*np.zeros((2, 9, 9), np.uint8), 7)]
    [(3, 3)]
    """
    count, width = len(a) - side + 1, a.shape[1] - side + 1
    rows = min(max(_STRIP_PIXELS // a.shape[1], 34), count)
    n, largest = side * side, levels(a)
    c1 = np.float32((_K1 * largest) ** 2 * n * n)
    c2 = np.float32((_K2 * largest) ** 2 * n * (n if biased else max(n - 1, 1)))
    # one set of arrays for all strips: fresh ones of this size cost more than the arithmetic in them
    store = _Store.of(a, side, rows + side - 1)
    wide, narrow = np.empty((2, rows, width), store.sums.dtype), np.empty((4, rows, width), np.float32)
    for top in range(0, count, rows):
        part = slice(top, min(top + rows, count) + side - 1)
        sum_a, sum_b, sum_ab, sum_dd = store.window_sums(a[part], b[part], side)
        product, square = wide[:, : len(sum_a)]
        np.multiply(sum_a, sum_b, out=product)
        sum_a -= sum_b
        np.multiply(sum_a, sum_a, out=square)
        sum_ab *= n
        sum_ab -= product
        # n Σ(a-b)² - (Σa - Σb)² is the variance of the difference: var a + var b = var(a-b) + 2 cov
        sum_dd *= n
        sum_dd -= square
        luminance, contrast, below, spread = narrow[:, : len(sum_a)]
        luminance[...], contrast[...], below[...], spread[...] = product, sum_ab, square, sum_dd
        luminance *= 2
        luminance += c1
        contrast *= 2
        contrast += c2
        below += luminance
        spread += contrast
        below *= spread
        luminance *= contrast
        luminance /= below
        yield luminance


def blocks(a: Image, b: Image, side: int) -> Iterator[tuple[Image, Image]]:
    """
    Two planes in blocks small enough for the cache; every window of that side lies wholly inside exactly one.

    >>> [block.shape for block, _ in blocks(*np.zeros((2, 130, 300), np.uint8), 7)]
    [(102, 300), (34, 300)]
    """
    rows, columns = len(a) - side + 1, a.shape[1] - side + 1
    for top in range(0, rows, _BLOCK[0]):
        for left in range(0, columns, _BLOCK[1]):
            part = np.s_[
                top : min(top + _BLOCK[0], rows) + side - 1, left : min(left + _BLOCK[1], columns) + side - 1
            ]
            yield np.ascontiguousarray(a[part]), np.ascontiguousarray(b[part])


def window_sums(a: Image, b: Image, side: int) -> tuple[Image, Image, Image, Image]:
    """
    Sums over every window wholly inside: of a, of b, of a b, and of (a - b)²; exact.

    int32 for uint8 images and sides up to 13, where side⁴ 255² stays below 2³¹; float64 otherwise.

    >>> [int(x[0, 0]) for x in window_sums(np.full((2, 2), 3, np.uint8), np.full((2, 2), 5, np.uint8), 2)]
    [12, 20, 60, 16]
    """
    return _Store.of(a, side, len(a)).window_sums(a, b, side)


class _Store(NamedTuple):
    """Memory for the sums of a strip of rows."""

    sums: Image
    products: Image

    @classmethod
    def of(cls, image: Image, side: int, rows: int) -> Self:
        exact = image.dtype == np.uint8 and side <= 13
        shape = rows, image.shape[1]
        return cls(
            np.empty((4, *shape), np.int32 if exact else np.float64),
            np.empty(shape, np.uint16 if exact else np.float64),
        )

    def window_sums(self, a: Image, b: Image, side: int) -> tuple[Image, Image, Image, Image]:
        """As the function of that name; overwritten by the next call."""
        products = self.products[: len(a)]
        if products.dtype == np.uint16:
            difference: Image = cv2.absdiff(a, b)
        else:
            a, b = a.astype(np.float64), b.astype(np.float64)
            difference = a - b
        sum_a, sum_b = self._box(0, a, side), self._box(1, b, side)
        np.multiply(a, b, out=products, dtype=products.dtype)
        sum_ab = self._box(2, products, side)
        np.multiply(difference, difference, out=products, dtype=products.dtype)
        return sum_a, sum_b, sum_ab, self._box(3, products, side)

    def _box(self, place: int, plane: Image, side: int) -> Image:
        sums = self.sums[place, : len(plane)]
        depth = cv2.CV_32S if sums.dtype == np.int32 else cv2.CV_64F
        cv2.boxFilter(plane, depth, (side, side), sums, normalize=False)
        before, lost = side // 2, side - 1
        inside: Image = sums[before : before + len(sums) - lost, before : before + sums.shape[1] - lost]
        return inside


METRICS = (Recipe(ssim, one_minus, ssim_map),)
