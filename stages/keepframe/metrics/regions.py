"""
Where two pictures differ beyond light, noise and a camera that moved a little: regions for people to look at.

One picture against one other, with fixed tolerances. A camera's own noise is learned by the score stage, which decides
better because it has seen more.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, eight_bit, gray, pair
from keepframe.metrics.registration import TRUSTED, Shift, shift
from keepframe.metrics.shrink import shrunk
from keepframe.metrics.tiles import Box

# a difference below this many gray levels is never a region: JPEG and sensors reach it
_TOLERANCE = 15.0
# a region needs one pixel beyond this: what a lossy coder leaves in a still scene stays below it
_SEED = 25.0
# a region below this share of the pixels (and below 9 of them) is a speck
_SMALLEST_SHARE = 1e-4
_SMALLEST_PIXELS = 9
_ALIGN_SIDE = 270


class Light(NamedTuple):
    """The even change of light from the reference to the test, in gray levels: test = gain * reference + offset."""

    gain: float
    offset: float
    step: float
    """How much brighter the picture became, in gray levels (its mean, changed regions left out)."""


class Regions(NamedTuple):
    """What differs: boxes in the reference's pixels (largest first), their share, the light and the camera's shift."""

    boxes: list[Box]
    share: float
    light: Light
    moved: Shift


def changed_regions(reference: Image, test: Image) -> Regions:
    """
    Regions that differ after an even change of light, noise and a shift of the whole picture are taken out.

    Takes gray, BGR or BGRA (alpha ignored), uint8 or uint16 (reduced to 8 bits).
    A pixel differs if, in any channel, it lies outside what the 3x3 neighbourhood of the other picture shows, by more than 15
    gray levels and five times the noise. Differing pixels that nearly touch are one region; specks are dropped, and regions
    without a pixel 10 levels beyond that.
    share: of the picture, by pixels in the regions, 0 to 1.
    Errors: ValueError if the images differ in size, channels or dtype.

    >>> black = np.zeros((32, 32), np.uint8); spot = black.copy(); spot[20:28, 4:12] = 200
    >>> changed_regions(black, spot).boxes
    [Box(x=4, y=20, width=8, height=8)]
    """
    a, b = (eight_bit(image) for image in pair(reference, test, "changed-regions"))
    moved = _camera_shift(a, b)
    rows, columns = _seen_in_both(len(a), round(moved.y)), _seen_in_both(a.shape[1], round(moved.x))
    a, b = _part(a, rows[0], columns[0]), _part(b, rows[1], columns[1])
    light = even_light(gray(a), gray(b))
    strength = np.zeros(a.shape[:2], np.float32)
    for channel in range(1 if a.ndim == 2 else 3):
        plane_a, plane_b = (image if image.ndim == 2 else image[:, :, channel] for image in (a, b))
        # every channel has its own light: a lamp has a colour
        fitted = even_light(plane_a, plane_b)
        strength = np.maximum(strength, _outside(plane_a, plane_b, fitted))
    boxes, share = _boxes(strength, rows[0].start, columns[0].start)
    return Regions(boxes, share, light, moved)


def even_light(reference: Image, test: Image) -> Light:
    """
    Gain and offset that make the reference look like the test, by least squares without what differs most.

    reference, test: gray uint8 of one shape. The gain stays within a factor of 2; a constant reference gives gain 1.

    >>> even_light(np.arange(64, dtype=np.uint8).reshape(8, 8), np.arange(64, dtype=np.uint8).reshape(8, 8) + 9)
    Light(gain=1.0, offset=9.0, step=9.0)
    """
    height, width = reference.shape
    factor = max(1, min(height, width) // 64)
    size = max(1, width // factor), max(1, height // factor)
    x, y = (shrunk(image, *size).astype(np.float64).ravel() for image in (reference, test))
    # what is saturated in either says nothing about the light
    usable = (np.minimum(x, y) > 2) & (np.maximum(x, y) < 253)
    if np.count_nonzero(usable) >= max(16, x.size // 10):
        x, y = x[usable], y[usable]
    # whole numbers, so that their sums are exact whatever adds them up
    columns = np.ones((5, len(x)))
    columns[1], columns[2] = x, y
    np.multiply(x, columns[1:3], out=columns[3:])
    gain, offset = 1.0, _median(y - x)
    inliers = _close(x, y, gain, offset)
    for _ in range(4):
        gain, offset, step = _line(columns, inliers)
        before, inliers = inliers, _close(x, y, gain, offset)
        if before.tobytes() == inliers.tobytes():
            break
    else:
        _, _, step = _line(columns, inliers)
    return Light(round(gain, 6), round(offset, 6), round(step, 6))


def _close(x: NDArray[np.float64], y: NDArray[np.float64], gain: float, offset: float) -> NDArray[np.bool_]:
    residual = y - gain * x
    residual -= offset
    np.abs(residual, out=residual)
    # never fewer than half: the light is what most of the picture did
    return residual <= max(2.5 * 1.4826 * _median(residual), 1.0)


def _line(columns: NDArray[np.float64], inliers: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Gain and offset of the line through the points, and how much higher y is on the whole."""
    count, x, y, xx, xy = (columns @ inliers.astype(np.float64)).tolist()
    variance = (count * xx - x * x) / count**2
    # below a level of spread the slope is noise
    gain = (count * xy - x * y) / count**2 / variance if variance > 1 else 1.0
    gain = min(max(gain, 0.5), 2.0)
    return gain, (y - gain * x) / count, (y - x) / count


def _median(values: NDArray[np.float64]) -> float:
    """As numpy's own, which takes five times as long on some hundred values."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    middle = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float(middle[0] + middle[1]) / 2


def _camera_shift(a: Image, b: Image) -> Shift:
    factor = max(1.0, min(a.shape[:2]) / _ALIGN_SIDE)
    size = round(a.shape[1] / factor), round(a.shape[0] / factor)
    found = shift(shrunk(gray(a), *size), shrunk(gray(b), *size))
    moved = Shift(found.x * factor, found.y * factor, found.response)
    far = max(abs(moved.x), abs(moved.y))
    # what is below that is forgiven by the 3x3 neighbourhood
    if found.response < TRUSTED or far < 1.5 or far > min(a.shape[:2]) / 8:
        return Shift(0.0, 0.0, found.response)
    return moved


def _seen_in_both(length: int, moved: int) -> tuple[slice, slice]:
    if moved >= 0:
        return slice(0, length - moved), slice(moved, length)
    return slice(-moved, length), slice(0, length + moved)


def _part(image: Image, rows: slice, columns: slice) -> Image:
    return np.ascontiguousarray(image[rows, columns])


def _outside(a: Image, b: Image, light: Light) -> NDArray[np.float32]:
    table = np.clip(np.arange(256) * light.gain + light.offset, 0, 255).astype(np.float32)
    x, y = np.asarray(cv2.LUT(np.ascontiguousarray(a), table)), b.astype(np.float32)
    noise = min(_noise(x - y), 20.0)
    near = np.ones((3, 3), np.uint8)
    outside = np.zeros(a.shape, np.float32)
    # both ways: a thin thing that vanished lies outside the new neighbourhood only
    for here, there in ((x, y), (y, x)):
        above, below = here - cv2.dilate(there, near), cv2.erode(there, near) - here
        outside = np.maximum(outside, np.maximum(above, below))
    # less what noise explains, so that channels of different noise compare
    return np.asarray(outside - np.float32(max(5 * noise - _TOLERANCE, 0)), np.float32)


def _noise(difference: NDArray[np.float32]) -> float:
    """Deviation of the noise in a difference (Immerkaer 1996): what is left of it when planes are taken out."""
    if min(difference.shape) < 3:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    rough = np.asarray(cv2.filter2D(difference, -1, kernel))[1:-1, 1:-1]
    return float(np.median(np.abs(rough))) / (6 * 0.6745)


def _boxes(strength: NDArray[np.float32], top: int, left: int) -> tuple[list[Box], float]:
    differs = strength > _TOLERANCE
    height, width = differs.shape
    reach = max(1, min(height, width) // 60)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    joined = cv2.dilate(differs.astype(np.uint8), kernel)
    count, labels, around, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    own = labels * differs
    pixels = np.bincount(own.ravel(), minlength=count)
    seeded = np.bincount(own[strength > _SEED], minlength=count) > 0
    least = max(_SMALLEST_PIXELS, height * width * _SMALLEST_SHARE) if min(height, width) > 8 else 1
    kept = np.flatnonzero(seeded & (pixels >= least) & (np.arange(count) > 0))
    boxes = []
    for label in kept:
        x, y, across, down = (int(side) for side in around[label, :4])
        mine = np.asarray(own[y : y + down, x : x + across] == label, np.uint8)
        inner_x, inner_y, width_inside, height_inside = cv2.boundingRect(mine)
        boxes.append(Box(left + x + inner_x, top + y + inner_y, width_inside, height_inside))
    boxes.sort(key=lambda box: -box.width * box.height)
    closed = cv2.morphologyEx(np.isin(own, kept).astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    return boxes, float(np.count_nonzero(closed)) / (height * width)
