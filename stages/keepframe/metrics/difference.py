"""
The difference as a picture, its bounding box, and the two packages that sum it up: diffimg and imgcompare.

Drawing for people (outlines, heat maps, side by side) is the command line's work.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, eight_bit, levels, pair
from keepframe.metrics.norms import differing
from keepframe.metrics.recipe import Recipe, as_it_is
from keepframe.metrics.tiles import Box


def difference_picture(reference: Image, test: Image) -> Image:
    """
    The absolute difference of every sample, as a picture of the same shape and dtype.

    Errors: ValueError if the images differ in size, channels or dtype.
    Source: PIL.ImageChops.difference, tested against it.

    >>> difference_picture(np.array([[1, 9]], np.uint8), np.array([[3, 4]], np.uint8))
    array([[2, 5]], dtype=uint8)
    """
    a, b = pair(reference, test, "difference-picture")
    difference: Image = cv2.absdiff(a, b)
    return difference


def difference_box(reference: Image, test: Image, *, tolerance: int = 0) -> Box | None:
    """
    The smallest box around all pixels that differ in any channel by more than the tolerance; None if none does.

    tolerance: in gray levels; with 0, noise makes it the whole picture.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: PIL's difference(a, b).getbbox(), which gives right and lower edge instead of width and height, and looks at
        alpha alone for RGBA (a change of colour gives None there, its box here); tested against it.

    >>> difference_box(np.zeros((4, 5), np.uint8), np.eye(4, 5, 2, dtype=np.uint8))
    Box(x=2, y=0, width=3, height=3)
    """
    changed = differing(*pair(reference, test, "difference-box"), tolerance)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if rows.size == 0:
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1))


def bounding_box(reference: Image, test: Image, *, tolerance: int = 0) -> float:
    """
    Share of the picture that the bounding box of all differences covers.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    tolerance: in gray levels; a pixel counts if any channel differs by more.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: trivial.
    Blind to: how much and how many pixels differ inside; one noisy pixel in each corner makes it 1.
    When: pictures without noise, screens and renderings; with a tolerance above the noise otherwise.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: elifiner's answer, ImageChops.difference(a, b).getbbox(); tested against Pillow.

    >>> bounding_box(np.zeros((4, 5), np.uint8), np.eye(4, 5, 2, dtype=np.uint8))
    0.45
    """
    box = difference_box(reference, test, tolerance=tolerance)
    height, width = reference.shape[:2]
    return 0.0 if box is None else box.width * box.height / float(height * width)


def diffimg_ratio(reference: Image, test: Image) -> float:
    """
    Mean absolute difference over pixels and channels, alpha too, as a ratio.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: trivial.
    Blind to: what mean-absolute-difference is blind to; it is that divided by 255.
    When: a threshold found with diffimg must stay valid.
    Errors: ValueError if the images differ in size (diffimg resizes the second silently), channels or dtype.
    Source: nicolashahn's diffimg 0.3.0, tested against it. Its answer's example is off: a red pixel on white differs in two
        of three channels, so it is 0.667 % of a 10x10 picture, not 0.33 %.

    >>> diffimg_ratio(np.zeros((2, 2), np.uint8), np.full((2, 2), 51, np.uint8))
    0.2
    """
    a, b = pair(reference, test, "diffimg-ratio")
    return float(cv2.norm(a, b, cv2.NORM_L1)) / (a.size * levels(a))


def imgcompare_percent(reference: Image, test: Image) -> float:
    """
    Mean gray value of the difference picture, in percent of white.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha ignored), uint8 or uint16 (reduced to 8 bits).
    Range: 0 to 100.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 100.
    Cost: low.
    Blind to: a small object in a large picture; blue counts a ninth.
    When: a tolerance found with imgcompare's is_equal must stay valid (same if the value is at most the tolerance).
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: datenbahn's imgcompare 2.0.1, exact; it makes the difference gray, which is not the difference of the grays.

    >>> imgcompare_percent(np.zeros((2, 2), np.uint8), np.full((2, 2), 51, np.uint8))
    20.0
    """
    a, b = pair(reference, test, "imgcompare-percent")
    a, b = eight_bit(a), eight_bit(b)
    if a.ndim == 2:
        return float(cv2.norm(a, b, cv2.NORM_L1)) / (a.size * 255) * 100
    total = int(pillow_gray(cv2.absdiff(bgr(a), bgr(b))).sum(dtype=np.int64))
    return total / float(a.shape[0] * a.shape[1] * 255) * 100


def pillow_gray(image: Image) -> NDArray[np.uint8]:
    """
    Gray of a BGR uint8 image exactly as Pillow's convert("L") has it; OpenCV differs by 1 in one pixel of 1500.

    >>> pillow_gray(np.full((1, 1, 3), (255, 0, 0), np.uint8))
    array([[29]], dtype=uint8)
    """
    if image.ndim == 2:
        return image
    blue, green, red = (image[:, :, channel].astype(np.uint32) for channel in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)


METRICS = (
    Recipe(bounding_box, as_it_is),
    Recipe(diffimg_ratio, as_it_is),
    Recipe(imgcompare_percent, lambda value, _reference: value / 100),
)
