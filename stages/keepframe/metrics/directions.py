"""
The directions of edges, as small whole numbers: what stays of a picture when the light changes.

No metric of the catalogue: how much of a change is too much depends on the place, and is learned by the score stage. Pure functions of
arrays; what is said of a pixel is a whole number, so that sums of it are the same in every process.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image

SIGMA = 1.5
"""Of the blur before the slopes are taken, in pixels: below it is the sensor's noise."""
FAINT = 3.0
"""The slope, in gray levels over two pixels, at which a direction counts half: below it is noise of several levels."""
_TAPS = 9
_GAUSS = cv2.getGaussianKernel(_TAPS, SIGMA, cv2.CV_32F)
_NEIGHBOURS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
UNIT = 127.0
"""The length of a direction that is sure."""
_NEAR = np.ones((3, 3), np.uint8)


class Directions(NamedTuple):
    """The slope of every pixel: its direction (127 + 127 x the unit vector, shorter where it is faint) and its strength; uint8 (H, W)."""

    across: Image
    down: Image
    strength: Image

    def bordered(self) -> Directions:
        """As a reference is compared with: a pixel wider on each side, the strength that of the strongest neighbour."""
        planes = self.across, self.down, np.asarray(cv2.dilate(self.strength, _NEAR))
        return Directions(*(moved(plane, 0, 0, border=1) for plane in planes))

    def moved(self, x: int, y: int) -> Directions:
        """As if the camera had moved so that the scene lies so many pixels to the right and down; what comes in is the border."""
        return Directions(*(moved(plane, x, y) for plane in self))


def directions(gray: Image) -> Directions:
    """
    The directions of the edges of a gray image, (H, W) uint8; constant images have none.

    Source: Scharr's and others' gradient orientation, with the length of the vector as its own confidence: g / (|g| + FAINT).

    >>> flat = directions(np.full((4, 4), 9, np.uint8))
    >>> int(flat.across.max()), int(flat.strength.max())
    (127, 0)
    """
    smooth = np.asarray(cv2.sepFilter2D(gray, cv2.CV_32F, _GAUSS, _GAUSS), np.float32)
    x, y = np.empty_like(smooth), np.empty_like(smooth)
    # a smoothed image needs no Sobel: what two pixels differ by is the slope between
    cv2.subtract(smooth[:, 2:], smooth[:, :-2], x[:, 1:-1])
    cv2.subtract(smooth[2:], smooth[:-2], y[1:-1])
    x[:, 0] = x[:, -1] = y[0] = y[-1] = 0
    strength = cv2.magnitude(x, y)
    shorter = np.add(strength, np.float32(FAINT), out=smooth)
    np.divide(np.float32(UNIT), shorter, out=shorter)
    for slope in (x, y):
        np.multiply(slope, shorter, out=slope)
        np.add(slope, np.float32(UNIT + 0.5), out=slope)
    # truncated, and so rounded half up; the strength by half a level less, for OpenCV rounds
    return Directions(
        x.astype(np.uint8), y.astype(np.uint8), np.asarray(cv2.convertScaleAbs(strength, alpha=2, beta=-0.5))
    )


def turned(
    reference: Directions, test: Directions, out: NDArray[np.uint16] | None = None
) -> NDArray[np.uint16]:
    """
    How much the edge of every pixel has turned, come or gone, times its strength: (H, W), 0 = the same.

    reference: bordered. out: where it goes, a new array unless given. Every pixel of the test may look for its like among the four neighbours, so that half a pixel of shaking is none.

    >>> scene = np.random.default_rng(0).integers(0, 256, (32, 48), dtype=np.uint8)
    >>> found = directions(scene)
    >>> turned(found.bordered(), found).shape, int(turned(found.bordered(), found).max())
    ((32, 48), 0)
    """
    height, width = test.strength.shape
    least, apart, down = (np.empty((height, width), np.uint8) for _ in range(3))
    for n, (x, y) in enumerate(_NEIGHBOURS):
        here = np.s_[1 - y : 1 - y + height, 1 - x : 1 - x + width]
        cv2.absdiff(reference.across[here], test.across, apart)
        cv2.absdiff(reference.down[here], test.down, down)
        # beyond 255 is 255
        cv2.add(apart, down, apart if n else least)
        if n:
            cv2.min(least, apart, least)
    strength = cv2.max(reference.strength[1:-1, 1:-1], test.strength)
    return np.multiply(least, strength, out=out, dtype=np.uint16)


def moved(plane: Image, x: int, y: int, border: int = 0) -> Image:
    """
    A plane moved so many pixels to the right and down, and so much wider on each side; what comes in is the border.

    >>> moved(np.array([[1, 2, 3]], np.uint8), 1, 0).tolist()
    [[1, 1, 2]]
    """
    top, bottom, left, right = (max(side, 0) + border for side in (y, -y, x, -x))
    wide = np.asarray(cv2.copyMakeBorder(plane, top, bottom, left, right, cv2.BORDER_REPLICATE))
    height, width = (side + 2 * border for side in plane.shape)
    return wide[max(-y, 0) : max(-y, 0) + height, max(-x, 0) : max(-x, 0) + width]
