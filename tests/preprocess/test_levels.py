import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import normalize


def test_min_max_reaches_both_ends(framed):
    """The smallest level becomes 0, the largest 255, the rest in proportion."""
    assert normalize(framed([[50, 100], [150, 250]]), method="min-max").image.tolist() == [
        [0, 64],
        [128, 255],
    ]


def test_a_hot_pixel_does_not_decide(framed, noise):
    """With percentiles one white pixel in a dark picture changes nothing but itself."""
    image = noise(100, 100) // 3
    hot = image.copy()
    hot[3, 4] = 255

    calm, disturbed = (normalize(framed(i)).image.copy() for i in (image, hot))

    disturbed[3, 4] = calm[3, 4]
    assert np.array_equal(calm, disturbed)


def test_percentiles_are_those_of_numpy(framed, noise):
    """The ends are levels of the picture as numpy's inverted_cdf gives them."""
    image = noise(37, 41) // 2 + 40

    stretched = normalize(framed(image), low=5, high=80).image

    low, high = np.percentile(image, [5, 80], method="inverted_cdf")
    expected = np.clip(np.floor((image.astype(int) - low) * 255 / (high - low) + 0.5), 0, 255)
    assert np.array_equal(stretched, expected)


METHODS = ["percentile", "min-max", "mean-std", "equalize", "clahe", "local"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(8, 8), (1, 1), (8, 8, 3)])
@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_constant_image_becomes_mid_gray(method, level, shape, framed):
    """Nothing is divided by zero, and there is no step between a constant image and a nearly constant one."""
    constant = normalize(framed(np.full(shape, level)), method=method).image

    assert np.unique(constant).tolist() == [128]


def test_the_noise_of_a_dark_picture_is_not_blown_up(framed):
    """Three levels of noise stay below 8 times their size, not 85 times."""
    dark = np.random.default_rng(3).integers(2, 5, (50, 50))

    image = normalize(framed(dark)).image

    assert int(image.max()) - int(image.min()) <= 16
    assert int(normalize(framed(dark), min_spread=1).image.max()) == 255


def test_colours_keep_their_order(framed):
    """All channels are stretched by one table: gray stays gray."""
    image = np.repeat(np.arange(60, 160, dtype=np.uint8).reshape(10, 10, 1), 3, axis=2)

    stretched = normalize(framed(image)).image

    assert np.array_equal(stretched[:, :, 0], stretched[:, :, 2])
    assert stretched.shape == image.shape


@given(gain=st.floats(0.5, 1.0), lift=st.integers(0, 60), seed=st.integers(0, 99))
def test_an_even_change_of_light_is_taken_out(gain, lift, seed):
    """A picture and its darker, lifted copy become nearly the same: to the rounding the copy has suffered, stretched."""
    image = np.random.default_rng(seed).integers(0, 196, (30, 30), dtype=np.uint8)
    copy = np.floor(image * gain + lift + 0.5).astype(np.uint8)

    a, b = (normalize(Frame().with_image(i), method="min-max").image.astype(int) for i in (image, copy))

    assert np.abs(a - b).max() <= 4


def test_equalize_is_opencv_s(framed, noise):
    """Histogram equalisation by its table, on anything but a constant image."""
    for image in (noise(30, 40), cv2.GaussianBlur(noise(60, 50), (0, 0), 2), np.array([[3, 9]], np.uint8)):
        made = normalize(framed(image), method="equalize").image

        assert np.abs(made.astype(int) - cv2.equalizeHist(image)).max() <= 1


def test_equalize_gives_each_level_its_rank(framed):
    """The share of the pixels up to a level, those of the lowest level aside: 0, 1/3, 2/3, 1."""
    assert normalize(framed([[7, 8, 9, 200]]), method="equalize").image.tolist() == [[0, 85, 170, 255]]


def test_mean_and_deviation_become_128_and_64(framed):
    """Two deviations reach the ends."""
    image = np.clip(np.random.default_rng(2).normal(90, 12, (100, 100)), 0, 255).astype(np.uint8)

    made = normalize(framed(image), method="mean-std").image
    exact = 128 + (image - image.mean()) * 64 / image.std()

    assert np.abs(made - np.clip(exact, 0, 255)).max() <= 0.501
    assert made.mean() == pytest.approx(128, abs=1)
    assert made.std() == pytest.approx(64, abs=3)  # the tails are cut off


@pytest.mark.parametrize("method", ["clahe", "local"])
def test_of_colours_the_luma_is_changed(method, framed, noise):
    """A gray picture in colour stays gray, and is what the gray picture becomes."""
    image = cv2.GaussianBlur(noise(40, 50), (0, 0), 2)

    made = normalize(framed(cv2.merge([image] * 3)), method=method).image

    assert np.array_equal(made, cv2.merge([normalize(framed(image), method=method).image] * 3))


def test_clip_and_tiles_reach_clahe(framed, noise):
    """A lower clip stretches less."""
    image = cv2.GaussianBlur(noise(64, 80), (0, 0), 3)

    assert np.array_equal(
        normalize(framed(image), method="clahe", clip=4.0, tiles=3).image,
        cv2.createCLAHE(4.0, (3, 3)).apply(image),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "max"},
            'unknown method "max"; known: percentile, min-max, mean-std, equalize, clahe, local',
        ),
        ({"low": 50, "high": 50}, "expected percentiles 0 <= low < high <= 100, got low 50, high 50"),
        ({"high": 101}, "got low 1, high 101"),
        ({"low": float("nan")}, "got low nan"),
        ({"min_spread": 0}, "expected min_spread from 1 to 255 levels, got 0"),
        ({"min_spread": 256}, "got 256"),
        ({"window": 4}, "expected window to be an odd number from 3 to 255 pixels, got 4"),
        ({"window": 1}, "expected window to be an odd number from 3 to 255 pixels, got 1"),
        ({"clip": 0.0}, "expected clip above 0, got 0"),
        ({"clip": float("inf")}, "expected clip above 0, got inf"),
        ({"tiles": 0}, "expected tiles from 1 to 64 each way, got 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options, message, framed):
    """The range or the known words are in the message."""
    with pytest.raises(ValueError, match=message):
        normalize(framed([[1, 2]]), **options)
