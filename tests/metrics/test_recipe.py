import numpy as np
import pytest

from keepframe.metrics.recipe import Recipe, as_it_is, one_minus, share_of_levels


def some_measure(reference, test):
    """A function as a family has it."""
    return float(np.abs(reference.astype(int) - test).max())


def test_the_public_name_is_the_function_s_with_hyphens():
    """One name, spelled twice."""
    assert Recipe(some_measure, as_it_is).name == "some-measure"


@pytest.mark.parametrize(
    ("convert", "dtype", "expected"),
    [
        (as_it_is, np.uint8, 51.0),
        (one_minus, np.uint8, -50.0),
        (share_of_levels, np.uint8, 0.2),
        (share_of_levels, np.uint16, 51 / 65535),
    ],
)
def test_conversions_do_what_they_are_called(convert, dtype, expected):
    """The share depends on the levels the image's dtype has."""
    assert convert(51.0, np.zeros((2, 2), dtype)) == pytest.approx(expected)
