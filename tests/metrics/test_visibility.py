import numpy as np
import pytest

from keepframe.metrics import metric, visible_differences


def _openimageio(a, b, luminance=100.0, field_of_view=45.0):
    oiio = pytest.importorskip("OpenImageIO", reason="OpenImageIO is not installed (extra: reference)")
    buffers = []
    for image in (a, b):
        colour = np.dstack([image] * 3) if image.ndim == 2 else image[:, :, ::-1]
        buffer = oiio.ImageBuf(oiio.ImageSpec(colour.shape[1], colour.shape[0], 3, "uint8"))
        buffer.set_pixels(oiio.ROI(), np.ascontiguousarray(colour))
        buffers.append(buffer)
    results = oiio.CompareResults()
    oiio.ImageBufAlgo.compare_Yee(*buffers, results, luminance, field_of_view)
    return results.nfail


@pytest.mark.slow
def test_the_compatible_form_equals_openimageio_s(any_pair):
    """But for pixels at the threshold, where its 32-bit powers round otherwise: one in ten thousand."""
    a, b = any_pair
    expected = _openimageio(a, b)

    assert visible_differences(a, b, compatible=True) == pytest.approx(
        expected, abs=1e-4 * a.shape[0] * a.shape[1]
    )


@pytest.mark.parametrize("luminance", [1, 10, 100, 1000])
@pytest.mark.parametrize("field_of_view", [5, 45, 120])
def test_screens_and_distances_equal_openimageio_s(luminance, field_of_view, make):
    """Its two options, in colour."""
    a = make.in_colour(make.scene(64, 80))
    b = make.noisy(a, 3)
    expected = _openimageio(a, b, luminance, field_of_view)

    assert visible_differences(
        a, b, luminance=luminance, field_of_view=field_of_view, compatible=True
    ) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("level", [30, 60, 100, 150])
def test_even_steps_are_seen_alike_in_the_dark_and_in_the_light(level):
    """A screen's levels are spaced so; taken as linear, as the package does, a dark step of 2 would already show."""
    plain = np.full((40, 40), level, np.uint8)

    assert visible_differences(plain, plain + 3) == 0
    assert visible_differences(plain, plain + 8) == 1600


def test_texture_hides_what_an_even_area_shows():
    """Masking, the heart of it: the same square on a wall and on gravel."""
    wall = np.full((64, 64), 128, np.uint8)
    gravel = np.random.default_rng(1).integers(28, 229, (64, 64)).astype(np.uint8)
    on_wall, on_gravel = wall.copy(), gravel.copy()
    on_wall[20:40, 20:40] += 14
    on_gravel[20:40, 20:40] += 14

    seen = visible_differences(wall, on_wall, field_of_view=2)

    assert seen > 200
    assert seen > 2 * visible_differences(gravel, on_gravel, field_of_view=2)


def test_a_dim_screen_shows_less(make):
    """Fewer candela, fewer visible differences."""
    a = make.in_colour(make.scene(64, 80))
    b = make.noisy(a, 6)

    assert visible_differences(a, b, luminance=1) < visible_differences(a, b, luminance=100)


def test_the_map_shows_the_pixels_that_count(make):
    """Ones where the value counts."""
    a = make.scene(64, 80)
    b = make.with_object(a)

    assert metric("visible-differences").map(a, b).sum() == visible_differences(a, b) > 0


def test_a_huge_picture_from_far_away_stays_finite():
    """So many cycles per degree that their sensitivity underflows."""
    a, b = np.random.default_rng(2).integers(0, 256, (2, 4, 20_000), dtype=np.uint8)

    assert 0 <= visible_differences(a, b, field_of_view=0.5) <= a.size


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"luminance": 0}, "expected luminance above 0, got 0"),
        ({"field_of_view": 180}, "expected field_of_view between 0 and 180 degrees, got 180"),
    ],
)
def test_impossible_screens_are_refused(options, message):
    """The errors name the value."""
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ValueError, match=f"visible-differences: {message}"):
        visible_differences(image, image, **options)
