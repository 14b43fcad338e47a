"""
Encoded pictures: JPEG and PNG in memory, read strictly.

A damaged JPEG is found here and not looked over: OpenCV fills what is missing with gray and only prints a warning. What other
image files hold is read in image_file.py; what a picture is, in picture.py.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from keepframe.errors import PictureError

Image = NDArray[Any]
MAX_SIDE = 16384
MAX_PIXELS = 100_000_000
"""300 MB in BGR; read from the header, before anything is decoded."""


def jpeg_size(data: bytes | memoryview) -> tuple[int, int]:
    """
    The (height, width) of a JPEG file, from its header.

    Raises PictureError, which begins with "empty", "not-a-picture", "truncated" or "too-large".

    >>> jpeg_size(to_jpeg(np.zeros((4, 6), np.uint8), 90))
    (4, 6)
    """
    view = memoryview(data)
    if view.nbytes == 0:
        raise PictureError("empty: no bytes where a JPEG file was expected")
    if bytes(view[:2]) != b"\xff\xd8":
        raise PictureError(
            f"not-a-picture: a JPEG file begins with ff d8, this with {bytes(view[:2]).hex(' ')}"
        )
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(view)
    except ValueError as error:
        raise PictureError(
            f"truncated: no JPEG header that can be read in {view.nbytes} bytes ({error})"
        ) from error
    check_size(height, width)
    return height, width


def check_size(height: int, width: int) -> None:
    """Raise PictureError ("too-large: …") for more pixels than are decoded: MAX_SIDE each way, MAX_PIXELS in all."""
    if max(height, width) > MAX_SIDE or height * width > MAX_PIXELS:
        raise PictureError(
            f"too-large: {width}x{height}; expected sides up to {MAX_SIDE} and up to {MAX_PIXELS // 1_000_000} megapixels"
        )


def check_whole(data: bytes | memoryview) -> None:
    """
    Raise PictureError unless a JPEG file decodes to its end without a warning.

    Finds a missing tail (with or without an end marker put behind it), a stretch lost or zeroed. What it cannot find: damage after
    which the Huffman code falls in step again by chance, which the format has no means to tell. Bytes after the end marker, which
    some cameras add, are no fault.

    >>> check_whole(to_jpeg(np.eye(64, dtype=np.uint8) * 255, 90)[:-100])
    Traceback (most recent call last):
    keepframe.errors.PictureError: truncated: ...
    """
    jpeg_to_gray(data, 8)  # all coefficients are read at any size; the transform of an eighth costs the least


def jpeg_to_gray(data: bytes | memoryview, shrink: int) -> Image:
    """
    A JPEG decoded in gray at 1/1, 1/2, 1/4 or 1/8 of its size (rounded up): (H, W) uint8.

    Raises PictureError as jpeg_size does, and for a file that ends too early or is damaged.
    """
    height, width = jpeg_size(data)
    small = -(-height // shrink), -(-width // shrink)
    return _decoded(data, "GRAY", *small)[:, :, 0]


def jpeg_to_bgr(data: bytes | memoryview) -> Image:
    """A JPEG decoded in colour: (H, W, 3) BGR, uint8. Raises PictureError as jpeg_to_gray does."""
    return _decoded(data, "BGR", *jpeg_size(data))


def to_jpeg(image: Image, quality: int) -> bytes:
    r"""
    A JPEG file of a (H, W) gray or (H, W, 3) BGR image, uint8; chroma at half size. Raises ValueError for a quality outside 1..100.

    >>> to_jpeg(np.zeros((2, 2), np.uint8), 90)[:2]
    b'\xff\xd8'
    """
    check_quality(quality)
    if image.ndim == 2:
        gray = np.ascontiguousarray(image)[:, :, np.newaxis]
        return bytes(simplejpeg.encode_jpeg(gray, quality, "GRAY", "Gray"))
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality, "BGR", "420"))


def planes_to_jpeg(luma: Image, u: Image, v: Image, quality: int) -> bytes:
    r"""
    A JPEG file of planes as it stores them: full range, BT.601, U and V of half the size rounded up. Raises ValueError as to_jpeg does.

    >>> planes_to_jpeg(*(np.full((n, n), 128, np.uint8) for n in (3, 2, 2)), quality=90)[:2]
    b'\xff\xd8'
    """
    check_quality(quality)
    return bytes(simplejpeg.encode_jpeg_yuv_planes(*map(np.ascontiguousarray, (luma, u, v)), quality))


def to_png(image: Image) -> bytes:
    """
    A PNG file of a (H, W) gray or (H, W, 3) BGR image, uint8.

    >>> to_png(np.zeros((2, 2), np.uint8))[1:4]
    b'PNG'
    """
    return cv2.imencode(".png", image)[1].tobytes()


def check_quality(quality: int) -> None:
    """Raise ValueError for a JPEG quality outside 1..100."""
    if not 1 <= quality <= 100:
        raise ValueError(f"jpeg: expected quality from 1 to 100, got {quality!r}")


def _decoded(data: bytes | memoryview, colors: str, height: int, width: int) -> Image:
    try:
        image: Image = simplejpeg.decode_jpeg(
            data, colors, min_height=height, min_width=width, min_factor=1, strict=True
        )
    except ValueError as error:
        fault = "truncated" if "remature end" in str(error) else "corrupt"
        raise PictureError(
            f"{fault}: a JPEG of {memoryview(data).nbytes} bytes does not decode to its end ({error})"
        ) from error
    if image.shape[:2] != (height, width):
        raise PictureError(
            f"corrupt: a JPEG decoded to {image.shape[1]}x{image.shape[0]}, expected {width}x{height}"
        )
    return image
