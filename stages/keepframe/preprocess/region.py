"""
A part of the image: cut out, or all but it muted.

Regions that count more or less than others are the score's business.
"""

from functools import lru_cache

import cv2
import numpy as np

from keepframe.frame import Frame
from keepframe.picture import Image, polygon, read_only

_FINE = 512
"""A mask that leaves nothing of a square of this size leaves nothing of any picture worth looking at."""


def crop(
    frame: Frame, *, x: float = 0.0, y: float = 0.0, width: float | None = None, height: float | None = None
) -> Frame:
    """
    The frame with a rectangle of its image: shares of the image, so that they hold at any size of it.

    x, y: left and top edge, 0 to below 1. width, height: above 0, up to the right and the lower border (None: all of it).
    Edges fall on the nearest pixel border; at least one pixel remains. Nothing can lie outside: a rectangle that reaches over
    a border raises ValueError, whatever the picture. The cut is a view, not a copy.

    >>> import numpy as np
    >>> frame = Frame().with_image(np.zeros((100, 200), np.uint8))
    >>> crop(frame, x=0.25, y=0.5, width=0.5).image.shape
    (50, 100)
    """
    across = _span("x", x, "width", width)
    down = _span("y", y, "height", height)
    image = frame.image
    left, right = _pixels(*across, image.shape[1])
    top, bottom = _pixels(*down, image.shape[0])
    return frame.with_image(image[top:bottom, left:right])


def mask(
    frame: Frame, *, include: tuple[str, ...] = (), exclude: tuple[str, ...] = (), level: int = 0
) -> Frame:
    """
    The frame with a constant level where its image shall not count, so that nothing differs there; gray or BGR, size and type stay.

    include: regions that count; none means the whole image. exclude: regions that do not, also inside included ones.
    A region is a polygon "x,y x,y x,y …" or, with two corners, a rectangle, in shares of the picture (0 to 1) from its upper
    left corner. A pixel belongs to it if its centre does. level: 0 to 255.
    A blur behind this step would bring the border of the mask into what counts, a normalize would count the level: mask last.
    Raises ValueError for a region that is none, for another level, and if nothing of the picture is left.

    >>> frame = Frame().with_image(np.full((2, 4), 9, np.uint8))
    >>> mask(frame, exclude=("0,0 0.5,0.5",)).image.tolist()
    [[0, 0, 9, 9], [9, 9, 9, 9]]
    """
    if not 0 <= level <= 255:
        raise ValueError(f"mask: expected level from 0 to 255, got {level}")
    image = frame.image
    counting = _counting(tuple(include), tuple(exclude), image.shape[0], image.shape[1])
    muted = np.full(image.shape, level, np.uint8)
    cv2.copyTo(image, counting, muted)
    return frame.with_image(muted)


@lru_cache(maxsize=16)
def _counting(include: tuple[str, ...], exclude: tuple[str, ...], height: int, width: int) -> Image:
    """Which pixels count, as OpenCV wants a mask: 1 where they do, uint8, read-only."""
    for name, regions in (("include", include), ("exclude", exclude)):
        for region in regions:
            try:
                polygon.corners(region)
            except ValueError as error:
                raise ValueError(f"mask: {name}: {error}") from error
    if not _left(include, exclude, _FINE, _FINE).any():
        raise ValueError("mask: nothing of the picture is left; include more or exclude less")
    return read_only(_left(include, exclude, height, width))


def _left(include: tuple[str, ...], exclude: tuple[str, ...], height: int, width: int) -> Image:
    left = np.ones((height, width), bool)
    if include:
        left &= polygon.inside(include, height, width)
    if exclude:
        left &= ~polygon.inside(exclude, height, width)
    return left.view(np.uint8)


def _span(start_name: str, start: float, length_name: str, length: float | None) -> tuple[float, float]:
    """Both edges as shares of the image, checked."""
    if not 0 <= start < 1:
        raise ValueError(
            f"crop: expected {start_name} as a share of the image, 0 to below 1, got {start:g}{_hint(start)}"
        )
    end = 1.0 if length is None else start + length
    # two decimals that add up to 1 never exceed it in binary: their errors together round to 1
    if length is not None and not (length > 0 and end <= 1):
        raise ValueError(
            f"crop: expected {length_name} as a share of the image, above 0 to {1 - start:g} "
            f"(with {start_name} = {start:g}), got {length:g}{_hint(length)}"
        )
    return start, end


def _hint(share: float) -> str:
    return "; divide pixels by the size of the picture" if share > 1 else ""


def _pixels(start: float, end: float, size: int) -> tuple[int, int]:
    # half up, not Python's half to even: neighbouring crops must meet without a gap at any size
    first = min(int(start * size + 0.5), size - 1)
    return first, max(int(end * size + 0.5), first + 1)
