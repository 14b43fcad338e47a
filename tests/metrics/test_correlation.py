import cv2
import numpy as np
import pytest

from keepframe.metrics import ncc


def test_ncc_equals_numpy_s_correlation_coefficient(any_pair):
    """Exact integer sums agree with float64 to rounding."""
    a, b = any_pair

    assert ncc(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1], abs=1e-9)


def test_ncc_of_a_constant_image_is_defined_where_opencv_says_everything_matches():
    """TM_CCOEFF_NORMED gives 1 for a lens cap against anything; here it is 0, and 1 only for two equal ones."""
    cap, scene = np.zeros((8, 8), np.uint8), np.arange(64, dtype=np.uint8).reshape(8, 8)

    assert cv2.matchTemplate(scene, cap, cv2.TM_CCOEFF_NORMED)[0, 0] == 1
    assert [ncc(cap, scene), ncc(scene, cap), ncc(cap, cap), ncc(cap, cap + 9)] == [0, 0, 1, 0]


def test_ncc_of_a_negative_is_minus_one():
    """Unlike r², the sign is told."""
    scene = np.arange(64, dtype=np.uint8).reshape(8, 8)

    assert ncc(scene, 255 - scene) == -1
