"""Who comes into the scene."""

from itertools import pairwise

import numpy as np
import pytest

from keepframe.capture.planes import Planes
from keepframe.capture.visitors import Car, Visitor


@pytest.fixture
def planes():
    """A gray picture of 60 x 80."""
    return Planes(*(np.full(size, 128, np.uint8) for size in ((60, 80), (30, 40), (30, 40))))


def test_the_car_comes_once_drives_and_stays(planes):
    """For two seconds it moves to the left, then it is where it is."""
    car = Car(height=60, width=80, fps=10, at_s=3)
    states = [car.state(n) for n in range(200)]

    assert [states[n][0] for n in (0, 29, 31, 49, 50, 199)] == [
        "away",
        "away",
        "comes",
        "comes",
        "parked",
        "parked",
    ]
    assert len({corner for state, corner in states if state == "parked"}) == 1
    assert all(a[1][1] >= b[1][1] for a, b in pairwise(states[30:]))
    car(planes, 100)

    assert (planes.luma != 128).sum() > 0.02 * planes.luma.size


@pytest.mark.parametrize("index", [0, 35, 60])
def test_a_visitor_is_painted_where_it_is(planes, index):
    """And nowhere while it is away."""
    visitor = Visitor(seed=3, height=60, width=80, fps=10, size=0.3, absent=6, present=4)
    corner = visitor.corner(index)
    visitor(planes, index)

    assert (planes.luma != 128).any() == (corner is not None)


def test_a_visitor_of_no_size_never_comes():
    """Its visits are counted all the same."""
    visitor = Visitor(seed=3, height=60, width=80, fps=10, size=0, absent=6, present=4)

    assert {visitor.corner(n) for n in range(300)} == {None}
    assert visitor.visit(299)[0] > 0
