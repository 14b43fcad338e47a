import cv2
import numpy as np
import pytest

from keepframe.metrics import metric, vif_p


def _sewar(a, b):
    full = pytest.importorskip("sewar.full_ref", reason="sewar is not installed (extra: reference)")
    return full.vifp(a, b)


@pytest.mark.slow
def test_vif_p_equals_sewar_s(any_pair):
    """Same four scales, same windows wholly inside, mean over the channels; 32 bits against its 64."""
    assert vif_p(*any_pair) == pytest.approx(_sewar(*any_pair), abs=5e-5)


def test_vif_p_of_a_flat_bright_wall_keeps_its_precision():
    """Where 32-bit sums of squares would cancel, the middle is taken away first."""
    a, b = np.full((2, 200, 200), 250, np.uint8)
    a[50:60, 50:60] = 0
    b[100:110, 100:110] = 240
    for left, right in ((a, b), (b, a)):
        assert vif_p(left, right) == pytest.approx(_sewar(left, right), abs=5e-5)


def test_vif_p_where_sewar_has_no_number():
    """A reference without structure: 1 if the test has none either, else 0."""
    flat, scene = np.full((60, 60), 40, np.uint8), np.arange(3600, dtype=np.uint16).reshape(60, 60)
    scene = (scene % 251).astype(np.uint8)

    assert vif_p(flat, flat + 10) == 1
    assert vif_p(flat, scene) == 0


def test_vif_p_of_sixteen_bits_is_that_of_the_same_picture_in_eight(make):
    """The noise is set on a scale of 255."""
    a = make.scene(60, 80)
    b = make.noisy(a, 5)

    assert vif_p(a.astype(np.uint16) * 257, b.astype(np.uint16) * 257) == pytest.approx(vif_p(a, b), abs=1e-5)


def test_vif_p_falls_with_blur_and_rises_above_one_with_contrast(make):
    """The paper's own picture of it."""
    a = (make.scene(96, 96) // 2 + 60).astype(np.uint8)
    blurred = [vif_p(a, cv2.GaussianBlur(a, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]

    assert 1 > blurred[0] > blurred[1] > blurred[2] > blurred[3] > 0
    assert vif_p(a, cv2.convertScaleAbs(a, alpha=1.3, beta=-36)) > 1


def test_more_contrast_is_a_difference_too(make):
    """The score is the distance from 1, whichever way."""
    a = (make.scene(96, 96) // 2 + 60).astype(np.uint8)

    assert metric("vif-p").score(a, cv2.convertScaleAbs(a, alpha=1.3, beta=-36)) > 0.02


def test_a_picture_under_41_pixels_has_a_value(make):
    """It is continued by mirroring; sewar's windows turn inside out there."""
    assert 0 < vif_p(make.scene(20, 30), make.noisy(make.scene(20, 30), 10)) < 1


@pytest.mark.parametrize("noise", [0, -1, float("nan")])
def test_noise_must_be_positive(noise):
    """The error names the value."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ValueError, match=f"vif-p: expected noise above 0, got {noise}"):
        vif_p(image, image, noise=noise)
