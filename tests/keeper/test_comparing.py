"""Two pictures from Python, compared as the command does it."""

import cv2
import numpy as np
import pytest

from keepframe import compare

EMPTY = np.random.default_rng(1).integers(90, 100, (96, 128), np.uint8)


def test_a_change_is_found_and_said():
    """The numbers and the sentence are those of `keepframe compare`."""
    changed = EMPTY.copy()
    changed[20:50, 20:50] = 250

    found = compare(EMPTY, changed, ["mse"])

    assert found.changed
    assert found.sentence.startswith("changed: something")
    assert list(found.metrics) == ["mse"]


def test_gray_and_colour_are_compared_in_colour():
    """Whichever of them has it."""
    in_colour = cv2.cvtColor(EMPTY, cv2.COLOR_GRAY2BGR)

    assert not compare(EMPTY, in_colour).changed
    assert not compare(in_colour, EMPTY).changed


def test_two_sizes_are_an_error_that_names_both():
    """Width first, as people say it."""
    with pytest.raises(ValueError, match="got 128x96 and 64x96; resize"):
        compare(EMPTY, EMPTY[:, :64])
