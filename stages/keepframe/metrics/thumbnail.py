"""
Comparison of small thumbnails, pixel by pixel, with the three poolings the thread left open.

Hashes and correlations of thumbnails live with the hashes and the correlations.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, channel_mean, eight_bit, pair
from keepframe.metrics.norms import differing
from keepframe.metrics.recipe import Recipe
from keepframe.metrics.shrink import shrunk

_SIDE = 64


def thumbnail_mean(reference: Image, test: Image, *, side: int = _SIDE) -> float:
    """
    Mean absolute difference of square thumbnails, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); all channels count alike.
    side: of the thumbnail in pixels; the aspect is squashed.
    Range: 0 to 255.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: low.
    Blind to: a small object; an object smaller than a pixel of the thumbnail above all.
    When: noise is strong, above all at night: averaging takes it away.
    Errors: ValueError if the images differ in size, channels or dtype, or side is below 1.
    Source: Ates Goral's answer, resampled by area; tested against exact areas and Pillow's BOX to a level.

    >>> thumbnail_mean(np.zeros((99, 99), np.uint8), np.full((99, 99), 4, np.uint8))
    4.0
    """
    a, b = _thumbnails(reference, test, side, "thumbnail-mean")
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def thumbnail_max(reference: Image, test: Image, *, side: int = _SIDE) -> float:
    """
    Largest difference of any sample of square thumbnails, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits).
    side: of the thumbnail in pixels; the aspect is squashed.
    Range: 0 to 255.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: low.
    Blind to: how many places changed; objects much smaller than a pixel of the thumbnail.
    When: a small object must not be missed and the camera stands still; swaying leaves are a change to it.
    Errors: ValueError if the images differ in size, channels or dtype, or side is below 1.
    Source: Ates Goral's answer and the comments below it; tested as thumbnail-mean.

    >>> thumbnail_max(np.zeros((99, 99), np.uint8), np.full((99, 99), 4, np.uint8))
    4.0
    """
    return float(cv2.norm(*_thumbnails(reference, test, side, "thumbnail-max"), cv2.NORM_INF))


def thumbnail_count(reference: Image, test: Image, *, side: int = _SIDE, tolerance: int = 16) -> float:
    """
    How many pixels of square thumbnails differ in any channel by more than a tolerance.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits).
    side: of the thumbnail in pixels. tolerance: in gray levels.
    Range: 0 to side².
    Identical: 0.
    Direction: higher is more different.
    Score: value / 4096, the share of the 64x64 thumbnail.
    Cost: low.
    Blind to: changes below the tolerance; objects much smaller than a pixel of the thumbnail.
    When: how large a part changed, with noise averaged away.
    Errors: ValueError if the images differ in size, channels or dtype, or side is below 1.
    Source: Ates Goral's answer and the comments below it; tested as thumbnail-mean.

    >>> thumbnail_count(np.zeros((99, 99), np.uint8), np.full((99, 99), 20, np.uint8))
    4096.0
    """
    a, b = _thumbnails(reference, test, side, "thumbnail-count")
    return float(np.count_nonzero(differing(a, b, tolerance)))


def _thumbnails(reference: Image, test: Image, side: int, where: str) -> tuple[Image, Image]:
    if side < 1:
        raise ValueError(f"{where}: expected side of at least 1 pixel, got {side}")
    a, b = pair(reference, test, where)
    return shrunk(eight_bit(a), side, side), shrunk(eight_bit(b), side, side)


def _thumbnail_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = _thumbnails(reference, test, _SIDE, "thumbnail-mean")
    return channel_mean(cv2.absdiff(a, b)) * np.float32(1 / 255)


METRICS = (
    Recipe(thumbnail_mean, lambda value, _reference: value / 255, _thumbnail_map),
    Recipe(thumbnail_max, lambda value, _reference: value / 255),
    Recipe(thumbnail_count, lambda value, _reference: value / _SIDE**2),
)
