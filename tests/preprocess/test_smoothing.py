import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import blur


def gaussian(image, sigma):
    """A Gaussian in float64, straight from the formula, with the borders mirrored."""
    radius = round(3 * sigma)
    weights = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    padded = np.pad(image.astype(np.float64), radius, mode="reflect")
    rows = np.apply_along_axis(np.convolve, 0, padded, weights, mode="valid")
    return np.apply_along_axis(np.convolve, 1, rows, weights, mode="valid")


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0, 3.7])
def test_it_is_a_gaussian(sigma, framed, noise):
    """It agrees with the formula to one and a half levels, even on noise."""
    image = noise(40, 60)

    assert np.abs(blur(framed(image), sigma=sigma).image - gaussian(image, sigma)).max() <= 1.5


def test_each_colour_is_blurred_for_itself(framed, noise):
    """A channel of a blurred BGR image is the blurred channel."""
    image = noise(20, 30, 3)

    blurred = blur(framed(image), sigma=1.5).image

    assert all(
        np.array_equal(blurred[:, :, c], blur(framed(image[:, :, c]), sigma=1.5).image) for c in range(3)
    )


@given(
    level=st.integers(0, 255), rows=st.integers(1, 9), columns=st.integers(1, 9), sigma=st.floats(0.01, 100)
)
def test_a_constant_image_stays_constant(level, rows, columns, sigma):
    """Also where the kernel is larger than the image, down to one pixel."""
    image = blur(Frame().with_image(np.full((rows, columns), level, np.uint8)), sigma=sigma).image

    assert np.unique(image).tolist() == [level]
    assert image.shape == (rows, columns)


@pytest.mark.parametrize("sigma", [0.0, -1.0, 100.1, float("nan"), float("inf")])
def test_a_sigma_that_makes_no_sense_is_told(sigma, framed):
    """The range is in the message."""
    with pytest.raises(ValueError, match="blur: expected sigma above 0 up to 100 pixels, got"):
        blur(framed([[1]]), sigma=sigma)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_box_is_the_mean_of_a_square(size, framed, noise):
    """Rounded half up, the borders mirrored."""
    image, radius = noise(20, 30), size // 2
    padded = np.pad(image.astype(int), radius, mode="reflect")
    sums = np.lib.stride_tricks.sliding_window_view(padded, (size, size)).sum(axis=(2, 3))

    assert np.array_equal(
        blur(framed(image), kind="box", size=size).image, (2 * sums + size * size) // (2 * size * size)
    )


@pytest.mark.parametrize("size", [1, 3, 5, 9])
def test_a_median_is_the_median_of_a_square(size, framed, noise):
    """The borders repeated; a hot pixel is gone."""
    image, radius = noise(20, 30), size // 2
    padded = np.pad(image, radius, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))

    assert np.array_equal(
        blur(framed(image), kind="median", size=size).image, np.median(windows, axis=(2, 3))
    )


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_a_bilateral_blur_weighs_by_distance_and_levels(shape, framed, noise):
    """Straight from the formula: of colours the sum of the differences counts, in a circle of 1.5 sigma."""
    sigma, levels, radius = 1.5, 40.0, 2
    image = noise(*shape).astype(np.float64).reshape(20, 30, -1)
    padded = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), mode="reflect")
    total, weights = np.zeros(image.shape), np.zeros((20, 30, 1))
    for y in range(-radius, radius + 1):
        for x in range(-radius, radius + 1):
            if x * x + y * y <= radius * radius:
                there = padded[radius + y : radius + y + 20, radius + x : radius + x + 30]
                apart = np.abs(there - image).sum(axis=2, keepdims=True)
                weight = np.exp(-(x * x + y * y) / (2 * sigma**2) - apart**2 / (2 * levels**2))
                total, weights = total + weight * there, weights + weight
    blurred = blur(framed(noise(*shape)), kind="bilateral", sigma=sigma, levels=levels).image

    assert np.abs(blurred.reshape(image.shape) - total / weights).max() <= 0.51


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "mean"}, 'blur: unknown kind "mean"; known: gaussian, box, median, bilateral'),
        ({}, "blur: a gaussian one needs a sigma in pixels, and no size; got none"),
        (
            {"sigma": 1.0, "size": 3},
            "blur: a gaussian one needs a sigma in pixels, and no size; got a size too",
        ),
        ({"kind": "box"}, "blur: a box one needs a size in pixels, and no sigma; got none"),
        (
            {"kind": "median", "size": 3, "sigma": 1.0},
            "blur: a median one needs a size in pixels, and no sigma; got a sigma too",
        ),
        ({"kind": "box", "size": 4}, "blur: expected size to be an odd number from 1 to 255 pixels, got 4"),
        (
            {"kind": "box", "size": 257},
            "blur: expected size to be an odd number from 1 to 255 pixels, got 257",
        ),
        ({"kind": "bilateral", "sigma": 21.0}, "blur: expected sigma above 0 up to 20 pixels, got 21"),
        ({"kind": "bilateral", "sigma": 2.0, "levels": 0.0}, "blur: expected levels above 0, got 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options, message, framed):
    """Word by word."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        blur(framed([[1]]), **options)
