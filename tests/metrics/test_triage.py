import numpy as np
import pytest

from keepframe import metrics


@pytest.mark.parametrize(("most", "largest"), [(0, 0.0), (1000, 0.02), (5, 0.5), (10**6, 0.1)])
def test_triage_equals_openimageio(any_pair, most, largest):
    """Same if at most P pixels fail at all and none fails by more than E."""
    oiio = pytest.importorskip("OpenImageIO", reason="OpenImageIO is not installed (extra: reference)")
    a, b = (oiio.ImageBuf(np.ascontiguousarray(np.atleast_3d(image))) for image in any_pair)
    result = oiio.ImageBufAlgo.compare(a, b, 0.0, 0.0)
    theirs = result.nwarn <= most and result.maxerror <= largest + 1e-6

    assert metrics.triage(*any_pair, most_pixels=most, largest=largest) == float(theirs)


def test_many_small_and_few_large_differences_are_both_too_much():
    """P guards against the first, E against the second."""
    base = np.zeros((100, 100), np.uint8)
    one_large, many_small, few_small = base.copy(), base + 1, base.copy()
    one_large[0, 0] = 6
    few_small[:10] = 5

    assert [metrics.triage(base, test) for test in (one_large, many_small, few_small)] == [0, 0, 1]


def test_a_pixel_counts_once_however_many_channels_differ():
    """P is in pixels."""
    base = np.zeros((2, 2, 3), np.uint8)

    assert metrics.triage(base, base + 1, most_pixels=4) == 1


@pytest.mark.parametrize("options", [{"most_pixels": -1}, {"largest": -0.1}])
def test_negative_limits_are_refused(options):
    """They could never be met."""
    with pytest.raises(ValueError, match="triage: expected most_pixels and largest of at least 0"):
        metrics.triage(*np.zeros((2, 3, 3), np.uint8), **options)


def test_equality_tells_one_level_of_one_sample():
    """It is as strict as it says."""
    a = np.zeros((9, 9, 3), np.uint8)
    b = a.copy()
    b[8, 8, 2] = 1

    assert (metrics.equality(a, a.copy()), metrics.equality(a, b)) == (1, 0)
