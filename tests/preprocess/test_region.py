import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import crop, mask


def test_shares_hold_at_any_size(framed, noise):
    """The same options cut the same part of a large and a small image."""
    image = noise(100, 200)

    assert np.array_equal(
        crop(framed(image), x=0.25, y=0.5, width=0.5, height=0.25).image, image[50:75, 50:150]
    )
    assert crop(framed(image[:10, :20]), x=0.25, y=0.5, width=0.5, height=0.25).image.shape == (3, 10)


def test_without_width_and_height_it_reaches_to_the_borders(framed, noise):
    """What is left out is the rest; nothing given is the whole image."""
    image = noise(10, 20, 3)

    assert np.array_equal(crop(framed(image), x=0.5, y=0.9).image, image[9:, 10:])
    assert np.array_equal(crop(framed(image)).image, image)


def test_the_cut_is_a_view(framed, noise):
    """Cutting moves no pixels."""
    frame = framed(noise(10, 20))

    assert np.shares_memory(crop(frame, x=0.5).image, frame.image)


@given(
    cut=st.floats(0.001, 0.999),
    size=st.integers(1, 300),
)
def test_neighbours_meet_without_gap_or_overlap(cut, size):
    """A left and a right part at the same share are the whole, unless a part would have no pixel at all."""
    image = np.arange(size).astype(np.uint8).reshape(1, size)
    frame = Frame().with_image(image)

    left, right = crop(frame, width=cut).image, crop(frame, x=cut).image

    assert left.shape[1] >= 1
    assert right.shape[1] >= 1
    if 0.5 <= cut * size < size - 0.5:
        assert np.array_equal(np.hstack([left, right]), image)


@given(thousandths=st.integers(1, 999))
def test_decimals_that_add_up_to_one_reach_the_border(thousandths):
    """What binary makes of 0.7 and 0.3 is no error."""
    image = np.zeros((1, 1000), np.uint8)
    x, width = thousandths / 1000, (1000 - thousandths) / 1000

    assert crop(Frame().with_image(image), x=x, width=width).image.shape == (1, 1000 - thousandths)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": 1.0}, "expected x as a share of the image, 0 to below 1, got 1"),
        ({"y": -0.1}, "expected y as a share of the image, 0 to below 1, got -0.1"),
        ({"x": 320}, "got 320; divide pixels by the size of the picture"),
        ({"x": 0.5, "width": 0.6}, r"expected width .* above 0 to 0.5 \(with x = 0.5\), got 0.6"),
        ({"height": 0}, "expected height as a share of the image, above 0 to 1"),
        ({"height": 240}, "got 240; divide pixels by the size of the picture"),
        ({"width": float("nan")}, "got nan"),
        ({"x": float("nan")}, "got nan"),
    ],
)
def test_what_reaches_over_a_border_is_told(options, message, framed):
    """A rectangle outside is wrong for every picture, so it is an error and nothing is cut off silently."""
    with pytest.raises(ValueError, match=message):
        crop(framed([[1, 2], [3, 4]]), **options)


def test_one_pixel_can_be_cut(framed):
    """However small the share, one pixel remains."""
    assert crop(framed([[7]]), x=0.999, y=0.4, width=0.001, height=1e-9).image.tolist() == [[7]]


def test_what_does_not_count_has_one_level(framed, noise):
    """Excluded parts never differ; the others are as they were."""
    image = noise(10, 20)
    exclude = ("0,0 0.5,0.5",)

    one, other = (mask(framed(i), exclude=exclude, level=7).image for i in (image, 255 - image))

    assert np.unique(one[:5, :10]).tolist() == np.unique(other[:5, :10]).tolist() == [7]
    assert np.array_equal(one[5:], image[5:])
    assert np.array_equal(one[:, 10:], image[:, 10:])


def test_only_what_is_included_counts_and_exclusion_goes_before(framed, noise):
    """A hole in an included part is a hole; colours are masked alike."""
    image = noise(20, 20, 3) | 1

    made = mask(framed(image), include=("0,0 0.5,1", "0.5,0 1,0.5"), exclude=("0.25,0.25 0.75,0.5",)).image

    counting = np.zeros((20, 20), bool)
    counting[:, :10] = counting[:10] = True
    counting[5:10, 5:15] = False
    assert np.array_equal(made, image * counting[:, :, None])


def test_without_regions_nothing_is_masked(framed, noise):
    """The whole image counts."""
    image = noise(7, 9)

    assert np.array_equal(mask(framed(image)).image, image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 256}, "mask: expected level from 0 to 255, got 256"),
        ({"include": ("0,0 2,2",)}, 'mask: include: expected shares of the picture, 0 to 1, got "0,0 2,2"'),
        (
            {"exclude": ("0,0 1",)},
            'mask: exclude: expected two corners or more like "0.1,0.2 0.5,0.9", got "0,0 1"',
        ),
        ({"exclude": ("0,0 1,1",)}, "mask: nothing of the picture is left; include more or exclude less"),
        (
            {"include": ("0,0 0.5,1",), "exclude": ("0,0 0.6,1",)},
            "mask: nothing of the picture is left; include more or exclude less",
        ),
    ],
)
def test_a_mask_that_makes_no_sense_is_told(options, message, framed):
    """Word by word."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        mask(framed([[1]]), **options)
