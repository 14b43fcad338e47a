import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import downsample, resize


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((1080, 1920), {"width": 320}, (180, 320)),
        ((432, 768), {"width": 48}, (27, 48)),
        ((1080, 1920), {"height": 90}, (90, 160)),
        ((100, 200), {"width": 10, "height": 50}, (50, 10)),
        ((100, 200), {"factor": 4}, (25, 50)),
        ((100, 200), {"factor": 1.5}, (67, 133)),
        ((100, 200), {"factor": 1}, (100, 200)),
        ((100, 200), {"width": 320}, (100, 200)),
        ((100, 200), {"width": 320, "height": 50}, (50, 200)),
        ((100, 200), {"factor": 1e9}, (1, 1)),
        ((2, 5000), {"width": 100}, (1, 100)),
        ((100, 200, 3), {"width": 50}, (25, 50, 3)),
    ],
)
def test_the_new_size(shape, options, expected, framed, noise):
    """One side keeps the proportions, both are exact, a factor divides; nothing is enlarged or vanishes."""
    assert downsample(framed(noise(*shape)), **options).image.shape == expected


def test_an_image_that_is_small_enough_stays_as_it_is(framed, noise):
    """Never enlarging means not touching."""
    frame = framed(noise(10, 20))

    assert downsample(frame, width=20) is frame


@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    factor=st.sampled_from([2, 3, 4, 5, 6, 8, 12, 16]),
    channels=st.sampled_from([(), (3,)]),
    seed=st.integers(0, 2**16),
)
def test_every_pixel_is_the_mean_of_its_area(rows, columns, factor, channels, seed):
    """By a whole factor, to the half level that each halving and the rest may round."""
    shape = (rows * factor, columns * factor, *channels)
    image = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)

    small = downsample(Frame().with_image(image), factor=factor).image

    exact = image.reshape(rows, factor, columns, factor, *channels).mean(axis=(1, 3))
    roundings = {2: 1, 3: 1, 4: 2, 5: 1, 6: 2, 8: 3, 12: 3, 16: 4}[factor]
    assert np.abs(small - exact).max() <= roundings / 2


@pytest.mark.parametrize("width", [47, 48, 60, 100, 300, 333, 639])
@pytest.mark.parametrize("shape", [(480, 640), (481, 641), (720, 1280)])
def test_an_odd_factor_is_near_one_step(shape, width, framed, noise):
    """Halving first is hardly seen in a picture whose details are larger than a few pixels."""
    picture = cv2.GaussianBlur(noise(*shape), (0, 0), 3.0)

    small = downsample(framed(picture), width=width).image

    step = cv2.resize(picture.astype(float), small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small - step).max() <= 2.5


def test_a_constant_image_stays_constant(framed):
    """No rounding drifts, whatever the factor."""
    image = downsample(framed(np.full((431, 767), 77)), width=48).image

    assert image.shape == (27, 48)
    assert np.unique(image).tolist() == [77]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "downsample: expected width and height .* or factor, got neither"),
        ({"width": 4, "factor": 2.0}, "got both"),
        ({"width": 0}, "expected width of at least 1 pixel, got 0"),
        ({"width": 4, "height": -1}, "expected height of at least 1 pixel, got -1"),
        ({"factor": 0.5}, "expected factor of 1 or more .* got 0.5"),
        ({"factor": float("nan")}, "got nan"),
        ({"factor": float("inf")}, "got inf"),
    ],
)
def test_a_size_that_makes_no_sense_is_told(options, message, framed):
    """The option and the value are named."""
    with pytest.raises(ValueError, match=message):
        downsample(framed([[1, 2]]), **options)


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.sampled_from([(), (3,)]),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    aspect=st.sampled_from(["fit", "fill", "stretch"]),
    interpolation=st.sampled_from(["linear", "cubic", "nearest"]),
)
def test_every_size_becomes_the_one_that_is_asked_for(shape, channels, size, aspect, interpolation):
    """Exactly that shape; an image that has it already stays as it is; constant stays constant."""
    frame = Frame().with_image(np.full((*shape, *channels), 77, np.uint8))

    made = resize(frame, width=size[1], height=size[0], aspect=aspect, interpolation=interpolation, level=77)

    assert made.image.shape == (*size, *channels)
    assert np.unique(made.image).tolist() == [77]
    assert (made is frame) == (shape == size)


def test_fit_shows_all_of_the_image_in_the_middle(framed, noise):
    """At its proportions, with a border of the level."""
    image = noise(10, 40)

    made = resize(framed(image), width=20, height=20, level=9).image

    assert np.unique(made[:7]).tolist() == np.unique(made[12:]).tolist() == [9]
    assert np.array_equal(made[7:12], downsample(framed(image), width=20).image)


def test_fill_cuts_off_what_stands_out(framed, noise):
    """The middle of the image fills the size."""
    image = noise(10, 40)

    assert np.array_equal(resize(framed(image), width=10, height=10, aspect="fill").image, image[:, 15:25])


def test_stretch_takes_each_side_for_itself(framed, noise):
    """The thumbnail of 64 by 64 is the mean of each area where the sides divide."""
    image = noise(128, 256)

    made = resize(framed(image), width=64, height=64, aspect="stretch").image

    assert np.abs(made - image.reshape(64, 2, 64, 4).mean(axis=(1, 3))).max() <= 1.01
    assert np.array_equal(made, downsample(framed(image), width=64, height=64).image)


def test_one_side_may_become_smaller_and_the_other_larger(framed):
    """Averaged down and interpolated up, each in its direction."""
    made = resize(framed([[0, 2, 100, 102]]), width=2, height=2, aspect="stretch").image

    assert made.tolist() == [[1, 101], [1, 101]]


def test_larger_is_interpolated_as_told(framed):
    """Linear between the middles of the pixels, or the nearest one."""
    frame = framed([[0, 100]])

    assert resize(frame, width=4, height=1, aspect="stretch").image.tolist() == [[0, 25, 75, 100]]
    assert resize(frame, width=4, height=1, aspect="stretch", interpolation="nearest").image.tolist() == [
        [0, 0, 100, 100]
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "resize: expected width from 1 to 8192 pixels, got 0"),
        ({"height": 8193}, "resize: expected height from 1 to 8192 pixels, got 8193"),
        ({"aspect": "crop"}, 'resize: unknown aspect "crop"; known: fit, fill, stretch'),
        ({"interpolation": "area"}, 'resize: unknown interpolation "area"; known: linear, cubic, nearest'),
        ({"level": -1}, "resize: expected level from 0 to 255, got -1"),
    ],
)
def test_a_resize_that_makes_no_sense_is_told(options, message, framed):
    """Word by word."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        resize(framed([[1]]), **{"width": 4, "height": 4, **options})
