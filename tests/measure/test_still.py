"""What an unchanging scene does by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.measure.still import Still, cost_of, thresholds


def seen(pictures):
    """The scene of these pictures."""
    still = Still()
    for picture in pictures:
        still.see(picture)
    return still.told()


@pytest.mark.parametrize("sigma", [2.0, 6.0])
def test_noise_is_its_standard_deviation_and_drift_is_not_noise(sigma):
    """A scene of stripes, lit ever brighter."""
    rng = np.random.default_rng(1)
    stripes = np.tile(np.where(np.arange(160) % 20 < 10, 90.0, 140.0), (120, 1))
    scene = seen(
        np.clip(stripes + n / 5 + rng.normal(0, sigma, stripes.shape), 0, 255).astype(np.uint8)
        for n in range(60)
    )

    assert scene.noise == pytest.approx(sigma, rel=0.05)
    assert scene.drift == pytest.approx(11.6, abs=0.6)
    assert scene.level == pytest.approx(120.4, abs=0.5)
    assert scene.pictures == 60


def test_the_noisiest_place_is_found():
    """Leaves in the lower left corner."""
    rng = np.random.default_rng(1)
    pictures = np.full((30, 120, 160), 100, np.uint8)
    pictures[:, 105:, :20] += rng.integers(0, 40, (30, 15, 20), np.uint8)
    scene = seen(pictures)

    assert scene.place == (0.0, 0.875)
    assert scene.noise < 0.1
    assert scene.noisiest > 8


def test_one_picture_says_nothing_and_another_size_is_refused():
    """In words."""
    with pytest.raises(ValueError, match="1 pictures: noise is the difference of two"):
        seen([np.zeros((9, 9), np.uint8)])
    with pytest.raises(ValueError, match="one scene has one size"):
        seen([np.zeros((9, 9), np.uint8), np.zeros((9, 8), np.uint8)])


@pytest.mark.parametrize("shape", [(4, 4), (1, 3), (480, 641)])
def test_any_size_has_its_numbers(shape):
    """Smaller than the tiles, or larger than is looked at."""
    scene = seen(np.full((3, *shape), 7, np.uint8))

    assert (scene.noise, scene.noisiest, scene.drift) == (0, 0, 0)


def test_keeps_become_a_rate_and_none_a_bound():
    """Nothing in a minute says little about a day."""
    assert cost_of("threshold", 0.1, 2, 86_400).a_day == 2
    assert (cost_of("threshold", 0.1, 0, 60).a_day, cost_of("threshold", 0.1, 0, 60).is_bound) == (4320, True)


@given(scores=st.lists(st.floats(1e-6, 10), min_size=1, max_size=40))
def test_thresholds_are_round_and_reach_above_every_score(scores):
    """The largest is twice the highest score at least."""
    found = thresholds(scores)

    assert found == sorted(set(found))
    assert found[-1] >= 2 * max(scores)
    assert found[0] <= max(scores)
    assert all(float(f"{value:.0e}") == value for value in found)


def test_a_scene_without_any_difference_has_no_thresholds():
    """Anything above 0 would do."""
    assert thresholds([0.0, 0.0]) == thresholds([]) == []
