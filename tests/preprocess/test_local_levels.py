import cv2
import numpy as np
import pytest

from keepframe.preprocess.local_levels import clahe, local


@pytest.mark.parametrize("window", [3, 15])
def test_local_is_mean_and_deviation_of_the_window(window, noise):
    """Straight from the definition, the border mirrored."""
    image = noise(30, 40)
    radius = window // 2
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(image.astype(np.float64), radius, mode="reflect"), (window, window)
    )
    spread = np.maximum(4 * windows.std(axis=(2, 3)), 32)
    exact = 128 + (image - windows.mean(axis=(2, 3))) * 256 / spread

    assert np.abs(local(image, window, 32) - np.clip(exact, 0, 255)).max() <= 0.501


def test_local_takes_a_shadow_out():
    """What lies in half the light looks the same, but for the window at the shadow's edge."""
    rng = np.random.default_rng(4)
    lit = rng.integers(100, 200, (40, 80)).astype(np.uint8) // 2 * 2
    shaded = lit.copy()
    shaded[:, 40:] //= 2

    difference = np.abs(local(lit, 15, 32).astype(int) - local(shaded, 15, 32))

    assert difference[:, 56:].max() <= 2
    assert difference[:, :24].max() == 0


def test_clahe_is_opencv_s(noise):
    """In tiles where there are pixels enough."""
    image = cv2.GaussianBlur(noise(64, 80), (0, 0), 2)

    assert np.array_equal(clahe(image, 2.0, 8), cv2.createCLAHE(2.0, (8, 8)).apply(image))


def test_there_are_never_more_tiles_than_pixels(noise):
    """One pixel is one tile."""
    for shape in [(1, 1), (1, 9), (5, 3)]:
        assert clahe(noise(*shape), 2.0, 64).shape == shape
