"""A histogram that fades: counts, quantiles and a memory that changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.score.sketch import Sketch
from keepframe.stage.memory import pack, unpack


def sketch(values=(), half_life=1.0):
    """Return one with these values in it."""
    made = Sketch(low=0.0, width=0.5, bins=40, half_life=half_life)
    for value in values:
        made.add(value)
    return made


def test_a_value_half_a_life_old_counts_half():
    """Two old values weigh as much as one new one."""
    fading = sketch([1.2, 1.2])
    fading.age(1.0)
    fading.add(9.2)

    assert fading.total == pytest.approx(2.0)
    assert fading.exceeded_by(1.0) == pytest.approx(9.0)


def test_what_lies_outside_counts_in_the_outermost_bins():
    """Nothing is lost below or above."""
    made = sketch([-5.0, 1e9])

    assert made.total == 2.0
    assert made.exceeded_by(1.0) == pytest.approx(19.5)


@given(st.lists(st.floats(0, 19), min_size=1, max_size=60), st.floats(0.1, 60), st.floats(0.1, 60))
def test_fewer_values_lie_above_a_higher_one(values, one, other):
    """The value exceeded by more is never the larger."""
    made = sketch(values)

    assert made.exceeded_by(max(one, other)) <= made.exceeded_by(min(one, other))


@given(st.lists(st.floats(0, 19), min_size=1, max_size=60), st.integers(0, 60))
def test_saving_changes_nothing(values, at):
    """Saved and loaded at any point it ends as one that was not, to the last bit, scaled down or not."""
    straight, resumed = sketch(half_life=0.05), sketch(half_life=0.05)
    for n, value in enumerate(values):
        if n == at:
            memory = unpack(pack(resumed.save(), "test"))
            resumed = sketch(half_life=0.05)
            resumed.load(memory)
        for made in (straight, resumed):
            made.age(0.2)
            made.add(value)

    assert pack(straight.save(), "test") == pack(resumed.save(), "test")


def test_the_mean_excess_is_that_of_the_values():
    """Values of one bin count as spread over it."""
    excess, number = sketch([3.1, 4.1, 0.2]).mean_excess(3.0)

    assert (excess, number) == (pytest.approx(1.5), 2.0)


def test_another_size_is_told():
    """A memory of another histogram is refused."""
    with pytest.raises(ValueError, match="expected 40 counts, got 3"):
        sketch().load(Sketch(low=0, width=1, bins=3, half_life=1).save())
