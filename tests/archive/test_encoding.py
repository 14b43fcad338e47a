import cv2
import numpy as np
import pytest

from keepframe.archive.encoding import Encoding
from keepframe.errors import PictureError
from keepframe.frame import Frame
from keepframe.picture import Inline, Picture

PIXELS = np.random.default_rng(1).integers(0, 255, (8, 12, 3), np.uint8)
CAPTURED, SMALL = Picture.of(PIXELS), PIXELS[:4, :6, 0].copy()
JPEG = Picture.of_jpeg(CAPTURED.jpeg(80))


@pytest.mark.parametrize("format", ["jpeg", "png"])
@pytest.mark.parametrize(("choice", "size"), [("captured", (8, 12)), ("working", (4, 6))])
def test_the_chosen_image_is_stored_in_the_chosen_format(choice, size, format):
    """With its size, and that it is no original."""
    made = Encoding(choice, format, 90).of(Frame(picture=CAPTURED, working=SMALL))

    assert (made.height, made.width) == size
    assert made.suffix == {"jpeg": ".jpg", "png": ".png"}[format]
    assert made.data[:4] == {"jpeg": b"\xff\xd8\xff\xe0", "png": b"\x89PNG"}[format]
    assert not made.is_original


@pytest.mark.parametrize("choice", ["captured", "working"])
def test_if_the_chosen_image_is_missing_the_other_is_stored(choice):
    """Better than nothing."""
    only = Frame(picture=CAPTURED) if choice == "working" else Frame(working=SMALL)

    assert Encoding(choice, "png", 90).of(only).height == (8 if choice == "working" else 4)


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_a_camera_s_own_jpeg_is_never_touched(format):
    """Byte for byte, whatever format and quality are set."""
    made = Encoding("captured", format, 1).of(Frame(picture=JPEG))

    assert made.data == JPEG.jpeg()
    assert (made.suffix, made.is_original, made.height, made.width) == (".jpg", True, 8, 12)


def test_png_is_exact_and_a_better_jpeg_is_larger():
    """What the quality is for."""
    png = Encoding("captured", "png", 90).of(Frame(picture=CAPTURED))
    sizes = [
        len(Encoding("captured", "jpeg", quality).of(Frame(picture=CAPTURED)).data)
        for quality in (1, 50, 100)
    ]

    assert np.array_equal(cv2.imdecode(np.frombuffer(png.data, np.uint8), cv2.IMREAD_COLOR), PIXELS)
    assert sizes == sorted(set(sizes))


def test_a_frame_without_an_image_cannot_be_stored():
    """A stage has kept a header."""
    with pytest.raises(ValueError, match="kept, but it came without a picture"):
        Encoding("captured", "jpeg", 90).of(Frame(camera="a"))


def test_a_picture_that_is_none_cannot_be_made_another():
    """A truncated JPEG whose working image is wanted too is stored as it came; to be encoded it would have to be read."""
    broken = Picture.of_jpeg(CAPTURED.jpeg(80)[:-40])

    with pytest.raises(PictureError):
        broken.png()
    assert Encoding("captured", "png", 90).of(Frame(picture=broken)).data == broken.jpeg()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("taken", "jpeg", 90), "picture: expected 'captured' or 'working', got 'taken'"),
        (("captured", "JPEG", 90), "format: expected 'jpeg' or 'png', got 'JPEG'"),
        (("captured", "jpeg", 0), "quality: expected 1 to 100, got 0"),
        (("captured", "jpeg", 101), "quality: expected 1 to 100, got 101"),
        (("captured", "jpeg", True), "quality: expected 1 to 100, got True"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options, message):
    """With what was expected."""
    with pytest.raises(ValueError) as caught:
        Encoding(*options)

    assert str(caught.value) == message


def test_the_quality_mode_is_the_way_planes_take():
    """Both are that picture; another word is refused, and told."""
    flat = np.random.default_rng(2).integers(16, 235, 24, np.uint8)
    frame = Frame(picture=Picture("yuv420", 4, 4, Inline(flat.data), is_full_range=False, matrix="bt709"))
    made = {mode: Encoding("captured", "jpeg", 90, mode).of(frame).data for mode in ("exact", "fast")}

    assert made["exact"] == frame.picture.jpeg(90)
    assert made["fast"] == frame.picture.jpeg(90, is_fast=True) != made["exact"]
    with pytest.raises(ValueError, match="quality_mode: expected 'exact' or 'fast', got 'quick'"):
        Encoding("captured", "jpeg", 90, "quick")
