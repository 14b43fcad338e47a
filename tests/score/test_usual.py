"""What is usual: it follows the scene, by the light, and outliers do not move it."""

import math
import random

import pytest

from keepframe.score.usual import Lights, Usual

S = 1e9


def learned(values, passed_ns=10 * S):
    """Return what these log scores teach."""
    usual = Usual()
    for value in values:
        usual.learn(value, passed_ns)
    return usual


def noise(count, location=1.0, scale=0.2, seed=3):
    """Return so many normal values."""
    rng = random.Random(seed)
    return [rng.gauss(location, scale) for _ in range(count)]


def test_location_and_scale_of_noise_are_found():
    """Within a few hundredths after some hundred pictures."""
    usual = learned(noise(2000))

    assert usual.location == pytest.approx(1.0, abs=0.05)
    assert usual.scale == pytest.approx(0.2, rel=0.15)
    assert usual.off(2.0) == pytest.approx(5, rel=0.2)


def test_an_outlier_moves_it_little():
    """A thousandfold score counts as one that is three and a half scales off."""
    usual = learned(noise(2000))
    before = usual.location
    usual.learn(math.log(1000), 10 * S)

    assert usual.location - before < 0.01


def test_it_follows_within_hours():
    """Twice the noise is usual after an afternoon."""
    usual = learned([*noise(2000), *noise(2000, location=1.0 + math.log(2))])

    assert usual.location == pytest.approx(1.0 + math.log(2), abs=0.1)


def test_equal_scores_have_a_scale():
    """Where nothing ever varies, 5 % more is one scale."""
    assert learned([0.5] * 100).off(0.55) == pytest.approx(1.0)


def test_each_light_has_its_own():
    """Night starts with what day taught, and leaves it alone; a level near the edge of a band stays in it."""
    lights = Lights()
    for value in noise(200):
        lights.at(120.0).learn(value, S)
    day = lights.at(120.0)
    location = day.location
    night = lights.at(40.0)
    is_settled = night.is_settled
    for value in noise(200, location=-1.0):
        night.learn(value, S)

    assert (day.location, is_settled, night.is_settled) == (location, False, True)
    assert night.location == pytest.approx(-1.0, abs=0.1)
    assert lights.at(61.0) is night
    assert lights.at(66.0) is night
    assert lights.at(69.0) is not night


def test_forgetting_starts_from_what_was_usual():
    """The new normal is learned as fast as the first."""
    lights = Lights()
    for value in noise(500):
        lights.at(99.0).learn(value, S)
    lights.forget()
    again = lights.at(99.0)

    assert not again.is_settled
    assert again.location == pytest.approx(1.0, abs=0.1)


def test_saving_changes_nothing():
    """Every band comes back."""
    lights, other = Lights(), Lights()
    for level in (20.0, 99.0, 240.0):
        for value in noise(20, location=level):
            lights.at(level).learn(value, S)
    other.load(lights.save())

    assert other.save() == lights.save()
    assert other.at(240.0).location == lights.at(240.0).location
