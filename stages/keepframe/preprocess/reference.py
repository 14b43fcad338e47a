"""
A picture from a file, as what a stage compares a camera's pictures with.

References that a stage takes from the camera itself are in its own memory.
"""

from pathlib import Path

import cv2

from keepframe.errors import PictureError
from keepframe.frame import Frame
from keepframe.picture import Image, Picture
from keepframe.picture.image_file import image_of, kind_of
from keepframe.preprocess.size import downsample


def read_reference(path: Path, image: Image, where: str) -> Image:
    """
    The picture of an image file, gray if the image is, and made as small as the image: same shape, uint8.

    where: the stage, for errors. Raises OSError if it cannot be read, ValueError if it is no picture, is gray where the image has
    colours, is constant,
    smaller than the image or of other proportions (by more than a pixel).
    """
    data = path.read_bytes()
    try:
        found = Picture.of_jpeg(data).bgr() if kind_of(data) == "jpeg" else image_of(data)[0]
    except PictureError as error:
        raise ValueError(f"{where}: picture {path}: {error}") from error
    if image.ndim == 2 and found.ndim == 3:
        found = cv2.cvtColor(found[:, :, :3], cv2.COLOR_BGR2GRAY)
    height, width = image.shape[:2]
    is_alike = abs(found.shape[0] * width - found.shape[1] * height) <= max(found.shape)
    if found.ndim != image.ndim or found.shape[0] < height or not is_alike:
        raise ValueError(
            f"{where}: picture {path}: expected the shape {image.shape} of the images here, or a larger one of the same "
            f"proportions, got {found.shape}"
        )
    if (found == found[0, 0]).all():
        raise ValueError(
            f"{where}: picture {path}: expected a picture that shows something, got a constant one"
        )
    return downsample(
        Frame().with_image(found[:, :, :3] if found.ndim == 3 else found), width=width, height=height
    ).image
