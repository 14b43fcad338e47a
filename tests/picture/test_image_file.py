"""PNG, BMP, TIFF and WebP into pixels."""

import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from keepframe.errors import PictureError
from keepframe.picture.image_file import image_of, kind_of


def file_of(extension, image, flags=()):
    """An image as OpenCV writes it."""
    return cv2.imencode(extension, image, list(flags))[1].tobytes()


def png_bomb(height, width):
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tiff"])
@pytest.mark.parametrize("is_gray", [True, False])
def test_pixels_come_out_as_they_went_in(photo, extension, is_gray):
    """Lossless formats, gray and color."""
    image = photo[:, :, 0] if is_gray else photo
    decoded, bits = image_of(file_of(extension, image))

    assert np.array_equal(decoded.squeeze(), image) or np.array_equal(decoded, cv2.merge([image] * 3))
    assert bits == 8


def test_a_webp_is_read(photo):
    """Lossless above quality 100."""
    assert np.array_equal(image_of(file_of(".webp", photo, [cv2.IMWRITE_WEBP_QUALITY, 101]))[0], photo)


def test_alpha_is_dropped(photo):
    """What is under it stays."""
    with_alpha = np.dstack([photo, np.full(photo.shape[:2], 7, np.uint8)])

    assert np.array_equal(image_of(file_of(".png", with_alpha))[0], photo)


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_16_bits_are_scaled_to_8(photo, extension):
    """And it is said that there were more."""
    decoded, bits = image_of(file_of(extension, photo.astype(np.uint16) * 257))

    assert np.array_equal(decoded, photo)
    assert bits == 16


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tiff", ".webp"])
@pytest.mark.parametrize("left", [0.1, 0.5, 0.95])
def test_a_truncated_file_is_corrupt(photo, extension, left):
    """Whatever its kind."""
    data = file_of(extension, photo)

    with pytest.raises(PictureError, match=r"^corrupt: "):
        image_of(data[: int(len(data) * left)])


@pytest.mark.parametrize(
    ("data", "fault"),
    [(b"", "empty"), (b"not a picture at all", "not-a-picture"), (b"GIF89a", "not-a-picture")],
)
def test_what_is_no_picture_says_so(data, fault):
    """The beginning of the file decides, not its name."""
    with pytest.raises(PictureError, match=f"^{fault}: "):
        image_of(data)


@pytest.mark.parametrize(("height", "width"), [(16000, 16000), (20, 20000), (1 << 30, 1 << 30)])
def test_a_small_file_with_a_huge_picture_is_refused(height, width):
    """From its header, before memory is taken."""
    with pytest.raises(PictureError, match=r"^too-large: "):
        image_of(png_bomb(height, width))


def test_opencv_knows_the_limit_too():
    """For the kinds whose header is not read here: set before OpenCV is imported, so in a process that began with keepframe."""
    code = """
import keepframe.metrics, struct
from keepframe.picture.image_file import image_of
image_of(struct.pack("<2sIHHIIiiHH24x", b"BM", 0, 0, 0, 54, 40, 16000, 16000, 1, 24))
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert "PictureError: too-large: a BMP file of 54 bytes is refused" in ended.stderr


def test_float_pixels_are_refused(photo):
    """They have no range to scale by."""
    with pytest.raises(PictureError, match="expected 8 or 16 bits, got TIFF with float32"):
        image_of(file_of(".tiff", photo.astype(np.float32)))


def test_a_jpeg_is_known_whatever_its_name(photo):
    """By its first three bytes."""
    assert kind_of(file_of(".jpg", photo)) == "jpeg"
