"""
The image as its outlines: the strength of its edges, and black and white by a threshold.

Comparing edges is a metric's business; a threshold on a score the score stage's.
"""

from typing import Literal, get_args

import cv2
import numpy as np

from keepframe.frame import Frame
from keepframe.metrics import gradient_magnitude
from keepframe.picture import Image
from keepframe.preprocess.levels import counts

Operator = Literal["sobel", "scharr", "prewitt"]


def edges(frame: Frame, *, operator: Operator = "sobel") -> Frame:
    """
    The frame with the strength of its edges as image: (H, W) uint8, 0 where it is even; colour becomes gray by Rec. 601.

    operator: how the slopes are smoothed: "sobel" (1, 2, 1), "scharr" (3, 10, 3), "prewitt" (1, 1, 1). The strength is the
    root of the mean of both squared slopes, in levels over two pixels, rounded to the nearest level; borders are mirrored.
    An even change of light (without saturation) changes nothing. Noise has edges: blur first.
    Raises ValueError for another operator.

    >>> step = np.array([[0, 0, 80, 80]] * 3, np.uint8)
    >>> edges(Frame().with_image(step)).image[1].tolist()
    [0, 57, 57, 0]
    """
    if operator not in get_args(Operator):
        raise ValueError(f'edges: unknown operator "{operator}"; known: {", ".join(get_args(Operator))}')
    strength = gradient_magnitude(frame.image, operator=operator)
    strength += np.float32(0.5)
    return frame.with_image(np.minimum(strength, np.float32(255)).astype(np.uint8))


def threshold(frame: Frame, *, level: int | Literal["otsu"] = "otsu") -> Frame:
    """
    The frame with its image in black and white: 255 above the level, 0 up to it; (H, W) uint8; colour becomes gray by Rec. 601.

    level: 0 to 254; or "otsu": the level that parts the picture's own levels best (the largest variance between both parts,
    the lowest of equals), another one for each picture. A constant image then becomes 0 throughout.
    Raises ValueError for another level.
    Source: Otsu 1979; tested against its formula and skimage.filters.threshold_otsu.

    >>> threshold(Frame().with_image(np.array([[9, 10, 11]], np.uint8)), level=10).image.tolist()
    [[0, 0, 255]]
    """
    if level != "otsu" and not (isinstance(level, int) and 0 <= level <= 254):
        raise ValueError(f'threshold: expected level from 0 to 254, or "otsu", got {level!r}')
    image = frame.image
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    above = _otsu(gray) if isinstance(level, str) else level
    return frame.with_image(cv2.threshold(gray, above, 255, cv2.THRESH_BINARY)[1])


def _otsu(gray: Image) -> int:
    """The level with the largest variance between what is above it and the rest; 255 for a constant image."""
    found = counts(gray)
    below, light_below = np.cumsum(found)[:-1], np.cumsum(found * np.arange(256))[:-1]
    above, light_above = gray.size - below, int(found @ np.arange(256)) - light_below
    parted = (below > 0) & (above > 0)
    if not parted.any():
        return 255
    # both means in float64, each divided once: the same on every machine
    gap = light_above[parted] / above[parted] - light_below[parted] / below[parted]
    shares = below[parted].astype(np.float64) * above[parted]
    return int(np.flatnonzero(parted)[np.argmax(shares * gap * gap)])
