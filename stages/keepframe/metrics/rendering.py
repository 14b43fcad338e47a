"""
Comparison of drawn pictures (screens, plots, maps): pixels that differ visibly and are no smoothed edges.

Photographs have no smoothed edges to forgive; `norms.zero_norm` counts their changed pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, eight_bit, pair
from keepframe.metrics.recipe import Recipe

# rows give Y, I, Q of R, G, B; then what each squared difference weighs
_YIQ = np.array(
    [
        [0.29889531, 0.58662247, 0.11448223],
        [0.59597799, -0.27417610, -0.32180189],
        [0.21147017, -0.52261711, 0.31114694],
    ]
)
_WEIGHTS = np.array([0.5053, 0.299, 0.1957])
_LARGEST = 35215.0
# how far a 32-bit distance may be off
_DOUBT = 0.5
# columns outside, rows inside: of equally dark neighbours the first counts
_NEIGHBOURS = [(down, across) for across in (-1, 0, 1) for down in (-1, 0, 1) if down or across]


def pixelmatch(
    reference: Image, test: Image, *, threshold: float = 0.1, include_antialiased: bool = False
) -> float:
    """
    How many pixels differ visibly in colour, those of smoothed edges aside.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); what is transparent shows white.
    threshold: smallest difference that counts, 0 (every) to 1 (none), as a share of black against white.
    include_antialiased: also count pixels that look like a smoothed edge in either picture.
    Range: 0 to H * W pixels.
    Identical: 0.
    Direction: higher is more different.
    Score: value / (H * W), the share of changed pixels.
    Cost: medium.
    Blind to: differences below the threshold, however many; lines and edges moved by less than a pixel.
    When: the pictures are drawn, not taken: a screen, a display, a plot.
    Errors: ValueError if the images differ in size, channels or dtype, or threshold is not 0 to 1.
    Source: Kotsarenko, Ramos 2010 (distance in YIQ); Vysniauskas 2009 (smoothed edges); equals pixelmatch 0.4.0 exactly.

    >>> pixelmatch(np.zeros((4, 4), np.uint8), np.eye(4, dtype=np.uint8) * 255)
    4.0
    """
    return float(np.count_nonzero(_mismatches(reference, test, threshold, include=include_antialiased)))


def _mismatches(reference: Image, test: Image, threshold: float, *, include: bool) -> NDArray[np.bool_]:
    a, b = (eight_bit(image) for image in pair(reference, test, "pixelmatch"))
    if not 0 <= threshold <= 1:
        raise ValueError(f"pixelmatch: expected threshold from 0 to 1, got {threshold}")
    differing = _visibly(_on_white(a), _on_white(b), _LARGEST * threshold * threshold)
    rows, columns = np.nonzero(differing)
    if len(rows) and not include:
        even_area = _has_siblings(a) & _has_siblings(b)
        smoothed = _is_smoothed(a, even_area, rows, columns) | _is_smoothed(b, even_area, rows, columns)
        differing[rows, columns] = ~smoothed
    return differing


def _visibly(a: Image, b: Image, limit: float) -> NDArray[np.bool_]:
    """Which pixels are further apart than the limit: in 32 bits, and again in 64 where those do not decide."""
    root = (_YIQ * np.sqrt(_WEIGHTS)[:, None])[:, ::-1].astype(np.float32)
    distance = cv2.transform(cv2.subtract(a, b, dtype=cv2.CV_32F), root)
    distance = cv2.transform(cv2.multiply(distance, distance), np.ones((1, 3), np.float32))
    differing = np.asarray(distance > limit)
    rows, columns = np.nonzero(np.abs(distance - np.float32(limit)) < _DOUBT)
    left, right = (image[rows, columns, ::-1].astype(np.float64) for image in (a, b))
    exact = [_component(left, weights) - _component(right, weights) for weights in _YIQ]
    y, i, q = exact
    differing[rows, columns] = _WEIGHTS[0] * y * y + _WEIGHTS[1] * i * i + _WEIGHTS[2] * q * q > limit
    return differing


def _component(rgb: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    # in the package's order of additions: colours that are equal only after rounding must stay so
    return np.asarray(rgb[..., 0] * weights[0] + rgb[..., 1] * weights[1] + rgb[..., 2] * weights[2])


def _is_smoothed(
    image: Image, even_area: NDArray[np.bool_], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """
    Which of these pixels look like a smoothed edge.

    At most two neighbours are as bright, some are darker, some brighter, and the darkest or the brightest of them lies in an
    even area of both images.
    """
    height, width = image.shape[:2]
    luminance = _component(_on_white(image)[:, :, ::-1].astype(np.float64), _YIQ[0])
    own = luminance[rows, columns]
    equal = _on_border(height, width)[rows, columns].astype(np.int64)
    darkest, brightest = np.zeros(len(rows)), np.zeros(len(rows))
    by_darkest, by_brightest = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for down, across in _NEIGHBOURS:
        y, x = rows + down, columns + across
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        gap = np.where(inside, own - luminance[y, x], np.nan)
        equal += gap == 0
        for better, extreme, by_extreme in (
            (gap < darkest, darkest, by_darkest),
            (gap > brightest, brightest, by_brightest),
        ):
            extreme[better] = gap[better]
            by_extreme[better] = even_area[y[better], x[better]]
    return np.asarray((equal <= 2) & (darkest < 0) & (brightest > 0) & (by_darkest | by_brightest))


def _has_siblings(image: Image) -> NDArray[np.bool_]:
    """Which pixels have three or more neighbours of exactly their colour; the border counts as one."""
    height, width = image.shape[:2]
    # -1 stands for outside, so four channels need more than 32 bits
    depth = np.int64 if image.ndim == 3 and image.shape[2] == 4 else np.int32
    samples = image.reshape(height, width, -1)
    colour = np.zeros((height, width), depth)
    for channel in range(samples.shape[2]):
        colour = colour * 256 + samples[:, :, channel]
    framed = np.pad(colour, 1, constant_values=-1)
    equal = _on_border(height, width).astype(np.int8)
    for down, across in _NEIGHBOURS:
        equal += framed[1 + down : 1 + down + height, 1 + across : 1 + across + width] == colour
    return np.asarray(equal > 2)


def _on_border(height: int, width: int) -> NDArray[np.bool_]:
    border = np.ones((height, width), bool)
    border[1:-1, 1:-1] = False
    return border


def _on_white(image: Image) -> Image:
    """BGR uint8, or float64 where something is transparent."""
    if image.ndim == 2 or image.shape[2] == 3 or image[:, :, 3].min() == 255:
        return bgr(image)
    opacity = image[:, :, 3:].astype(np.float64) / 255
    return 255 + (image[:, :, :3].astype(np.float64) - 255) * opacity


def _mismatch_map(reference: Image, test: Image) -> NDArray[np.float32]:
    return _mismatches(reference, test, 0.1, include=False).astype(np.float32)


METRICS = (
    Recipe(
        pixelmatch, lambda value, reference: value / (reference.shape[0] * reference.shape[1]), _mismatch_map
    ),
)
