import numpy as np
import pytest

from keepframe.errors import PictureError
from keepframe.frame import Frame
from keepframe.picture import Inline, Picture
from keepframe.preprocess import grayscale


def planes(height, width, *, is_full_range=True):
    """A YUV picture of noise, and its luma."""
    flat = np.random.default_rng(1).integers(0, 256, height * width * 3 // 2, dtype=np.uint8)
    picture = Picture("yuv420", height, width, Inline(memoryview(flat)), is_full_range=is_full_range)
    return picture, flat[: height * width].reshape(height, width)


def test_the_luma_plane_is_taken_without_a_copy():
    """Gray of a full-range YUV picture is its Y plane in the picture's own memory, and colour is never made."""
    picture, luma = planes(4, 6)

    image = grayscale(Frame(picture=picture)).image

    assert np.shares_memory(image, luma)
    assert np.array_equal(image, luma)
    assert "bgr" not in picture._made


def test_limited_luma_is_spread_to_full_range():
    """Black at 16 becomes 0 and white at 235 becomes 255."""
    flat = np.array([16, 235, 126, 16, 128, 128], np.uint8)
    picture = Picture("yuv420", 2, 2, Inline(memoryview(flat)), is_full_range=False)

    assert grayscale(Frame(picture=picture)).image.tolist() == [[0, 255], [128, 0]]


def test_colour_is_weighted_by_rec_601(noise):
    """Gray of a BGR working image is 0.299 R + 0.587 G + 0.114 B to within rounding."""
    image = noise(20, 30, 3)

    gray = grayscale(Frame().with_image(image)).image

    assert np.abs(gray - image @ np.array([0.114, 0.587, 0.299])).max() <= 1


def test_a_working_image_goes_before_the_captured_picture(framed):
    """What an earlier step has made is what becomes gray."""
    frame = Frame(picture=planes(4, 6)[0]).with_image(np.full((2, 2, 3), 9, np.uint8))

    assert grayscale(frame).image.tolist() == [[9, 9], [9, 9]]


def test_a_gray_image_stays_as_it_is(framed):
    """A second grayscale does nothing."""
    frame = framed([[1, 2]])

    assert grayscale(frame) is frame


@pytest.mark.parametrize(
    ("width", "min_width", "expected"),
    [
        (1920, None, 1920),
        (1920, 48, 240),
        (768, 320, 384),
        (96, 48, 48),
        (94, 48, 94),
        (30, 48, 30),
        (64, 1, 8),
    ],
)
def test_a_picture_comes_as_small_as_the_steps_behind_allow(width, min_width, expected):
    """At 1/2, 1/4 or 1/8 of its size, the smallest that is still min_width wide; never enlarged."""
    frame = Frame(picture=planes(16, width)[0])

    assert grayscale(frame, min_width=min_width).image.shape[1] == expected


def test_a_smaller_picture_is_the_mean_of_its_blocks():
    """At 1/8 each pixel is the mean of 8x8, to the half level that each of three halvings may round."""
    picture, luma = planes(16, 64)

    gray = grayscale(Frame(picture=picture), min_width=8).image

    assert np.abs(gray - luma.reshape(2, 8, 8, 8).mean(axis=(1, 3))).max() <= 1.5


def test_a_wrong_min_width_is_told():
    """Nothing is 0 pixels wide."""
    with pytest.raises(ValueError, match="grayscale: expected min_width of at least 1 pixel, got 0"):
        grayscale(Frame(picture=planes(4, 6)[0]), min_width=0)


def test_a_header_has_no_gray():
    """A frame without pixels is named in the error."""
    with pytest.raises(ValueError, match="door/0/3: this frame is a header without pixels"):
        grayscale(Frame(camera="door", seq=3))


def test_a_truncated_jpeg_is_told(noise):
    """The picture's own error comes through: the frame is rejected or fails, nothing half decoded goes on."""
    whole = Picture.of(noise(64, 64)).jpeg()

    with pytest.raises(PictureError):
        grayscale(Frame(picture=Picture.of_jpeg(whole[: len(whole) // 2])))


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ("rec709", (0.0722, 0.7152, 0.2126)),
        ("mean", (1 / 3, 1 / 3, 1 / 3)),
        ("blue", (1, 0, 0)),
        ("green", (0, 1, 0)),
        ("red", (0, 0, 1)),
    ],
)
def test_weights_are_as_they_are_named(weights, shares, noise):
    """To the nearest level (Rec. 709 in 2^14ths), of a working image and of a captured picture."""
    image = noise(64, 80, 3)

    for frame in (Frame().with_image(image), Frame(picture=Picture.of(image))):
        gray = grayscale(frame, weights=weights).image

        assert np.abs(gray - image @ np.array(shares)).max() <= 0.51


def test_the_luma_plane_is_rec_709_only_where_the_video_says_so():
    """It is taken without a copy of a bt709 video; of another, colour is made and weighed."""
    picture, luma = planes(8, 16)
    high = Picture("yuv420", 8, 16, picture.handle, matrix="bt709")

    assert np.shares_memory(grayscale(Frame(picture=high), weights="rec709").image, luma)
    assert np.array_equal(
        grayscale(Frame(picture=picture), weights="rec709").image,
        grayscale(Frame().with_image(picture.bgr()), weights="rec709").image,
    )


def test_other_weights_come_as_small_too(noise):
    """Weighed first, then the mean of blocks."""
    image = noise(16, 64, 3)

    gray = grayscale(Frame(picture=Picture.of(image)), weights="red", min_width=16).image

    assert gray.shape == (4, 16)
    assert np.abs(gray - image[:, :, 2].reshape(4, 4, 16, 4).mean(axis=(1, 3))).max() <= 1


def test_unknown_weights_are_told(framed):
    """With those that are known."""
    message = 'grayscale: unknown weights "luma"; known: rec601, rec709, mean, blue, green, red'
    with pytest.raises(ValueError, match=message):
        grayscale(framed([[1]]), weights="luma")
