"""
Two pictures, however they are given, compared as `keepframe compare` does it.

What counts as a difference is the business of keepframe.metrics.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from keepframe.keeper.given import Given, pixels_of
from keepframe.metrics.comparison import Comparison
from keepframe.metrics.comparison import compare as compared
from keepframe.picture import Image


def compare(reference: Given, test: Given, metrics: Sequence[str] | None = None) -> Comparison:
    """
    Whether, where and how much two pictures differ: `changed`, a `sentence`, `metrics`, `scores` (0 = same), `boxes`, `share`.

    reference, test: arrays (gray or BGR, uint8), Pillow images, paths, or the bytes of image files, of one size; if one of them is in
    colour both are compared in colour. metrics: names as `keepframe metrics` lists them; a small choice unless given.
    Even light, noise and a small movement of the camera are no change. Raises ValueError for pictures of two sizes and for an unknown
    name, else what reading a picture raises (TypeError, OSError, PictureError).

    >>> import numpy as np
    >>> compare(np.zeros((32, 32), np.uint8), np.zeros((32, 32, 3), np.uint8)).sentence
    'the same: every pixel is equal'
    """
    images = alike(pixels_of(reference), pixels_of(test))
    (height, width), (other_height, other_width) = (image.shape[:2] for image in images)
    if (height, width) != (other_height, other_width):
        raise ValueError(
            f"compare: expected pictures of one size, got {width}x{height} and {other_width}x{other_height}; resize one of them"
        )
    return compared(*images, metrics)


def alike(reference: Image, test: Image) -> tuple[Image, Image]:
    """
    Both in colour if one of them is.

    >>> import numpy as np
    >>> [image.ndim for image in alike(np.zeros((1, 1), np.uint8), np.zeros((1, 1, 3), np.uint8))]
    [3, 3]
    """
    if reference.ndim == test.ndim:
        return reference, test
    first, second = (
        image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) for image in (reference, test)
    )
    return first, second
