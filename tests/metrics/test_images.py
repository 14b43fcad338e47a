import numpy as np
import pytest

from keepframe.metrics import mse
from keepframe.metrics.images import bgr, channel_mean, eight_bit, gray

GRAY = np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (np.zeros((5, 4), np.uint8), r"differ in size: reference \(4, 5\), test \(5, 4\); resize or crop"),
        (
            np.zeros((4, 5, 3), np.uint8),
            r"differ in channels: .*\(4, 5, 3\); convert both to gray or both to BGR",
        ),
        (np.zeros((4, 5), np.uint16), "differ in dtype: reference uint8, test uint16; convert both to uint8"),
        (
            np.zeros((4, 5)),
            r"expected test of dtype uint8 or uint16, got float64; scale to 0..255 and convert",
        ),
        (np.zeros((4, 5), bool), r"got bool; convert: image.astype\(np.uint8\) \* 255"),
        (np.zeros((4, 5), np.int64), "got int64; convert to uint8"),
        (np.zeros((0, 5), np.uint8), "at least one pixel"),
        (np.zeros((4, 5, 2), np.uint8), r"expected test of shape .* got \(4, 5, 2\)"),
        (np.zeros(4, np.uint8), r"got \(4,\)"),
    ],
)
def test_images_that_do_not_match_give_one_error_that_says_how_to_mend_it(test, message):
    """Both are named, and the way out."""
    with pytest.raises(ValueError, match=f"^mse: .*{message}"):
        mse(GRAY, test)


def test_what_is_no_array_is_named():
    """A path instead of a picture is the usual slip."""
    with pytest.raises(TypeError, match="mse: expected reference to be a numpy array, got str"):
        mse("a.png", GRAY)


def test_views_of_any_stride_are_taken():
    """Mirrored, sliced, transposed and read-only pictures give the value of their copy."""
    base = np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8)
    other = np.random.default_rng(1).integers(0, 255, (20, 30), dtype=np.uint8)
    base.setflags(write=False)

    assert mse(base[::-1, ::-1], other[::-1, ::-1]) == mse(base, other) == mse(base.T, other.T)
    assert mse(base[::2, 1::3], other[::2, 1::3]) == mse(base[::2, 1::3].copy(), other[::2, 1::3].copy())


def test_gray_ignores_alpha_and_reduces_sixteen_bits():
    """65535 becomes 255, and what is transparent still counts."""
    assert gray(np.full((1, 1, 4), (65535, 65535, 65535, 0), np.uint16)).tolist() == [[255]]


def test_conversions_keep_shape_and_dtype():
    """A bgr picture has three channels of eight bits, a channel mean has none."""
    image = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)

    assert bgr(image).tolist() == image[:, :, :3].tolist()
    assert channel_mean(image) == pytest.approx(image.mean(axis=2))
    assert eight_bit(image) is image
