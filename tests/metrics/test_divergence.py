import math

import numpy as np
import pytest

from keepframe import metrics
from keepframe.metrics.histograms import distributions


@pytest.fixture
def scipy():
    """Scipy's entropy and distances, or the reason why not."""
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra: reference)")
    distance = pytest.importorskip(
        "scipy.spatial.distance", reason="scipy is not installed (extra: reference)"
    )
    return stats.entropy, distance.jensenshannon


def test_divergences_equal_scipy_s(scipy, any_pair):
    """To 1e-9: Kullback-Leibler with one count added per bin, Jensen-Shannon as it is."""
    entropy, jensenshannon = scipy
    p, q = distributions(*any_pair, 256, "kullback-leibler")
    pixels = any_pair[0].shape[0] * any_pair[0].shape[1]
    kl = np.mean([entropy(one * pixels + 1, other * pixels + 1) for one, other in zip(p, q, strict=True)])
    js = np.mean([jensenshannon(one, other) ** 2 for one, other in zip(p, q, strict=True)])

    assert metrics.kullback_leibler(*any_pair) == pytest.approx(kl, abs=1e-9)
    assert metrics.jensen_shannon(*any_pair) == pytest.approx(js, abs=1e-9)


def test_the_three_names_of_bhattacharyya_are_three_numbers(any_pair):
    """Coefficient, minus its logarithm, and the root of what is missing to one."""
    p, q = distributions(*any_pair, 256, "hellinger")
    coefficients = np.sqrt(p * q).sum(axis=1)

    assert metrics.bhattacharyya_coefficient(*any_pair) == pytest.approx(coefficients.mean(), abs=1e-9)
    assert metrics.bhattacharyya_distance(*any_pair) == pytest.approx(
        -math.log(coefficients.mean()), abs=1e-9
    )
    assert metrics.hellinger(*any_pair) == pytest.approx(np.sqrt(1 - coefficients).mean(), abs=2e-8)


def test_plain_noise_is_finite_where_the_formula_as_written_is_infinite(scipy, make):
    """A gray level one picture has and the other has not makes p ln(p/0); a webcam has such levels always."""
    entropy, _ = scipy
    a = np.clip(make.scene() // 4 * 4, 0, 255)
    b = make.noisy(a, 3)
    p, q = distributions(b, a, 256, "kullback-leibler")

    assert entropy(p[0], q[0]) == math.inf
    assert 0 < metrics.kullback_leibler(b, a) < 5


def test_courbon_s_limit_marks_a_corrupted_frame_and_not_a_moved_object(make):
    """Half of the frame gray passes 0.2; an object does not."""
    scene = make.scene()
    corrupted = scene.copy()
    corrupted[40:] = 128

    assert metrics.kullback_leibler(scene, corrupted) > metrics.CORRUPTED
    assert metrics.kullback_leibler(scene, make.with_object(scene)) < metrics.CORRUPTED


def test_identical_distributions_are_exactly_zero_apart(make):
    """Rounding would leave 1e-8 in the root."""
    scene = make.scene()

    assert metrics.hellinger(scene, scene[::-1]) == 0
    assert metrics.bhattacharyya_distance(scene, scene[:, ::-1]) == 0


def test_distributions_without_a_common_level_are_infinitely_far_apart_and_score_one():
    """Minus the logarithm of nothing."""
    a, b = np.zeros((4, 4), np.uint8), np.full((4, 4), 9, np.uint8)

    assert metrics.bhattacharyya_distance(a, b) == math.inf
    assert metrics.metric("bhattacharyya-distance").score(a, b) == 1


@pytest.mark.parametrize("smoothing", [0.0, -1.0, math.nan])
def test_smoothing_must_be_above_zero(smoothing):
    """Without it the value is infinite on noise."""
    with pytest.raises(ValueError, match="kullback-leibler: expected smoothing above 0"):
        metrics.kullback_leibler(*np.zeros((2, 3, 3), np.uint8), smoothing=smoothing)
