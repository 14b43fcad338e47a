"""What people have in their hands becomes the picture that they mean."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from keepframe.errors import PictureError
from keepframe.keeper.given import picture_of, pixels_of

COLOURS = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)


def png(image):
    """Encode an image without loss."""
    return cv2.imencode(".png", image)[1].tobytes()


@pytest.mark.parametrize("of", [bytes, bytearray, memoryview])
def test_bytes_paths_and_arrays_show_the_same(of, tmp_path):
    """However a picture comes, its pixels are the same."""
    path = tmp_path / "a.png"
    path.write_bytes(png(COLOURS))

    for given in (COLOURS, of(png(COLOURS)), path, str(path)):
        assert np.array_equal(pixels_of(given), COLOURS)


def test_a_jpeg_stays_as_it_is():
    """Its bytes are the picture, so that a small gray one can be decoded of them."""
    data = cv2.imencode(".jpg", COLOURS)[1].tobytes()

    assert picture_of(data).format == "jpeg"
    assert picture_of(data).jpeg() == data


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("L", "gray"), ("1", "gray"), ("LA", "gray"), ("I;16", "gray"), ("RGB", "bgr"), ("RGBA", "bgr"), ("P", "bgr"), ("CMYK", "bgr")],
)  # fmt: skip
def test_a_pillow_image_of_any_mode_becomes_gray_or_colour(mode, expected):
    """Pillow has red first, we have blue first; palettes and alpha are led back."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    given = image.new(mode, (20, 12))

    assert picture_of(given).format == expected
    assert pixels_of(given).shape[:2] == (12, 20)


def test_a_pillow_images_red_is_our_red():
    """The channels are turned round."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

    assert pixels_of(image.new("RGB", (1, 1), (200, 100, 50))).tolist() == [[[50, 100, 200]]]


def test_sixteen_bits_of_pillow_are_scaled():
    """As those of a file are."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

    assert pixels_of(image.fromarray(np.full((1, 1), 25700, np.uint16))).tolist() == [[100]]


def test_a_fourth_channel_is_dropped_and_one_alone_is_gray():
    """What cv2.IMREAD_UNCHANGED gives is taken too."""
    assert np.array_equal(pixels_of(np.dstack([COLOURS, COLOURS[:, :, 0]])), COLOURS)
    assert pixels_of(COLOURS[:, :, :1]).shape == (12, 20)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (3, TypeError, "expected a numpy array .* got int"),
        (COLOURS / 255, TypeError, "expected a uint8 array, got float64 array"),
        (COLOURS[:0], ValueError, r"expected shape \(H, W\)"),
        (b"", PictureError, "empty"),
        (b"hello", PictureError, "not-a-picture"),
        (cv2.imencode(".jpg", COLOURS)[1].tobytes()[:-40], PictureError, "truncated"),
        ("no/such.jpg", FileNotFoundError, "such.jpg"),
        (Path(), IsADirectoryError, "directory"),
    ],
)
def test_what_is_no_picture_is_said(given, error, words):
    """Wrong types, empty, cut off, missing: each has its own words."""
    with pytest.raises(error, match=words):
        picture_of(given)
