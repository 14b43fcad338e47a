"""
How well one picture's values predict the other's, at equal places.

Looking for the best place first is alignment, which lives elsewhere.
"""

import math
from typing import Literal

import cv2
import numpy as np

from keepframe.metrics.images import Image, gray_pair, pair
from keepframe.metrics.pixel import squared_difference
from keepframe.metrics.recipe import Recipe, one_minus
from keepframe.metrics.shrink import shrunk

_BLOCK_SAMPLES = 1 << 18


def ncc(reference: Image, test: Image) -> float:
    """
    Normalised cross-correlation of two images (Pearson's r over all samples).

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all samples enter one correlation.
    Range: -1 to 1. Two constant images give 1 if equal, else 0; one constant image gives 0.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value, 0 to 2.
    Cost: trivial.
    Blind to: a change of brightness or contrast that is the same everywhere; a small object in a rich picture.
    When: the light changes evenly and the camera stands still.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: the thread's formula with sample deviations; exact sums; tested against numpy.corrcoef and cv2's
        TM_CCOEFF_NORMED, which gives 1 for a constant image against anything.

    >>> ncc(np.array([[1, 2], [3, 4]], np.uint8), np.array([[11, 12], [13, 14]], np.uint8))
    1.0
    """
    a, b = pair(reference, test, "ncc")
    return _correlation(a, b)


def r_squared(reference: Image, test: Image, *, width: int = 100) -> float:
    """
    Squared correlation of the two images made small, keeping the aspect.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    width: of the small picture in pixels; a narrower picture keeps its size.
    Range: 0 to 1; a constant image as in ncc.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: low.
    Blind to: an even change of light; the sign: a negative gives 1.
    When: a tripod and strong light changes; its author calls the pictures different below 0.9.
    Errors: ValueError if the images differ in size, channels or dtype, or width is below 1.
    Source: Roman Dial's answer, resampled by area; tested against numpy.corrcoef on Pillow's BOX thumbnails.

    >>> r_squared(np.array([[1, 2], [3, 4]], np.uint8), np.array([[4, 3], [2, 1]], np.uint8))
    1.0
    """
    if width < 1:
        raise ValueError(f"r-squared: expected width of at least 1 pixel, got {width}")
    a, b = gray_pair(reference, test, "r-squared")
    if a.shape[1] > width:
        height = max(1, round(a.shape[0] * width / a.shape[1]))
        a, b = shrunk(a, width, height), shrunk(b, width, height)
    return _correlation(a, b) ** 2


def template_match(
    reference: Image,
    test: Image,
    *,
    mode: Literal["ccoeff", "ccorr", "ccoeff-normed", "ccorr-normed"] = "ccoeff",
) -> float:
    """
    Template match of the test with the reference, as a share of the reference's match with itself.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all samples enter one sum.
    mode: OpenCV's TM_CCOEFF, TM_CCORR or their normed forms. TM_SQDIFF's match with itself is 0, so it has no share.
    Range: any number for ccoeff and ccorr (more contrast gives more than 1), -1 to 1 for the normed forms. A reference that
        matches itself with 0 (constant; black for ccorr) gives 1 if the images are equal, else 0. Not symmetric.
    Identical: 1.
    Direction: higher is closer.
    Score: |1 - value|.
    Cost: trivial.
    Blind to: an even change of brightness (ccoeff); with ccorr brighter simply counts as a better match.
    When: the number must compare with the answer's "percentage", which is this times 100; else ncc.
    Errors: ValueError if the images differ in size, channels or dtype, or the mode is unknown.
    Source: zanfranceschi's answer at equal sizes, by exact sums instead of cv2.matchTemplate (200 times slower); tested
        against it.

    >>> template_match(np.array([[1, 3]], np.uint8), np.array([[1, 5]], np.uint8))
    2.0
    """
    if mode not in {"ccoeff", "ccorr", "ccoeff-normed", "ccorr-normed"}:
        raise ValueError(
            f'template-match: expected mode "ccoeff", "ccorr", "ccoeff-normed" or "ccorr-normed", got "{mode}"'
        )
    a, b = pair(reference, test, "template-match")
    if mode.startswith("ccoeff"):
        cross, own, other = moments(a, b)
    else:
        own, other = round(cv2.norm(a, cv2.NORM_L2SQR)), round(cv2.norm(b, cv2.NORM_L2SQR))
        cross = (own + other - squared_difference(a, b)) // 2
    if own == 0 or (other == 0 and mode.endswith("normed")):
        return float(np.array_equal(a, b))
    return cross / (math.sqrt(own) * math.sqrt(other)) if mode.endswith("normed") else cross / own


def _correlation(a: Image, b: Image) -> float:
    covariance, variance_a, variance_b = moments(a, b)
    if variance_a == 0 or variance_b == 0:
        return float(np.array_equal(a, b))
    if covariance * covariance == variance_a * variance_b:
        return math.copysign(1.0, covariance)
    return max(-1.0, min(1.0, covariance / (math.sqrt(variance_a) * math.sqrt(variance_b))))


def moments(a: Image, b: Image) -> tuple[int, int, int]:
    """
    Covariance of two checked images and the variance of each, all times n², exact.

    >>> moments(np.array([[0, 2]], np.uint8), np.array([[0, 4]], np.uint8))
    (8, 4, 16)
    """
    n = a.size
    sum_a = sum_b = square_a = square_b = product = 0
    # five passes over the pixels: a block at a time they come from the cache
    rows = max(1, _BLOCK_SAMPLES * len(a) // n)
    for top in range(0, len(a), rows):
        x, y = a[top : top + rows], b[top : top + rows]
        sum_a += round(sum(cv2.sumElems(x)))
        sum_b += round(sum(cv2.sumElems(y)))
        own, other = round(cv2.norm(x, cv2.NORM_L2SQR)), round(cv2.norm(y, cv2.NORM_L2SQR))
        square_a += own
        square_b += other
        product += (own + other - squared_difference(x, y)) // 2
    return n * product - sum_a * sum_b, n * square_a - sum_a**2, n * square_b - sum_b**2


METRICS = (
    Recipe(ncc, one_minus),
    Recipe(r_squared, one_minus),
    Recipe(template_match, lambda value, _reference: abs(1 - value)),
)
