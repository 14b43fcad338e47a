"""
A picture from a file, as what a camera's working images are compared with.

References that come from the camera itself are in reference.py; those of the stages of preprocess in that room.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from keepframe.errors import PictureError
from keepframe.metrics.shrink import shrunk
from keepframe.picture import Image, Picture
from keepframe.picture.image_file import image_of, kind_of


def read_reference(path: Path, shape: tuple[int, ...]) -> Image:
    """
    The picture of an image file in this shape: (H, W) gray or (H, W, 3) BGR, uint8; by area where it is larger.

    Raises OSError if it cannot be read, ValueError if it is no picture, is gray where colours are needed, smaller, or of other
    proportions (by more than a pixel).
    """
    data = path.read_bytes()
    try:
        found = Picture.of_jpeg(data).bgr() if kind_of(data) == "jpeg" else image_of(data)[0]
    except PictureError as error:
        raise ValueError(f"change: picture {path}: {error}") from error
    if found.ndim == 3:
        found = found[:, :, :3] if len(shape) == 3 else cv2.cvtColor(found[:, :, :3], cv2.COLOR_BGR2GRAY)
    height, width = shape[:2]
    is_alike = abs(found.shape[0] * width - found.shape[1] * height) <= max(found.shape[:2])
    if found.ndim != len(shape) or found.shape[0] < height or found.shape[1] < width or not is_alike:
        raise ValueError(
            f"change: picture {path}: expected the shape {shape} of the images here, or a larger one of the same "
            f"proportions, got {found.shape}; use a picture of this camera as it was captured"
        )
    return shrunk(np.ascontiguousarray(found), width, height)
