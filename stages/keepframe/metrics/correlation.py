"""
How well one picture's values predict the other's, at equal places.

Looking for the best place first is alignment and template matching, which live elsewhere.
"""

import math

import cv2
import numpy as np

from keepframe.metrics.images import Image, pair
from keepframe.metrics.pixel import squared_difference
from keepframe.metrics.recipe import Recipe, one_minus


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
    covariance, variance_a, variance_b = moments(a, b)
    if variance_a == 0 or variance_b == 0:
        return 1.0 if np.array_equal(a, b) else 0.0
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
    sum_a, sum_b = round(sum(cv2.sumElems(a))), round(sum(cv2.sumElems(b)))
    square_a, square_b = round(cv2.norm(a, cv2.NORM_L2SQR)), round(cv2.norm(b, cv2.NORM_L2SQR))
    product = (square_a + square_b - squared_difference(a, b)) // 2
    return n * product - sum_a * sum_b, n * square_a - sum_a**2, n * square_b - sum_b**2


METRICS = (Recipe(ncc, one_minus),)
