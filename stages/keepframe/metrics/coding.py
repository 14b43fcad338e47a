"""
Comparison by what a coder makes of the picture: JPEG size and low cosine frequencies.

Wavelet coefficients are in `wavelet`, hashes of cosine coefficients in `hashes`.
"""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, eight_bit, gray_pair, one, pair
from keepframe.metrics.recipe import Recipe, as_it_is
from keepframe.metrics.shrink import shrunk

_SIDE, _LOW = 32, 8


def jpeg_bytes(image: Image, *, quality: int = 95) -> int:
    """
    Size of the picture as JPEG, in bytes: one comment's "hash", a number to store instead of the picture.

    image: gray, BGR or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits). quality: 1 to 100.
    Errors: ValueError if it is no such image, a side exceeds JPEG's 65500 px, or quality is out of range.

    >>> jpeg_bytes(np.zeros((64, 64), np.uint8)) < jpeg_bytes(np.eye(64, dtype=np.uint8) * 255)
    True
    """
    if not 1 <= quality <= 100:
        raise ValueError(f"jpeg-bytes: expected quality of 1 to 100, got {quality}")
    checked = eight_bit(one(image, "jpeg-bytes"))
    if max(checked.shape[:2]) > 65500:
        raise ValueError(
            f"jpeg-bytes: expected sides of at most 65500 pixels, got {checked.shape}; shrink it"
        )
    plain = checked if checked.ndim == 2 else bgr(checked)
    # the extension needs its dot: the comment's imencode('jpg', …) raises
    written, encoded = cv2.imencode(".jpg", plain, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not written:
        raise ValueError(f"jpeg-bytes: OpenCV could not encode an image of {checked.shape}")
    return len(encoded)


def jpeg_size(reference: Image, test: Image, *, quality: int = 95) -> float:
    """
    Difference of the sizes as JPEG, as a share of the larger.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    quality: of the JPEG, 1 to 100; 95 is OpenCV's default, 75 Pillow's.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: low.
    Blind to: a moved object, a mirrored picture: anything that leaves the amount of detail as it is.
    When: finding scene cuts and pages turned; 5 % found every event of ours and 52 false ones in 1000 frames.
    Errors: ValueError if the images differ in size, channels or dtype, or quality is out of range.
    Source: keparo's answer; sizes depend on the encoder, here OpenCV's libjpeg-turbo.

    >>> jpeg_size(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    a, b = pair(reference, test, "jpeg-size")
    size_a, size_b = jpeg_bytes(a, quality=quality), jpeg_bytes(b, quality=quality)
    return abs(size_a - size_b) / max(size_a, size_b)


def dct_distance(reference: Image, test: Image, *, low: int = _LOW) -> float:
    """
    Distance of the lowest cosine frequencies of 32x32 thumbnails, brightness left out; in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    low: how many frequencies per direction, 1 to 32. All 32 with brightness would be the thumbnail's rmse (Parseval).
    Range: 0 to 255.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: low.
    Blind to: an even change of brightness; detail and small objects.
    When: noise and compression must not count, large shapes must.
    Errors: ValueError if the images differ in size, channels or dtype, or low is out of range.
    Source: AndrewF's comment: orthonormal DCT-II; tested against scipy.fft.dctn.

    >>> dct_distance(np.full((9, 9), 5, np.uint8), np.full((9, 9), 8, np.uint8))
    0.0
    """
    if not 1 <= low <= _SIDE:
        raise ValueError(f"dct-distance: expected low of 1 to {_SIDE}, got {low}")
    a, b = gray_pair(reference, test, "dct-distance")
    small_a, small_b = (shrunk(image, _SIDE, _SIDE).astype(np.float64) for image in (a, b))
    coefficients = low_frequencies(small_a - small_b, low)
    coefficients[0, 0] = 0
    # below a millionth of a level it is rounding
    return round(float(np.linalg.norm(coefficients)) / _SIDE, 9)


def low_frequencies(image: NDArray[np.float64], low: int) -> NDArray[np.float64]:
    """
    The lowest low x low coefficients of the orthonormal DCT-II of a square image.

    >>> low_frequencies(np.ones((4, 4)), 2).round(6).tolist()
    [[4.0, 0.0], [0.0, 0.0]]
    """
    basis = _cosines(len(image), low)
    return np.asarray(basis @ image @ basis.T)


@functools.cache
def _cosines(side: int, low: int) -> NDArray[np.float64]:
    frequency, place = np.arange(low)[:, None], np.arange(side)[None, :]
    basis = np.cos(np.pi * (2 * place + 1) * frequency / (2 * side)) * np.sqrt(2 / side)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis)


METRICS = (Recipe(jpeg_size, as_it_is), Recipe(dct_distance, lambda value, _reference: value / 255))
