"""What the weather does to a scene: it changes light and moves leaves, and follows from the time alone."""

import numpy as np
import pytest

from keepframe.capture.planes import Planes
from keepframe.capture.weather import Leaves, Light, Rain, Shadow


def gray(level=120):
    """A gray picture of 60 x 80."""
    return Planes(*(np.full(size, level, np.uint8) for size in ((60, 80), (30, 40), (30, 40))))


def seen(effect, moment):
    """The luma of a gray picture under this effect."""
    planes = gray()
    effect(planes, moment)
    return planes.luma.astype(int)


@pytest.mark.parametrize(
    "effect",
    [
        Light(1, 60, 80, 0.1, 0.4),
        Shadow(1, 60, 80, 0.4),
        Leaves(1, 60, 80, 0.25),
        Rain(1, 60, 80, 20.0),
    ],
)
def test_it_changes_with_time_and_follows_from_it(effect):
    """Another moment looks different, the same moment the same, in any order."""
    first = seen(effect, 3)

    assert (first != seen(effect, 11)).any()
    assert (first == seen(effect, 3)).all()


def test_clouds_and_shadow_take_at_most_their_share_of_the_light():
    """And they take it somewhere at some time."""
    for effect in (Light(1, 60, 80, 0.0, 0.4), Shadow(1, 60, 80, 0.4)):
        lights = np.array([seen(effect, second) for second in range(0, 180, 5)])

        assert lights.max() == 120
        assert 71 <= lights.min() <= 75


def test_clouds_go_on_without_a_jump():
    """Where their pattern begins again, too."""
    effect = Light(1, 60, 80, 0.0, 0.4)
    steps = [abs(seen(effect, t / 5) - seen(effect, (t + 1) / 5)).max() for t in range(150)]

    assert max(steps) <= 3 * np.median(steps)


def test_leaves_cover_their_share():
    """And sway only there."""
    moved = seen(Leaves(1, 60, 80, 0.25), 1) != 120

    assert 0.18 < moved.mean() <= 0.26
    assert not moved[:, 40:].any()


def test_rain_falls_elsewhere_in_every_picture():
    """As many streaks as were asked for."""
    one, other = (seen(Rain(1, 60, 80, 20.0), n) > 120 for n in (1, 2))

    assert 0.005 < one.mean() < 0.2
    assert (one & other).mean() < one.mean() / 2
