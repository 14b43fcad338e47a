import math

import numpy as np
import pytest

from keepframe.metrics import hottest, metric
from keepframe.score.comparison import comparison

RNG = np.random.default_rng(2)
A = RNG.integers(0, 256, (27, 48), dtype=np.uint8)
B = A.copy()
B[5:20, 20:30] = 7


@pytest.mark.parametrize(
    "name", ["ssim-tile", "ssim", "mse-tile", "mse", "ncc", "psnr", "mean-absolute-difference"]
)
def test_a_built_in_metric_gives_its_own_score(name):
    """The score is that of keepframe.metrics to the last bit, 0 for the same image; a place there is exactly where there are tiles."""
    compare = comparison(name)

    score, box = compare(A, B)

    assert score == metric(name).score(A, B)
    assert (box is not None) == name.endswith("-tile")
    assert compare(A, A)[0] == 0


def test_a_tile_metric_says_where():
    """The place is the hottest tile of the metric's map."""
    assert comparison("ssim-tile")(A, B) == hottest("ssim-tile", A, B)


def test_a_users_metric_is_called_with_reference_and_image(mine):
    """Two images in, a number out; any kind of number."""
    seen = []
    compare = comparison(mine(lambda reference, image: seen.append((reference, image)) or np.float32(0.5)))

    assert compare(A, B) == (0.5, None)
    assert seen[0][0] is A
    assert seen[0][1] is B


@pytest.mark.parametrize("given", [3, True, 0.25, np.int16(4), np.array(1.5)])
def test_any_number_is_a_score(given, mine):
    """What a numpy function returns is a number too."""
    assert comparison(mine(lambda a, b: given))(A, B)[0] == float(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (math.nan, "expected a finite number, got nan"),
        (math.inf, "expected a finite number, got inf"),
        (None, "expected a number, got NoneType"),
        ("0.5", "expected a number, got str"),
        (1j, "expected a number, got complex"),
        (np.zeros(1), "expected a number, got ndarray"),
        ((0.5, None), "expected a number, got tuple"),
    ],
)
def test_what_is_no_number_is_told(given, message, mine):
    """The metric is named as the user wrote it."""
    with pytest.raises(ValueError, match=f'metric "mine:distance": {message}'):
        comparison(mine(lambda a, b: given))(A, B)


def test_a_metric_that_raises_is_told_with_its_cause(mine):
    """The user sees the metric's name and the error's own words, and the traceback keeps the cause."""
    with pytest.raises(
        ValueError, match='metric "mine:distance" failed: ZeroDivisionError: division by zero'
    ) as told:
        comparison(mine(lambda a, b: 1 / 0))(A, B)

    assert isinstance(told.value.__cause__, ZeroDivisionError)


def test_a_metric_cannot_write_into_the_reference(mine):
    """Images arrive read-only, so a metric that works in place fails instead of spoiling the reference."""
    frozen = A.copy()
    frozen.flags.writeable = False

    with pytest.raises(ValueError, match="failed: ValueError: output array is read-only"):
        comparison(mine(lambda a, b: np.subtract(a, b, out=a).sum()))(frozen, B)


def test_the_nearest_metric_is_named():
    """A slip of the pen is answered with the right word."""
    with pytest.raises(ValueError, match='metric: no metric named "ssim-tiles"; did you mean "ssim-tile"'):
        comparison("ssim-tiles")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere:distance", "metric: 'nowhere:distance': there is no module 'nowhere'"),
        ("math:distanc", "metric: 'math:distanc': 'math' has no 'distanc'; did you mean 'dist'"),
        ("math:", "metric: import string 'math:' must be in the form"),
    ],
)
def test_a_users_metric_that_is_not_there_is_told(name, message):
    """Before the first frame, with what is missing."""
    with pytest.raises(ValueError, match=message):
        comparison(name)


def test_what_cannot_be_called_is_no_metric():
    """A number is not a function of two images."""
    with pytest.raises(TypeError, match='metric: "math:pi" is float, which cannot be called'):
        comparison("math:pi")
