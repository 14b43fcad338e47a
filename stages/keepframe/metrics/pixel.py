"""
Mean pixel differences that do not depend on the size of the picture.

Sums, counts and verdicts on single pixels are elsewhere (`norms`, `triage`), as are structure and distribution.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, channel_mean, levels, pair
from keepframe.metrics.recipe import Recipe, share_of_levels


def mean_absolute_difference(reference: Image, test: Image) -> float:
    """
    Mean absolute difference of two images, in gray levels: the Manhattan distance per sample.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    Range: 0 to 255 (65535 for uint16).
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255 (65535).
    Cost: trivial.
    Blind to: a small object in a large picture; whether everything moved a little or one thing a lot.
    When: light and camera stand still and the whole picture matters; a limit of 8 is one answer's experience.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: mean |reference - test|; tested against numpy in int64 and the thread's `imagesDifference`.

    >>> mean_absolute_difference(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    3.0
    """
    a, b = pair(reference, test, "mean-absolute-difference")
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def mse(reference: Image, test: Image) -> float:
    """
    Mean squared error of two images, in gray levels squared.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    Range: 0 to 65025 (65535² for uint16).
    Identical: 0.
    Direction: higher is more different.
    Score: value / 65025 (65535²).
    Cost: trivial.
    Blind to: a small object in a large picture; where the difference is.
    When: few strong differences should weigh more than many weak ones; noise of deviation s alone gives 2 s².
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: mean (reference - test)², exact in integers; tested against skimage.metrics.mean_squared_error. The
        thread's np.mean((now - before)**2) on uint8 arrays wraps around at 256 and is wrong.

    >>> mse(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    9.0
    """
    a, b = pair(reference, test, "mse")
    return squared_difference(a, b) / a.size


def psnr(reference: Image, test: Image) -> float:
    """
    Peak signal-to-noise ratio of two images, in dB.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; all channels count alike.
    Range: 0 to infinity.
    Identical: inf.
    Direction: higher is closer.
    Score: 10^(-value / 20), the root mean square error as a share of the largest level.
    Cost: trivial.
    Blind to: what mse is blind to; it is the same number on another scale.
    When: the number must compare with the literature on compression.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: 10 log10(255² / MSE); tested against skimage.metrics.peak_signal_noise_ratio. cv2.PSNR gives 361.2 where
        this gives inf.

    >>> round(psnr(np.full((2, 2), 10, np.uint8), np.full((2, 2), 12, np.uint8)), 2)
    42.11
    """
    a, b = pair(reference, test, "psnr")
    total = squared_difference(a, b)
    return math.inf if total == 0 else 10 * math.log10(levels(a) ** 2 * a.size / total)


def squared_difference(a: Image, b: Image) -> int:
    """
    Sum of the squared differences of two checked images, exact.

    >>> squared_difference(np.full((2, 2), 10, np.uint8), np.full((2, 2), 7, np.uint8))
    36
    """
    # cv2 sums exactly but returns 41212.99999999999 where 41213 is meant
    return round(cv2.norm(a, b, cv2.NORM_L2SQR))


def _absolute_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "mean-absolute-difference")
    return channel_mean(cv2.absdiff(a, b)) * np.float32(1 / levels(a))


def _squared_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "mse")
    share = cv2.absdiff(a, b).astype(np.float32) * np.float32(1 / levels(a))
    return channel_mean(share * share)


METRICS = (
    Recipe(mean_absolute_difference, share_of_levels, _absolute_map),
    Recipe(mse, lambda value, reference: value / levels(reference) ** 2, _squared_map),
    Recipe(psnr, lambda value, _reference: 10 ** (-value / 20)),
)
