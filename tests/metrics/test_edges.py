import numpy as np
import pytest

from keepframe.metrics import edge_difference, edge_mismatch, gradient_magnitude, gradient_orientation, metric
from keepframe.metrics.images import gray

OPERATORS = ["sobel", "prewitt", "scharr"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_edges_equal_skimage_s(any_pair, operator):
    """Same weights, same mirrored border, 255 times as large."""
    filters = pytest.importorskip(
        "skimage.filters", reason="scikit-image is not installed (extra: reference)"
    )
    theirs = [getattr(filters, operator)(gray(image)) * 255 for image in any_pair]

    assert np.abs(gradient_magnitude(any_pair[0], operator=operator) - theirs[0]).max() < 1e-3
    assert edge_difference(*any_pair, operator=operator) == pytest.approx(
        np.abs(theirs[0] - theirs[1]).mean(), abs=1e-4
    )


def test_mismatch_equals_scipy_s_dilation(plain_pair):
    """Edges of either without one nearby in the other, over all edges."""
    ndimage = pytest.importorskip("scipy.ndimage", reason="scipy is not installed (extra: reference)")
    a, b = (gradient_magnitude(image) > 24 for image in plain_pair)
    near = np.ones((3, 3), bool)
    alone = (a & ~ndimage.binary_dilation(b, near)) | (b & ~ndimage.binary_dilation(a, near))

    assert edge_mismatch(*plain_pair) == pytest.approx(alone.sum() / (a | b).sum())
    assert edge_mismatch(*plain_pair, reach=0) == pytest.approx((a ^ b).sum() / (a | b).sum())


def test_edges_do_not_see_an_even_change_of_brightness(make):
    """Zero without saturation."""
    scene = np.minimum(make.scene(), 245)

    assert edge_difference(scene, scene + 10) < 1e-6
    assert edge_mismatch(scene, scene + 10) == 0
    assert gradient_orientation(scene, scene + 10) < 0.02


def test_reach_forgives_a_pixel_of_jitter(make):
    """Without it, a shifted picture loses most of its edges."""
    scene = make.scene(200, 200)

    assert edge_mismatch(scene, make.shifted(scene, 1, 0)) < 0.5 * edge_mismatch(
        scene, make.shifted(scene, 1, 0), reach=0
    )


def test_the_largest_tile_of_turned_gradients_ignores_light_and_finds_the_object(make):
    """A lamp that adds a third matters less than one small square."""
    scene = (make.scene() * 0.7).astype(np.uint8)
    lamp = np.clip(scene * 1.3, 0, 255).astype(np.uint8)
    tile = metric("gradient-orientation-tile")

    assert tile.value(scene, make.with_object(scene)) > 5 * tile.value(scene, lamp)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (
            edge_difference,
            {"operator": "canny"},
            'expected operator "sobel", "prewitt" or "scharr", got "canny"',
        ),
        (edge_mismatch, {"reach": -1}, "expected reach of at least 0 pixels, got -1"),
        (gradient_orientation, {"sigma": -1.0}, "expected sigma of at least 0 pixels, got -1.0"),
    ],
)
def test_bad_options_are_refused(function, options, message):
    """The errors quote them."""
    with pytest.raises(ValueError, match=message):
        function(*np.zeros((2, 9, 9), np.uint8), **options)
