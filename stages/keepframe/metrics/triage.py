"""
Rules that answer yes or no by looking at single pixels: equality, and "at most P pixels differ, none by more than E".

Rules that need a threshold learned from the camera are the score stage's.
"""

import numpy as np

from keepframe.metrics.images import Image, levels, pair
from keepframe.metrics.norms import differing, largest_difference
from keepframe.metrics.recipe import Recipe, one_minus


def equality(reference: Image, test: Image) -> float:
    """
    Whether all samples are equal.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    Range: 0 (different) or 1 (equal).
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: trivial.
    Blind to: nothing, and that is its fault: one level of noise in one pixel is a difference.
    When: finding exact repeats, a camera that froze.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: compare_image of the imagehash answer; tested against PIL's == and numpy.array_equal.

    >>> equality(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8))
    1.0
    """
    return float(np.array_equal(*pair(reference, test, "equality")))


def triage(reference: Image, test: Image, *, most_pixels: int = 1000, largest: float = 0.02) -> float:
    """
    Whether at most P pixels differ, and none by more than E.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    most_pixels: P, pixels that may differ in any channel. largest: E, as a share of the largest level (0.02 is 5 of 255).
    Range: 0 (different) or 1 (the same).
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: trivial.
    Blind to: by how much it failed; see zero-norm and largest-difference for the two numbers.
    When: sorting out quickly what needs no closer look. Film an unchanging scene first: E is the largest difference seen.
    Errors: ValueError if the images differ in size, channels or dtype, or P or E is negative.
    Source: Larry Gritz's answer; equals OpenImageIO's idiff -fail 0 -failpercent 100P/N -hardfail E -warn 1, tested
        against OpenImageIO. idiff -allowfailures P is another rule: it lets P pixels fail by any amount.

    >>> triage(np.zeros((2, 2), np.uint8), np.full((2, 2), 5, np.uint8), most_pixels=4)
    1.0
    """
    if most_pixels < 0 or largest < 0:
        raise ValueError(
            f"triage: expected most_pixels and largest of at least 0, got {most_pixels} and {largest}"
        )
    a, b = pair(reference, test, "triage")
    # a level's share of 255 is no exact binary number: 5/255 must not exceed "5/255"
    within = largest_difference(a, b) <= largest * levels(a) + 1e-6 * levels(a)
    return float(within and np.count_nonzero(differing(a, b, 0)) <= most_pixels)


METRICS = (Recipe(equality, one_minus), Recipe(triage, one_minus))
