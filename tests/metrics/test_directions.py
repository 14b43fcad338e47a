import numpy as np
import pytest

from keepframe.metrics.directions import MARGIN, directions, margined, tile_shape, turned

RNG = np.random.default_rng(7)
SCENE = np.kron(RNG.integers(40, 160, (16, 20)), np.ones((6, 6))).astype(np.uint8)


def change(reference, test, **options):
    """The change of each tile from one image to another."""
    return turned(margined(directions(reference)), directions(test), **options)


def test_the_same_image_has_not_changed():
    """Exactly 0 everywhere."""
    assert not change(SCENE, SCENE.copy()).any()


@pytest.mark.parametrize(("gain", "offset"), [(1.3, 12), (0.7, 5), (1.0, 40)])
def test_light_is_next_to_nothing(gain, offset):
    """An even change of the light leaves the directions of edges where they are; an object does not."""
    lit = np.clip(SCENE * gain + offset, 0, 255).astype(np.uint8)
    visited = SCENE.copy()
    visited[30:46, 40:56] = 250

    assert change(SCENE, lit).max() < change(SCENE, visited).max() / 4


def test_a_change_is_found_where_it_is():
    """The hottest tile touches the object."""
    visited = SCENE.copy()
    visited[40:48, 64:72] = 255

    found = change(SCENE, visited)
    row, column = np.unravel_index(found.argmax(), found.shape)

    assert abs(row * 4 + 4 - 44) <= 8
    assert abs(column * 4 + 4 - 68) <= 8


@pytest.mark.parametrize("moved", [(0, 3), (-5, 2), (MARGIN - 1, 0)])
def test_a_known_shift_is_undone(moved):
    """Compared where the scene lies now, what moved is the same away from the border."""
    x, y = moved
    shifted = np.roll(SCENE, (y, x), (0, 1))

    inside = np.s_[4:-4, 4:-4]

    assert not change(SCENE, shifted, shift=moved)[inside].any()
    assert change(SCENE, shifted)[inside].mean() > 10


def test_a_pixel_of_shaking_is_tolerated():
    """Without tolerance it is a change everywhere."""
    shaken = np.roll(SCENE, 1, 1)

    assert change(SCENE, shaken)[:, 2:].mean() < change(SCENE, shaken, is_tolerant=False)[:, 2:].mean() / 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 9), (8, 8), (121, 33)])
def test_any_size_has_tiles(shape):
    """Down to one pixel."""
    image = RNG.integers(0, 256, shape, dtype=np.uint8)

    assert change(image, 255 - image).shape == tile_shape(*shape)


def test_where_an_image_lies_in_memory_does_not_matter():
    """A view of another array gives the same bytes."""
    wide = np.zeros((SCENE.shape[0] + 3, SCENE.shape[1] + 5), np.uint8)
    wide[2:-1, 3:-2] = SCENE

    for one, other in zip(directions(SCENE), directions(wide[2:-1, 3:-2]), strict=True):
        assert (one == other).all()
