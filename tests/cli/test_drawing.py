import numpy as np
import pytest

from keepframe.cli.drawing import OUTLINE, heat_map, side_by_side
from keepframe.metrics import Box


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3)])
def test_what_differs_stays_visible_inside_its_outline(shape):
    """The outline lies around the box, in both pictures; these are not written to."""
    reference, test = np.zeros(shape, np.uint8), np.full(shape, 99, np.uint8)
    drawn = side_by_side(reference, test, [Box(10, 10, 8, 8)])

    assert (drawn[10:18, 10:18] == 0).all()
    assert (drawn[10:18, 74:82] == 99).all()  # behind the first picture and a gap of 4
    assert tuple(drawn[7, 12]) == tuple(drawn[7, 76]) == OUTLINE
    assert not reference.any()


def test_a_box_at_the_border_is_drawn_as_far_as_it_can():
    """Nothing breaks where the outline would leave the picture."""
    drawn = side_by_side(np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8), [Box(0, 0, 10, 10)])

    assert drawn.shape == (10, 38, 3)


def test_without_boxes_nothing_is_drawn():
    """Two equal pictures are just next to each other, and the heat map is dark."""
    drawn = side_by_side(np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8), [])

    assert sorted({tuple(pixel) for pixel in drawn[:, :12].reshape(-1, 3).tolist()}) == [
        (0, 0, 0),
        (255, 255, 255),
    ]
    assert drawn[:, 16:].max() < 8


def test_the_heat_map_is_brightest_where_the_difference_is_largest():
    """Dark where nothing differs, whatever the picture shows there only faded."""
    reference = np.full((20, 20, 3), 90, np.uint8)
    test = reference.copy()
    test[5:10, 5:10] += 40
    test[5:7, 5:7] += 80
    heat = heat_map(reference, test).astype(int).sum(axis=2)

    assert heat[5, 5] > heat[9, 9] > heat[15, 15]
