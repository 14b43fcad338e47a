"""
Comparison of two pictures of a camera that moved: the length of the shift, and what differs in the overlap.

Whole translations of the picture only; finding them is `registration`, what moves inside the picture `motion`. Warping frames
in a pipeline belongs to preprocess.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray_pair
from keepframe.metrics.recipe import Recipe
from keepframe.metrics.registration import TRUSTED, Method, Shift, shift


def overlap(reference: Image, test: Image, moved: Shift) -> tuple[Image, Image]:
    """
    The part of the scene both images show, the test moved back by the shift (linear interpolation), both in gray uint8.

    Shift of half a side or more: the images as they are.

    >>> [image.shape for image in overlap(*np.zeros((2, 9, 9), np.uint8), Shift(2, -1, 1))]
    [(8, 7), (8, 7)]
    """
    a, b = gray_pair(reference, test, "overlap")
    rows, columns = _kept(a.shape[0], moved.y), _kept(a.shape[1], moved.x)
    if rows is None or columns is None:
        return a, b
    matrix = np.array([[1, 0, moved.x], [0, 1, moved.y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(b, matrix, (a.shape[1], a.shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(a[rows, columns]), np.ascontiguousarray(back[rows, columns])


def phase_shift(reference: Image, test: Image) -> float:
    """
    Length of the shift found by phase correlation, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    Range: 0 to half the diagonal; 0 for constant images and sides below 8 px.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: low.
    Blind to: everything but a translation of the whole picture.
    When: asking whether the camera was knocked; look at the response before trusting it.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Kuglin, Hines 1975 with a Hann window, between pixels by Foroosh 2002; tested against skimage's phase_cross_correlation.

    >>> phase_shift(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    return _length(shift(reference, test, method="phase"))


def cross_correlation_shift(reference: Image, test: Image) -> float:
    """
    Length of the shift at the peak of the cross-correlation, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    Range: 0 to the diagonal; 0 for constant images and sides below 8 px.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: medium.
    Blind to: everything but a translation; a bright object pulls it more than structure does.
    When: the pictures are so noisy that phase correlation finds nothing.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: argmax of scipy.signal.correlate of the images less their means; tested against it.

    >>> cross_correlation_shift(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    return _length(shift(reference, test, method="cross-correlation"))


def ecc_shift(reference: Image, test: Image) -> float:
    """
    Length of the shift that maximises the enhanced correlation coefficient, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    Range: 0 to the diagonal; 0 for constant images, sides below 8 px, and where it does not converge. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: medium.
    Blind to: everything but a translation.
    When: a hundredth of a pixel matters.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Evangelidis, Psarakis 2008, cv2.findTransformECC; tested on known shifts.

    >>> ecc_shift(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    return _length(shift(reference, test, method="ecc"))


def aligned_difference(reference: Image, test: Image, *, method: Method = "phase") -> float:
    """
    Mean absolute difference in the overlap after undoing the camera's shift, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    method: as in shift. A response below 0.3 or a shift above an eighth of the side is not believed, and not undone.
    Range: 0 to 255. Not symmetric: the test is the one that is interpolated.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: medium.
    Blind to: a shift of the whole picture, on purpose; what the overlap leaves out.
    When: the camera shakes.
    Errors: ValueError if the images differ in size, channels or dtype, or the method is unknown.
    Source: sastanin's second question ("run cross-correlation first"); tested on known shifts.

    >>> aligned_difference(np.full((9, 9), 5, np.uint8), np.full((9, 9), 8, np.uint8))
    3.0
    """
    moved = shift(reference, test, method=method)
    if not _is_believed(moved, reference.shape):
        moved = Shift(0.0, 0.0, 0.0)
    a, b = overlap(reference, test, moved)
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def _aligned_map(reference: Image, test: Image) -> NDArray[np.float32]:
    moved = shift(reference, test)
    difference = np.zeros(reference.shape[:2], np.float32)
    if not _is_believed(moved, reference.shape):
        moved = Shift(0.0, 0.0, 0.0)
    a, b = overlap(reference, test, moved)
    rows, columns = _kept(reference.shape[0], moved.y), _kept(reference.shape[1], moved.x)
    if rows is not None and columns is not None:
        difference[rows, columns] = cv2.absdiff(a, b) / np.float32(255)
    return difference


def _is_believed(moved: Shift, shape: tuple[int, ...]) -> bool:
    # a wrong shift undone hides a real change
    return moved.response >= TRUSTED and max(abs(moved.x), abs(moved.y)) <= min(shape[:2]) / 8


def _kept(length: int, moved: float) -> slice | None:
    """Rows (or columns) of the reference that the test shows too; None if fewer than half are left."""
    # what is less than a hundredth of a pixel is not worth a row
    lost = math.ceil(abs(moved) - 0.01)
    if 2 * lost >= length:
        return None if lost else slice(0, length)
    return slice(0, length - lost) if moved > 0 else slice(lost, length)


def _length(moved: Shift) -> float:
    return math.hypot(moved.x, moved.y)


def _share_of_side(value: float, reference: Image) -> float:
    return float(value / min(reference.shape[:2]))


METRICS = (
    Recipe(phase_shift, _share_of_side),
    Recipe(cross_correlation_shift, _share_of_side),
    Recipe(ecc_shift, _share_of_side),
    Recipe(aligned_difference, lambda value, _reference: value / 255, _aligned_map),
)
