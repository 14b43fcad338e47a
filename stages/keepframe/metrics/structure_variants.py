"""
SSIM as others define it: Gaussian windows (Wang et al.), sewar, OpenCV's quality module, and several scales.

The default, scikit-image's uniform windows, is in `structure`.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, levels, pair
from keepframe.metrics.recipe import Recipe, one_minus
from keepframe.metrics.structure import blocks, channels, fitting_window, uniform_strips

_SIDE, _SIGMA = 11, 1.5
_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


class _Maps(NamedTuple):
    whole: NDArray[Any]
    contrast: NDArray[Any]


def ssim_gaussian(reference: Image, test: Image) -> float:
    """
    Mean structural similarity over Gaussian windows, as its authors define it.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels. The window of 11 px (deviation 1.5)
        shrinks to the largest odd side that fits into the picture.
    Range: -1 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value, 0 to 2.
    Cost: medium.
    Blind to: a small object in a large picture (use ssim-gaussian-tile); an even, small change of brightness.
    When: the number must compare with published ones; else ssim, which is faster.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Wang, Bovik, Sheikh, Simoncelli 2004; equals skimage.metrics.structural_similarity with gaussian_weights=True,
        sigma=1.5, use_sample_covariance=False; tested against it.

    >>> ssim_gaussian(np.full((12, 12), 10, np.uint8), np.full((12, 12), 10, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "ssim-gaussian")
    side = fitting_window(_SIDE, a.shape, "ssim-gaussian")
    return float(np.mean([_gaussian_means(x, y, side, levels(a))[0] for x, y in channels(a, b)]))


def ssim_sewar(reference: Image, test: Image) -> float:
    """
    Mean structural similarity as sewar computes it: uniform windows of 11 px, wholly inside, population variance.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels. The window shrinks to the largest
        odd side that fits into the picture (sewar raises).
    Range: -1 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value, 0 to 2.
    Cost: low.
    Blind to: what ssim is blind to.
    When: a threshold found with sewar must stay valid.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: sewar 0.4.10's ssim()[0], tested against it.

    >>> ssim_sewar(np.full((12, 12), 10, np.uint8), np.full((12, 12), 10, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "ssim-sewar")
    side = fitting_window(_SIDE, a.shape, "ssim-sewar")
    means = []
    for x, y in channels(a, b):
        parts = [(cv2.sumElems(strip)[0], strip.size) for strip in uniform_strips(x, y, side, biased=True)]
        means.append(sum(total for total, _ in parts) / sum(size for _, size in parts))
    return float(np.mean(means))


def ssim_opencv(reference: Image, test: Image) -> float:
    """
    Mean structural similarity as OpenCV's quality module computes it: Gaussian windows, the mirrored border included.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels.
    Range: -1 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value, 0 to 2.
    Cost: medium.
    Blind to: what ssim is blind to.
    When: a threshold found with cv2.quality.QualitySSIM_compute must stay valid without the contrib package.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: OpenCV contrib 5.0's QualitySSIM; its values on made pictures are kept in the tests.

    >>> ssim_opencv(np.full((12, 12), 10, np.uint8), np.full((12, 12), 10, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "ssim-opencv")
    planes = channels(a, b)
    way = cv2.BORDER_REFLECT_101 if min(a.shape[:2]) > 1 else cv2.BORDER_REPLICATE
    return float(np.mean([_gaussian(x, y, _SIDE, levels(a), border=way).whole.mean() for x, y in planes]))


def ms_ssim(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    Structural similarity over up to five scales.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; mean over the channels at every scale.
    compatible: sewar's way: it halves by its own filter (over the channels too), cuts scales without renormalising the
        weights, takes the real part where a contrast is negative, and needs sides of at least 11 px.
    Range: 0 to 1. A scale is left out when its shorter side is below 11 px (the weights are renormalised); negative contrast
        counts as 0.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: medium.
    Blind to: a small object in a large picture; it forgives fine detail more than ssim.
    When: pictures are seen from a distance, or differ in sharpness.
    Errors: ValueError if the images differ in size, channels or dtype, or are below 11 px in the compatible form.
    Source: Wang, Simoncelli, Bovik 2003, halved by area; sewar 0.4.10's msssim with compatible=True, tested against it.

    >>> ms_ssim(np.full((32, 32), 10, np.uint8), np.full((32, 32), 10, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "ms-ssim")
    if compatible:
        return _sewar_ms_ssim(a, b)
    shorter = min(a.shape[:2])
    scales = max(1, min(len(_WEIGHTS), (shorter // _SIDE).bit_length()))
    weights = np.array(_WEIGHTS[:scales]) / sum(_WEIGHTS[:scales])
    x: Image = a.astype(np.float32)
    y: Image = b.astype(np.float32)
    value = 1.0
    for scale, weight in enumerate(weights):
        side = fitting_window(_SIDE, x.shape, "ms-ssim")
        last = scale == scales - 1
        means = [_gaussian_means(p, q, side, levels(a)) for p, q in channels(x, y)]
        mean = float(np.mean([whole if last else contrast for whole, contrast in means]))
        value *= max(mean, 0.0) ** weight
        if not last:
            half = x.shape[1] // 2, x.shape[0] // 2
            x, y = (cv2.resize(_even(image), half, interpolation=cv2.INTER_AREA) for image in (x, y))
    return float(value)


def _even(image: Image) -> Image:
    """Without the last row or column of an odd side: halving by exactly 2 is ten times as fast."""
    return image[: len(image) // 2 * 2, : image.shape[1] // 2 * 2]


def _sewar_ms_ssim(a: Image, b: Image) -> float:
    shorter = min(a.shape[:2])
    if shorter < _SIDE:
        raise ValueError(
            f"ms-ssim: expected sides of at least {_SIDE} pixels in the compatible form, got {a.shape}; "
            "use compatible=False"
        )
    scales = min(len(_WEIGHTS), int(np.floor(np.log2(shorter / _SIDE))) + 1)
    x, y = (np.atleast_3d(image.astype(np.float64)) for image in (a, b))
    terms = []
    for scale in range(scales):
        maps = [_gaussian(x[:, :, c].copy(), y[:, :, c].copy(), _SIDE, levels(a)) for c in range(x.shape[2])]
        last = scale == scales - 1
        terms.append(np.mean([_inside(m.whole if last else m.contrast, _SIDE).mean() for m in maps]))
        x, y = (_sewar_half(image) for image in (x, y))
    return float(np.prod(np.array(terms).astype(complex) ** np.array(_WEIGHTS[:scales])).real)


def _sewar_half(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scipy's uniform_filter(image, 2) along rows, columns and channels, every second pixel of it."""
    for axis in range(3):
        before = np.concatenate([np.take(image, [0], axis), np.delete(image, -1, axis)], axis)
        image = (image + before) / 2
    return np.ascontiguousarray(image[::2, ::2])


def _gaussian(a: Image, b: Image, side: int, largest: int, *, border: int = cv2.BORDER_REFLECT) -> _Maps:
    """SSIM and its contrast term around every pixel, border made up as said."""
    depth: type[np.floating[Any]] = np.float32 if a.dtype == np.float32 else np.float64
    # taking the middle away first keeps the squares small: float32 would lose them on bright, flat areas
    middle = float(a.mean(dtype=np.float64).astype(depth))
    x: Image = a.astype(depth) - depth(middle)
    y: Image = b.astype(depth) - depth(middle)
    difference = x - y
    window: Image = cv2.getGaussianKernel(side, _SIGMA, cv2.CV_64F).astype(depth)
    smooth: list[Image] = [
        np.asarray(cv2.sepFilter2D(plane, -1, window, window, borderType=border))
        for plane in (x, y, x * y, difference * difference)
    ]
    mean_x, mean_y, mean_xy, mean_dd = smooth
    # in place where it can be: these arrays cost more to make than to fill
    gap = mean_x - mean_y
    gap *= gap
    mean_xy -= mean_x * mean_y
    mean_xy *= 2
    mean_xy += (0.03 * largest) ** 2
    mean_dd -= gap
    np.maximum(mean_dd, 0, out=mean_dd)
    mean_dd += mean_xy
    contrast = np.divide(mean_xy, mean_dd, out=mean_xy)
    mean_x += middle
    mean_y += middle
    mean_x *= mean_y
    mean_x *= 2
    mean_x += (0.01 * largest) ** 2
    gap += mean_x
    mean_x /= gap
    mean_x *= contrast
    return _Maps(mean_x, contrast)


def _gaussian_means(a: Image, b: Image, side: int, largest: int) -> tuple[float, float]:
    """Means of SSIM and of its contrast term over all windows that lie wholly inside."""
    whole, contrast, count = 0.0, 0.0, 0
    for x, y in blocks(a, b, side):
        maps = _gaussian(x, y, side, largest)
        inside = _inside(maps.whole, side)
        whole += cv2.sumElems(inside)[0]
        contrast += cv2.sumElems(_inside(maps.contrast, side))[0]
        count += inside.size
    return whole / count, contrast / count


def _inside(plane: NDArray[Any], side: int) -> NDArray[Any]:
    radius = side // 2
    return plane[radius : len(plane) - radius, radius : plane.shape[1] - radius]


def _gaussian_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "ssim-gaussian")
    side = fitting_window(_SIDE, a.shape, "ssim-gaussian")
    maps = [_gaussian(x, y, side, levels(a)).whole for x, y in channels(a, b)]
    return np.asarray(1 - np.mean(maps, axis=0), np.float32)


def _sewar_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "ssim-sewar")
    side = fitting_window(_SIDE, a.shape, "ssim-sewar")
    radius = side // 2
    maps = []
    for planes in channels(a, b):
        x, y = (
            np.asarray(cv2.copyMakeBorder(p, radius, radius, radius, radius, cv2.BORDER_REFLECT))
            for p in planes
        )
        maps.append(np.concatenate([strip.copy() for strip in uniform_strips(x, y, side, biased=True)]))
    return np.asarray(1 - np.mean(maps, axis=0), np.float32)


def _opencv_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = pair(reference, test, "ssim-opencv")
    way = cv2.BORDER_REFLECT_101 if min(a.shape[:2]) > 1 else cv2.BORDER_REPLICATE
    maps = [_gaussian(x, y, _SIDE, levels(a), border=way).whole for x, y in channels(a, b)]
    return np.asarray(1 - np.mean(maps, axis=0), np.float32)


METRICS = (
    Recipe(ssim_gaussian, one_minus, _gaussian_map),
    Recipe(ssim_sewar, one_minus, _sewar_map),
    Recipe(ssim_opencv, one_minus, _opencv_map),
    Recipe(ms_ssim, one_minus),
)
