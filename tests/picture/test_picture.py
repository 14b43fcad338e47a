"""A picture in its four formats."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.errors import PictureError
from keepframe.picture import FORMATS, Inline, Picture, heap, read_only
from keepframe.picture.encoded import jpeg_size, jpeg_to_bgr, to_jpeg
from keepframe.picture.picture import size_of


def yuv(height, width, luma=100, u=128, v=128, **known):
    """A YUV picture of one color."""
    half = ((height + 1) // 2) * ((width + 1) // 2)
    return Picture(
        "yuv420",
        height,
        width,
        Inline(bytes([luma]) * (height * width) + bytes([u]) * half + bytes([v]) * half),
        **known,
    )


def every_format(height, width):
    """One picture of each format."""
    gray = np.full((height, width), 90, np.uint8)
    bgr = np.full((height, width, 3), (30, 90, 160), np.uint8)
    return [Picture.of(gray), Picture.of(bgr), yuv(height, width), Picture.of_jpeg(to_jpeg(bgr, 90))]


@given(height=st.integers(1, 30), width=st.integers(1, 30), shrink=st.sampled_from([1, 2, 4, 8]))
def test_every_format_gives_gray_and_bgr_of_its_size(height, width, shrink):
    """Any size, odd ones too, at any fraction; always read-only."""
    for picture in every_format(height, width):
        gray, bgr = picture.gray(shrink), picture.bgr()

        assert gray.shape == (-(-height // shrink), -(-width // shrink))
        assert bgr.shape == (height, width, 3)
        assert not gray.flags.writeable
        assert not bgr.flags.writeable


def test_the_formats_are_the_four_of_the_glossary():
    """In one place."""
    assert {p.format for p in every_format(4, 4)} == set(FORMATS)


def test_limited_luma_gives_full_gray():
    """16 is black and 235 is white."""
    assert yuv(2, 2, 16, is_full_range=False).gray().max() == 0
    assert yuv(2, 2, 235, is_full_range=False).gray().min() == 255
    assert yuv(2, 2, 235).gray().min() == 235


def test_the_matrix_decides_the_color():
    """The same planes are another red under BT.709."""
    reds = [yuv(2, 2, 80, 128, 180, matrix=matrix).bgr()[0, 0].tolist() for matrix in ("bt601", "bt709")]

    assert reds == [[80, 43, 153], [80, 56, 162]]


def test_a_jpeg_is_given_back_byte_for_byte():
    """Whatever quality is asked for."""
    data = to_jpeg(np.zeros((8, 8), np.uint8), 71)

    assert Picture.of_jpeg(data).jpeg(quality=20) == data


def test_every_format_becomes_a_jpeg_and_a_png_of_its_size():
    """Odd sides too."""
    for picture in every_format(7, 5):
        assert jpeg_size(picture.jpeg()) == (7, 5)
        assert picture.png()[16:24] == (5).to_bytes(4, "big") + (7).to_bytes(4, "big")


def test_a_truncated_jpeg_is_a_picture_until_it_is_decoded():
    """Its header is whole; its pixels are refused."""
    picture = Picture.of_jpeg(to_jpeg(np.eye(64, dtype=np.uint8) * 200, 90)[:-200])

    with pytest.raises(PictureError, match=r"^truncated: "):
        picture.gray(8)


def test_decoding_happens_once():
    """The second time the same array comes back."""
    picture = every_format(8, 8)[3]

    assert picture.bgr() is picture.bgr()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rgb", 2, 2, Inline(bytes(12))), "unknown format 'rgb'; known: gray, bgr, yuv420, jpeg"),
        (("gray", 0, 2, Inline(b"")), "expected sides from 1 to 16384, got 2x0"),
        (("gray", 1, 20000, Inline(bytes(20000))), "expected sides from 1 to 16384, got 20000x1"),
        (("bgr", 2, 2, Inline(bytes(11))), "bgr of 2x2 has 12 bytes, got 11"),
        (("yuv420", 3, 3, Inline(bytes(13))), "yuv420 of 3x3 has 17 bytes, got 13"),
    ],
)
def test_a_picture_that_cannot_be_is_refused(arguments, message):
    """With what was expected and what was found."""
    with pytest.raises(ValueError, match=message):
        Picture(*arguments)


def test_a_shrink_that_is_no_halving_is_refused():
    """Only 1, 2, 4 and 8 are exact."""
    with pytest.raises(ValueError, match="expected shrink 1, 2, 4 or 8, got 3"):
        every_format(8, 8)[0].gray(3)


def test_a_view_of_an_array_is_copied_into_one_piece():
    """Every other pixel of a larger array is a picture too."""
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)[::2, ::2]

    assert np.array_equal(Picture.of(image).gray(), image)


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.zeros((2, 2)), TypeError),
        ([[1]], TypeError),
        (np.zeros((0, 2), np.uint8), ValueError),
        (np.zeros((2, 2, 4), np.uint8), ValueError),
        (np.zeros(4, np.uint8), ValueError),
    ],
)
def test_what_is_no_image_is_refused(image, error):
    """Floats, lists, nothing, four channels, one dimension."""
    with pytest.raises(error, match=r"^image: expected"):
        read_only(image)


@given(height=st.integers(1, 50), width=st.integers(1, 50))
def test_sizes_are_those_of_the_planes(height, width):
    """Chroma is half the size, rounded up, twice."""
    half = len(range(0, height, 2)) * len(range(0, width, 2))

    assert size_of("yuv420", height, width) == height * width + 2 * half
    assert size_of("jpeg", height, width) is None


def test_a_picture_can_be_copied_into_a_room(photo):
    """Whatever is done to the array afterwards; also of one that is not contiguous."""
    array = photo.copy()[::2, ::-1]
    expected, picture = array.copy(), Picture.of(array, heap)
    array[:] = 0

    np.testing.assert_array_equal(picture.bgr(), expected)


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("is_full_range", [True, False])
@pytest.mark.parametrize(("height", "width"), [(96, 128), (101, 77)])
def test_both_ways_to_a_jpeg_show_the_same_colours(make_smooth, height, width, is_full_range, matrix):
    """Within 6 levels, 1.7 in the mean, of what swscale makes of the planes (which cuts off, 1.6 in the mean), on smooth content at quality 98."""
    low, high = (0, 255) if is_full_range else (16, 235)
    sizes = [(height, width), *[((height + 1) // 2, (width + 1) // 2)] * 2]
    spans = [(low + 60, high - 60), (110, 146), (110, 146)]
    made = [
        make_smooth(*size, *span, seed=i) for i, (size, span) in enumerate(zip(sizes, spans, strict=True))
    ]
    flat = np.concatenate([plane.ravel() for plane in made])
    picture = Picture("yuv420", height, width, Inline(flat.data), is_full_range, matrix)
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, pixels in zip(frame.planes, made, strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : pixels.shape[1]] = pixels
        plane.update(padded)
    space, color_range = (5 if matrix == "bt601" else 1), (2 if is_full_range else 1)
    colours = {
        "src_colorspace": space,
        "dst_colorspace": space,
        "src_color_range": color_range,
        "dst_color_range": 2,
    }
    theirs = frame.reformat(format="bgr24", **colours).to_ndarray().astype(int)

    for is_fast in (False, True):
        difference = np.abs(jpeg_to_bgr(picture.jpeg(98, is_fast=is_fast)) - theirs)
        assert difference.max() <= 6
        assert difference.mean() <= 1.7
