"""
The image with its levels spread over the full range of gray levels.

Here a level becomes the same level wherever it lies; what looks at the neighbourhood is in local_levels.py, what looks at the
camera's other pictures in light.py.
"""

import math
from collections.abc import Callable
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.frame import Frame
from keepframe.picture import Image
from keepframe.preprocess.local_levels import clahe, local

Method = Literal["percentile", "min-max", "mean-std", "equalize", "clahe", "local"]

_MAX_WINDOW = 255
_MAX_TILES = 64


def normalize(
    frame: Frame,
    *,
    method: Method = "percentile",
    low: float = 1.0,
    high: float = 99.0,
    min_spread: int = 32,
    window: int = 15,
    clip: float = 2.0,
    tiles: int = 8,
) -> Frame:
    """
    The frame with its levels spread over 0..255; gray or BGR, uint8. A constant image becomes 128 throughout, black ones too.

    method: linear, the same for all channels, what lies outside cut off: "percentile": from the low to the high percentile of
    the levels (percent, 0 to 100, low below high); "min-max": from the smallest to the largest level, where one hot pixel
    decides: percentile is the steadier; "mean-std": from two standard deviations below the mean to two above.
    By rank: "equalize": as many pixels up to a level as the level says (histogram equalisation, all channels by one table).
    By the neighbourhood, of a BGR image its luma alone: "clahe": equalisation in tiles, limited by clip; "local": mean-std in a
    window around each pixel. These see shadows come as well as go; they also make flat areas lively.
    min_spread: 1 to 255 levels; linear ones and local. An image (a window) with fewer between the two is stretched as if it had
    that many around its middle, so a dark picture's noise does not become a picture.
    window: side in pixels, odd, 3 to 255. clip: above 0, as a multiple of the even count of a level; tiles: 1 to 64 each way.
    Raises ValueError for another method, low, high, min_spread, window, clip or tiles.
    Source: equalize and clahe as OpenCV has them (clahe: Zuiderveld 1994).

    >>> normalize(Frame().with_image(np.array([[100, 150, 200]], np.uint8)), method="min-max").image.tolist()
    [[0, 128, 255]]
    """
    _check(method, low, high, min_spread)
    _check_neighbourhood(window, clip, tiles)
    image = frame.image
    if method == "clahe":
        return frame.with_image(_of_luma(image, lambda plane: clahe(plane, clip, tiles)))
    if method == "local":
        return frame.with_image(_of_luma(image, lambda plane: local(plane, window, min_spread)))
    found = counts(image)
    table: NDArray[Any]
    if method == "equalize":
        table = _equalizing(found)
    elif method == "mean-std":
        table = _around_mean(found, min_spread)
    else:
        table = _between(found, *((0.0, 100.0) if method == "min-max" else (low, high)), min_spread)
    return frame.with_image(cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)))


def _check(method: str, low: float, high: float, min_spread: int) -> None:
    if method not in get_args(Method):
        raise ValueError(f'normalize: unknown method "{method}"; known: {", ".join(get_args(Method))}')
    if not 0 <= low < high <= 100:
        raise ValueError(
            f"normalize: expected percentiles 0 <= low < high <= 100, got low {low:g}, high {high:g}"
        )
    if not 1 <= min_spread <= 255:
        raise ValueError(f"normalize: expected min_spread from 1 to 255 levels, got {min_spread}")


def _check_neighbourhood(window: int, clip: float, tiles: int) -> None:
    if not 3 <= window <= _MAX_WINDOW or window % 2 == 0:
        raise ValueError(
            f"normalize: expected window to be an odd number from 3 to {_MAX_WINDOW} pixels, got {window}"
        )
    if not 0 < clip < float("inf"):
        raise ValueError(f"normalize: expected clip above 0, got {clip:g}")
    if not 1 <= tiles <= _MAX_TILES:
        raise ValueError(f"normalize: expected tiles from 1 to {_MAX_TILES} each way, got {tiles}")


def counts(image: Image) -> NDArray[np.int64]:
    """
    How many samples of all channels have each level: (256,).

    >>> counts(np.array([[0, 2, 2]], np.uint8))[:4]
    array([1, 0, 2, 0])
    """
    # one plane of all channels; calcHist copies what does not lie in one piece
    plane = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    return np.asarray(cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel(), np.int64)


def _between(found: NDArray[np.int64], low: float, high: float, min_spread: int) -> NDArray[np.int64]:
    """From one percentile to another: the smallest level that at least this share of all samples does not exceed."""
    upto = np.cumsum(found)
    ranks = [max(1.0, share / 100 * int(upto[-1])) for share in (low, high)]
    first, last = (int(level) for level in np.searchsorted(upto, ranks))
    spread = max(last - first, min_spread)
    # doubled so that all is in integers: the middle may lie between two levels, and halves round up on every machine
    above_start = 2 * np.arange(256) - (first + last - spread)
    return (above_start * 255 + spread) // (2 * spread)


def _around_mean(found: NDArray[np.int64], min_spread: int) -> NDArray[np.float64]:
    # Python's integers: exact sums, whatever the size of the image
    total = int(found.sum())
    light = sum(level * int(count) for level, count in enumerate(found))
    squares = sum(level * level * int(count) for level, count in enumerate(found))
    spread = max(4 * math.sqrt((total * squares - light * light) / (total * total)), float(min_spread))
    return np.asarray(np.floor((np.arange(256) - light / total) * (256 / spread) + 128.5))


def _equalizing(found: NDArray[np.int64]) -> NDArray[np.int64]:
    first = int(np.flatnonzero(found)[0])
    upto = np.cumsum(found)
    most, others = upto - int(found[first]), int(upto[-1] - found[first])
    if others == 0:
        return np.full(256, 128)
    return (2 * 255 * np.maximum(most, 0) + others) // (2 * others)


def _of_luma(image: Image, change: Callable[[Image], Image]) -> Image:
    """A change of a gray plane, done to the luma of a BGR image; a constant image is 128 throughout."""
    if image.ndim == 2:
        return change(image) if image.min() != image.max() else np.full_like(image, 128)
    planes = list(cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)))
    if all(plane.min() == plane.max() for plane in planes):
        return np.full_like(image, 128)
    planes[0] = change(planes[0])
    return cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2BGR)
