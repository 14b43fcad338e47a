import numpy as np
import pytest

from keepframe.cli.drawing import OUTLINE, side_by_side
from keepframe.metrics import Box


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3)])
def test_what_differs_stays_visible_inside_its_outline(shape):
    """The outline lies around the box, in both pictures; these are not written to."""
    reference, test = np.zeros(shape, np.uint8), np.full(shape, 99, np.uint8)
    drawn = side_by_side(reference, test, [Box(10, 10, 8, 8)])

    assert (drawn[10:18, 10:18] == 0).all()
    assert (drawn[10:18, -50:-42] == 99).all()
    assert tuple(drawn[7, 12]) == tuple(drawn[7, -48]) == OUTLINE
    assert not reference.any()


def test_a_box_at_the_border_is_drawn_as_far_as_it_can():
    """Nothing breaks where the outline would leave the picture."""
    drawn = side_by_side(np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8), [Box(0, 0, 10, 10)])

    assert drawn.shape == (10, 24, 3)


def test_without_boxes_nothing_is_drawn():
    """Two equal pictures are just next to each other."""
    drawn = side_by_side(np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8), [])

    assert sorted({tuple(pixel) for pixel in drawn.reshape(-1, 3).tolist()}) == [(0, 0, 0), (255, 255, 255)]
