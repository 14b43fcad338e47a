"""
A picture as people have it in Python, as a picture of ours: an array, a Pillow image, a file, its bytes.

What it shows is nobody's business here.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np

from keepframe.errors import PictureError
from keepframe.picture import Image, Picture
from keepframe.picture.encoded import check_whole
from keepframe.picture.image_file import image_of, kind_of

MAX_BYTES = 1 << 30
"""Larger files are not read."""


@runtime_checkable
class PillowImage(Protocol):
    """What is needed of a PIL.Image.Image; Pillow itself is not imported."""

    mode: str

    def convert(self, mode: str) -> Any:
        """The image in another mode."""


Given = Image | PillowImage | Picture | bytes | bytearray | memoryview | str | PathLike[str]
"""(H, W) gray or (H, W, 3) BGR array, uint8; Pillow image; JPEG, PNG, BMP, TIFF or WebP as bytes or as a path."""


def picture_of(given: Given) -> Picture:
    """
    The picture that was given; a JPEG's bytes and an array's pixels are not copied.

    A fourth channel (alpha) is dropped, a Pillow image of 16 bits scaled to 8; a JPEG has to decode to its end.
    Raises TypeError for anything else, OSError for a file that cannot be read, PictureError for bytes that are no whole picture.

    >>> picture_of(np.zeros((4, 6), np.uint8)).format
    'gray'
    """
    if isinstance(given, Picture):
        return given
    if isinstance(given, np.ndarray):
        return Picture.of(_opaque(given))
    if isinstance(given, bytes | bytearray | memoryview):
        return _of_file(bytes(given))
    if isinstance(given, str | PathLike):
        return _of_file(_read(Path(given)))
    if isinstance(given, PillowImage):
        return Picture.of(_of_pillow(given))
    raise TypeError(
        "picture: expected a numpy array (gray or BGR, uint8), a Pillow image, a path or the bytes of a file, "
        f"got {type(given).__name__}"
    )


def pixels_of(given: Given) -> Image:
    """
    The pixels of what was given: (H, W) gray or (H, W, 3) BGR, uint8, read-only. Raises as picture_of does.

    >>> pixels_of(np.full((1, 2, 4), 7, np.uint8)).shape
    (1, 2, 3)
    """
    picture = picture_of(given)
    return picture.gray() if picture.format == "gray" else picture.bgr()


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise PictureError(f"too-large: expected at most {MAX_BYTES} bytes, got {size}")
    return path.read_bytes()


def _of_file(data: bytes) -> Picture:
    if kind_of(data) != "jpeg":
        return Picture.of(image_of(data)[0])
    check_whole(data)
    return Picture.of_jpeg(data)


def _opaque(array: Image) -> Image:
    if array.ndim == 3 and array.shape[2] == 4:
        return array[:, :, :3]
    return array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _of_pillow(image: PillowImage) -> Image:
    if image.mode.startswith("I;16"):
        return cv2.convertScaleAbs(np.asarray(image).astype(np.uint16), alpha=1 / 257)
    if image.mode in ("I", "F"):
        raise TypeError(f"picture: expected a Pillow image of 8 or 16 bits, got mode {image.mode!r}")
    if image.mode in ("L", "LA", "1"):
        return np.asarray(image.convert("L"))
    return cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR)
