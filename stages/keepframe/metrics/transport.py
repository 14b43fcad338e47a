"""
Earth mover's distance: how far gray levels, or light itself, must be carried to make one picture the other.

Histograms without a ground distance are in `histograms`.
"""

import functools
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.histograms import distributions
from keepframe.metrics.images import Image, gray_pair
from keepframe.metrics.recipe import Recipe

_GRID = 8


def earth_movers_distance(reference: Image, test: Image) -> float:
    """
    Earth mover's distance of the gray-level distributions, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    Range: 0 to 255.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: trivial.
    Blind to: where anything is.
    When: how far the light moved: +10 everywhere gives 10, with no bins to choose.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: shoosh's answer in one dimension: the sum of the differences of the cumulative distributions; tested against
        scipy.stats.wasserstein_distance.

    >>> earth_movers_distance(np.array([[0, 5]], np.uint8), np.array([[10, 15]], np.uint8))
    10.0
    """
    p, q = distributions(reference, test, 256, "earth-movers-distance")
    return round(float(np.abs(np.cumsum(p - q, axis=1)).sum()) / len(p), 12)


def earth_movers_distance_2d(reference: Image, test: Image, *, grid: int = _GRID) -> float:
    """
    Earth mover's distance of the light in two pictures, each a mass of 1 on a coarse grid, in cells of the grid.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    grid: cells per side, 2 to 16; the cost grows with its sixth power (8: 2 ms, 16: 100 ms).
    Range: 0 to 1.41 (grid - 1). Two black pictures give 0; a black one against another gives the largest value.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 9.9, the diagonal of the default grid.
    Cost: low.
    Blind to: brightness as a whole, since each picture weighs 1; objects as bright as their background.
    When: asking how far something bright moved on a dark ground, above all on a background-subtracted picture.
    Errors: ValueError if the images differ in size, channels or dtype, or grid is not 2 to 16.
    Source: shoosh's answer; Rubner 1998 by cv2.EMD in float32; tested against POT's ot.emd2 to 1e-3.

    >>> earth_movers_distance_2d(np.eye(8, dtype=np.uint8) * 255, np.eye(8, dtype=np.uint8) * 255)
    0.0
    """
    if not 2 <= grid <= 16:
        raise ValueError(f"earth-movers-distance-2d: expected grid of 2 to 16 cells, got {grid}")
    a, b = gray_pair(reference, test, "earth-movers-distance-2d")
    mass_a, mass_b = _mass(a, grid), _mass(b, grid)
    total_a, total_b = float(mass_a.sum()), float(mass_b.sum())
    if total_a == 0 or total_b == 0:
        return 0.0 if total_a == total_b else math.sqrt(2) * (grid - 1)
    # only the surplus has to travel: what both have in a cell stays, by the triangle inequality of the distance
    surplus = mass_a / total_a - mass_b / total_b
    supply, demand = np.maximum(surplus, 0), np.maximum(-surplus, 0)
    amount = float(supply.sum())
    if amount < 1e-9:
        return 0.0
    places = _places(grid)
    signature_a, signature_b = (
        np.column_stack([mass[mass > 0] / amount, places[mass > 0]]).astype(np.float32)
        for mass in (supply, demand)
    )
    distance, _, _ = cv2.EMD(signature_a, signature_b, cv2.DIST_L2)
    return float(distance) * amount


def _mass(image: Image, grid: int) -> NDArray[np.float64]:
    # enlarged first where the grid is finer than the picture, so that every cell has pixels
    if min(image.shape) < grid:
        size = max(image.shape[1], grid), max(image.shape[0], grid)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_NEAREST))
    small = cv2.resize(image.astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float64).ravel()


@functools.cache
def _places(grid: int) -> NDArray[np.float32]:
    rows, columns = np.divmod(np.arange(grid * grid), grid)
    return np.column_stack([columns, rows]).astype(np.float32)


METRICS = (
    Recipe(earth_movers_distance, lambda value, _reference: value / 255),
    Recipe(earth_movers_distance_2d, lambda value, _reference: value / (math.sqrt(2) * (_GRID - 1))),
)
