import cv2
import numpy as np
import pytest

from keepframe import metrics
from keepframe.metrics.coding import low_frequencies
from keepframe.metrics.shrink import shrunk


def test_the_size_is_that_of_opencv_s_jpeg(plain_pair):
    """Quality 95 unless said."""
    sizes = [len(cv2.imencode(".jpg", image)[1]) for image in plain_pair]

    assert [metrics.jpeg_bytes(image) for image in plain_pair] == sizes
    assert metrics.jpeg_size(*plain_pair) == pytest.approx(abs(sizes[0] - sizes[1]) / max(sizes))


def test_the_comment_s_extension_without_a_dot_raises():
    """imencode('jpg', …) finds no encoder; here there is none to name."""
    with pytest.raises(cv2.error, match="encoder"):
        cv2.imencode("jpg", np.zeros((8, 8), np.uint8))
    assert metrics.jpeg_bytes(np.zeros((8, 8), np.uint8)) > 0


def test_size_sees_texture_and_not_a_moved_object(make):
    """What the docstring says it is blind to."""
    scene = make.scene()
    blurred = cv2.GaussianBlur(scene, (0, 0), 2)

    assert metrics.jpeg_size(scene, blurred) > 10 * metrics.jpeg_size(
        scene, np.ascontiguousarray(scene[:, ::-1])
    )


def test_frequencies_equal_scipy_s_dct(make):
    """Orthonormal DCT-II."""
    fft = pytest.importorskip("scipy.fft", reason="scipy is not installed (extra: reference)")
    image = make.scene(32, 32).astype(float)

    assert low_frequencies(image, 8) == pytest.approx(fft.dctn(image, norm="ortho")[:8, :8], abs=1e-9)


def test_the_distance_is_that_of_the_low_frequencies_without_brightness(plain_pair):
    """By scipy, on the same thumbnails."""
    fft = pytest.importorskip("scipy.fft", reason="scipy is not installed (extra: reference)")
    if plain_pair[0].ndim == 3:
        pytest.skip("gray is enough")
    a, b = (fft.dctn(shrunk(image, 32, 32).astype(float), norm="ortho")[:8, :8] for image in plain_pair)
    difference = a - b
    difference[0, 0] = 0

    assert metrics.dct_distance(*plain_pair) == pytest.approx(np.linalg.norm(difference) / 32, abs=1e-8)


def test_brightness_is_left_out(make):
    """Only the constant coefficient changes."""
    scene = np.minimum(make.scene(), 245)

    assert metrics.dct_distance(scene, scene + 10) < 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i: metrics.jpeg_bytes(i, quality=0), "jpeg-bytes: expected quality of 1 to 100, got 0"),
        (lambda i: metrics.dct_distance(i, i, low=33), "dct-distance: expected low of 1 to 32, got 33"),
        (
            lambda i: metrics.jpeg_bytes(np.zeros((1, 70000), np.uint8)),
            "expected sides of at most 65500 pixels",
        ),
    ],
)
def test_bad_options_are_refused(call, message):
    """The errors say what was expected."""
    with pytest.raises(ValueError, match=message):
        call(np.zeros((8, 8), np.uint8))
