"""
The working image in gray.

How planes, BGR and JPEG become gray is the picture's business; this stage asks for what it needs.
"""

import cv2

from keepframe.frame import Frame


def grayscale(frame: Frame, *, min_width: int | None = None) -> Frame:
    """
    The frame with its image in gray: (H, W) uint8, Rec. 601 weights; one that is gray already stays as it is.

    A captured picture is asked for gray at once, so planes give theirs without a copy and colour is never made.
    min_width: how wide the steps behind this one need it, in pixels (twice the width of a downsample is exact enough); a
    captured picture then comes at 1/2, 1/4 or 1/8 of its size each way if it is still that wide, which a JPEG gives without
    decoding everything. None: at full size.
    Raises ValueError for a min_width below 1 and for a frame without pixels, PictureError for a JPEG that cannot be decoded.

    >>> import numpy as np
    >>> grayscale(Frame().with_image(np.full((2, 3, 3), 9, np.uint8))).image.shape
    (2, 3)
    """
    if min_width is not None and min_width < 1:
        raise ValueError(f"grayscale: expected min_width of at least 1 pixel, got {min_width}")
    if frame.working is None and frame.picture is not None:
        return frame.with_image(frame.picture.gray(_shrink(frame.picture.width, min_width)))
    image = frame.image
    return frame if image.ndim == 2 else frame.with_image(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def _shrink(width: int, min_width: int | None) -> int:
    if min_width is None:
        return 1
    return max(shrink for shrink in (1, 2, 4, 8) if shrink == 1 or width // shrink >= min_width)
