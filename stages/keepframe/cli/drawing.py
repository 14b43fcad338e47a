"""
A picture of a difference for people: both sides next to each other, what differs outlined in both, and a heat map of it.

What differs is found by keepframe.metrics.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from keepframe.metrics import Box
from keepframe.picture import Image

OUTLINE = (0, 220, 255)
"""BGR: yellow, seen on light and dark."""
EDGE = (0, 0, 0)


def side_by_side(reference: Image, test: Image, boxes: Iterable[Box]) -> Image:
    """
    Both images in one, the reference on the left, a heat map on the right: (H, 3 W + 2 gaps, 3) BGR, uint8; neither is changed.

    reference, test: (H, W) or (H, W, 3) BGR, uint8, of one size. boxes: outlined in both, just outside of what differs.

    >>> side_by_side(np.zeros((10, 20), np.uint8), np.zeros((10, 20), np.uint8), [Box(2, 2, 3, 3)]).shape
    (10, 68, 3)
    """
    left, right = (
        cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
        for image in (reference, test)
    )
    heat = heat_map(left, right)
    thick = max(1, round(max(left.shape[:2]) / 400))
    for box in boxes:
        for image in (left, right):
            _outline(image, box, thick)
    gap = np.full((left.shape[0], 4 * thick, 3), 255, np.uint8)
    return np.hstack([left, gap, right, gap, heat])


def heat_map(reference: Image, test: Image) -> Image:
    """
    Where two BGR images differ, from dark to bright, over the faded reference: (H, W, 3) BGR, uint8.

    The brightest is the largest difference there is, but at least 32 levels, so that noise stays dark.
    """
    difference = cv2.absdiff(reference, test).max(axis=2)
    top = max(32, int(difference.max()))
    heat = cv2.applyColorMap(cv2.convertScaleAbs(difference, alpha=255 / top), cv2.COLORMAP_INFERNO)
    faded = cv2.cvtColor(cv2.cvtColor(reference, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) // 3
    return cv2.max(heat, faded)


def _outline(image: Image, box: Box, thick: int) -> None:
    """Yellow with a thin dark edge, so that it is seen on everything."""
    margin = (thick + 3) // 2 + 1  # OpenCV draws a line of t pixels (t + 1) // 2 to each side
    corner = box.x - margin, box.y - margin
    opposite = box.x + box.width - 1 + margin, box.y + box.height - 1 + margin
    cv2.rectangle(image, corner, opposite, EDGE, thick + 2)
    cv2.rectangle(image, corner, opposite, OUTLINE, thick)
