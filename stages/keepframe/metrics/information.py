"""
How much of the reference's visual information the test still carries: VIF in the pixel domain.

The wavelet form of VIF is not here: nobody's numbers are from it any more.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, levels, pair
from keepframe.metrics.recipe import Recipe
from keepframe.metrics.structure import channels

_WINDOWS = (17, 9, 5, 3)
# the smallest side on which all four scales have a window inside
_SMALLEST = 41
_TINY = np.float32(1e-10)
# what 32 bits can leave of 128² minus 128²; one odd pixel in a window of 17 has more
_ROUNDING = 2e-3
# strips of about this many pixels keep the working set in the second-level cache
_STRIP_PIXELS = 1 << 17


def vif_p(reference: Image, test: Image, *, noise: float = 2.0) -> float:
    """
    Visual information fidelity in the pixel domain: the share of the reference's information that is in the test.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (on a scale of 255); mean over the channels. A picture under
        41 px is continued by mirroring until all four scales have a window.
    noise: variance of the visual noise, in squared gray levels.
    Range: 0 upwards; above 1 where the test has more contrast. Not symmetric. A reference without any structure (a lens cap)
        gives 1 if the test has none either, else 0.
    Identical: 1.
    Direction: higher is closer.
    Score: |1 - value|.
    Cost: medium.
    Blind to: an even change of brightness, exactly; a small object in a large picture.
    When: blur, noise or compression must be judged as people do.
    Errors: ValueError if the images differ in size, channels or dtype, or noise is not positive.
    Source: Sheikh, Bovik 2006, the authors' pixel version; equals sewar 0.4.10's vifp to 5e-5 (which gives NaN on a constant
        reference); tested against it. piq 0.8's vif_p is the same on gray and takes the luminance of colours, not the mean.

    >>> vif_p(np.full((50, 50), 10, np.uint8), np.full((50, 50), 20, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "vif-p")
    if not noise > 0:
        raise ValueError(f"vif-p: expected noise above 0, got {noise}")
    return float(np.mean([_fidelity(x, y, noise) for x, y in channels(a, b)]))


def _fidelity(a: Image, b: Image, noise: float) -> float:
    scale = np.float32(255 / levels(a))
    # taking the middle away first keeps the squares small: float32 would lose them on bright, flat areas
    middle = np.float32(a.mean(dtype=np.float64))
    x, y = ((_large_enough(plane).astype(np.float32) - middle) * scale for plane in (a, b))
    kept = total = 0.0
    structured = False
    for side in _WINDOWS:
        window: Image = cv2.getGaussianKernel(side, side / 5, cv2.CV_64F)
        if side != _WINDOWS[0]:
            x, y = (np.ascontiguousarray(_filtered(plane, window)[::2, ::2]) for plane in (x, y))
        for p, q in _strips(x, y, side):
            more_kept, more_total, seen = _information(p, q, window, noise)
            kept, total, structured = kept + more_kept, total + more_total, structured or seen
    if total == 0:
        return 0.0 if structured else 1.0
    return kept / total


def _information(
    x: NDArray[np.float32], y: NDArray[np.float32], window: Image, noise: float
) -> tuple[float, float, bool]:
    """Information (in nats) of the test and of the reference, and whether the test has any structure."""
    mean_x, mean_y = _filtered(x, window), _filtered(y, window)
    variance_x = _variance(_filtered(x * x, window), mean_x * mean_x)
    variance_y = _variance(_filtered(y * y, window), mean_y * mean_y)
    covariance = _variance(_filtered(x * y, window), mean_x * mean_y)
    # a window without structure on either side, or of opposite structure, carries nothing over
    covariance[np.minimum(variance_x, variance_y) == 0] = 0
    gain = covariance / (variance_x + _TINY)
    rest = np.maximum(variance_y - gain * covariance, 0)
    rest += np.float32(noise)
    gain *= gain
    gain *= variance_x
    gain /= rest
    gain += 1
    structured = bool(variance_y.any())
    variance_x *= np.float32(1 / noise)
    variance_x += 1
    kept, total = (float(np.sum(cv2.log(ratio), dtype=np.float64)) for ratio in (gain, variance_x))
    return kept, total, structured


def _variance(mean_of_products: Image, product_of_means: Image) -> NDArray[np.float32]:
    """Their difference, float32; 0 where it is negative or only rounding, so that a flat wall has exactly none."""
    difference = cv2.subtract(mean_of_products, product_of_means, dtype=cv2.CV_32F)
    return np.asarray(cv2.threshold(difference, _ROUNDING, 0, cv2.THRESH_TOZERO)[1])


def _filtered(plane: NDArray[np.float32], window: Image) -> NDArray[np.float32]:
    """Weighted means of the windows wholly inside."""
    radius = len(window) // 2
    means = cv2.sepFilter2D(plane, -1, window, window)
    return np.asarray(means[radius : len(means) - radius, radius : means.shape[1] - radius])


def _strips(
    x: NDArray[np.float32], y: NDArray[np.float32], side: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    height, width = x.shape
    rows = max(_STRIP_PIXELS // width, 8)
    for top in range(0, height - side + 1, rows):
        part = slice(top, min(top + rows, height - side + 1) + side - 1)
        yield x[part], y[part]


def _large_enough(plane: Image) -> Image:
    missing = [max(_SMALLEST - length, 0) for length in plane.shape]
    if not any(missing):
        return plane
    return np.pad(plane, [(lack // 2, lack - lack // 2) for lack in missing], mode="symmetric")


def _score(value: float, _reference: Image) -> float:
    return abs(1 - value)


METRICS = (Recipe(vif_p, _score),)
