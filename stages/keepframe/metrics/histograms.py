"""
Distances between gray-level histograms, which ignore where a pixel is.

Information-theoretic distances are in `divergence`, transport in `transport`; both start from `distributions` here.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, eight_bit, pair
from keepframe.metrics.recipe import Recipe, as_it_is, one_minus

# calcHist returns float32, which counts exactly up to here
_EXACT_IN_FLOAT32 = 1 << 24
_BINS = frozenset(1 << power for power in range(9))


def distributions(reference: Image, test: Image, bins: int, where: str) -> tuple[NDArray[np.float64], ...]:
    """
    Gray-level distributions of both images, each (channels, bins), each row summing to 1; alpha is dropped.

    bins: number of equal bins over 0..255; a power of two from 1 to 256.
    where: named in the error.
    Errors: ValueError if the images do not match or bins is no power of two from 1 to 256.

    >>> distributions(np.array([[0, 255]], np.uint8), np.array([[0, 1]], np.uint8), 2, "histogram-l1")[0]
    array([[0.5, 0.5]])
    """
    a, b = pair(reference, test, where)
    return _distribution(a, bins, where), _distribution(b, bins, where)


def histogram_l1(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Sum of the absolute differences of two gray-level distributions.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 2.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 2.
    Cost: trivial.
    Blind to: where anything is: a moved object, a mirrored picture; small objects.
    When: finding scene cuts and steps of light.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: sastanin's second option; tested against numpy.histogram.

    >>> histogram_l1(np.array([[0, 0]], np.uint8), np.array([[0, 9]], np.uint8))
    1.0
    """
    p, q = distributions(reference, test, bins, "histogram-l1")
    return float(np.abs(p - q).sum(axis=1).mean())


def histogram_l2(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Euclidean distance of two gray-level distributions.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 1.41.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 1.41.
    Cost: trivial.
    Blind to: where anything is; differences spread over many bins.
    When: few gray levels dominate, as in screens and documents.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: sastanin's second option; tested against numpy.histogram.

    >>> histogram_l2(np.array([[0, 0]], np.uint8), np.array([[9, 9]], np.uint8)) == 2**0.5
    True
    """
    p, q = distributions(reference, test, bins, "histogram-l2")
    return float(np.sqrt(np.square(p - q).sum(axis=1)).mean())


def histogram_chi_square(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Chi-square distance of two gray-level distributions, the symmetric form.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 2.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 2.
    Cost: trivial.
    Blind to: where anything is.
    When: rare gray levels should count as much as common ones.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: sum (p - q)² / (p + q), half of OpenCV's HISTCMP_CHISQR_ALT on distributions; tested against it.

    >>> histogram_chi_square(np.array([[0, 0]], np.uint8), np.array([[9, 9]], np.uint8))
    2.0
    """
    p, q = distributions(reference, test, bins, "histogram-chi-square")
    both = p + q
    return float((np.square(p - q) / np.where(both > 0, both, 1)).sum(axis=1).mean())


def histogram_intersection(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Share two gray-level distributions have in common.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: trivial.
    Blind to: where anything is; one level of brightness moves everything into other bins (take fewer bins).
    When: asking which share of the pixels could be the same.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: Swain, Ballard 1991; OpenCV's HISTCMP_INTERSECT on distributions; tested against it.

    >>> histogram_intersection(np.array([[0, 0]], np.uint8), np.array([[0, 9]], np.uint8))
    0.5
    """
    p, q = distributions(reference, test, bins, "histogram-intersection")
    # by what is not common: of equal distributions nothing is left to round
    return float(1 - np.abs(p - q).sum(axis=1).mean() / 2)


def histogram_correlation(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Pearson correlation of two gray-level histograms.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two from 2 to 256.
    Range: -1 to 1; a perfectly flat histogram gives 1 with an equal one, else 0.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: trivial.
    Blind to: where anything is; rare gray levels.
    When: the shape of the histogram matters, not its small bins.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: OpenCV's HISTCMP_CORREL; tested against numpy.corrcoef.

    >>> histogram_correlation(np.array([[0, 0]], np.uint8), np.array([[0, 0]], np.uint8))
    1.0
    """
    p, q = distributions(reference, test, bins, "histogram-correlation")
    return float(np.mean([_correlation(one, other) for one, other in zip(p, q, strict=True)]))


def histogram_kolmogorov_smirnov(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Largest distance between two cumulative gray-level distributions.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: trivial.
    Blind to: where anything is; how far in gray levels the pixels moved.
    When: asking whether the light changed at all, with a number that does not depend on binning.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: Kolmogorov, Smirnov; tested against scipy.stats.ks_2samp.

    >>> histogram_kolmogorov_smirnov(np.array([[0, 0]], np.uint8), np.array([[0, 9]], np.uint8))
    0.5
    """
    p, q = distributions(reference, test, bins, "histogram-kolmogorov-smirnov")
    return float(np.abs(np.cumsum(p, axis=1) - np.cumsum(q, axis=1)).max(axis=1).mean())


def _distribution(image: Image, bins: int, where: str) -> NDArray[np.float64]:
    if bins not in _BINS:
        raise ValueError(f"{where}: expected bins to be a power of two from 1 to 256, got {bins}")
    small = eight_bit(image)
    count = 1 if small.ndim == 2 else 3
    rows = []
    for channel in range(count):
        if small.size < _EXACT_IN_FLOAT32:
            # (256,) in OpenCV 5, (256, 1) before
            counted = cv2.calcHist([small], [channel], None, [256], [0, 256]).ravel().astype(np.float64)
        else:
            plane = small if small.ndim == 2 else small[:, :, channel]
            counted = np.bincount(plane.ravel(), minlength=256).astype(np.float64)
        rows.append(counted if bins == 256 else counted.reshape(bins, -1).sum(axis=1))
    return np.array(rows) / float(image.shape[0] * image.shape[1])


def _correlation(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    x, y = p - p.mean(), q - q.mean()
    strength = math.sqrt(float(x @ x)) * math.sqrt(float(y @ y))
    if np.array_equal(p, q) or strength == 0:
        return float(np.array_equal(p, q))
    return max(-1.0, min(1.0, float(x @ y) / strength))


METRICS = (
    Recipe(histogram_l1, lambda value, _reference: value / 2),
    Recipe(histogram_l2, lambda value, _reference: value / math.sqrt(2)),
    Recipe(histogram_chi_square, lambda value, _reference: value / 2),
    Recipe(histogram_intersection, one_minus),
    Recipe(histogram_correlation, one_minus),
    Recipe(histogram_kolmogorov_smirnov, as_it_is),
)
