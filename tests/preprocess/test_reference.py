import re

import cv2
import numpy as np
import pytest

from keepframe.preprocess.reference import read_reference


@pytest.fixture
def written(tmp_path, noise):
    """Return a function that writes an image of this shape to a PNG file and gives its path and the image."""

    def write(*shape):
        image = noise(*shape)
        cv2.imwrite(str(tmp_path / "reference.png"), image)
        return tmp_path / "reference.png", image

    return write


def test_a_picture_of_the_same_shape_comes_as_it_is(written):
    """Gray for gray, colour for colour."""
    for shape in [(20, 30), (20, 30, 3)]:
        path, image = written(*shape)

        assert np.array_equal(read_reference(path, np.zeros(shape, np.uint8), "align"), image)


def test_a_larger_one_in_colour_serves_a_small_gray_image(written):
    """Gray by Rec. 601, then the mean of each area."""
    path, image = written(40, 60, 3)
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)

    found = read_reference(path, np.zeros((10, 15), np.uint8), "align")

    assert np.abs(found - gray.reshape(10, 4, 15, 4).mean(axis=(1, 3))).max() <= 1.5


def test_a_jpeg_is_read(tmp_path, noise):
    """By its first bytes, whatever its name."""
    path = tmp_path / "reference"
    path.write_bytes(cv2.imencode(".jpg", cv2.GaussianBlur(noise(32, 48, 3), (0, 0), 4))[1].tobytes())

    assert read_reference(path, np.zeros((32, 48), np.uint8), "align").shape == (32, 48)


@pytest.mark.parametrize(
    ("there", "wanted"), [((20, 30), (20, 30, 3)), ((10, 15), (20, 30)), ((40, 40), (20, 30))]
)
def test_what_does_not_fit_is_told(there, wanted, written):
    """Gray for colour, too small, of other proportions: both shapes are in the message."""
    path, _ = written(*there)
    message = (
        f"align: picture {path}: expected the shape {wanted} of the images here, or a larger one of the same proportions, "
        f"got {there}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_reference(path, np.zeros(wanted, np.uint8), "align")


def test_a_constant_picture_is_told(tmp_path):
    """Nothing could be held against it."""
    path = tmp_path / "x.png"
    cv2.imwrite(str(path), np.full((4, 4), 9, np.uint8))
    message = f"align: picture {path}: expected a picture that shows something, got a constant one"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_reference(path, np.zeros((2, 2), np.uint8), "align")


def test_what_is_no_picture_is_told(tmp_path):
    """With its path; a file that is not there is the system's own error."""
    path = tmp_path / "x.png"
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        read_reference(path, np.zeros((2, 2), np.uint8), "align")
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=re.escape(f"align: picture {path}: not-a-picture: ")):
        read_reference(path, np.zeros((2, 2), np.uint8), "align")
