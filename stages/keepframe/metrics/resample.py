"""
Pillow's Lanczos reduction and HSV, to the last bit, for hashes that must equal ImageHash's.

The fast way to make a picture small is `shrink`.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image

_BITS = 22


def lanczos(gray: Image, width: int, height: int) -> NDArray[np.uint8]:
    """
    A gray uint8 image resized as PIL.Image.resize((width, height), LANCZOS) does it, exactly.

    Source: Pillow's Resample.c: fixed-point coefficients of 22 bits, rows first, each pass rounded to uint8.

    >>> lanczos(np.full((9, 9), 7, np.uint8), 2, 2).tolist()
    [[7, 7], [7, 7]]
    """
    rows = _pass(gray.T, width).T
    return _pass(rows, height)


def hue_saturation(bgr: Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """
    Hue and saturation of a BGR uint8 image as PIL's convert("HSV") has them, both 0..255.

    >>> [int(x[0, 0]) for x in hue_saturation(np.array([[[255, 0, 0]]], np.uint8))]
    [170, 255]
    """
    blue, green, red = (bgr[:, :, channel].astype(np.float32) for channel in range(3))
    largest, smallest = bgr.max(axis=2), bgr.min(axis=2)
    spread = (largest - smallest).astype(np.float32)
    divisor = np.where(spread > 0, spread, np.float32(1))
    top = largest.astype(np.float32)
    to_red, to_green, to_blue = ((top - plane) / divisor for plane in (red, green, blue))
    hue = np.where(
        red == top,
        to_blue - to_green,
        np.where(
            green == top,
            (2.0 + to_red.astype(np.float64) - to_blue).astype(np.float32),
            (4.0 + to_green.astype(np.float64) - to_red).astype(np.float32),
        ),
    )
    turn = np.fmod(hue.astype(np.float64) / 6.0 + 1.0, 1.0).astype(np.float32)
    saturation = spread / np.where(top > 0, top, np.float32(1))
    grayish = spread == 0
    levels = [
        (np.where(grayish, 0, plane).astype(np.float64) * 255.0).astype(np.uint8)
        for plane in (turn, saturation)
    ]
    return levels[0], levels[1]


def _pass(image: Image, length: int) -> NDArray[np.uint8]:
    """Resize the first axis."""
    if len(image) == length:
        return np.asarray(image)
    # products of 22-bit and 8-bit integers summed in float64 are exact
    total = _coefficients(len(image), length) @ image.astype(np.float64) + float(1 << (_BITS - 1))
    return np.clip(np.floor(total / (1 << _BITS)), 0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=64)
def _coefficients(source: int, length: int) -> NDArray[np.float64]:
    scale = source / length
    stretch = max(scale, 1.0)
    support = 3.0 * stretch
    matrix = np.zeros((length, source))
    for place in range(length):
        centre = (place + 0.5) * scale
        first, last = max(int(centre - support + 0.5), 0), min(int(centre + support + 0.5), source)
        offset = (np.arange(first, last) - centre + 0.5) / stretch
        weights = np.where((offset >= -3) & (offset < 3), np.sinc(offset) * np.sinc(offset / 3), 0)
        weights /= weights.sum()
        scaled = weights * (1 << _BITS)
        matrix[place, first:last] = np.trunc(scaled + np.copysign(0.5, scaled))
    return matrix
