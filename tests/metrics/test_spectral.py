import math

import numpy as np
import pytest

from keepframe.metrics import ergas, sam


def _sewar():
    return pytest.importorskip("sewar.full_ref", reason="sewar is not installed (extra: reference)")


def test_ergas_equals_sewar_s(any_pair):
    """In both forms: no channel of an ordinary picture is nearly black."""
    assert ergas(*any_pair) == pytest.approx(_sewar().ergas(*any_pair), rel=1e-12)
    assert ergas(*any_pair, compatible=True) == pytest.approx(_sewar().ergas(*any_pair), rel=1e-12)


def test_ergas_of_a_nearly_black_channel_follows_the_package_only_when_asked(make):
    """One pixel of one level in a hundred."""
    a = make.in_colour(make.scene(10, 10))
    a[:, :, 0], b = 0, a.copy()
    a[0, 0, 0] = 1
    b[:, :, 0] = 5

    assert ergas(a, b, compatible=True) == pytest.approx(_sewar().ergas(a, b), rel=1e-12)
    assert ergas(a, b) < 0.011 * ergas(a, b, compatible=True)


def test_ergas_of_a_black_channel_is_refused_only_in_the_compatible_form():
    """The package returns inf; a score must not."""
    black, gray = np.zeros((9, 9), np.uint8), np.full((9, 9), 10, np.uint8)

    assert ergas(black, gray) == 250
    with pytest.raises(ValueError, match="ergas: expected no black channel in reference, got one"):
        ergas(black, gray, compatible=True)


@pytest.mark.parametrize("ratio", [0, -1, float("nan")])
def test_a_ratio_must_be_positive(ratio):
    """The error names the value."""
    image = np.full((9, 9), 1, np.uint8)
    with pytest.raises(ValueError, match=f"ergas: expected ratio above 0, got {ratio}"):
        ergas(image, image, ratio=ratio)


def test_sam_equals_sewar_s(any_pair):
    """To what the arc of a cosine near 1 leaves of it: 1e-8 in the package, nothing here."""
    assert sam(*any_pair) == pytest.approx(_sewar().sam(*any_pair), abs=3e-8)


def test_black_pixels_do_not_count(make):
    """As in the package, and without its NaN."""
    a, b = make.in_colour(make.scene(20, 30)), make.in_colour(make.scene(20, 30, seed=4))
    a[:5], b[:, :5] = 0, 0

    assert sam(a, b) == pytest.approx(_sewar().sam(a, b), abs=1e-9)
    assert sam(np.zeros_like(a), b) == 0


def test_the_angle_does_not_depend_on_brightness():
    """Half as bright is the same colour, exactly; a pure other colour is a right angle away."""
    rng = np.random.default_rng(3)
    a = (rng.integers(0, 128, (20, 20, 3)) * 2).astype(np.uint8)
    blue, red = np.zeros((2, 4, 4, 3), np.uint8)
    blue[:, :, 0], red[:, :, 2] = 200, 90

    assert sam(a, a // 2) == 0
    assert sam(blue, red) == pytest.approx(math.pi / 2)
