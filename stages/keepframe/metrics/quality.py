"""
Two cheap relatives of SSIM: the universal quality index and the gradient magnitude similarity deviation.

SSIM itself is in `structure`; measures that model an eye are modules of their own.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray_pair, pair
from keepframe.metrics.recipe import Recipe, as_it_is, one_minus
from keepframe.metrics.structure import blocks, channels, window_sums
from keepframe.metrics.vectors import length

_BLOCK = 8
_C = np.float32(170)
_PREWITT = np.array([-1, 0, 1], np.float32) / 3


def uqi(reference: Image, test: Image) -> float:
    """
    Universal image quality index: SSIM without its constants, over windows of 8 px.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels. The window shrinks to the shorter side.
    Range: -1 to 1. Where both windows are flat only their means are compared; where both are black it is 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value, 0 to 2.
    Cost: medium.
    Blind to: a small object in a large picture (use uqi-tile); how weak the structure is: noise on a flat wall counts fully.
    When: the number must compare with the literature on fused satellite images; else ssim.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Wang, Bovik 2002; tested against its formula by scipy. sewar's uqi puts window means where the formula has sums
        and gives 0.996 where this gives 0.288 (a shift of 1 px).

    >>> uqi(np.full((8, 8), 10, np.uint8), np.full((8, 8), 20, np.uint8))
    0.8
    """
    a, b = pair(reference, test, "uqi")
    side = min(_BLOCK, *a.shape[:2])
    total, count = 0.0, 0
    for x, y in channels(a, b):
        for one, other in blocks(x, y, side):
            index = _uqi(one, other, side)
            total += float(index.sum())
            count += index.size
    return total / count


def gmsd(reference: Image, test: Image) -> float:
    """
    Gradient magnitude similarity deviation: how unevenly the edges of two images differ.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    Range: 0 to about 0.4.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: low.
    Blind to: an even change of brightness (but for the border, beyond which it sees black); a change that weakens all edges
        alike; objects without edges.
    When: a cheap second opinion beside ssim that reacts to local change.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Xue, Zhang, Mou, Bovik 2014 (2x2 means, Prewitt, c = 170); tested against its formula by scipy on even sizes; an odd
        last row or column is repeated.

    >>> gmsd(np.full((8, 8), 10, np.uint8), np.full((8, 8), 10, np.uint8))
    0.0
    """
    return float(_similarity(reference, test, cv2.BORDER_CONSTANT).std(dtype=np.float64))


def _uqi(a: Image, b: Image, side: int) -> NDArray[np.float64]:
    n = side * side
    sum_a, sum_b, sum_ab, sum_dd = (plane.astype(np.float64) for plane in window_sums(a, b, side))
    product, gap = sum_a * sum_b, sum_a - sum_b
    covariance = n * sum_ab - product
    variances = n * sum_dd - gap * gap + 2 * covariance
    means = 2 * product + gap * gap
    # flat windows have no structure to compare, black ones no brightness either
    structure = np.divide(2 * covariance, variances, out=np.ones_like(means), where=variances > 0)
    brightness = np.divide(2 * product, means, out=np.ones_like(means), where=means > 0)
    return np.asarray(structure * brightness)


def _similarity(reference: Image, test: Image, border: int) -> NDArray[np.float32]:
    a, b = (_gradient(image, border) for image in gray_pair(reference, test, "gmsd"))
    return np.asarray((2 * a * b + _C) / (a * a + b * b + _C))


def _gradient(image: Image, border: int) -> NDArray[np.float32]:
    rows, columns = image.shape
    even = cv2.copyMakeBorder(image, 0, rows % 2, 0, columns % 2, cv2.BORDER_REPLICATE).astype(np.float32)
    half = cv2.resize(even, ((columns + 1) // 2, (rows + 1) // 2), interpolation=cv2.INTER_AREA)
    flat = np.ones(3, np.float32)
    along_x = cv2.sepFilter2D(half, -1, _PREWITT, flat, borderType=border)
    along_y = cv2.sepFilter2D(half, -1, flat, _PREWITT, borderType=border)
    return length(np.asarray(along_x), np.asarray(along_y))


def _uqi_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "uqi")
    side = min(_BLOCK, *a.shape[:2])
    before, after = side // 2, (side - 1) // 2
    maps = []
    for planes in channels(a, b):
        x, y = (
            np.asarray(cv2.copyMakeBorder(p, before, after, before, after, cv2.BORDER_REFLECT))
            for p in planes
        )
        maps.append(_uqi(x, y, side))
    return np.asarray(1 - np.mean(maps, axis=0), np.float32)


def _gradient_map(reference: Image, test: Image) -> NDArray[np.float32]:
    # the definition lets black begin beyond the border; in a map that would be an edge that is not there
    return np.maximum(1 - _similarity(reference, test, cv2.BORDER_REPLICATE), 0)


METRICS = (Recipe(uqi, one_minus, _uqi_map), Recipe(gmsd, as_it_is, _gradient_map))
