import numpy as np
import pytest

from keepframe.metrics.resample import hue_saturation, lanczos


@pytest.fixture
def image_module():
    """Pillow's Image, or the reason why not."""
    return pytest.importorskip("PIL.Image", reason="Pillow is not installed (extra: reference)")


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (32, 32), (128, 128), (7, 300)])
@pytest.mark.parametrize("source", [(120, 160), (97, 131), (480, 641), (5, 5), (1, 1)])
def test_lanczos_equals_pillow_to_the_last_bit(image_module, size, source):
    """Noise, the hardest picture, up and down."""
    image = np.random.default_rng(2).integers(0, 256, source, dtype=np.uint8)
    theirs = image_module.fromarray(image).resize(size, image_module.Resampling.LANCZOS)

    assert np.array_equal(lanczos(image, *size), np.asarray(theirs))


def test_hue_and_saturation_equal_pillow_for_every_colour_of_a_grid(image_module):
    """32768 colours."""
    steps = np.append(np.arange(0, 256, 8, dtype=np.uint8)[:-1], 255).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(len(steps) ** 2, len(steps), 3)
    theirs = np.asarray(image_module.fromarray(np.ascontiguousarray(colours[:, :, ::-1])).convert("HSV"))
    hue, saturation = hue_saturation(colours)

    assert np.array_equal(hue, theirs[:, :, 0])
    assert np.array_equal(saturation, theirs[:, :, 1])
