"""The scene of the synthetic camera and its truth."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.scene import Scene

LOBBY = Scene(seed=3, height=60, width=80, fps=10, noise=2, drift=0.05, object_size=0.3, absent=6, present=4)
EMPTY = replace(LOBBY, object_size=0)


@given(seed=st.integers(0, 2**40), index=st.integers(0, 10**9))
def test_a_picture_follows_from_seed_and_index_alone(seed, index):
    """Another scene with the same numbers, asked in another order, gives the same bytes."""
    one, other = replace(LOBBY, seed=seed), replace(LOBBY, seed=seed)
    other.planes(index + 1)

    assert all(np.array_equal(a, b) for a, b in zip(one.planes(index), other.planes(index), strict=True))


@given(index=st.integers(0, 10**6))
def test_the_box_is_where_the_object_is(index):
    """Without noise, a picture differs from the empty scene inside the box, and nowhere else."""
    still = replace(LOBBY, noise=0)
    box = still.truth(index).box
    differs = still.planes(index)[0] != replace(EMPTY, noise=0).planes(index)[0]
    inside = np.zeros_like(differs)
    if box is not None:
        top, left, height, width = box
        inside[top : top + height, left : left + width] = True

    assert not differs[~inside].any()
    assert differs.any() or box is None or min(box[2:]) <= 2


@pytest.mark.slow
@given(seed=st.integers(0, 10**6))
def test_visits_follow_one_another_with_empty_time_between(seed):
    """Each is seen, and the scene is empty before it and after it."""
    scene = replace(LOBBY, seed=seed)
    truths = [scene.truth(index) for index in range(1200)]
    came = [b for a, b in pairwise(truths) if a.view == "empty" != b.view]
    left = [a for a, b in pairwise(truths) if a.view != "empty" == b.view]

    assert truths[0].view == "empty"
    assert [t.visit for t in came] == list(range(len(came)))
    assert [t.visit for t in left] == list(range(len(left)))
    assert {t.visit for t in truths if t.view == "object"} >= {t.visit for t in left}


def test_the_object_is_there_for_its_share_of_the_time():
    """In the mean, over an hour."""
    scene = replace(LOBBY, fps=1)
    seen = np.mean([scene.truth(index).box is not None for index in range(20_000)])

    assert seen == pytest.approx(0.4, abs=0.03)


def test_noise_has_its_deviation_and_no_pattern_from_picture_to_picture():
    """Two pictures differ by noise of twice the variance."""
    scene = replace(EMPTY, drift=0, noise=3, height=200, width=200)
    a, b = (scene.planes(index)[0].astype(float) for index in (5, 6))

    assert (a - b).std() == pytest.approx(3 * 2**0.5, rel=0.05)
    assert abs((a - b).mean()) < 0.1


def test_light_drifts_over_a_minute():
    """By its share, up and down."""
    scene = replace(EMPTY, noise=0, drift=0.2)
    means = [scene.planes(index)[0].mean() for index in range(0, 600, 10)]

    assert max(means) / min(means) == pytest.approx(1.2 / 0.8, rel=0.02)


def test_nothing_moves_in_an_empty_scene_without_noise_and_drift():
    """One picture for ever."""
    scene = replace(EMPTY, noise=0, drift=0)

    assert np.array_equal(scene.planes(0)[0], scene.planes(12345)[0])


@given(
    height=st.integers(16, 50), width=st.integers(16, 50), size=st.floats(0, 0.9), index=st.integers(0, 500)
)
def test_any_size_has_its_three_planes(height, width, size, index):
    """Chroma is rounded up, and the object fits."""
    y, u, v = replace(LOBBY, height=height, width=width, object_size=size).planes(index)

    assert y.shape == (height, width)
    assert u.shape == v.shape == ((height + 1) // 2, (width + 1) // 2)
    assert y.dtype == u.dtype == v.dtype == np.uint8


HARD = {"clouds": 0.3, "shadow": 0.3, "leaves": 0.2, "rain": 5, "shake": 1.5, "parked": 5, "infrared": 4, "freeze": 4, "loss": 6}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_each_thing_that_is_hard_changes_some_picture_and_follows_from_its_index(name):
    """Alone, beside the plain scene, asked in another order."""
    plain, hard = replace(LOBBY, noise=0), replace(LOBBY, noise=0, **{name: HARD[name]})
    again = replace(LOBBY, noise=0, **{name: HARD[name]})
    shown = [hard.planes(index) for index in range(0, 160, 3)]

    assert any((hard.planes(i)[0] != plain.planes(i)[0]).any() for i in range(0, 160, 3))
    for index, planes in reversed(list(zip(range(0, 160, 3), shown, strict=True))):
        assert all(np.array_equal(a, b) for a, b in zip(planes, again.planes(index), strict=True))


def test_the_truth_tells_what_is_hard_about_a_picture():
    """The car, the light, a picture that stands still or is broken."""
    truths = [replace(LOBBY, parked=8, infrared=4, freeze=4, loss=6).truth(index) for index in range(200)]

    assert {t.car for t in truths} == {"away", "comes", "parked"}
    assert (
        {t.is_infrared for t in truths}
        == {t.is_frozen for t in truths}
        == {t.is_lost for t in truths}
        == {False, True}
    )


def test_a_frozen_picture_is_the_same_to_the_last_bit():
    """Noise included, and its truth is that of the picture before."""
    scene = replace(LOBBY, freeze=4)
    frozen = [n for n in range(200) if scene.truth(n).is_frozen]

    assert frozen[:2] == [40, 41]
    assert all(np.array_equal(scene.planes(n)[0], scene.planes(n - 1)[0]) for n in frozen)
    assert scene.truth(41).box == scene.truth(39).box
