"""
Errors of whole bands, as remote sensing counts them: ERGAS and the spectral angle.

The same in sliding windows is `windows`; quality without a reference is `fusion`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, levels, pair
from keepframe.metrics.pixel import squared_difference
from keepframe.metrics.recipe import Recipe
from keepframe.metrics.structure import channels

_RATIO = 0.25


def ergas(reference: Image, test: Image, *, ratio: float = _RATIO, compatible: bool = False) -> float:
    """
    Relative global error of synthesis: the errors of all channels, each in percent of its mean in the reference, times a ratio.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16.
    ratio: of the pixel sizes of the fused and the coarse picture; a factor, nothing more.
    compatible: as sewar: a nearly black channel divides by next to nothing; a black one is an error here, where sewar returns
        inf or NaN. Else a mean under one gray level (of 255) counts as one.
    Range: 0 to 6375 (ratio 1/4). Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 25, the relative error with ratio 1/4.
    Cost: trivial.
    Blind to: a small object in a large picture; where the difference is.
    When: the number must compare with the literature on fused satellite images; under 3 is called good there.
    Errors: ValueError if the images differ in size, channels or dtype, ratio is not positive, or with compatible=True if a channel
        of the reference is black.
    Source: Wald 2000; equals sewar 0.4.10's ergas; tested against it.

    >>> ergas(np.full((2, 2), 100, np.uint8), np.full((2, 2), 110, np.uint8))
    2.5
    """
    a, b = pair(reference, test, "ergas")
    if not ratio > 0:
        raise ValueError(f"ergas: expected ratio above 0, got {ratio}")
    relative = []
    for x, y in channels(a, b):
        mean = float(x.mean(dtype=np.float64))
        if compatible and mean == 0:
            raise ValueError("ergas: expected no black channel in reference, got one; use compatible=False")
        floor = 0.0 if compatible else levels(a) / 255
        relative.append(squared_difference(x, y) / x.size / max(mean, floor) ** 2)
    return 100 * ratio * math.sqrt(sum(relative) / len(relative))


def sam(reference: Image, test: Image) -> float:
    """
    Spectral angle: mean angle between the colours of both images, in radians.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16.
    Range: 0 to 1.571 (a right angle). Black pixels have no angle and do not count; without any others it is 0.
    Identical: 0.
    Direction: higher is more different.
    Score: value / (pi / 2).
    Cost: medium.
    Blind to: brightness and contrast, pixel by pixel; everything in gray pictures.
    When: colours matter and light does not.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Kruse et al. 1993, Yuhas et al. 1992; equals sewar 0.4.10's sam, which gives NaN where no pixel counts; tested
        against it.

    >>> round(sam(np.full((2, 2, 3), (9, 0, 0), np.uint8), np.full((2, 2, 3), (9, 9, 0), np.uint8)), 4)
    0.7854
    """
    a, b = (_colours(image) for image in pair(reference, test, "sam"))
    if a.ndim == 2:
        return 0.0
    # with the wedge the angle is exactly 0 for parallel colours, where the arc of a cosine near 1 is rounding
    dot = np.einsum("ijk,ijk->ij", a, b)
    b0, g0, r0 = (a[:, :, channel] for channel in range(3))
    b1, g1, r1 = (b[:, :, channel] for channel in range(3))
    wedge = (b0 * g1 - g0 * b1) ** 2 + (g0 * r1 - r0 * g1) ** 2 + (r0 * b1 - b0 * r1) ** 2
    # the arc of 0 over 0 is 0, so black pixels add nothing
    count = int(np.count_nonzero(a.any(axis=2) & b.any(axis=2)))
    return float(np.arctan2(np.sqrt(wedge), dot).sum()) / count if count else 0.0


def _colours(image: Image) -> NDArray[np.float64]:
    if image.ndim == 3 and image.shape[2] == 4:
        image = image[:, :, :3]
    return image.astype(np.float64)


METRICS = (
    Recipe(ergas, lambda value, _reference: value / (100 * _RATIO)),
    Recipe(sam, lambda value, _reference: value * 2 / math.pi),
)
