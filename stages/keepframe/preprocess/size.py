"""
The image at another size: smaller by area, or brought to a shape that pictures of any size shall have.

Cutting out what matters is in region.py.
"""

from typing import Literal, get_args

import cv2
import numpy as np

from keepframe.frame import Frame
from keepframe.picture import Image

Aspect = Literal["fit", "fill", "stretch"]
Interpolation = Literal["linear", "cubic", "nearest"]

_MAX_SIDE = 8192
# the forms that are the same to the last bit everywhere, where OpenCV has one
_UP = {"linear": cv2.INTER_LINEAR_EXACT, "cubic": cv2.INTER_CUBIC, "nearest": cv2.INTER_NEAREST_EXACT}


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


def resize(
    frame: Frame,
    *,
    width: int,
    height: int,
    aspect: Aspect = "fit",
    interpolation: Interpolation = "linear",
    level: int = 0,
) -> Frame:
    """
    The frame with its image at exactly this size, whatever size it had: (height, width) gray or (height, width, 3) BGR.

    width, height: 1 to 8192 pixels. aspect: "fit": all of the image, centred, with a border of a constant level where the
    proportions differ; "fill": the middle of the image, what stands out cut off; "stretch": each side for itself, so shapes
    are squashed (64 by 64 of it is the common thumbnail).
    A side that becomes smaller is averaged by area as in downsample; one that becomes larger is interpolated: "linear", "cubic"
    or "nearest". level: of the border, 0 to 255.
    Raises ValueError for another size, aspect, interpolation or level.

    >>> resize(Frame().with_image(np.full((2, 4), 9, np.uint8)), width=4, height=4, level=1).image.tolist()
    [[1, 1, 1, 1], [9, 9, 9, 9], [9, 9, 9, 9], [1, 1, 1, 1]]
    """
    for name, size in (("width", width), ("height", height)):
        if not 1 <= size <= _MAX_SIDE:
            raise ValueError(f"resize: expected {name} from 1 to {_MAX_SIDE} pixels, got {size}")
    for name, word, known in (("aspect", aspect, Aspect), ("interpolation", interpolation, Interpolation)):
        if word not in get_args(known):
            raise ValueError(f'resize: unknown {name} "{word}"; known: {", ".join(get_args(known))}')
    if not 0 <= level <= 255:
        raise ValueError(f"resize: expected level from 0 to 255, got {level}")
    image = frame.image
    if image.shape[:2] == (height, width):
        return frame
    if aspect == "fit":
        rows, columns = _within(image.shape[0], image.shape[1], height, width)
        return frame.with_image(_bordered(_scaled(image, rows, columns, interpolation), height, width, level))
    if aspect == "fill":
        rows, columns = _within(height, width, image.shape[0], image.shape[1])
        image = _middle(image, rows, columns)
    return frame.with_image(_scaled(image, height, width, interpolation))


def _within(rows: int, columns: int, height: int, width: int) -> tuple[int, int]:
    """The largest size of these proportions within height and width, each side rounded half up, in integers."""
    if rows * width >= columns * height:
        return height, max(1, (2 * columns * height + rows) // (2 * rows))
    return max(1, (2 * rows * width + columns) // (2 * columns)), width


def _middle(image: Image, rows: int, columns: int) -> Image:
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
    return image[top : top + rows, left : left + columns]


def _bordered(image: Image, height: int, width: int, level: int) -> Image:
    framed = np.full((height, width, *image.shape[2:]), level, np.uint8)
    _middle(framed, image.shape[0], image.shape[1])[...] = image
    return framed


def _scaled(image: Image, rows: int, columns: int, interpolation: str) -> Image:
    """First what becomes smaller, then what becomes larger: OpenCV's area does not do both."""
    image = _smaller(image, min(rows, image.shape[0]), min(columns, image.shape[1]))
    if image.shape[:2] == (rows, columns):
        return image
    return cv2.resize(image, (columns, rows), interpolation=_UP[interpolation])


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
