"""
The working image in gray.

How planes, BGR and JPEG become gray by Rec. 601 is the picture's business; this stage asks for what it needs.
"""

from typing import Literal, get_args

import cv2
import numpy as np

from keepframe.frame import Frame
from keepframe.picture import Image, Picture
from keepframe.picture.planes import shrunk

Weights = Literal["rec601", "rec709", "mean", "blue", "green", "red"]

_CHANNELS = {"blue": 0, "green": 1, "red": 2}
# B, G, R. In 2^14ths, so that float32 holds every product and sum exactly, in whatever order they are taken
_SUMS: dict[str, Image] = {
    "rec709": np.array([[1183, 11718, 3483]], np.float32) / 16384,
    "mean": np.full((1, 3), 1 / 3, np.float32),
}


def grayscale(frame: Frame, *, weights: Weights = "rec601", min_width: int | None = None) -> Frame:
    """
    The frame with its image in gray: (H, W) uint8; one that is gray already stays as it is.

    weights: "rec601": 0.299 R + 0.587 G + 0.114 B, or what the captured picture gives as gray at once: of a video the luma
    plane, without a copy and without making colour, also where that is Rec. 709's. "rec709": 0.2126 R + 0.7152 G + 0.0722 B
    exactly, which is the luma plane only of a video that says so. "mean" of the three channels; "blue", "green" or "red"
    alone. Rounded to the nearest level.
    min_width: how wide the steps behind this one need it, in pixels (twice the width of a downsample is exact enough); a
    captured picture then comes at 1/2, 1/4 or 1/8 of its size each way if it is still that wide, which a JPEG gives without
    decoding everything (as rec601 does). None: at full size.
    Raises ValueError for other weights, a min_width below 1 and a frame without pixels, PictureError for a JPEG that cannot be
    decoded.

    >>> grayscale(Frame().with_image(np.full((2, 3, 3), 9, np.uint8))).image.shape
    (2, 3)
    """
    if weights not in get_args(Weights):
        raise ValueError(f'grayscale: unknown weights "{weights}"; known: {", ".join(get_args(Weights))}')
    if min_width is not None and min_width < 1:
        raise ValueError(f"grayscale: expected min_width of at least 1 pixel, got {min_width}")
    if frame.working is not None or frame.picture is None:
        image = frame.image
        return frame if image.ndim == 2 else frame.with_image(_gray(image, weights))
    shrink = _shrink(frame.picture.width, min_width)
    if _is_given(frame.picture, weights):
        return frame.with_image(frame.picture.gray(shrink))
    return frame.with_image(shrunk(_gray(frame.picture.bgr(), weights), shrink))


def _is_given(picture: Picture, weights: str) -> bool:
    """Whether the picture's own gray is what these weights mean."""
    if weights == "rec601" or picture.format == "gray":
        return True
    return weights == "rec709" and picture.format == "yuv420" and picture.matrix == "bt709"


def _gray(bgr: Image, weights: str) -> Image:
    if weights == "rec601":
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    if weights in _CHANNELS:
        return cv2.extractChannel(bgr, _CHANNELS[weights])
    return np.asarray(cv2.transform(bgr, _SUMS[weights]))


def _shrink(width: int, min_width: int | None) -> int:
    if min_width is None:
        return 1
    return max(shrink for shrink in (1, 2, 4, 8) if shrink == 1 or width // shrink >= min_width)
