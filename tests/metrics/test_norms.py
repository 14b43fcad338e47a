import math

import cv2
import numpy as np
import pytest

from keepframe import metrics
from keepframe.metrics.images import bgr, gray


def test_sums_and_counts_equal_scipy_s_norms(any_pair):
    """The thread's script, without its normalisation, in wide integers."""
    linalg = pytest.importorskip("scipy.linalg", reason="scipy is not installed (extra: reference)")
    a, b = any_pair
    difference = (a.astype(np.int64) - b).astype(float)
    pixels = difference if a.ndim == 2 else np.abs(difference).max(axis=2)

    assert metrics.manhattan(a, b) == linalg.norm(difference.ravel(), 1)
    assert metrics.zero_norm(a, b) == linalg.norm(pixels.ravel(), 0)
    assert metrics.euclidean(a, b) == pytest.approx(linalg.norm(difference.ravel()), rel=1e-12)
    assert metrics.euclidean_per_size(a, b) == pytest.approx(
        linalg.norm(difference.ravel()) / a.size, rel=1e-12
    )
    assert metrics.largest_difference(a, b) == linalg.norm(difference.ravel(), np.inf)


def test_rmse_equals_sewar(any_pair):
    """The published package gives the same number."""
    sewar = pytest.importorskip("sewar.full_ref", reason="sewar is not installed (extra: reference)")

    assert metrics.rmse(*any_pair) == pytest.approx(sewar.rmse(*any_pair), rel=1e-12)


def test_luminance_euclid_is_the_norm_of_the_gray_difference(any_pair):
    """Ramponi's luminance, by OpenCV's Rec.601."""
    a, b = (gray(image).astype(np.int64) for image in any_pair)

    assert metrics.luminance_euclid(*any_pair) == pytest.approx(math.sqrt(((a - b) ** 2).sum()), rel=1e-12)


def test_mean_channel_difference_equals_the_answer_s_function(make):
    """Pedro's loop over RGB tuples, with gray repeated as convert("RGB") does."""
    for image in (make.scene(30, 40), make.in_colour(make.scene(30, 40))):
        other = make.with_object(image)
        a, b = (bgr(x)[:, :, ::-1].reshape(-1, 3).tolist() for x in (image, other))
        steps = [abs(p - q) for one, two in zip(a, b, strict=True) for p, q in zip(one, two, strict=True)]

        assert metrics.mean_channel_difference(image, other) == pytest.approx(
            sum(steps) / len(steps), rel=1e-12
        )


@pytest.mark.parametrize("statistic", ["max", "mean", "deviation"])
def test_row_means_equal_numpy(any_pair, statistic):
    """The function over the rows is the caller's choice."""
    a, b = any_pair
    rows = np.abs(a.astype(np.int64) - b).reshape(len(a), -1).mean(axis=1)
    expected = {"max": rows.max(), "mean": rows.mean(), "deviation": rows.std()}[statistic]

    assert metrics.row_means(a, b, statistic=statistic) == pytest.approx(expected, rel=1e-9)


def test_an_unknown_statistic_is_refused():
    """The error quotes it and names the others."""
    with pytest.raises(ValueError, match='expected statistic "max", "mean" or "deviation", got "median"'):
        metrics.row_means(*np.zeros((2, 3, 3), np.uint8), statistic="median")


def test_a_tolerance_above_the_noise_leaves_what_changed(make):
    """Without one, noise is a difference in nearly every pixel."""
    still = make.scene()
    noisy = make.noisy(make.with_object(still), 2)
    pixels = still.size

    assert metrics.zero_norm(still, noisy) > 0.7 * pixels
    assert metrics.zero_norm(still, noisy, tolerance=12) < 0.05 * pixels


def test_all_forms_of_the_euclidean_distance_are_one_score(make):
    """Sizes divided out, the three forms are the root mean square."""
    a, b = make.scene(), make.noisy(make.scene(), 9)
    scores = [metrics.metric(name).score(a, b) for name in ("euclidean", "euclidean-per-size", "rmse")]

    assert scores == pytest.approx([scores[0]] * 3, rel=1e-12)


def test_normalising_before_the_norm_hides_what_it_should_show():
    """One bright pixel on black rescales the thread's normalised picture; a constant one divides by zero there."""
    dark = np.tile(np.arange(10, dtype=np.uint8), (10, 1))
    lit = dark.copy()
    lit[0, 0] = 255

    def normalised(image):
        spread = int(image.max()) - int(image.min())
        return (image.astype(float) - image.min()) * 255 / spread

    assert np.abs(normalised(dark) - normalised(lit)).mean() > 50
    assert metrics.mean_absolute_difference(dark, lit) < 3
    with pytest.warns(RuntimeWarning, match="invalid value"):
        normalised(np.zeros((3, 3), np.uint8))
    assert cv2.normalize(np.zeros((3, 3), np.uint8), None, 0, 255, cv2.NORM_MINMAX).max() == 0
