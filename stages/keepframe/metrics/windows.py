"""
Errors in sliding windows, as remote sensing counts them: RMSE-SW, RASE and SCC.

SSIM and its relatives in windows are in `structure` and `quality`; the same field's errors of whole bands are in `spectral`.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, levels, pair
from keepframe.metrics.recipe import Recipe, one_minus, share_of_levels
from keepframe.metrics.structure import channels

_WINDOW = 8
_LAPLACIAN = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], np.float64)
_Plane = NDArray[np.float64]


def rmse_sw(reference: Image, test: Image, *, window: int = _WINDOW) -> float:
    """
    Root mean squared error of every sliding window, averaged; in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels.
    window: side in pixels; it shrinks to the shorter side of the picture.
    Range: 0 to 255 (65535 for uint16).
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255 (65535).
    Cost: low.
    Blind to: a small object in a large picture (use rmse-sw-tile).
    When: a few strong differences should not drown the rest as in rmse; between rmse and the mean absolute difference.
    Errors: ValueError if the images differ in size, channels or dtype, or window is below 1.
    Source: sewar 0.4.10's rmse_sw()[0], tested against it; windows touching the border left out as there (sewar gives NaN
        where that leaves none, this takes all windows).

    >>> rmse_sw(np.full((20, 20), 10, np.uint8), np.full((20, 20), 7, np.uint8))
    3.0
    """
    a, b = pair(reference, test, "rmse-sw")
    side = _side(window, a, "rmse-sw")
    return float(np.mean([_inner(_root_errors(x, y, side), side).mean() for x, y in channels(a, b)]))


def rase(reference: Image, test: Image, *, window: int = _WINDOW, compatible: bool = False) -> float:
    """
    Relative average spectral error: the error of every window over all channels in percent of the reference's brightness there.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    window: side in pixels; it shrinks to the shorter side of the picture.
    compatible: as sewar: a nearly black window divides by next to nothing, a black one counts as no error at all. Else a window
        darker than one gray level (of 255) counts as one.
    Range: 0 to 25500 percent; dark windows dominate. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 100.
    Cost: medium.
    Blind to: differences in bright areas, next to the same ones in dark areas.
    When: the number must compare with the literature on fused satellite images.
    Errors: ValueError if the images differ in size, channels or dtype, or window is below 1.
    Source: Ranchin, Wald 2000 in windows, equals sewar 0.4.10's rase with compatible=True, and always where no window is
        that dark; tested against it.

    >>> rase(np.full((20, 20), 10, np.uint8), np.full((20, 20), 7, np.uint8))
    30.0
    """
    a, b = pair(reference, test, "rase")
    side = _side(window, a, "rase")
    return float(_inner(_relative_errors(a, b, side, compatible=compatible), side).mean())


def scc(reference: Image, test: Image, *, window: int = _WINDOW, compatible: bool = False) -> float:
    """
    Spatial correlation coefficient: correlation of the fine detail (Laplacian) of both images, window by window, averaged.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels.
    window: side in pixels; it shrinks to the shorter side of the picture.
    compatible: as sewar: windows reach into black beyond the border, and windows without detail count as 0, so that a lens cap
        does not resemble itself. Else only windows inside count; where neither image has detail the window counts as 1,
        where one has, as 0.
    Range: -1 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value, 0 to 2.
    Cost: medium.
    Blind to: everything but fine detail: brightness, contrast, smooth shapes; noise in even areas counts fully.
    When: it is asked whether the fine detail is the same, in any light.
    Errors: ValueError if the images differ in size, channels or dtype, or window is below 1.
    Source: Zhou, Civco, Silander 1998, in windows; equals sewar 0.4.10's scc with compatible=True, tested against it.

    >>> scc(np.full((20, 20), 10, np.uint8), np.full((20, 20), 7, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "scc")
    side = _side(window, a, "scc")
    maps = [_correlations(x, y, side, compatible=compatible) for x, y in channels(a, b)]
    return float(np.mean([plane.mean() for plane in maps]))


def _side(window: int, image: Image, where: str) -> int:
    if window < 1:
        raise ValueError(f"{where}: expected window of at least 1 pixel, got {window}")
    return int(min(window, *image.shape[:2]))


def _means(plane: NDArray[Any], side: int, border: int = cv2.BORDER_REFLECT) -> _Plane:
    """Mean of the window around every pixel; an even window begins side / 2 before it, as scipy's."""
    return np.asarray(cv2.boxFilter(plane, cv2.CV_64F, (side, side), borderType=border))


def _root_errors(a: Image, b: Image, side: int) -> _Plane:
    difference = cv2.absdiff(a, b)
    if a.dtype == np.uint8 and side <= 181:  # side² 255² stays below 2^31: exact in integers, and faster
        squares = cv2.multiply(difference, difference, dtype=cv2.CV_16U)
        sums = cv2.boxFilter(
            squares, cv2.CV_32S, (side, side), normalize=False, borderType=cv2.BORDER_REFLECT
        )
        return np.asarray(np.sqrt(sums / (side * side)))
    wide = difference.astype(np.float64)
    # the running sums of boxFilter may leave -1e-12 where all is the same
    return np.asarray(np.sqrt(np.maximum(_means(wide * wide, side), 0)))


def _relative_errors(a: Image, b: Image, side: int, *, compatible: bool = False) -> _Plane:
    planes = list(channels(a, b))
    error = sum(_root_errors(x, y, side) ** 2 for x, y in planes) / len(planes)
    brightness = sum(_means(x, side) for x, _ in planes) / len(planes)
    if compatible:
        safe = np.where(brightness > 0, brightness, np.inf)
        return np.asarray(100 * np.sqrt(error) / safe)
    return np.asarray(100 * np.sqrt(error) / np.maximum(brightness, levels(a) / 255))


def _inner(plane: _Plane, side: int) -> _Plane:
    # numpy rounds half to even, and so does the package
    edge = int(np.round(side / 2))
    inner = plane[edge:-edge, edge:-edge] if edge else plane
    return inner if inner.size else plane


def _correlations(a: Image, b: Image, side: int, *, compatible: bool) -> _Plane:
    border = cv2.BORDER_REFLECT
    fine_a, fine_b = (cv2.filter2D(p.astype(np.float64), -1, _LAPLACIAN, borderType=border) for p in (a, b))
    # whole numbers: their means are exact enough to tell no detail from a little
    around = cv2.BORDER_CONSTANT if compatible else cv2.BORDER_REFLECT
    mean_a, mean_b, mean_aa, mean_bb, mean_ab = (
        _means(plane, side, around) for plane in (fine_a, fine_b, fine_a**2, fine_b**2, fine_a * fine_b)
    )
    variance_a, variance_b = _variance(mean_aa, mean_a), _variance(mean_bb, mean_b)
    product = np.sqrt(variance_a * variance_b)
    detailed = product > 0
    alone = np.zeros_like(product) if compatible else ((variance_a == 0) & (variance_b == 0)).astype(float)
    correlation = np.divide(mean_ab - mean_a * mean_b, product, out=alone, where=detailed)
    if compatible:
        return np.asarray(correlation)
    before, lost = side // 2, side - 1
    inside = correlation[before : before + len(a) - lost, before : before + a.shape[1] - lost]
    return np.asarray(np.clip(inside, -1, 1))


def _variance(mean_of_squares: _Plane, mean: _Plane) -> _Plane:
    variance = mean_of_squares - mean * mean
    variance[variance < 1e-9 * (mean_of_squares + 1)] = 0
    return np.asarray(variance)


def _root_error_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "rmse-sw")
    side = _side(_WINDOW, a, "rmse-sw")
    errors = [_root_errors(x, y, side) for x, y in channels(a, b)]
    return np.asarray(np.mean(errors, axis=0) / levels(a), np.float32)


def _relative_error_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "rase")
    return np.asarray(_relative_errors(a, b, _side(_WINDOW, a, "rase")) / 100, np.float32)


METRICS = (
    Recipe(rmse_sw, share_of_levels, _root_error_map),
    Recipe(rase, lambda value, _reference: value / 100, _relative_error_map),
    Recipe(scc, one_minus),
)
