import re

import cv2
import numpy as np
import pytest

from keepframe.frame import Frame
from keepframe.preprocess import edges, threshold


@pytest.mark.parametrize("operator", ["sobel", "scharr", "prewitt"])
def test_edges_are_those_of_skimage(operator, framed, noise):
    """Its strength times 255, to the nearest level."""
    filters = pytest.importorskip(
        "skimage.filters", reason="scikit-image is not installed (extra: reference)"
    )
    image = cv2.GaussianBlur(noise(41, 57), (0, 0), 1)

    exact = getattr(filters, operator)(image) * 255

    assert np.abs(edges(framed(image), operator=operator).image - exact).max() <= 0.501


def test_the_strongest_edge_is_not_cut_off(framed):
    """Black beside white, and the corner of both, stay within 255."""
    image = np.zeros((9, 9), np.uint8)
    image[4:, 4:] = 255

    assert edges(framed(image)).image.max() <= 255
    assert edges(framed(image)).image[8, 4] == 180


def test_even_light_has_no_edges(framed, noise):
    """Twenty levels more change nothing."""
    image = noise(30, 40) // 2

    assert np.array_equal(edges(framed(image)).image, edges(framed(image + 20)).image)


def test_colour_becomes_gray_first(framed, noise):
    """By Rec. 601, with both steps."""
    image = noise(20, 30, 3)
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)

    assert np.array_equal(edges(framed(image)).image, edges(framed(gray)).image)
    assert np.array_equal(threshold(framed(image)).image, threshold(framed(gray)).image)


def test_what_is_above_the_level_is_white(framed):
    """The level itself is not."""
    assert threshold(framed([[0, 99, 100, 101, 255]]), level=100).image.tolist() == [[0, 0, 0, 255, 255]]
    assert threshold(framed([[0, 254, 255]]), level=254).image.tolist() == [[0, 0, 255]]


@pytest.mark.parametrize("seed", range(5))
def test_otsu_parts_the_levels_best(seed, framed):
    """No other level has a larger variance between both parts; skimage's is the same."""
    filters = pytest.importorskip(
        "skimage.filters", reason="scikit-image is not installed (extra: reference)"
    )
    rng = np.random.default_rng(seed)
    image = np.clip(
        np.where(rng.random((40, 50)) < 0.3, rng.normal(70, 15, (40, 50)), rng.normal(160, 25, (40, 50))),
        0,
        255,
    )
    image = image.astype(np.uint8)

    white = threshold(framed(image)).image > 0

    assert np.array_equal(white, image > filters.threshold_otsu(image))


def test_two_levels_are_parted_at_the_lower(framed):
    """Every level between them parts equally well; the lowest counts."""
    assert threshold(framed([[10, 10, 200]])).image.tolist() == [[0, 0, 255]]


@pytest.mark.parametrize(
    ("step", "options", "message"),
    [
        (edges, {"operator": "canny"}, 'edges: unknown operator "canny"; known: sobel, scharr, prewitt'),
        (threshold, {"level": 255}, 'threshold: expected level from 0 to 254, or "otsu", got 255'),
        (threshold, {"level": -1}, 'threshold: expected level from 0 to 254, or "otsu", got -1'),
        (threshold, {"level": "mean"}, "threshold: expected level from 0 to 254, or \"otsu\", got 'mean'"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(step, options, message):
    """Word by word."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        step(Frame(working=np.zeros((2, 2), np.uint8)), **options)
