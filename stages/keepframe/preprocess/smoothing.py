"""
The image with its noise smoothed.

Sizes are those of the image it gets: a blur behind a downsample is a small one, and cheap.
"""

from typing import Literal, get_args

import cv2
import numpy as np

from keepframe.frame import Frame
from keepframe.picture import Image

Kind = Literal["gaussian", "box", "median", "bilateral"]

_MAX_SIGMA = {"gaussian": 100.0, "bilateral": 20.0}
_MAX_SIZE = 255


def blur(
    frame: Frame,
    *,
    sigma: float | None = None,
    kind: Kind = "gaussian",
    size: int | None = None,
    levels: float = 25.0,
) -> Frame:
    """
    The frame with its image blurred; gray or BGR, size and type stay. Borders are mirrored (a median repeats them).

    kind: "gaussian" or "bilateral" (pixels count less the more levels they differ, so edges stay) need a sigma; "box" (the mean
    of a square) or "median" (of each channel: takes out single hot pixels and keeps edges) a size.
    sigma: standard deviation in pixels of this image, above 0 up to 100 (bilateral: 20); the kernel of a Gaussian reaches 3
    sigma, of a bilateral one 1.5. size: side of the square in pixels, odd, 1 to 255. levels: how far levels may differ to be
    blurred into each other, as a standard deviation; above 0; of a bilateral blur alone.
    A Gaussian is computed in integers (weights in 256ths: within 1.5 levels of the formula), the others to the nearest level.
    Equal images give equal images, however they lie in memory.
    Raises ValueError for another kind, sigma, size or levels, and for a size where a sigma is needed or the reverse.

    >>> dot = np.zeros((3, 3), np.uint8); dot[1, 1] = 100
    >>> int(blur(Frame().with_image(dot), sigma=0.5).image[1, 1])
    62
    """
    if kind not in get_args(Kind):
        raise ValueError(f'blur: unknown kind "{kind}"; known: {", ".join(get_args(Kind))}')
    if not 0 < levels < float("inf"):
        raise ValueError(f"blur: expected levels above 0, got {levels:g}")
    if kind in _MAX_SIGMA:
        return frame.with_image(_weighed(frame.image, kind, _sigma(kind, sigma, size), levels))
    side = _side(kind, sigma, size)
    image = frame.image
    return frame.with_image(cv2.blur(image, (side, side)) if kind == "box" else cv2.medianBlur(image, side))


def _weighed(image: Image, kind: str, sigma: float, levels: float) -> Image:
    if kind == "gaussian":
        return cv2.GaussianBlur(image, (0, 0), sigma)
    # in float32 and rounded once: OpenCV's form for uint8 makes 254 of an even 255, and not everywhere
    side = 2 * max(1, round(1.5 * sigma)) + 1
    blurred = np.asarray(cv2.bilateralFilter(image.astype(np.float32), side, levels, sigma), np.float32)
    blurred += np.float32(0.5)
    return blurred.astype(np.uint8)


def _sigma(kind: str, sigma: float | None, size: int | None) -> float:
    if sigma is None or size is not None:
        got = "none" if sigma is None else "a size too"
        raise ValueError(f"blur: a {kind} one needs a sigma in pixels, and no size; got {got}")
    if not 0 < sigma <= _MAX_SIGMA[kind]:
        raise ValueError(f"blur: expected sigma above 0 up to {_MAX_SIGMA[kind]:g} pixels, got {sigma:g}")
    return sigma


def _side(kind: str, sigma: float | None, size: int | None) -> int:
    if size is None or sigma is not None:
        got = "none" if size is None else "a sigma too"
        raise ValueError(f"blur: a {kind} one needs a size in pixels, and no sigma; got {got}")
    if not 1 <= size <= _MAX_SIZE or size % 2 == 0:
        raise ValueError(f"blur: expected size to be an odd number from 1 to {_MAX_SIZE} pixels, got {size}")
    return size
