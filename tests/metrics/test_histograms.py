import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keepframe import metrics
from keepframe.metrics.histograms import distributions

NAMES = [name for name in metrics.names() if name.startswith("histogram-")]


def _planes(a, b, bins):
    """Distributions of every channel by numpy."""
    for channel in range(1 if a.ndim == 2 else a.shape[2]):
        yield tuple(
            np.histogram(i if i.ndim == 2 else i[:, :, channel], bins=bins, range=(0, 256))[0]
            / (i.shape[0] * i.shape[1])
            for i in (a, b)
        )


FORMULAS = {
    "histogram_l1": lambda p, q: np.abs(p - q).sum(),
    "histogram_l2": lambda p, q: np.linalg.norm(p - q),
    "histogram_chi_square": lambda p, q: sum(
        (x - y) ** 2 / (x + y) for x, y in zip(p, q, strict=True) if x + y
    ),
    "histogram_intersection": lambda p, q: np.minimum(p, q).sum(),
    "histogram_correlation": lambda p, q: np.corrcoef(p, q)[0, 1],
    "histogram_kolmogorov_smirnov": lambda p, q: np.abs(np.cumsum(p) - np.cumsum(q)).max(),
}


@pytest.mark.parametrize("bins", [256, 32])
@pytest.mark.parametrize("name", FORMULAS)
def test_distances_equal_their_formulas_on_numpy_s_histograms(any_pair, name, bins):
    """To 1e-9, channels averaged."""
    expected = np.mean([FORMULAS[name](p, q) for p, q in _planes(*any_pair, bins)])

    assert getattr(metrics, name)(*any_pair, bins=bins) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "method", "factor"),
    [
        ("histogram_chi_square", cv2.HISTCMP_CHISQR_ALT, 0.5),
        ("histogram_intersection", cv2.HISTCMP_INTERSECT, 1),
        ("histogram_correlation", cv2.HISTCMP_CORREL, 1),
        ("hellinger", cv2.HISTCMP_BHATTACHARYYA, 1),
    ],
)
def test_distances_equal_opencv_s_on_distributions(plain_pair, name, method, factor):
    """OpenCV compares float32 histograms, so to 1e-5."""
    values = [
        cv2.compareHist(p.astype(np.float32), q.astype(np.float32), method) * factor
        for p, q in _planes(*plain_pair, 256)
    ]

    assert getattr(metrics, name)(*plain_pair) == pytest.approx(np.mean(values), abs=2e-5)


def test_kolmogorov_smirnov_equals_scipy(make):
    """The statistic of the two-sample test over all pixels."""
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra: reference)")
    a, b = make.scene(40, 50), make.noisy(make.scene(40, 50), 20)

    assert metrics.histogram_kolmogorov_smirnov(a, b) == pytest.approx(
        stats.ks_2samp(a.ravel(), b.ravel()).statistic, abs=1e-12
    )


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.randoms(use_true_random=False))
def test_the_order_of_the_pixels_does_not_matter(image, random):
    """A histogram does not know where a pixel is."""
    shuffled = image.ravel().tolist()
    random.shuffle(shuffled)
    other = np.array(shuffled, np.uint8).reshape(image.shape)

    assert [metrics.metric(name).score(image, other) for name in NAMES] == pytest.approx(
        [0] * len(NAMES), abs=1e-9
    )


@pytest.mark.slow
def test_counts_stay_exact_beyond_what_float32_holds():
    """Two levels that differ by one pixel in 2^25."""
    image = np.zeros((1 << 12, (1 << 13) + 1), np.uint8)
    image[0, 0] = 255
    p, _ = distributions(image, image, 256, "histogram-l1")

    assert p[0, 255] == 1 / image.size


def test_bins_that_do_not_divide_the_levels_are_refused():
    """The error names the metric and the value."""
    with pytest.raises(
        ValueError, match="histogram-l1: expected bins to be a power of two from 1 to 256, got 100"
    ):
        metrics.histogram_l1(*np.zeros((2, 3, 3), np.uint8), bins=100)
