"""
Image files that are no JPEG, into pixels: PNG, BMP, TIFF, WebP.

Which kind a file is, its first bytes say, whatever its name. A JPEG is kept as it is and not decoded here: see Picture.of_jpeg.
"""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.errors import PictureError
from keepframe.picture.encoded import check_size

Image = NDArray[Any]
Kind = Literal["jpeg", "png", "bmp", "tiff", "webp"]
EXTENSIONS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp"})
_BEGINNINGS: dict[bytes, Kind] = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
}


def kind_of(data: bytes) -> Kind:
    """
    What kind of image file this is, by its first bytes. Raises PictureError, "empty: …" or "not-a-picture: …".

    >>> kind_of(b"BM and so on")
    'bmp'
    """
    if not data:
        raise PictureError("empty: the file has no bytes")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for beginning, kind in _BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    raise PictureError(
        f"not-a-picture: expected JPEG, PNG, BMP, TIFF or WebP, got a file that begins with {data[:8]!r}"
    )


def image_of(data: bytes) -> tuple[Image, int]:
    """
    The pixels of a PNG, BMP, TIFF or WebP file, and how many bits each had: (H, W) gray or (H, W, 3) BGR, uint8.

    Alpha is dropped, 16 bits are scaled to 8 (divided by 257, rounded), an orientation tag is followed.
    Raises PictureError, which begins with "empty", "not-a-picture", "too-large" or "corrupt".

    >>> image_of(cv2.imencode(".png", np.full((1, 1), 25700, np.uint16))[1].tobytes())
    (array([[100]], dtype=uint8), 16)
    """
    kind = kind_of(data)
    if kind == "png" and len(data) >= 24:  # the kind in which a few bytes ask for the most
        check_size(int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big"))
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error as error:
        fault = "too-large" if "MAX_IMAGE" in str(error) else "corrupt"
        raise PictureError(
            f"{fault}: a {kind.upper()} file of {len(data)} bytes is refused ({error.err})"
        ) from error
    if image is None:
        raise PictureError(f"corrupt: a {kind.upper()} file of {len(data)} bytes is truncated or damaged")
    check_size(*image.shape[:2])
    if image.dtype == np.uint8:
        return image, 8
    if image.dtype == np.uint16:
        return cv2.convertScaleAbs(image, alpha=1 / 257), 16
    raise PictureError(f"not-a-picture: expected 8 or 16 bits, got {kind.upper()} with {image.dtype} values")
