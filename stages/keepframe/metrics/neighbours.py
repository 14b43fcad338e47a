"""
Census: which of its eight neighbours a pixel is brighter than, compared pixel by pixel and as a histogram (CENTRIST).

The spatial pyramid and the principal components that CENTRIST adds to classify scenes are not here.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray, gray_pair, one
from keepframe.metrics.recipe import Recipe, as_it_is

# in the order of CENTRIST's authors: reading order, the first neighbour in the highest bit
_NEIGHBOURS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2))


def census_codes(image: Image) -> NDArray[np.uint8]:
    """
    Census transform: for every inner pixel, which of its 8 neighbours it is at least as bright as; (H - 2, W - 2) uint8.

    image: gray, BGR or BGRA, uint8 or uint16 (reduced to 8 bits). The upper left neighbour is bit 7, the lower right bit 0.
        A picture under 3 px is continued by repeating its border.
    Errors: ValueError if it is no such image.
    Source: Zabih, Woodfill 1994, in the order of Wu, Rehg 2011.

    >>> census_codes(np.array([[9, 1, 1], [1, 5, 1], [1, 1, 5]], np.uint8)).tolist()
    [[127]]
    """
    plane = gray(one(image, "census-codes"))
    if min(plane.shape) < 3:
        plane = cv2.copyMakeBorder(plane, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    rows, columns = plane.shape[0] - 2, plane.shape[1] - 2
    centre = np.ascontiguousarray(plane[1:-1, 1:-1])
    codes = np.zeros((rows, columns), np.uint8)
    for bit, (down, across) in enumerate(_NEIGHBOURS):
        brighter = cv2.compare(centre, plane[down : down + rows, across : across + columns], cv2.CMP_GE)
        codes |= np.asarray(brighter, np.uint8) & np.uint8(128 >> bit)
    return codes


def centrist_histogram(image: Image) -> NDArray[np.float64]:
    """
    How often each census code occurs, as shares; (256,) float64. Errors as `census_codes`.

    >>> centrist_histogram(np.zeros((9, 9), np.uint8))[255]
    np.float64(1.0)
    """
    codes = census_codes(image)
    return np.asarray(
        cv2.calcHist([codes], [0], None, [256], [0, 256]).ravel().astype(np.float64) / codes.size
    )


def census(reference: Image, test: Image, *, margin: int = 2, sigma: float = 1.0) -> float:
    """
    Mean share of the eight neighbours whose order with their pixel changed (the Hamming distance of the census codes).

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601. The border
        is repeated.
    margin: a neighbour counts as brighter when it is so by more than this, in gray levels; about twice the noise that the
        blur leaves. sigma: of the Gaussian blur before, in pixels; 0 for none.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: low.
    Blind to: an even change of brightness (without saturation); most changes of light; flat objects, but for their outline.
    When: the light changes; its largest tile separated small objects from light and noise nearly without fault.
    Errors: ValueError if the images differ in size, channels or dtype, or margin or sigma is negative.
    Source: Zabih, Woodfill 1994; margin and blur are ours. Tested against a plain loop over pixels.

    >>> census(np.full((9, 9), 5, np.uint8), np.full((9, 9), 8, np.uint8))
    0.0
    """
    changed = _changed(reference, test, margin, sigma)
    return float(cv2.sumElems(changed)[0]) / (8 * changed.size)


def centrist(reference: Image, test: Image) -> float:
    """
    L1 distance of the histograms of census codes (CENTRIST).

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    Range: 0 to 2.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 2, the share of pixels that would need another code.
    Cost: low.
    Blind to: where anything is; an even change of brightness (without saturation).
    When: two scenes are to be told apart, whatever the light; noise on flat walls counts fully, so blur first.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Wu, Rehg 2011, one level, all 256 codes; tested against a plain loop over pixels.

    >>> centrist(np.full((9, 9), 5, np.uint8), np.full((9, 9), 8, np.uint8))
    0.0
    """
    a, b = gray_pair(reference, test, "centrist")
    return float(np.abs(centrist_histogram(a) - centrist_histogram(b)).sum())


def _changed(reference: Image, test: Image, margin: int, sigma: float) -> NDArray[np.uint8]:
    """How many of the eight bits changed at every pixel."""
    a, b = gray_pair(reference, test, "census")
    if margin < 0 or sigma < 0:
        raise ValueError(f"census: expected margin and sigma of at least 0, got {margin} and {sigma}")
    if sigma:
        a, b = cv2.GaussianBlur(a, (0, 0), sigma), cv2.GaussianBlur(b, (0, 0), sigma)
    changed = np.zeros(a.shape, np.uint8)
    for bits_a, bits_b in zip(_brighter(a, margin), _brighter(b, margin), strict=True):
        # 255 stands for a set bit: subtracting it adds 1
        changed -= bits_a ^ bits_b
    return changed


def _brighter(plane: Image, margin: int) -> Iterator[NDArray[np.uint8]]:
    """For each neighbour: 255 where it is brighter than its pixel by more than the margin, else 0."""
    rows, columns = plane.shape
    framed = cv2.copyMakeBorder(plane, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    bar = cv2.add(plane, np.full_like(plane, min(margin, 255)))
    for down, across in _NEIGHBOURS:
        neighbour = framed[down : down + rows, across : across + columns]
        yield np.asarray(cv2.compare(neighbour, bar, cv2.CMP_GT), np.uint8)


def _changed_map(reference: Image, test: Image) -> NDArray[np.float32]:
    return _changed(reference, test, 2, 1.0) * np.float32(1 / 8)


METRICS = (
    Recipe(census, as_it_is, _changed_map),
    Recipe(centrist, lambda value, _reference: value / 2),
)
