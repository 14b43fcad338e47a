import cv2
import numpy as np
import pytest

from keepframe.metrics import shift
from keepframe.metrics.registration import _whitened

METHODS = ["phase", "cross-correlation", "ecc"]


def _moved(size, dx, dy):
    """Two windows of one large scene, the second as seen by a camera that made the scene move by (dx, dy)."""
    rng = np.random.default_rng(7)
    large = cv2.GaussianBlur(rng.integers(0, 255, (400, 500), dtype=np.uint8), (0, 0), 3)
    large = cv2.normalize(large, None, 0, 255, cv2.NORM_MINMAX)
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    warped = cv2.warpAffine(large, matrix, (500, 400), flags=cv2.INTER_CUBIC)
    height, width = size
    return large[100 : 100 + height, 100 : 100 + width], warped[100 : 100 + height, 100 : 100 + width]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("by", [(1, 0), (0, 2), (-3, 2), (0.5, -0.25)])
@pytest.mark.parametrize("size", [(120, 160), (135, 203)])
def test_a_known_shift_is_found(method, by, size):
    """Right and down are positive, to a tenth of a pixel (a third where a parabola is all there is)."""
    found = shift(*_moved(size, *by), method=method)

    assert (found.x, found.y) == pytest.approx(by, abs=0.35 if method == "cross-correlation" else 0.1)
    assert 0.3 < found.response <= 1


def test_an_odd_transform_length_adds_no_half_pixel(make):
    """cv2.phaseCorrelate says 0.5 for two identical pictures 405 px wide."""
    picture = make.scene(270, 405)
    plain = picture.astype(np.float32)

    assert cv2.phaseCorrelate(plain, plain)[0][0] == pytest.approx(0.5, abs=0.01)
    assert shift(picture, picture)[:2] == (0, 0)


def test_the_peak_is_where_scipy_finds_it(make):
    """Argmax of the full cross-correlation of both pictures less their means."""
    signal = pytest.importorskip("scipy.signal", reason="scipy is not installed (extra: reference)")
    a = make.scene(60, 81)
    b = make.shifted(a, 4, -3)
    surface = signal.correlate(b - b.mean(), a - a.mean(), method="fft")
    y, x = np.unravel_index(np.argmax(surface), surface.shape)
    found = shift(a, b, method="cross-correlation")

    assert (found.x, found.y) == pytest.approx((x - 80, y - 59), abs=0.5)


def test_the_sign_is_opposite_to_skimage_s(make):
    """Skimage gives the shift to undo, in rows and columns."""
    registration = pytest.importorskip(
        "skimage.registration", reason="scikit-image is not installed (extra: reference)"
    )
    a = make.scene(64, 64)
    b = make.shifted(a, 5, -2)
    theirs = registration.phase_cross_correlation(a, b)[0]
    found = shift(a, b)

    assert (found.y, found.x) == pytest.approx((-theirs[0], -theirs[1]), abs=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_pictures_without_structure_have_not_moved(method):
    """cv2 gives (31, 31) or raises; a lens cap has no shift."""
    cap = np.full((64, 64), 9, np.uint8)

    assert shift(cap, cap + 1, method=method) == (0, 0, 0)


def test_an_unknown_method_is_refused():
    """The error quotes it and names the others."""
    with pytest.raises(
        ValueError, match='shift: expected method "phase", "cross-correlation" or "ecc", got "x"'
    ):
        shift(*np.zeros((2, 9, 9), np.uint8), method="x")


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (8, 9), (9, 9), (45, 27), (120, 160)])
def test_the_packed_spectrum_is_whitened_as_the_full_one(size):
    """Odd and even sizes are packed differently."""
    noise = np.random.default_rng(1).normal(size=size).astype(np.float32)
    spectrum = np.fft.fft2(noise)
    expected = np.fft.ifft2(spectrum / np.abs(spectrum)).real
    flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT

    assert np.abs(cv2.dft(_whitened(cv2.dft(noise)), flags=flags) - expected).max() < 1e-5
