"""JPEG and PNG, read strictly."""

import cv2
import numpy as np
import pytest
import simplejpeg

from keepframe.errors import PictureError
from keepframe.picture import encoded


@pytest.fixture
def jpeg(photo):
    """The photo as a JPEG file."""
    return encoded.to_jpeg(photo, 90)


def huge_header(height, width, jpeg):
    """The same JPEG with another size in its header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + jpeg[at + 4 :]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (17, 3), (96, 128), (101, 77)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_size_is_read_from_the_header(height, width, channels):
    """Odd ones too, in gray and in color."""
    image = np.zeros((height, width) if channels == 1 else (height, width, 3), np.uint8)

    assert encoded.jpeg_size(encoded.to_jpeg(image, 90)) == (height, width)


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (96, 128), (101, 77)])
def test_a_jpeg_decodes_in_gray_at_a_fraction_of_its_size(make_smooth, shrink, height, width):
    """The size is rounded up, and the picture is the same seen from afar."""
    image = make_smooth(height, width, 60, 180)
    small = encoded.jpeg_to_gray(encoded.to_jpeg(image, 95), shrink)

    assert small.shape == (-(-height // shrink), -(-width // shrink))
    assert abs(small.mean() - image.mean()) < 4


def test_a_jpeg_decodes_in_color(make_colored):
    """BGR in, BGR out."""
    image = make_colored(64, 80)

    assert np.abs(encoded.jpeg_to_bgr(encoded.to_jpeg(image, 95)).astype(int) - image).mean() < 2


def test_a_gray_jpeg_decodes_in_color(make_smooth):
    """Three equal planes."""
    image = encoded.jpeg_to_bgr(encoded.to_jpeg(make_smooth(16, 16), 95))

    assert np.ptp(image, axis=2).max() == 0


def test_whole_jpegs_of_all_kinds_pass(photo):
    """Progressive, with restart markers, in gray, at full chroma, by another encoder."""
    flags = [
        [],
        [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
        [cv2.IMWRITE_JPEG_RST_INTERVAL, 2],
        [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    ]
    files = [cv2.imencode(".jpg", photo, flag)[1].tobytes() for flag in flags]
    files += [encoded.to_jpeg(photo[:, :, 0], 50), simplejpeg.encode_jpeg(photo, 90, "BGR", "444")]

    for data in files:
        encoded.check_whole(data)


def test_bytes_after_the_end_are_no_fault(jpeg):
    """Some cameras put them there."""
    encoded.check_whole(jpeg + b"maker's own bytes")


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("end", [b"", b"\xff\xd9", bytes(500), bytes(500) + b"\xff\xd9"])
def test_a_truncated_jpeg_is_found(jpeg, share, end):
    """Wherever it breaks off, also with an end marker or zeros put behind it."""
    cut = jpeg[: max(3, int(len(jpeg) * share))] + end

    with pytest.raises(PictureError, match=r"^(truncated|corrupt): "):
        encoded.check_whole(cut)


def test_a_missing_last_byte_is_found(jpeg):
    """Half an end marker is none."""
    with pytest.raises(PictureError, match=r"^truncated: "):
        encoded.check_whole(jpeg[:-1])


def test_a_lost_stretch_is_found(jpeg):
    """A packet missing in the middle leaves too little for the picture."""
    middle = len(jpeg) // 2

    with pytest.raises(PictureError, match=r"^(truncated|corrupt): "):
        encoded.check_whole(jpeg[:middle] + jpeg[middle + 700 :])


def test_opencv_would_have_passed_it(jpeg):
    """Why this is not left to OpenCV: it gives a full-size picture, half gray."""
    cut = jpeg[: len(jpeg) // 2] + b"\xff\xd9"

    assert cv2.imdecode(np.frombuffer(cut, np.uint8), cv2.IMREAD_COLOR).shape == (96, 128, 3)
    with pytest.raises(PictureError):
        encoded.jpeg_to_bgr(cut)
    with pytest.raises(PictureError):
        encoded.jpeg_to_gray(cut, 4)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b"hello, this is text", "not-a-picture"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\xff", "not-a-picture"),
    ],
)
def test_what_is_no_jpeg_says_so(data, fault):
    """Before anything is decoded."""
    with pytest.raises(PictureError, match=f"^{fault}: "):
        encoded.jpeg_size(data)


@pytest.mark.parametrize(("height", "width"), [(16385, 10), (10, 65000), (16000, 16000)])
def test_a_size_beyond_the_limits_is_refused_from_the_header(jpeg, height, width):
    """A side, or all pixels together."""
    with pytest.raises(PictureError, match=f"^too-large: {width}x{height}; expected sides up to 16384"):
        encoded.jpeg_to_gray(huge_header(height, width, jpeg), 8)


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_a_quality_outside_its_range_is_refused(photo, quality):
    """Not clipped in silence."""
    with pytest.raises(ValueError, match=f"expected quality from 1 to 100, got {quality}"):
        encoded.to_jpeg(photo, quality)


def test_a_lower_quality_takes_fewer_bytes(photo):
    """Quality is what it says."""
    assert len(encoded.to_jpeg(photo, 30)) < len(encoded.to_jpeg(photo, 95))


def test_a_png_loses_nothing(photo):
    """In color and in gray."""
    for image in (photo, photo[:, :, 0]):
        data = np.frombuffer(encoded.to_png(image), np.uint8)
        assert np.array_equal(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), image)
