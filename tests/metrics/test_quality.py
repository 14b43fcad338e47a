import numpy as np
import pytest

from keepframe import metrics
from keepframe.metrics.images import gray


@pytest.fixture
def ndimage():
    """Scipy's filters, or the reason why not."""
    return pytest.importorskip("scipy.ndimage", reason="scipy is not installed (extra: reference)")


def _uqi(convolve, a, b):
    """The paper's formula by sums over 8x8 windows, as its authors' code treats flat windows."""
    window = np.ones((8, 8))
    x, y = a.astype(float), b.astype(float)
    sx, sy, sxx, syy, sxy = (convolve(i, window, mode="valid") for i in (x, y, x * x, y * y, x * y))
    up, low1, low2 = 4 * (64 * sxy - sx * sy) * sx * sy, 64 * (sxx + syy) - sx**2 - sy**2, sx**2 + sy**2
    index = np.ones_like(up)
    flat = (low1 == 0) & (low2 != 0)
    index[flat] = (2 * sx * sy)[flat] / low2[flat]
    full = low1 * low2 != 0
    index[full] = up[full] / (low1 * low2)[full]
    return index.mean()


def test_uqi_equals_its_formula(plain_pair):
    """Windows wholly inside, channels averaged."""
    signal = pytest.importorskip("scipy.signal", reason="scipy is not installed (extra: reference)")
    a, b = (np.atleast_3d(image) for image in plain_pair)
    expected = [_uqi(signal.convolve2d, a[:, :, c], b[:, :, c]) for c in range(a.shape[2])]

    assert metrics.uqi(*plain_pair) == pytest.approx(np.mean(expected), abs=1e-9)


def test_sewar_s_uqi_takes_means_for_sums(make):
    """A picture shifted by a pixel is nearly perfect to it; uqi and the formula say otherwise."""
    sewar = pytest.importorskip("sewar.full_ref", reason="sewar is not installed (extra: reference)")
    a = make.scene()
    b = make.shifted(a, 1, 0)

    assert sewar.uqi(a, b) > 0.95
    assert metrics.uqi(a, b) < 0.7


def test_flat_windows_are_compared_by_brightness_and_black_ones_are_equal():
    """The 0/0 of the formula."""
    black, gray_level = np.zeros((9, 9), np.uint8), np.full((9, 9), 100, np.uint8)

    assert [
        metrics.uqi(black, black),
        metrics.uqi(black, gray_level),
        metrics.uqi(gray_level, gray_level),
    ] == [1, 0, 1]


def test_gmsd_equals_its_formula(plain_pair, ndimage):
    """2x2 means, Prewitt thirds with black beyond the border, c = 170, even sizes."""
    a, b = (gray(image)[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2] for image in plain_pair)
    prewitt = np.array([[1, 0, -1]] * 3) / 3
    strengths = []
    for image in (a, b):
        half = image.reshape(len(image) // 2, 2, -1, 2).mean(axis=(1, 3))
        along = [ndimage.convolve(half, kernel, mode="constant") for kernel in (prewitt, prewitt.T)]
        strengths.append(np.hypot(*along))
    one, other = strengths
    similarity = (2 * one * other + 170) / (one**2 + other**2 + 170)

    assert metrics.gmsd(a, b) == pytest.approx(similarity.std(), abs=1e-6)


def test_gmsd_equals_opencv_s_quality_module():
    """A value of QualityGMSD_compute, contrib 5.0."""
    y, x = np.mgrid[:96, :128].astype(np.float64)
    a, b = (
        (127 + 60 * np.sin(x / 7 + p) + 45 * np.cos(y / 5 - p) + 20 * np.sin(x * y / 97))
        .clip(0, 255)
        .astype(np.uint8)
        for p in (0.0, 0.2)
    )

    assert metrics.gmsd(a, b) == pytest.approx(0.029630688767077584, abs=1e-8)


def test_the_gmsd_map_has_no_edge_at_the_border(make):
    """A brighter picture must not light up the border tiles."""
    scene = np.minimum(make.scene(), 235)

    assert metrics.metric("gmsd-tile").value(scene, scene + 20) < 0.02
