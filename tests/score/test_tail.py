"""The tail: how rare is far. Counted where it can be, extrapolated where it cannot."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.score.tail import Tail


def exponential(count, seed=5, decay=1.0):
    """Return the tail of so many exponential distances."""
    rng, tail = random.Random(seed), Tail()
    for _ in range(count):
        tail.add(rng.expovariate(1 / decay))
    return tail


def test_a_rate_that_was_seen_is_counted():
    """The quantile of one in a hundred, of ten thousand."""
    tail = exponential(10_000)

    assert tail.is_calibrated(0.01)
    assert tail.quantile(0.01) == pytest.approx(math.log(100), rel=0.05)


def test_a_rate_that_was_not_seen_is_extrapolated():
    """One in a hundred thousand, from two thousand."""
    tail = exponential(2000)

    assert not tail.is_calibrated(1e-5)
    assert tail.quantile(1e-5) == pytest.approx(math.log(1e5), rel=0.25)


def test_events_do_not_stretch_it_without_end():
    """A hundred visits among ten thousand pictures move the quantile by half at most: the body says how long a tail can be."""
    tail = exponential(10_000)
    before = tail.quantile(1e-4)
    for _ in range(100):
        tail.add(35.0)

    assert tail.quantile(1e-4) < 1.6 * before


@given(
    st.integers(0, 1000),
    st.floats(0.2, 8.0),
    st.floats(1e-7, 0.5),
    st.floats(1e-7, 0.5),
)
def test_a_higher_rate_never_has_a_larger_quantile(seed, decay, one, other):
    """Counted, extrapolated or on either side of both."""
    tail = exponential(300, seed, decay)

    assert tail.quantile(max(one, other)) <= tail.quantile(min(one, other))


def test_what_is_old_counts_less():
    """After two weeks the new, calmer scene says how far is far."""
    tail = exponential(5000, decay=2.0)
    before = tail.quantile(0.01)
    tail.age(14.0)
    for distance in (random.Random(9).expovariate(2.0) for _ in range(20_000)):
        tail.add(distance)

    assert tail.quantile(0.01) < before / 2


def test_saving_changes_nothing():
    """The counts come back."""
    tail, other = exponential(300), Tail()
    other.load(tail.save())

    assert other.quantile(1e-5) == tail.quantile(1e-5)
