"""What the camera itself does to its pictures."""

import numpy as np
import pytest

from keepframe.capture.lens import Grain, Infrared, Outage, Shake
from keepframe.capture.planes import Planes


@pytest.fixture
def planes():
    """A picture of 60 x 80 with one bright column."""
    luma = np.full((60, 80), 100, np.uint8)
    luma[:, 40:42] = 200
    return Planes(luma, np.full((30, 40), 90, np.uint8), np.full((30, 40), 160, np.uint8))


def test_shaking_moves_the_picture_by_its_deviation(planes):
    """Another way each time, none in the mean."""
    shake, places = Shake(1, 3.0), []
    for index in range(300):
        moved = Planes(planes.luma, planes.u, planes.v)
        shake(moved, index)
        weight = moved.luma[30].astype(float) - 100
        places.append((weight * np.arange(80)).sum() / weight.sum())

    assert np.mean(places) == pytest.approx(40.5, abs=0.5)
    assert np.std(places) == pytest.approx(3.0, rel=0.15)


def test_infrared_has_no_colour_and_a_lamp_in_the_middle(planes):
    """Switched on and off in turn."""
    infrared = Infrared(60, 80, 10.0)
    infrared(planes)

    assert [infrared.is_on(second) for second in (0, 9.9, 10, 19, 20)] == [False, False, True, True, False]
    assert (planes.u == 128).all()
    assert (planes.v == 128).all()
    assert planes.luma[30, 38] > planes.luma[0, 0]
    assert not Infrared(60, 80, 0.0).is_on(100)


def test_noise_is_stronger_in_the_dark():
    """Half as much again."""
    spread = []
    for is_dark in (False, True):
        planes = Planes(*(np.full((60, 80), 128, np.uint8) for _ in range(3)))
        Grain(1, 60, 80, 4.0)(planes, 7, is_dark=is_dark)
        spread.append(planes.luma.std())

    assert spread[0] == pytest.approx(4, rel=0.1)
    assert spread[1] == pytest.approx(6, rel=0.1)


def test_a_picture_that_stands_still_is_the_one_before():
    """For three seconds, each time."""
    outage = Outage(1, 10.0, freeze=2.0, loss=0.0)
    shown = [outage.shown(n) for n in range(60)]

    assert shown == [*range(20), *[19] * 30, *range(50, 60)]


def test_a_broken_picture_is_black_or_gray_from_some_row_on(planes):
    """In turn; the rest of it is as it was."""
    outage = Outage(1, 10.0, freeze=0.0, loss=2.0)
    lost = [n for n in range(80) if outage.is_lost(n)]
    black, half = (Planes(planes.luma.copy(), planes.u.copy(), planes.v.copy()) for _ in range(2))
    outage(black, 25)
    outage(half, 65)
    gray = (half.luma == 126).all(axis=1)

    assert lost == [*range(20, 40), *range(60, 80)]
    assert (black.luma == 16).all()
    assert 0 < gray.sum() < 60
    assert (half.luma[~gray] == planes.luma[~gray]).all()
    assert not Outage(1, 10.0, freeze=0.0, loss=0.0).is_lost(100)
