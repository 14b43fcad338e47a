import cv2
import numpy as np
import pytest

from keepframe.metrics import Shift, aligned_difference, hottest, mean_absolute_difference, metric, overlap


def _moved(size, dx, dy):
    """Two windows of one large scene, the second as seen by a camera that made the scene move by (dx, dy)."""
    rng = np.random.default_rng(7)
    large = cv2.GaussianBlur(rng.integers(0, 255, (400, 500), dtype=np.uint8), (0, 0), 3)
    large = cv2.normalize(large, None, 0, 255, cv2.NORM_MINMAX)
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    warped = cv2.warpAffine(large, matrix, (500, 400), flags=cv2.INTER_CUBIC)
    height, width = size
    return large[100 : 100 + height, 100 : 100 + width], warped[100 : 100 + height, 100 : 100 + width]


def test_comparison_in_the_overlap_forgives_a_knock_and_keeps_the_object():
    """What shakes is undone, what is new stays."""
    a, b = _moved((120, 160), 3, -2)
    with_new = b.copy()
    with_new[60:72, 80:92] = 0
    score, box = hottest("aligned-difference", a, with_new)

    assert aligned_difference(a, b) < 0.25 * mean_absolute_difference(a, b)
    assert aligned_difference(a, with_new) > 2 * aligned_difference(a, b)
    assert score > 0.1
    assert abs(box.x - 77) <= 8
    assert abs(box.y - 62) <= 8


def test_the_overlap_is_what_both_show():
    """One row or column less for each pixel begun."""
    a, b = np.zeros((2, 20, 30), np.uint8)

    assert overlap(a, b, Shift(2.5, -1, 1))[0].shape == (19, 27)
    assert overlap(a, b, Shift(0, 0, 1))[0].shape == (20, 30)
    assert overlap(a, b, Shift(29, 0, 1))[0].shape == (20, 30)


def test_an_unlikely_shift_is_not_undone(make):
    """Two different scenes have a best shift too; it would hide the change."""
    a, b = make.scene(), make.scene(seed=42)

    assert aligned_difference(a, b) == pytest.approx(mean_absolute_difference(a, b), rel=0.2)


@pytest.mark.parametrize("name", ["phase-shift", "cross-correlation-shift", "ecc-shift"])
def test_the_length_of_the_shift_is_a_metric(name):
    """3 right and 4 down are 5 px, and 5 of 120 as a score."""
    one = metric(name)

    assert one.value(*_moved((120, 160), 3, 4)) == pytest.approx(5, abs=0.2)
    assert one.score(*_moved((120, 160), 3, 4)) == pytest.approx(5 / 120, abs=0.002)
