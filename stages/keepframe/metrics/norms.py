"""
Norms of the difference as people write them: sums, counts and roots that grow with the picture.

The same numbers as means stand in `pixel`; the conversions to scores here divide by the size, so that scores compare.
"""

import math
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, channel_mean, gray_pair, levels, pair
from keepframe.metrics.pixel import squared_difference
from keepframe.metrics.recipe import Recipe, share_of_levels


def manhattan(reference: Image, test: Image) -> float:
    """
    Manhattan norm of the difference: the sum of the absolute differences of all samples.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    Range: 0 to 255 times the number of samples.
    Identical: 0.
    Direction: higher is more different.
    Score: value / samples / 255 (65535), the same as mean-absolute-difference.
    Cost: trivial.
    Blind to: what mean-absolute-difference is blind to.
    When: the number must compare with the thread's script; else take mean-absolute-difference.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: sastanin's answer without its normalisation (which fails on a constant image); tested against
        numpy.linalg.norm(x, 1).

    >>> manhattan(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    12.0
    """
    a, b = pair(reference, test, "manhattan")
    return float(cv2.norm(a, b, cv2.NORM_L1))


def zero_norm(reference: Image, test: Image, *, tolerance: int = 0) -> float:
    """
    Zero norm of the difference: how many pixels differ in any channel by more than a tolerance.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    tolerance: in gray levels; 0 counts every difference, and noise makes that nearly every pixel.
    Range: 0 to H * W pixels.
    Identical: 0.
    Direction: higher is more different.
    Score: value / (H * W), the share of changed pixels.
    Cost: trivial.
    Blind to: how much a pixel differs; with tolerance 0, to everything but sensor noise.
    When: with a tolerance above the noise: how large a part of the picture changed.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: sastanin's answer; tested against scipy.linalg.norm(x, 0).

    >>> zero_norm(np.array([[1, 2, 3]], np.uint8), np.array([[1, 4, 9]], np.uint8), tolerance=2)
    1.0
    """
    a, b = pair(reference, test, "zero-norm")
    return float(np.count_nonzero(differing(a, b, tolerance)))


def euclidean(reference: Image, test: Image) -> float:
    """
    Euclidean norm of the difference: the root of the sum of the squared differences of all samples.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    Range: 0 to 255 times the root of the number of samples.
    Identical: 0.
    Direction: higher is more different.
    Score: value / root of samples / 255 (65535), the same as rmse.
    Cost: trivial.
    Blind to: what mse is blind to; it grows with the size of the picture.
    When: all pictures have one size and the number must compare with somebody's script.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: sqrt(sum (reference - test)²); tested against numpy.linalg.norm.

    >>> euclidean(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    6.0
    """
    a, b = pair(reference, test, "euclidean")
    return math.sqrt(squared_difference(a, b))


def euclidean_per_size(reference: Image, test: Image) -> float:
    """
    Euclidean norm of the difference divided by the number of samples, as the thread writes it.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    Range: 0 to 255 divided by the root of the number of samples.
    Identical: 0.
    Direction: higher is more different.
    Score: value * root of samples / 255 (65535), the same as rmse.
    Cost: trivial.
    Blind to: what mse is blind to; it shrinks as the picture grows.
    When: the number must compare with that formula; else take rmse.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Mr Fooz's answer: sqrt(sum((i1 - i2)^2)) / i1.size; tested against numpy.

    >>> euclidean_per_size(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    1.5
    """
    a, b = pair(reference, test, "euclidean-per-size")
    return math.sqrt(squared_difference(a, b)) / a.size


def rmse(reference: Image, test: Image) -> float:
    """
    Root mean squared error of two images, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    Range: 0 to 255 (65535 for uint16).
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255 (65535).
    Cost: trivial.
    Blind to: what mse is blind to; it is its root.
    When: as mse, in a unit people can picture; noise of deviation s alone gives 1.41 s.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: sqrt(mean (reference - test)²); tested against skimage.metrics.mean_squared_error and sewar.rmse.

    >>> rmse(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    3.0
    """
    a, b = pair(reference, test, "rmse")
    return math.sqrt(squared_difference(a, b) / a.size)


def luminance_euclid(reference: Image, test: Image) -> float:
    """
    Euclidean norm of the difference of the luminances.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    Range: 0 to 255 times the root of H * W.
    Identical: 0.
    Direction: higher is more different.
    Score: value / root of pixels / 255.
    Cost: trivial.
    Blind to: a change of colour at the same luminance; what mse is blind to.
    When: colour is noise and all pictures have one size.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Federico Ramponi's answer; tested against numpy on cv2's gray.

    >>> luminance_euclid(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    6.0
    """
    a, b = gray_pair(reference, test, "luminance-euclid")
    return math.sqrt(squared_difference(a, b))


def mean_channel_difference(reference: Image, test: Image) -> float:
    """
    Mean absolute difference over the three colour channels, in gray levels; alpha is dropped.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); gray counts as three equal channels.
    Range: 0 to 255.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: trivial.
    Blind to: a small object in a large picture; transparency.
    When: as its author did: up to 8 the pictures are essentially the same.
    Errors: ValueError if the images differ in size, channels or dtype (the answer returns -1).
    Source: Pedro V. G.'s imagesDifference; tested against it.

    >>> mean_channel_difference(np.zeros((1, 1, 3), np.uint8), np.array([[[3, 6, 0]]], np.uint8))
    3.0
    """
    a, b = (bgr(image) for image in pair(reference, test, "mean-channel-difference"))
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def row_means(
    reference: Image, test: Image, *, statistic: Literal["max", "mean", "deviation"] = "max"
) -> float:
    """
    Mean absolute difference of each row, made one number; in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    statistic: "max" of the rows, their "mean" (the mean absolute difference again) or their standard "deviation".
    Range: 0 to 255 (65535 for uint16).
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255 (65535).
    Cost: low.
    Blind to: an object that is high and narrow.
    When: one row of the scene is special, a water line or a belt; else the largest tile does it better.
    Errors: ValueError if the images differ in size, channels or dtype, or the statistic is none of the three.
    Source: Tobias's answer, which leaves the function over the rows open; tested against numpy.

    >>> row_means(np.zeros((2, 2), np.uint8), np.array([[0, 0], [4, 8]], np.uint8))
    6.0
    """
    a, b = pair(reference, test, "row-means")
    difference = cv2.absdiff(a, b).reshape(len(a), -1)
    rows = cv2.reduce(difference, 1, cv2.REDUCE_SUM, dtype=cv2.CV_64F) / difference.shape[1]
    if statistic == "max":
        return float(rows.max())
    if statistic == "mean":
        return float(rows.mean())
    if statistic == "deviation":
        return float(rows.std())
    raise ValueError(f'row-means: expected statistic "max", "mean" or "deviation", got "{statistic}"')


def largest_difference(reference: Image, test: Image) -> float:
    """
    Largest absolute difference of any sample, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    Range: 0 to 255 (65535 for uint16).
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255 (65535).
    Cost: trivial.
    Blind to: how many pixels differ; one hot pixel is all it sees.
    When: finding E of the triage rule on a scene that stands still.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: max |reference - test|; tested against numpy.

    >>> largest_difference(np.array([[1, 2, 3]], np.uint8), np.array([[1, 4, 9]], np.uint8))
    6.0
    """
    a, b = pair(reference, test, "largest-difference")
    return float(cv2.norm(a, b, cv2.NORM_INF))


def differing(a: Image, b: Image, tolerance: float) -> NDArray[np.bool_]:
    """
    Which pixels of two checked images differ in any channel by more than the tolerance, (H, W).

    >>> differing(np.array([[1, 2]], np.uint8), np.array([[1, 4]], np.uint8), 0)
    array([[False,  True]])
    """
    difference = cv2.absdiff(a, b)
    if difference.ndim == 3:
        planes = cv2.split(difference)
        difference = planes[0]
        for plane in planes[1:]:
            difference = cv2.max(difference, plane)
    return np.asarray(difference > tolerance)


def _differing_map(reference: Image, test: Image) -> NDArray[np.float32]:
    return differing(*pair(reference, test, "zero-norm"), 0).astype(np.float32)


def _luminance_map(reference: Image, test: Image) -> NDArray[np.float32]:
    return channel_mean(cv2.absdiff(*gray_pair(reference, test, "luminance-euclid"))) * np.float32(1 / 255)


METRICS = (
    Recipe(manhattan, lambda value, reference: value / reference.size / levels(reference)),
    Recipe(
        zero_norm,
        lambda value, reference: value / (reference.shape[0] * reference.shape[1]),
        _differing_map,
    ),
    Recipe(euclidean, lambda value, reference: value / math.sqrt(reference.size) / levels(reference)),
    Recipe(
        euclidean_per_size, lambda value, reference: value * math.sqrt(reference.size) / levels(reference)
    ),
    Recipe(rmse, share_of_levels),
    Recipe(
        luminance_euclid,
        lambda value, reference: value / math.sqrt(reference.shape[0] * reference.shape[1]) / 255,
        _luminance_map,
    ),
    Recipe(mean_channel_difference, lambda value, _reference: value / 255),
    Recipe(row_means, share_of_levels),
    Recipe(largest_difference, share_of_levels),
)
