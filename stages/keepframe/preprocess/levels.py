"""
The image stretched to the full range of gray levels.

A method that depends on the place in the image (CLAHE, flat fields) is not here: it would make its own changes.
"""

from typing import Literal, get_args

import cv2
import numpy as np

from keepframe.frame import Frame
from keepframe.picture import Image

Method = Literal["percentile", "min-max"]


def normalize(
    frame: Frame,
    *,
    method: Method = "percentile",
    low: float = 1.0,
    high: float = 99.0,
    min_spread: int = 32,
) -> Frame:
    """
    The frame with its levels stretched linearly to 0..255, the same for all channels; what lies outside is cut off; uint8.

    method: "percentile": from the low to the high percentile of the levels (percent, 0 to 100, low below high);
    "min-max": from the smallest to the largest level, where one hot pixel decides: percentile is the steadier.
    min_spread: 1 to 255 levels. An image with fewer between the two is stretched as if it had that many around its middle, so
    a dark picture's noise does not become a picture, and a constant image becomes 128 throughout.
    Raises ValueError for another method, low, high or min_spread.

    >>> import numpy as np
    >>> normalize(Frame().with_image(np.array([[100, 150, 200]], np.uint8)), method="min-max").image.tolist()
    [[0, 128, 255]]
    """
    _check(method, low, high, min_spread)
    image = frame.image
    first, last = _ends(image, *((0.0, 100.0) if method == "min-max" else (low, high)))
    spread = max(last - first, min_spread)
    # doubled so that all is in integers: the middle may lie between two levels, and halves round up on every machine
    above_start = 2 * np.arange(256) - (first + last - spread)
    table = (above_start * 255 + spread) // (2 * spread)
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


def _ends(image: Image, low: float, high: float) -> tuple[int, int]:
    """The levels at two percentiles: the smallest level that at least this share of all samples does not exceed."""
    # one plane of all channels; calcHist copies what does not lie in one piece
    plane = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    counts = cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel()
    upto = np.cumsum(counts.astype(np.int64))
    ranks = [max(1.0, share / 100 * int(upto[-1])) for share in (low, high)]
    first, last = np.searchsorted(upto, ranks)
    return int(first), int(last)
