"""
Comparison of drawn pictures (screens, plots, maps): pixels that differ visibly and are no smoothed edges.

Photographs have no smoothed edges to forgive; `norms.zero_norm` counts their changed pixels.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, eight_bit, pair
from keepframe.metrics.recipe import Recipe

_Places = NDArray[np.intp]

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
    a, b = (
        bgr(image) if image.ndim == 2 else eight_bit(image) for image in pair(reference, test, "pixelmatch")
    )
    if not 0 <= threshold <= 1:
        raise ValueError(f"pixelmatch: expected threshold from 0 to 1, got {threshold}")
    differing = _visibly(_on_white(a), _on_white(b), _LARGEST * threshold * threshold)
    at = np.nonzero(differing)
    if len(at[0]) and not include:
        differing[at] = ~(_is_smoothed(a, b, *at) | _is_smoothed(b, a, *at))
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


def _is_smoothed(image: Image, other: Image, rows: _Places, columns: _Places) -> NDArray[np.bool_]:
    """
    Which of these pixels look like a smoothed edge.

    At most two neighbours are as bright, some are darker, some brighter, and the darkest or the brightest of them lies in an
    even area of both images.
    """
    own = _luminance(image, rows, columns)
    equal = _on_border(image, rows, columns).astype(np.int8)
    # place and lead of the darkest neighbour, then of the brightest
    lead, y, x = np.zeros((2, len(rows))), np.tile(rows, (2, 1)), np.tile(columns, (2, 1))
    for near_y, near_x, inside in _around(image, rows, columns):
        gap = np.where(inside, own - _luminance(image, near_y, near_x), np.nan)
        equal += gap == 0
        for extreme, better in enumerate((gap < lead[0], gap > lead[1])):
            lead[extreme, better] = gap[better]
            y[extreme, better], x[extreme, better] = near_y[better], near_x[better]
    smoothed = (equal <= 2) & (lead[0] < 0) & (lead[1] > 0)
    left = np.nonzero(smoothed)[0]
    even = [
        _is_even(image, y[extreme, left], x[extreme, left])
        & _is_even(other, y[extreme, left], x[extreme, left])
        for extreme in (0, 1)
    ]
    smoothed[left] = even[0] | even[1]
    return np.asarray(smoothed)


def _is_even(image: Image, rows: _Places, columns: _Places) -> NDArray[np.bool_]:
    """Which of these pixels have three or more neighbours of exactly their colour; the border counts as one."""
    own = image[rows, columns]
    equal = _on_border(image, rows, columns).astype(np.int8)
    for y, x, inside in _around(image, rows, columns):
        equal += inside & (image[y, x] == own).all(axis=1)
    return np.asarray(equal > 2)


def _around(
    image: Image, rows: _Places, columns: _Places
) -> Iterator[tuple[_Places, _Places, NDArray[np.bool_]]]:
    """For each of the eight directions the neighbours' places, drawn back into the image, and which lay inside."""
    height, width = image.shape[:2]
    for down, across in _NEIGHBOURS:
        y, x = rows + down, columns + across
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        yield np.clip(y, 0, height - 1), np.clip(x, 0, width - 1), inside


def _on_border(image: Image, rows: _Places, columns: _Places) -> NDArray[np.bool_]:
    height, width = image.shape[:2]
    return np.asarray((rows == 0) | (rows == height - 1) | (columns == 0) | (columns == width - 1))


def _luminance(image: Image, rows: _Places, columns: _Places) -> NDArray[np.float64]:
    samples = _on_white(image[rows, columns][:, np.newaxis])
    return _component(samples[:, 0, ::-1].astype(np.float64), _YIQ[0])


def _on_white(image: Image) -> Image:
    """BGR uint8, or float64 where something is transparent."""
    if image.shape[2] == 3 or image[:, :, 3].min() == 255:
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
