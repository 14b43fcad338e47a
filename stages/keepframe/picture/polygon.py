"""
Regions in shares of a picture, and which pixels lie in them.

What is done with the pixels is the business of whoever asks. Nothing here knows a frame.
"""

import math

import numpy as np
from numpy.typing import NDArray

Corners = tuple[tuple[float, float], ...]


def corners(region: str) -> Corners:
    """
    The corners of a region written as "x,y x,y x,y …" (as SVG has it), in shares of the picture; two are opposite corners of a rectangle.

    Raises ValueError, quoting it, unless there are at least two corners, each from 0 to 1, not all on one line.

    >>> corners("0,0 0.5,1")
    ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    """
    try:
        points = [tuple(float(share) for share in point.split(",")) for point in region.split()]
    except ValueError as error:
        raise ValueError(f'expected corners like "0.1,0.2 0.5,0.9", got "{region}"') from error
    if len(points) < 2 or any(len(point) != 2 for point in points):
        raise ValueError(f'expected two corners or more like "0.1,0.2 0.5,0.9", got "{region}"')
    if not all(0 <= share <= 1 for point in points for share in point):
        raise ValueError(f'expected shares of the picture, 0 to 1, got "{region}"')
    if len(points) == 2:
        (left, top), (right, bottom) = points
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    found = tuple((point[0], point[1]) for point in points)
    if _is_a_line(found):
        raise ValueError(f'expected corners that do not lie on one line, got "{region}"')
    return found


def inside(regions: tuple[str, ...], height: int, width: int) -> NDArray[np.bool_]:
    """
    Which pixels lie in at least one of the regions: bool (H, W); those whose centre does.

    A centre on an edge belongs to the region on its left or above, so regions that share an edge share no pixel and leave none out,
    and a rectangle has exactly the pixels that crop cuts. A polygon that crosses itself has a hole where it covers twice.
    A region smaller than a pixel may have none.

    >>> inside(("0,0 0.5,1",), 2, 4).astype(int).tolist()
    [[1, 1, 0, 0], [1, 1, 0, 0]]
    """
    found = np.zeros((height, width), bool)
    for region in regions:
        found |= _filled(corners(region), height, width)
    return found


def _filled(points: Corners, height: int, width: int) -> NDArray[np.bool_]:
    """Each edge turns what lies right of it over, row by row; what is turned an odd number of times is inside."""
    turns = np.zeros((height, width + 1), bool)
    for edge in zip(points, (*points[1:], points[0]), strict=True):
        (x0, y0), (x1, y1) = sorted(edge, key=lambda point: point[1])
        rows = np.arange(_border(y0, height), _border(y1, height))
        if rows.size:
            along = np.clip(((rows + 0.5) / height - y0) / (y1 - y0), 0, 1)
            columns = np.floor((x0 + (x1 - x0) * along) * width + 0.5).astype(int)
            turns[rows, columns] ^= True
    return np.asarray(np.logical_xor.accumulate(turns, axis=1)[:, :width])


def _border(share: float, size: int) -> int:
    # half up, as crop has it
    return math.floor(share * size + 0.5)


def _is_a_line(points: Corners) -> bool:
    (x0, y0), *rest = points
    far_x, far_y = max(rest, key=lambda point: math.hypot(point[0] - x0, point[1] - y0))
    return all(abs((far_x - x0) * (y - y0) - (far_y - y0) * (x - x0)) <= 1e-12 for x, y in rest)
