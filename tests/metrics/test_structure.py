import numpy as np
import pytest

from keepframe.metrics import ssim, ssim_map


def _skimage(a, b, **options):
    metrics = pytest.importorskip(
        "skimage.metrics", reason="scikit-image is not installed (extra: reference)"
    )
    return metrics.structural_similarity(a, b, channel_axis=-1 if a.ndim == 3 else None, **options)


def test_ssim_equals_skimage_by_default(any_pair):
    """Same window, same covariance, same cropped border."""
    assert ssim(*any_pair) == pytest.approx(_skimage(*any_pair), abs=2e-6)


def test_the_ssim_map_equals_skimage_s_full_map(any_pair):
    """The border is mirrored as scipy mirrors it."""
    a, b = any_pair
    full = _skimage(a.astype(np.float64), b.astype(np.float64), data_range=255, full=True)[1]
    if full.ndim == 3:
        full = full.mean(axis=2)

    assert np.abs(1 - ssim_map(a, b) - full).max() < 1e-4


def test_ssim_of_sixteen_bits_equals_skimage():
    """16-bit pictures keep their levels."""
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 65535, (2, 40, 50), dtype=np.uint16)

    assert ssim(a, b) == pytest.approx(_skimage(a, b, data_range=65535), abs=2e-6)


def test_ssim_of_flat_bright_areas_keeps_its_precision():
    """Where float32 sums of squares would cancel, integers do not."""
    rng = np.random.default_rng(4)
    a = (250 + rng.integers(0, 3, (200, 200))).astype(np.uint8)
    b = (250 + rng.integers(0, 3, (200, 200))).astype(np.uint8)

    assert ssim(a, b) == pytest.approx(_skimage(a, b), abs=2e-6)


@pytest.mark.parametrize("window", [2, 0, -3])
def test_an_even_or_empty_window_is_refused(window):
    """The error names the value and the rule."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ValueError, match=f"ssim: expected window to be odd and at least 1, got {window}"):
        ssim(image, image, window=window)


def test_a_picture_smaller_than_the_window_has_a_value():
    """The window shrinks; one pixel leaves the comparison of brightness."""
    assert 0 < ssim(np.full((1, 1), 100, np.uint8), np.full((1, 1), 50, np.uint8)) < 1
