"""
Gradient similarity with luminance (GSM of Liu, Lin and Narwaria).

Its maintained heir, gmsd, is in `quality`; comparisons of edges are in `edges`.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray_pair
from keepframe.metrics.recipe import Recipe, one_minus

_VISIBLE = np.float32(200)
_LUMINANCE = np.float32(0.1)
# lines across, down and along both diagonals, from the model of visible steps of Chou and Li 1995
_ACROSS = np.array(
    [[0, 0, 0, 0, 0], [1, 3, 8, 3, 1], [0, 0, 0, 0, 0], [-1, -3, -8, -3, -1], [0, 0, 0, 0, 0]], np.float32
)
_FALLING = np.array(
    [[0, 0, 1, 0, 0], [0, 8, 3, 0, 0], [1, 3, 0, -3, -1], [0, 0, -3, -8, 0], [0, 0, -1, 0, 0]], np.float32
)
_MASKS = tuple(np.ascontiguousarray(mask) / 16 for mask in (_ACROSS, _FALLING, _FALLING[:, ::-1], _ACROSS.T))


def gsm(reference: Image, test: Image) -> float:
    """
    Gradient similarity: how alike the strongest of four directional steps are at each pixel, and a little how alike the brightness.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    Range: 0 to 1. Steps too weak to be seen (well under 200 / 16 levels) count as alike.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: low.
    Blind to: a small object in a large picture (use gsm-tile); an even change of brightness, nearly.
    When: a published number of that name is wanted; else gmsd, which is cheaper and has a reference.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Liu, Lin, Narwaria 2012, masks of Chou, Li 1995, K = 200, weight of brightness 0.1 times the gradient similarity.
        No trustworthy implementation exists (viqa's picks one mask for the whole picture and is marked untested): the tests
        hold the formula on single steps, and the paper's properties.

    >>> gsm(np.full((9, 9), 10, np.uint8), np.full((9, 9), 10, np.uint8))
    1.0
    """
    return float(_similarity(reference, test).mean(dtype=np.float64))


def _similarity(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = (image.astype(np.float32) for image in gray_pair(reference, test, "gsm"))
    strength_a, strength_b = _strongest(a), _strongest(b)
    larger = np.maximum(strength_a, strength_b)
    # with R = |g1 - g2| / larger and K' = K / larger, both sides of the fraction times larger²: no division by 0
    alike = np.minimum(strength_a, strength_b)
    structure = larger * (2 * alike + _VISIBLE)
    below = larger * larger + alike * alike + _VISIBLE * larger
    structure = np.divide(structure, below, out=np.ones_like(structure), where=below > 0)
    brightness = 1 - ((a - b) * np.float32(1 / 255)) ** 2
    weight = _LUMINANCE * structure
    return np.asarray((1 - weight) * structure + weight * brightness, np.float32)


def _strongest(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The strongest directional step at each pixel, in gray levels; the border is mirrored."""
    steps = [np.abs(cv2.filter2D(plane, -1, mask, borderType=cv2.BORDER_REFLECT)) for mask in _MASKS]
    return np.asarray(np.maximum(np.maximum(steps[0], steps[1]), np.maximum(steps[2], steps[3])), np.float32)


def _map(reference: Image, test: Image) -> NDArray[np.float32]:
    return np.maximum(1 - _similarity(reference, test), 0)


METRICS = (Recipe(gsm, one_minus, _map),)
