"""
Information-theoretic distances between gray-level distributions.

Plain distances between histograms are in `histograms`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.histograms import distributions
from keepframe.metrics.images import Image
from keepframe.metrics.recipe import Recipe, as_it_is, one_minus

CORRUPTED = 0.2
"""Courbon's limit: a frame whose Kullback-Leibler divergence from the one before is above it is taken for corrupted."""


def kullback_leibler(reference: Image, test: Image, *, bins: int = 256, smoothing: float = 1.0) -> float:
    """
    Kullback-Leibler divergence of the gray-level distributions, reference from test, in nats.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256. smoothing: counts added to every bin; above 0, for without it plain noise gives infinity.
    Range: 0 to about the logarithm of the number of pixels. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: trivial.
    Blind to: where anything is: a moved object gives 0.001.
    When: throwing out corrupted frames: above 0.2 (CORRUPTED) by Courbon 2010. A lamp switched on passes that limit too.
    Errors: ValueError if the images differ in size, channels or dtype, bins is no power of two, or smoothing is not above 0.
    Source: sum p ln(p/q) with Laplace's smoothing; sastanin's update; tested against scipy.stats.entropy.

    >>> kullback_leibler(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8))
    0.0
    """
    if not smoothing > 0:
        raise ValueError(f"kullback-leibler: expected smoothing above 0, got {smoothing}")
    p, q = distributions(reference, test, bins, "kullback-leibler")
    pixels = float(reference.shape[0] * reference.shape[1])
    p, q = ((row * pixels + smoothing) / (pixels + smoothing * bins) for row in (p, q))
    return max(0.0, float((p * np.log(p / q)).sum(axis=1).mean()))


def jensen_shannon(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Jensen-Shannon divergence of two gray-level distributions, in nats.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 0.693 (ln 2).
    Identical: 0.
    Direction: higher is more different.
    Score: value / ln 2.
    Cost: trivial.
    Blind to: where anything is.
    When: Kullback-Leibler is meant, but symmetric, bounded and without smoothing.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: Lin 1991; the square of scipy.spatial.distance.jensenshannon; tested against it.

    >>> jensen_shannon(np.zeros((2, 2), np.uint8), np.full((2, 2), 9, np.uint8)) == math.log(2)
    True
    """
    p, q = distributions(reference, test, bins, "jensen-shannon")
    middle = (p + q) / 2
    return max(0.0, float(((_entropy_to(p, middle) + _entropy_to(q, middle)) / 2).mean()))


def bhattacharyya_coefficient(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Bhattacharyya coefficient of two gray-level distributions: their overlap.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: trivial.
    Blind to: where anything is.
    When: finding cuts in a film, as its author did.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: vishalv2050's answer: sum sqrt(p q); tested against numpy. OpenCV's HISTCMP_BHATTACHARYYA is hellinger.

    >>> bhattacharyya_coefficient(np.zeros((2, 2), np.uint8), np.full((2, 2), 9, np.uint8))
    0.0
    """
    return float(np.mean(_coefficients(reference, test, bins, "bhattacharyya-coefficient")))


def bhattacharyya_distance(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Bhattacharyya distance of two gray-level distributions: minus the logarithm of the coefficient.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); coefficient averaged over the channels.
    bins: a power of two up to 256.
    Range: 0 to infinity.
    Identical: 0.
    Direction: higher is more different.
    Score: 1 - exp(-value).
    Cost: trivial.
    Blind to: where anything is.
    When: the number must compare with the literature; else hellinger.
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: Bhattacharyya 1943; tested against numpy.

    >>> bhattacharyya_distance(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8))
    0.0
    """
    coefficient = float(np.mean(_coefficients(reference, test, bins, "bhattacharyya-distance")))
    return math.inf if coefficient == 0 else -math.log(coefficient) + 0.0


def hellinger(reference: Image, test: Image, *, bins: int = 256) -> float:
    """
    Hellinger distance of two gray-level distributions.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); mean over the colour channels.
    bins: a power of two up to 256.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: trivial.
    Blind to: where anything is.
    When: a bounded distance that is a true metric; what most people mean by OpenCV's "Bhattacharyya".
    Errors: ValueError if the images differ in size, channels or dtype, or bins is no power of two up to 256.
    Source: sqrt(1 - sum sqrt(p q)); equals cv2.compareHist with HISTCMP_BHATTACHARYYA; tested against it.

    >>> hellinger(np.zeros((2, 2), np.uint8), np.full((2, 2), 9, np.uint8))
    1.0
    """
    return float(np.mean(np.sqrt(1 - _coefficients(reference, test, bins, "hellinger"))))


def _coefficients(reference: Image, test: Image, bins: int, where: str) -> NDArray[np.float64]:
    p, q = distributions(reference, test, bins, where)
    # 1 - sum sqrt(p p) is 1e-16 for equal rows; its root would be 1e-8
    equal = (p == q).all(axis=1)
    return np.where(equal, 1.0, np.minimum(np.sqrt(p * q).sum(axis=1), 1.0))


def _entropy_to(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return np.asarray((p * np.log(ratio)).sum(axis=1))


METRICS = (
    Recipe(kullback_leibler, as_it_is),
    Recipe(jensen_shannon, lambda value, _reference: value / math.log(2)),
    Recipe(bhattacharyya_coefficient, one_minus),
    Recipe(bhattacharyya_distance, lambda value, _reference: 1 - math.exp(-value)),
    Recipe(hellinger, as_it_is),
)
