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
