import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepframe.frame import Frame
from keepframe.preprocess import EvenLight


def scene(height=90, width=120, seed=5):
    """A picture with levels from 60 to 180."""
    rough = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(rough, (0, 0), 2), None, 60, 180, cv2.NORM_MINMAX)


def lit(image, gain, offset):
    """The picture in another light."""
    return np.clip(np.floor(image * gain + offset + 0.5), 0, 255).astype(np.uint8)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.7, 1.4), offset=st.integers(-30, 30))
@pytest.mark.parametrize("method", ["gain-offset", "histogram"])
def test_an_even_change_of_light_is_taken_out(method, gain, offset):
    """To the rounding that the darker or lighter picture has suffered."""
    light = EvenLight(method=method)
    first, then = (
        light(Frame(working=image)).image.astype(int) for image in (scene(), lit(scene(), gain, offset))
    )
    unsaturated = (scene() * gain + offset < 250) & (scene() * gain + offset > 5)

    assert np.abs(first - then)[unsaturated].max() <= 3


def test_an_object_does_not_change_the_light():
    """A bright square in a tenth of the picture stays bright, and the rest stays as it is."""
    light = EvenLight()
    light(Frame(working=scene()))
    changed = scene()
    changed[30:60, 40:70] = 250
    then = light(Frame(working=changed)).image

    assert np.abs(then[:25].astype(int) - scene()[:25]).max() <= 1
    assert then[40, 50] >= 245


def test_histograms_are_matched_as_skimage_does():
    """Each level becomes the one of the same rank."""
    exposure = pytest.importorskip(
        "skimage.exposure", reason="scikit-image is not installed (extra: reference)"
    )
    a, b = scene(), lit(scene(seed=6), 1.2, -40)
    light = EvenLight(method="histogram")
    light(Frame(working=a))

    assert np.array_equal(
        light(Frame(working=b)).image, np.floor(exposure.match_histograms(b, a) + 0.5).astype(np.uint8)
    )


@pytest.mark.parametrize("method", ["gain-offset", "histogram"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_picture_stays_the_same(method, channels):
    """The light is that of the reference already."""
    image = cv2.merge([scene(seed=n) for n in range(channels)])
    light = EvenLight(method=method)
    light(Frame(working=image))
    then = light(Frame(working=image))

    assert np.array_equal(then.image, image)
    assert then.notes["light"] == 0


def test_each_channel_has_its_own_light():
    """A lamp has a colour."""
    image = cv2.merge([scene(seed=n) for n in range(3)])
    warmer = cv2.merge([lit(image[:, :, 0], 0.8, 0), image[:, :, 1], lit(image[:, :, 2], 1.2, 10)])
    light = EvenLight()
    light(Frame(working=image))
    then = light(Frame(working=warmer))

    assert np.abs(then.image.astype(int) - image).max() <= 3
    assert then.notes["light"] == pytest.approx(warmer.mean() - image.mean(), abs=1)


@pytest.mark.parametrize("method", ["gain-offset", "histogram"])
@pytest.mark.parametrize("reference", ["first", "previous"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_constant_picture_is_no_reference(method, reference, channels):
    """A camera that begins with its lens covered, or is covered for a while, does not lose its light."""
    light = EvenLight(method=method, reference=reference)
    seen = cv2.merge([scene()] * channels)
    black = np.zeros_like(seen)
    left = [light(Frame(working=image)).image for image in (black, seen, black, lit(seen, 1, 20))]

    assert np.array_equal(left[1], seen)
    assert np.abs(left[3].astype(int) - seen).max() <= 1


@pytest.mark.parametrize("method", ["gain-offset", "histogram"])
@pytest.mark.parametrize("level", [0, 255])
def test_a_covered_lens_gives_a_constant_picture(method, level):
    """What has no structure gets none."""
    light = EvenLight(method=method)
    light(Frame(working=scene()))

    assert len(np.unique(light(Frame(working=np.full((90, 120), level, np.uint8))).image)) == 1


def test_previous_follows_the_sequence():
    """Each picture comes in the light of the one before as it left: that of the first."""
    light = EvenLight(reference="previous")
    left = [light(Frame(working=lit(scene(), 1, 5 * n))).image.astype(int) for n in range(4)]

    assert np.abs(left[3] - left[0]).max() <= 1


def test_another_shape_begins_anew():
    """From then on that picture is the reference."""
    light = EvenLight()
    light(Frame(working=scene()))
    small = scene(40, 50)
    frame = Frame(working=small)

    assert light(frame) is frame
    assert np.array_equal(light(Frame(working=lit(small, 1, 20))).image, small)


def test_a_picture_gives_the_light(tmp_path):
    """A file goes before the camera's own pictures, and is not part of the memory."""
    cv2.imwrite(str(tmp_path / "noon.png"), scene())
    light = EvenLight(picture=tmp_path / "noon.png")

    assert np.array_equal(light(Frame(working=lit(scene(), 1, 20))).image, scene())
    assert light.save() == {}
    with pytest.raises(
        ValueError, match=re.escape("even_light: expected images of [90, 120] as the first one, got [40, 50]")
    ):
        light(Frame(working=scene(40, 50)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gamma"}, 'even_light: unknown method "gamma"; known: gain-offset, histogram'),
        ({"reference": "last"}, 'even_light: unknown reference "last"; known: first, previous'),
    ],
)
def test_an_option_that_makes_no_sense_is_told(options, message):
    """Word by word."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        EvenLight(**options)


def test_a_memory_of_something_else_is_told():
    """Nothing is guessed."""
    with pytest.raises(
        ValueError, match=re.escape("even_light: expected a memory of `known` and `shape`, got ['image']")
    ):
        EvenLight().load({"image": 1})
