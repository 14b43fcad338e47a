"""Painting into planes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.planes import Figure, Planes


@given(top=st.integers(-9, 12), left=st.integers(-9, 16))
def test_what_lies_inside_is_painted_and_the_rest_is_left_out(top, left):
    """In all three planes, wherever it is."""
    planes = Planes(*(np.zeros(size, np.uint8) for size in ((10, 14), (5, 7), (5, 7))))
    Figure(np.full((6, 4), 9, np.uint8), np.ones((6, 4), bool), 100, 200).paint(planes, (top, left))
    rows, columns = max(0, min(10, top + 6) - max(0, top)), max(0, min(14, left + 4) - max(0, left))

    assert (planes.luma == 9).sum() == rows * columns
    assert set(np.unique(planes.u)) <= {0, 100}
    assert (planes.u > 0).sum() == (planes.v > 0).sum()
