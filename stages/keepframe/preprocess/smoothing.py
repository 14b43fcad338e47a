"""
The image with its noise smoothed.

Sizes are those of the image it gets: a blur behind a downsample is a small one, and cheap.
"""

import cv2

from keepframe.frame import Frame

_MAX_SIGMA = 100.0


def blur(frame: Frame, *, sigma: float) -> Frame:
    """
    The frame with its image blurred by a Gaussian; gray or BGR, size and type stay.

    sigma: its standard deviation in pixels of this image, above 0 up to 100; the kernel reaches 3 sigma, borders are mirrored.
    Computed in integers (weights in 256ths: within 1.5 levels of the formula), so equal images give equal images, however the
    image lies in memory.
    Raises ValueError for another sigma.

    >>> import numpy as np
    >>> dot = np.zeros((3, 3), np.uint8); dot[1, 1] = 100
    >>> int(blur(Frame().with_image(dot), sigma=0.5).image[1, 1])
    62
    """
    if not 0 < sigma <= _MAX_SIGMA:
        raise ValueError(f"blur: expected sigma above 0 up to {_MAX_SIGMA:g} pixels, got {sigma:g}")
    return frame.with_image(cv2.GaussianBlur(frame.image, (0, 0), sigma))
