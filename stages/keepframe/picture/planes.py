"""
Planes into other planes: gray, BGR and YUV 4:2:0 images of 8 bits, by area and by integer tables.

No file format and no handle here. Everything is integer arithmetic with one stated rounding, so that the same picture gives the
same bytes on every machine.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]

# Share of red and blue in luma: ITU-R BT.601-7 and BT.709-6, item "derivation of luminance signal".
LUMA_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}


def shrunk(image: Image, shrink: int) -> Image:
    """
    An image made smaller by 1, 2, 4 or 8 each way, rounded up: (H, W) uint8.

    Each halving takes the mean of blocks of 2x2 rounded half up; at an odd edge, of what the block has. Two halvings cost a
    seventh of one step by 4 and differ from it by at most one level.

    >>> shrunk(np.array([[1, 2, 9], [3, 4, 9]], np.uint8), 2).tolist()
    [[3, 9]]
    """
    while shrink > 1:
        height, width = image.shape
        if height % 2 or width % 2:
            image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        image = cv2.resize(image, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
        shrink //= 2
    return image


def full_range(luma: Image) -> Image:
    """
    Luma of limited range (16 black, 235 white) as gray from 0 to 255: any shape, uint8.

    round((Y - 16) * 255 / 219), what lies outside clipped.

    >>> full_range(np.array([[0, 16, 126, 235, 255]], np.uint8)).tolist()
    [[0, 0, 128, 255, 255]]
    """
    return cv2.LUT(luma, _full_range_table())


def gray_of_bgr(image: Image) -> Image:
    """
    Gray of a BGR image with the weights of Rec. 601: (H, W, 3) uint8 → (H, W) uint8.

    >>> gray_of_bgr(np.full((1, 1, 3), (0, 255, 0), np.uint8)).tolist()
    [[150]]
    """
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def bgr_of_gray(image: Image) -> Image:
    """A gray image with its plane three times: (H, W) uint8 → (H, W, 3) uint8."""
    return cv2.merge([image, image, image])


def yuv420_planes(flat: Image, height: int, width: int) -> tuple[Image, Image, Image]:
    """
    Views of the three planes of a flat YUV 4:2:0 picture: Y (H, W), U and V, each half the size rounded up.

    >>> [plane.shape for plane in yuv420_planes(np.zeros(17, np.uint8), 3, 3)]
    [(3, 3), (2, 2), (2, 2)]
    """
    rows, columns = (height + 1) // 2, (width + 1) // 2
    luma, u, v = np.split(flat, [height * width, height * width + rows * columns])
    return luma.reshape(height, width), u.reshape(rows, columns), v.reshape(rows, columns)


def bgr_of_yuv420(flat: Image, height: int, width: int, *, is_full_range: bool, matrix: str) -> Image:
    """
    BGR of a YUV 4:2:0 picture: flat uint8 planes Y, U, V → (H, W, 3) uint8.

    matrix: "bt601" or "bt709". Each chroma sample serves its 2x2 block, as in swscale's and OpenCV's fast paths. Luma and the
    chroma's share are rounded to whole levels before they are added, so a value is at most one level from the exact one
    (swscale's fast path, which cuts off instead of rounding, is up to three below).
    Source: ITU-R BT.601-7, BT.709-6; tested against the formulas in float64 and against swscale.

    >>> flat = np.array([16, 235, 128, 128], np.uint8)
    >>> bgr_of_yuv420(flat, 1, 2, is_full_range=False, matrix="bt601").tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    luma, u, v = yuv420_planes(flat, height, width)
    tables = _bgr_tables(is_full_range=is_full_range, matrix=matrix)
    light = cv2.LUT(luma, tables["luma"])
    green_64: Image = cv2.add(cv2.LUT(u, tables["64 green of u"]), cv2.LUT(v, tables["64 green of v"]))
    green = (green_64 + 32) >> 6
    shares = cv2.LUT(u, tables["blue of u"]), green, cv2.LUT(v, tables["red of v"])
    return cv2.merge([cv2.add(light, _doubled(share, height, width), dtype=cv2.CV_8U) for share in shares])


def _doubled(plane: Image, height: int, width: int) -> Image:
    rows, columns = plane.shape
    double: Image = cv2.resize(plane, (2 * columns, 2 * rows), interpolation=cv2.INTER_NEAREST)
    return double[:height, :width]


@cache
def _bgr_tables(*, is_full_range: bool, matrix: str) -> dict[str, Image]:
    """What a luma or chroma value adds to each colour, int16; green in 64ths, so that its two shares are rounded once."""
    kr, kb = LUMA_WEIGHTS[matrix]
    kg = 1.0 - kr - kb
    luma = np.arange(256) * 1.0 if is_full_range else (np.arange(256) - 16) * (255 / 219)
    chroma = np.arange(-128, 128) * (1.0 if is_full_range else 255 / 224)
    return {
        "luma": _rounded(luma),
        "blue of u": _rounded(2 * (1 - kb) * chroma),
        "red of v": _rounded(2 * (1 - kr) * chroma),
        "64 green of u": _rounded(-128 * kb * (1 - kb) / kg * chroma),
        "64 green of v": _rounded(-128 * kr * (1 - kr) / kg * chroma),
    }


@cache
def _full_range_table() -> Image:
    return np.clip(_bgr_tables(is_full_range=False, matrix="bt601")["luma"], 0, 255).astype(np.uint8)


def _rounded(values: Image) -> Image:
    return np.floor(values + 0.5).astype(np.int16)
