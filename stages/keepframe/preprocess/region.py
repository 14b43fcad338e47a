"""
A part of the image.

Regions that only mute a part without cutting it off are the score's business.
"""

from keepframe.frame import Frame


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
