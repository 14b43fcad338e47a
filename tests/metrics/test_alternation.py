import cv2
import numpy as np
import pytest

from keepframe.metrics import flip, flip_map


def _package(a, b, **parameters):
    package = pytest.importorskip(
        "flip_evaluator", reason="flip-evaluator is not installed (extra: reference)"
    )
    both = []
    for image in (a, b):
        colour = np.dstack([image] * 3) if image.ndim == 2 else image[:, :, ::-1]
        both.append(np.ascontiguousarray(colour, np.float32) / 255)
    error, mean, _ = package.evaluate(*both, "LDR", applyMagma=False, parameters=parameters)
    return error.squeeze(), mean


@pytest.mark.slow
def test_flip_equals_the_package(any_pair):
    """The mean, and the map at every pixel."""
    error, mean = _package(*any_pair)

    assert flip(*any_pair) == pytest.approx(mean, abs=2e-5)
    assert np.abs(flip_map(*any_pair) - error).max() < 1e-3


@pytest.mark.parametrize("pixels_per_degree", [3, 20, 67.02064, 150])
def test_flip_equals_the_package_at_other_distances(pixels_per_degree, make):
    """From so near that one pixel is all the kernel to so far that it is larger than the picture; gray and colour."""
    a = make.scene(50, 60)
    for left, right in ((a, make.noisy(a, 8)), (make.in_colour(a), make.noisy(make.in_colour(a), 8))):
        error, mean = _package(left, right, ppd=pixels_per_degree)

        assert flip(left, right, pixels_per_degree=pixels_per_degree) == pytest.approx(mean, abs=2e-5)
        assert np.abs(flip_map(left, right, pixels_per_degree=pixels_per_degree) - error).max() < 1e-3


def test_flip_is_largest_between_pure_green_and_pure_blue():
    """The paper's largest distance of two colours is the end of the scale."""
    green, blue = np.zeros((2, 20, 20, 3), np.uint8)
    green[:, :, 1], blue[:, :, 0] = 255, 255

    assert flip(green, blue) == pytest.approx(1, abs=1e-3)
    assert flip(green, green) == 0


def test_a_fine_pattern_is_seen_from_near_and_not_from_far():
    """A checkerboard of single pixels against its mean in linear light."""
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    mean = np.full_like(board, 188)

    assert flip(board, mean, pixels_per_degree=200) < 0.3 * flip(board, mean, pixels_per_degree=10)


def test_flip_rises_with_noise_and_with_blur(make):
    """More of it is seen more."""
    a = make.scene()
    noise = [flip(a, make.noisy(a, sigma)) for sigma in (2, 6, 18)]
    blur = [flip(a, cv2.GaussianBlur(a, (0, 0), sigma)) for sigma in (0.7, 1.4, 2.8)]

    assert noise == sorted(noise)
    assert blur == sorted(blur)


@pytest.mark.parametrize("pixels_per_degree", [0, -1, 1001, float("nan")])
def test_an_impossible_distance_is_refused(pixels_per_degree):
    """The error names the value."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(
        ValueError, match=f"flip: expected pixels_per_degree above 0 .*, got {pixels_per_degree}"
    ):
        flip(image, image, pixels_per_degree=pixels_per_degree)
