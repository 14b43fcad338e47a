"""
Planes into other planes: gray, BGR and YUV 4:2:0 images of 8 bits, by area and by integer tables.

No file format and no handle here. Everything is integer arithmetic with one stated rounding, so that the same picture gives the
same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]

BAND = 64
"""Rows of luma that are worked on at once: even, and 0.2 MB of int16 at 1080p."""
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
    bgr: Image = np.empty((height, width, 3), np.uint8)
    for rows, halves in _bands(height):
        light = cv2.LUT(luma[rows], tables["luma"])
        green = _sum_of_64ths(u[halves], v[halves], tables["64 green of u"], tables["64 green of v"])
        shares = _twins(u[halves], tables["blue of u"]), green, _twins(v[halves], tables["red of v"])
        cv2.merge([_lit(light, share) for share in shares], dst=bgr[rows])
    return bgr


def jpeg_planes(
    flat: Image, height: int, width: int, *, is_full_range: bool, matrix: str
) -> tuple[Image, Image, Image]:
    """
    Y, U and V as a JPEG file has them (JFIF: full range, BT.601) of a YUV 4:2:0 picture: flat uint8 → (H, W) and two of half the size.

    matrix: that of the picture, "bt601" or "bt709". Without a way through BGR, so colours that no screen can show are not cut off
    before they are stored; each value is at most one level from the exact one.
    Source: JFIF 1.02; ITU-R BT.601-7, BT.709-6; tested against the formulas in float64.

    >>> flat = np.array([16, 235, 128, 128], np.uint8)
    >>> [plane.tolist() for plane in jpeg_planes(flat, 1, 2, is_full_range=False, matrix="bt709")]
    [[[0, 255]], [[128]], [[128]]]
    """
    luma, u, v = yuv420_planes(flat, height, width)
    if is_full_range and matrix == "bt601":
        return luma, u, v
    tables = _jpeg_tables(is_full_range=is_full_range, matrix=matrix)
    if matrix == "bt601":
        return full_range(luma), cv2.LUT(u, tables["u"]), cv2.LUT(v, tables["v"])
    light_of = _bgr_tables(is_full_range=is_full_range, matrix=matrix)["luma"]
    full: Image = np.empty_like(luma)
    for rows, halves in _bands(height):
        share = _sum_of_64ths(u[halves], v[halves], tables["64 luma of u"], tables["64 luma of v"])
        _lit(cv2.LUT(luma[rows], light_of), share, full[rows])
    of_u, of_v = (_mixed(u, v, tables[f"64 {name} of u"], tables[f"64 {name} of v"]) for name in "uv")
    return full, of_u, of_v


def _bands(height: int) -> Iterator[tuple[slice, slice]]:
    """Rows of luma and of chroma, so many that what is made of them on the way stays in the cache."""
    for top in range(0, height, BAND):
        rows = min(BAND, height - top)
        yield slice(top, top + rows), slice(top // 2, (top + rows + 1) // 2)


def _twins(plane: Image, table: Image) -> Image:
    """What a table of twins says of each sample, twice, for the two columns that it serves: int16, twice as wide."""
    twins: Image = cv2.LUT(plane, table).view(np.int16)
    return twins


def _sum_of_64ths(u: Image, v: Image, table_of_u: Image, table_of_v: Image) -> Image:
    """The shares of both chroma planes, rounded once: int16, twice as wide."""
    both: Image = cv2.add(_twins(u, table_of_u), _twins(v, table_of_v))
    both += 32
    both >>= 6
    return both


def _mixed(u: Image, v: Image, table_of_u: Image, table_of_v: Image) -> Image:
    """One chroma plane out of both, by tables of 64ths that are no twins: uint8."""
    both: Image = cv2.add(cv2.LUT(u, table_of_u), cv2.LUT(v, table_of_v))
    both += 32 + (128 << 6)
    both >>= 6
    levels: Image = np.clip(both, 0, 255, out=both).astype(np.uint8)
    return levels


def _lit(light: Image, share: Image, out: Image | None = None) -> Image:
    """Light and a share of the chroma, (H, W) and (H/2, W) rounded up, both int16, as levels of 0 to 255."""
    height, width = light.shape
    levels: Image = np.empty((height, width), np.uint8) if out is None else out
    for odd in (0, 1):  # the two rows that a row of chroma serves
        if odd < height:
            cv2.add(
                light[odd::2], share[: (height + 1 - odd) // 2, :width], dst=levels[odd::2], dtype=cv2.CV_8U
            )
    return levels


@cache
def _bgr_tables(*, is_full_range: bool, matrix: str) -> dict[str, Image]:
    """
    What a luma or chroma value adds to each colour, int16; green in 64ths, so that its two shares are rounded once.

    Those of chroma are twins: two of int16 in one of int32.
    """
    kr, kb = LUMA_WEIGHTS[matrix]
    kg = 1.0 - kr - kb
    luma = np.arange(256) * 1.0 if is_full_range else (np.arange(256) - 16) * (255 / 219)
    chroma = np.arange(-128, 128) * (1.0 if is_full_range else 255 / 224)
    return {
        "luma": _rounded(luma),
        "blue of u": _twin(2 * (1 - kb) * chroma),
        "red of v": _twin(2 * (1 - kr) * chroma),
        "64 green of u": _twin(-128 * kb * (1 - kb) / kg * chroma),
        "64 green of v": _twin(-128 * kr * (1 - kr) / kg * chroma),
    }


@cache
def _jpeg_tables(*, is_full_range: bool, matrix: str) -> dict[str, Image]:
    """
    What a chroma value adds to luma, U and V of JPEG, in 64ths, to luma as twins; for BT.601 what it becomes.

    Luma that was split off with other weights has its colour part moved: gray stays gray in both, so only chroma counts.
    """
    chroma = np.arange(-128, 128) * (1.0 if is_full_range else 255 / 224)
    if matrix == "bt601":
        levels = np.clip(_rounded(chroma) + 128, 0, 255).astype(np.uint8)
        return {"u": levels, "v": levels}
    kr, kb = LUMA_WEIGHTS[matrix]
    colours = np.array(  # of red, green and blue for one of U and one of V
        [
            [0, 2 * (1 - kr)],
            [-2 * kb * (1 - kb) / (1 - kr - kb), -2 * kr * (1 - kr) / (1 - kr - kb)],
            [2 * (1 - kb), 0],
        ]
    )
    jr, jb = LUMA_WEIGHTS["bt601"]
    luma = np.array([jr, 1 - jr - jb, jb]) @ colours
    shares = {
        "luma": luma,
        "u": (colours[2] - luma) / (2 * (1 - jb)),
        "v": (colours[0] - luma) / (2 * (1 - jr)),
    }
    return {
        f"64 {name} of {plane}": (_twin if name == "luma" else _rounded)(64 * share * chroma)
        for name, of in shares.items()
        for plane, share in zip("uv", of, strict=True)
    }


@cache
def _full_range_table() -> Image:
    return np.clip(_bgr_tables(is_full_range=False, matrix="bt601")["luma"], 0, 255).astype(np.uint8)


def _rounded(values: Image) -> Image:
    return np.floor(values + 0.5).astype(np.int16)


def _twin(values: Image) -> Image:
    return np.repeat(_rounded(values), 2).view(np.int32)
