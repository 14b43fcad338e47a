import numpy as np
import pytest

from keepframe import metrics
from keepframe.metrics.difference import pillow_gray


@pytest.fixture
def pillow():
    """Pillow, or the reason why not."""
    return pytest.importorskip("PIL", reason="Pillow is not installed (extra: reference)")


def _open(array):
    from PIL import Image

    return Image.fromarray(array if array.ndim == 2 else np.ascontiguousarray(array[:, :, ::-1]))


def test_the_difference_picture_and_its_box_equal_imagechops(pillow, any_pair):
    """Pillow says left, upper, right, lower; here it is x, y, width, height."""
    from PIL import ImageChops

    a, b = any_pair
    theirs = ImageChops.difference(_open(a), _open(b))
    left, upper, right, lower = theirs.getbbox()
    box = metrics.difference_box(a, b)
    ours = metrics.difference_picture(a, b)

    assert np.array_equal(ours if a.ndim == 2 else ours[:, :, ::-1], np.asarray(theirs))
    assert box == (left, upper, right - left, lower - upper)
    assert metrics.bounding_box(a, b) == pytest.approx(box.width * box.height / (a.shape[0] * a.shape[1]))


def test_equal_pictures_have_no_box(make):
    """None, as Pillow says it."""
    assert metrics.difference_box(make.scene(), make.scene()) is None


def test_a_change_of_colour_under_equal_alpha_has_a_box(pillow):
    """Pillow's getbbox of RGBA looks at alpha alone and finds nothing."""
    from PIL import Image, ImageChops

    a = np.full((5, 5, 4), 255, np.uint8)
    b = a.copy()
    b[2, 3, 1] = 0
    theirs = ImageChops.difference(Image.fromarray(a), Image.fromarray(b))

    assert theirs.getbbox() is None
    assert metrics.difference_box(a, b) == (3, 2, 1, 1)


def test_a_tolerance_keeps_noise_out_of_the_box(make):
    """Without one, noise makes it the whole picture."""
    still = make.scene()
    test = make.noisy(make.with_object(still), 2)

    assert metrics.bounding_box(still, test) > 0.95
    assert metrics.bounding_box(still, test, tolerance=15) < 0.1


def test_diffimg_ratio_equals_diffimg(pillow, any_pair, tmp_path):
    """The package reads files; the numbers are the same."""
    diffimg = pytest.importorskip("diffimg", reason="diffimg is not installed (extra: reference)")
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, image in zip(paths, any_pair, strict=True):
        _open(image).save(path)
    theirs = diffimg.diff(*map(str, paths), delete_diff_file=True)

    assert metrics.diffimg_ratio(*any_pair) == pytest.approx(theirs, rel=1e-9)


def test_one_red_pixel_in_white_changes_two_channels_of_three():
    """The diffimg answer says 0.33 % of a 10x10 picture; it is 0.667 %."""
    white = np.full((10, 10, 3), 255, np.uint8)
    red = white.copy()
    red[4, 4] = (0, 0, 255)

    assert metrics.diffimg_ratio(white, red) == pytest.approx(2 / 300)


def test_imgcompare_percent_equals_imgcompare(pillow, any_pair):
    """Exact, down to Pillow's way of making gray."""
    imgcompare = pytest.importorskip("imgcompare", reason="imgcompare is not installed (extra: reference)")
    theirs = imgcompare.image_diff_percent(_open(any_pair[0]), _open(any_pair[1]))

    assert metrics.imgcompare_percent(*any_pair) == pytest.approx(theirs, rel=1e-12)


def test_gray_equals_pillow_for_every_colour_of_a_grid(pillow):
    """4096 colours, not one level off."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(64, 64, 3)

    assert np.array_equal(pillow_gray(colours), np.asarray(_open(colours).convert("L")))
