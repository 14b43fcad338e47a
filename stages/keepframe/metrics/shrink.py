"""
Make a picture small by averaging areas, quickly.

For metrics that look at a thumbnail by definition; what a pipeline does to every frame belongs to preprocess.
"""

import cv2
import numpy as np

from keepframe.metrics.images import Image


def shrunk(image: Image, width: int, height: int) -> Image:
    """
    The image at that size: halved by area while it is eight times as large, then averaged (or interpolated up) to it.

    One step of INTER_AREA from 1080p to 32x32 takes 12 ms, halving first 0.2 ms. An odd side is made even by repeating
    its last row or column, so that no pixel is lost. Each halving rounds to whole levels.

    >>> shrunk(np.arange(16, dtype=np.uint8).reshape(4, 4), 2, 2)
    array([[ 3,  5],
           [11, 13]], dtype=uint8)
    """
    # four pixels a cell and more are left for the last step, or cells that do not end at a pixel would be off
    while image.shape[0] >= 8 * height and image.shape[1] >= 8 * width:
        odd_rows, odd_columns = image.shape[0] % 2, image.shape[1] % 2
        if odd_rows or odd_columns:
            image = cv2.copyMakeBorder(image, 0, odd_rows, 0, odd_columns, cv2.BORDER_REPLICATE)
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA))
    if image.shape[:2] == (height, width):
        return image
    smaller = image.shape[0] >= height and image.shape[1] >= width
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=way))
