"""
Which pictures a metric takes, and the one set of checks all of them share.

No metric lives here, and nothing that improves a picture: resizing, aligning and normalising belong to preprocess.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]

_LEVELS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
_MEND = {
    "f": "scale to 0..255 and convert: (image * 255).round().astype(np.uint8)",
    "b": "convert: image.astype(np.uint8) * 255",
}


def one(image: Image, where: str, role: str = "image") -> Image:
    """
    Check one image and return it contiguous, (H, W, 1) as (H, W).

    image: gray (H, W), BGR (H, W, 3) or BGRA (H, W, 4), uint8 or uint16, at least one pixel.
    where, role: named in the error ("mse", "reference").
    Errors: ValueError naming what was expected, what came and how to mend it; TypeError if it is no array.

    >>> one(np.zeros((2, 3, 1), np.uint8), "mse").shape
    (2, 3)
    """
    if not isinstance(image, np.ndarray):
        raise TypeError(f"{where}: expected {role} to be a numpy array, got {type(image).__name__}")
    if image.dtype not in _LEVELS:
        mend = _MEND.get(image.dtype.kind, "convert to uint8")
        raise ValueError(f"{where}: expected {role} of dtype uint8 or uint16, got {image.dtype}; {mend}")
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise ValueError(
            f"{where}: expected {role} of shape (H, W), (H, W, 3) or (H, W, 4), got {image.shape}; "
            "convert to gray or BGR"
        )
    if image.size == 0:
        raise ValueError(
            f"{where}: expected {role} of at least one pixel, got {image.shape}; is the file empty?"
        )
    return np.ascontiguousarray(image)


def pair(reference: Image, test: Image, where: str) -> tuple[Image, Image]:
    """
    Check two images and return them contiguous, of one shape and dtype; neither is changed.

    Errors: ValueError naming both when sizes, channels or dtypes differ, and how to mend it.

    >>> pair(np.zeros((2, 3), np.uint8), np.zeros((2, 4), np.uint8), "mse")
    Traceback (most recent call last):
    ValueError: mse: images differ in size: reference (2, 3), test (2, 4); resize or crop one to the other
    """
    a, b = one(reference, where, "reference"), one(test, where, "test")
    if a.shape != b.shape:
        if a.shape[:2] != b.shape[:2]:
            what, mend = "size", "resize or crop one to the other"
        else:
            what, mend = "channels", "convert both to gray or both to BGR"
        raise ValueError(f"{where}: images differ in {what}: reference {a.shape}, test {b.shape}; {mend}")
    if a.dtype != b.dtype:
        raise ValueError(
            f"{where}: images differ in dtype: reference {a.dtype}, test {b.dtype}; convert both to uint8"
        )
    return a, b


def levels(image: Image) -> int:
    """
    Largest value of the image's dtype: 255 for uint8, 65535 for uint16.

    >>> levels(np.zeros((1, 1), np.uint16))
    65535
    """
    return _LEVELS[image.dtype]


def eight_bit(image: Image) -> Image:
    """
    The image in uint8; uint16 is divided by 257 and rounded, so that 65535 becomes 255.

    >>> int(eight_bit(np.full((1, 1), 65535, np.uint16))[0, 0])
    255
    """
    if image.dtype == np.uint8:
        return image
    scaled: Image = cv2.convertScaleAbs(image, alpha=1 / 257)
    return scaled


def gray(image: Image) -> Image:
    """
    The image in gray (H, W) uint8, by Rec.601 as OpenCV has it; alpha is ignored.

    >>> gray(np.full((1, 1, 3), (255, 0, 0), np.uint8))
    array([[29]], dtype=uint8)
    """
    small = eight_bit(image)
    if small.ndim == 2:
        return small
    code = cv2.COLOR_BGR2GRAY if small.shape[2] == 3 else cv2.COLOR_BGRA2GRAY
    converted: Image = cv2.cvtColor(small, code)
    return converted


def gray_pair(reference: Image, test: Image, where: str) -> tuple[Image, Image]:
    """
    Check two images and return both in gray uint8; errors as `pair`.

    >>> [image.shape for image in gray_pair(*np.zeros((2, 4, 5, 3), np.uint8), "edges")]
    [(4, 5), (4, 5)]
    """
    a, b = pair(reference, test, where)
    return gray(a), gray(b)


def bgr(image: Image) -> Image:
    """
    The image in BGR (H, W, 3) uint8: gray is repeated, alpha is dropped.

    >>> bgr(np.full((1, 1), 7, np.uint8))
    array([[[7, 7, 7]]], dtype=uint8)
    """
    small = eight_bit(image)
    if small.ndim == 2:
        converted: Image = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
        return converted
    return np.ascontiguousarray(small[:, :, :3])


def channel_mean(image: Image) -> NDArray[np.float32]:
    """
    Mean over the channels, float32 (H, W); gray is only converted.

    >>> channel_mean(np.full((1, 1, 3), (1, 2, 6), np.uint8))
    array([[3.]], dtype=float32)
    """
    if image.ndim == 2:
        return image.astype(np.float32)
    count = image.shape[2]
    mean = cv2.transform(image.astype(np.float32), np.full((1, count), 1 / count, np.float32))
    return np.asarray(mean, np.float32)
