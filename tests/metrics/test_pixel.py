import math

import numpy as np
import pytest

from keepframe.metrics import mean_absolute_difference, metric, mse, psnr


def test_mean_absolute_difference_equals_numpy_exactly(any_pair):
    """Summed in wide integers, every difference counts with its true size."""
    a, b = any_pair
    expected = np.abs(a.astype(np.int64) - b).mean()

    assert mean_absolute_difference(a, b) == pytest.approx(expected, rel=1e-15)


def test_mse_equals_skimage_exactly(any_pair):
    """The published implementation works in float64 and gives the same number."""
    metrics = pytest.importorskip(
        "skimage.metrics", reason="scikit-image is not installed (extra: reference)"
    )

    assert mse(*any_pair) == pytest.approx(metrics.mean_squared_error(*any_pair), rel=1e-12)


def test_psnr_equals_skimage(any_pair):
    """The same decibels as the published implementation."""
    metrics = pytest.importorskip(
        "skimage.metrics", reason="scikit-image is not installed (extra: reference)"
    )

    assert psnr(*any_pair) == pytest.approx(metrics.peak_signal_noise_ratio(*any_pair), rel=1e-12)


def test_sixteen_bits_count_in_their_own_levels():
    """A 16-bit difference is not reduced to eight bits first."""
    a, b = np.zeros((3, 3), np.uint16), np.full((3, 3), 1000, np.uint16)

    assert (mean_absolute_difference(a, b), mse(a, b)) == (1000, 1_000_000)


def test_mse_does_not_wrap_around_as_the_thread_s_loop_does():
    """Written as np.mean((now - before)**2) on uint8, a step of 16 levels squares to 256 and comes out as 0."""
    before, now = np.zeros((4, 4), np.uint8), np.full((4, 4), 16, np.uint8)

    assert np.mean((now - before) ** 2) == 0
    assert mse(before, now) == 256


def test_psnr_of_identical_images_is_infinite_and_its_score_zero():
    """The own unit has no number for it; the score has."""
    image = np.full((3, 3), 9, np.uint8)

    assert psnr(image, image) == math.inf
    assert metric("psnr").score(image, image) == 0


def test_the_difference_of_black_and_white_is_one_as_a_score():
    """Scores are shares of the largest possible difference."""
    black, white = np.zeros((3, 3), np.uint8), np.full((3, 3), 255, np.uint8)

    assert [metric(name).score(black, white) for name in ("mean-absolute-difference", "mse", "psnr")] == [
        1,
        1,
        1,
    ]


@pytest.mark.slow
def test_sums_stay_exact_for_pictures_larger_than_32_bits_count():
    """Black against white at 5000x5000: the sum of squares needs 41 bits."""
    black, white = np.zeros((5000, 5000), np.uint8), np.full((5000, 5000), 255, np.uint8)

    assert (mean_absolute_difference(black, white), mse(black, white)) == (255, 65025)
