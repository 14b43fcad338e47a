"""
The image at a smaller size, by area.

Enlarging is nobody's business here: no pixel is invented.
"""

import cv2

from keepframe.frame import Frame
from keepframe.picture import Image


def downsample(
    frame: Frame, *, width: int | None = None, height: int | None = None, factor: float | None = None
) -> Frame:
    """
    The frame with its image made smaller: every pixel is the mean of the area it stands for. Never enlarges.

    width, height: new size in pixels; of one alone the other follows by the proportions; both give exactly that size, a side
    that is smaller already stays. factor: how many times smaller each way, 1 or more; instead of width and height.
    A whole factor is exact but for rounding. A large image is halved first, which is 7 times faster than one step; the rest is
    then 2 or more, so that what lies across two pixels is not smeared further.
    Raises ValueError unless there is either a factor or a width or height, for a size below 1 and a factor below 1.

    >>> import numpy as np
    >>> downsample(Frame().with_image(np.zeros((1080, 1920), np.uint8)), width=320).image.shape
    (180, 320)
    """
    _check(width, height, factor)
    image = frame.image
    rows, columns = _target(image.shape[0], image.shape[1], width, height, factor)
    if (rows, columns) == image.shape[:2]:
        return frame
    return frame.with_image(_smaller(image, rows, columns))


def _check(width: int | None, height: int | None, factor: float | None) -> None:
    if (factor is None) == (width is None and height is None):
        got = "neither" if factor is None else "both"
        raise ValueError(f"downsample: expected width and height (or one of them) or factor, got {got}")
    for name, size in (("width", width), ("height", height)):
        if size is not None and size < 1:
            raise ValueError(f"downsample: expected {name} of at least 1 pixel, got {size}")
    if factor is not None and not 1 <= factor < float("inf"):
        raise ValueError(f"downsample: expected factor of 1 or more (4: a quarter each way), got {factor:g}")


def _target(
    rows: int, columns: int, width: int | None, height: int | None, factor: float | None
) -> tuple[int, int]:
    """The new size, never above the old one."""
    if factor is not None:
        wanted = rows / factor, columns / factor
    elif width is None and height is not None:
        wanted = height, columns * height / rows
    elif height is None and width is not None:
        wanted = rows * width / columns, width
    else:
        wanted = height or rows, width or columns
    down, across = (max(1, int(side + 0.5)) for side in wanted)
    return min(down, rows), min(across, columns)


def _smaller(image: Image, rows: int, columns: int) -> Image:
    while _can_be_halved(image.shape[0], image.shape[1], rows, columns):
        image = _resized(image, image.shape[0] // 2, image.shape[1] // 2)
    return image if image.shape[:2] == (rows, columns) else _resized(image, rows, columns)


def _can_be_halved(down: int, across: int, rows: int, columns: int) -> bool:
    """Whether halving first changes nothing, or little: the pixels of the halves are still small against the new ones."""
    if down % 2 or across % 2:
        return False
    is_whole = down % rows == 0 and across % columns == 0
    stays_whole = down // 2 % rows == 0 and across // 2 % columns == 0
    return stays_whole if is_whole else min(down / rows, across / columns) >= 4


def _resized(image: Image, rows: int, columns: int) -> Image:
    return cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
