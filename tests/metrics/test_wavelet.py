import numpy as np
import pytest

from keepframe import metrics
from keepframe.metrics.wavelet import haar


def test_the_transform_equals_pywavelets(make):
    """All rows, then all columns, orthonormal, coarse to fine."""
    pywt = pytest.importorskip("pywt", reason="PyWavelets is not installed (extra: reference)")
    image = make.scene(128, 128).astype(float)

    def along(array, axis):
        return np.concatenate(pywt.wavedec(array, "haar", axis=axis), axis=axis)

    assert pytest.approx(along(along(image, 1), 0), abs=1e-9) == haar(haar(image).T).T


def test_the_signature_holds_the_forty_largest_coefficients(make):
    """By sorting PyWavelets' coefficients; the mean is kept apart."""
    pywt = pytest.importorskip("pywt", reason="PyWavelets is not installed (extra: reference)")
    image = make.scene(128, 128)
    luminance = image.astype(float) / 255
    coefficients = np.concatenate(pywt.wavedec(luminance, "haar", axis=1), axis=1)
    coefficients = np.concatenate(pywt.wavedec(coefficients, "haar", axis=0), axis=0)
    mean, coefficients[0, 0] = coefficients[0, 0] / 128, 0
    largest = np.argsort(-np.abs(coefficients).ravel())[:40]
    signature = metrics.haar_signature(image)

    assert signature.means[0] == pytest.approx(mean)
    assert set(np.flatnonzero(signature.signs[0])) == set(largest)
    assert np.array_equal(signature.signs[0].ravel()[largest], np.sign(coefficients.ravel()[largest]))


def test_nothing_shared_is_one_and_everything_is_zero(make):
    """A negative shares the places, but no sign."""
    scene = make.scene(128, 128)

    assert metrics.haar_wavelet(scene, scene) == 0
    assert metrics.haar_wavelet(scene, 255 - scene) >= 1
    assert (
        metrics.haar_wavelet(scene, make.noisy(scene, 5))
        < 0.3
        < metrics.haar_wavelet(scene, make.scene(128, 128, seed=8))
    )


def test_a_picture_without_coefficients_is_compared_by_its_mean():
    """The formula would divide by zero."""
    flat, brighter = np.full((64, 64), 100, np.uint8), np.full((64, 64), 151, np.uint8)

    assert metrics.haar_wavelet(flat, brighter) == pytest.approx(5 * 0.2)


def test_fewer_than_one_coefficient_is_refused():
    """The error names the value."""
    with pytest.raises(ValueError, match="haar-signature: expected largest of at least 1, got 0"):
        metrics.haar_wavelet(*np.zeros((2, 8, 8), np.uint8), largest=0)
