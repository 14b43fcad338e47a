import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.picture.polygon import corners, inside
from keepframe.preprocess import crop

SHARES = st.floats(0, 1)


def told(points):
    """Corners as a user writes them."""
    return " ".join(f"{x!r},{y!r}" for x, y in points)


@given(
    x=st.tuples(SHARES, SHARES),
    y=st.tuples(SHARES, SHARES),
    height=st.integers(1, 60),
    width=st.integers(1, 60),
)
def test_a_rectangle_has_the_pixels_that_crop_cuts(x, y, height, width):
    """Both name the same part of the picture, unless it is smaller than a pixel: crop leaves one."""
    (left, right), (top, bottom) = sorted(x), sorted(y)
    if right - left < 1e-3 or bottom - top < 1e-3:
        return
    numbers = np.arange(height * width).reshape(height, width)
    found = inside((told([(left, top), (right, bottom)]),), height, width)
    if not found.any():
        return
    rows, columns = found.any(axis=1), found.any(axis=0)
    frame = Frame(working=(numbers % 251).astype(np.uint8))
    cut = crop(
        frame, x=left, y=top, width=min(right - left, 1 - left), height=min(bottom - top, 1 - top)
    ).image

    assert np.array_equal(found, np.outer(rows, columns))
    assert abs(int(rows.sum()) - cut.shape[0]) + abs(int(columns.sum()) - cut.shape[1]) <= 0


@given(
    points=st.lists(st.tuples(SHARES, SHARES), min_size=3, max_size=7),
    height=st.integers(1, 24),
    width=st.integers(1, 24),
)
def test_a_pixel_is_inside_if_its_centre_is(points, height, width):
    """Counted the long way: how many edges lie left of the centre, in its row."""
    try:
        expected_corners = corners(told(points))
    except ValueError:
        return
    found = inside((told(points),), height, width)
    unsure = 0
    for row in range(height):
        for column in range(width):
            x, y, crossed, is_near = (column + 0.5) / width, (row + 0.5) / height, 0, False
            for (x0, y0), (x1, y1) in zip(
                expected_corners, expected_corners[1:] + expected_corners[:1], strict=True
            ):
                is_near = is_near or min(abs(y - y0), abs(y - y1)) < 1e-9
                if (y0 < y) != (y1 < y):
                    at = x0 + (x1 - x0) * (y - y0) / (y1 - y0)
                    is_near = is_near or abs(at - x) < 1e-9
                    crossed += at < x
            if is_near:
                unsure += 1
            else:
                assert found[row, column] == crossed % 2, (row, column)

    assert unsure <= height * width


def test_regions_add_up():
    """A pixel in one of them is in."""
    left, right = "0,0 0.25,1", "0.75,0 1,1"

    assert np.array_equal(inside((left, right), 3, 8), inside((left,), 3, 8) | inside((right,), 3, 8))
    assert inside((left, right), 3, 8).sum() == 3 * 4


@given(cut=st.floats(0.01, 0.99), height=st.integers(1, 40), width=st.integers(1, 40))
def test_neighbours_share_no_pixel_and_leave_none_out(cut, height, width):
    """Two triangles that share a slanted edge, and two rectangles, are the whole."""
    for first, second in [
        (f"0,0 {cut!r},0 {1 - cut!r},1 0,1", f"{cut!r},0 1,0 1,1 {1 - cut!r},1"),
        (f"0,0 {cut!r},1", f"{cut!r},0 1,1"),
    ]:
        one, other = (inside((region,), height, width) for region in (first, second))

        assert (one ^ other).all()


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("", 'expected two corners or more like "0.1,0.2 0.5,0.9", got ""'),
        ("0.1,0.2", 'expected two corners or more like "0.1,0.2 0.5,0.9", got "0.1,0.2"'),
        ("0.1 0.2", 'expected two corners or more like "0.1,0.2 0.5,0.9", got "0.1 0.2"'),
        ("left,top 1,1", 'expected corners like "0.1,0.2 0.5,0.9", got "left,top 1,1"'),
        ("0,0 640,480", 'expected shares of the picture, 0 to 1, got "0,0 640,480"'),
        ("0,0 nan,1", 'expected shares of the picture, 0 to 1, got "0,0 nan,1"'),
        ("0,0.5 1,0.5", 'expected corners that do not lie on one line, got "0,0.5 1,0.5"'),
        ("0,0 0.5,0.5 1,1", 'expected corners that do not lie on one line, got "0,0 0.5,0.5 1,1"'),
    ],
)
def test_what_is_no_region_is_told(region, message):
    """The user's text is quoted."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        corners(region)
