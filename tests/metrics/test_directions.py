import numpy as np
import pytest

from keepframe.metrics.directions import directions, moved, turned

RNG = np.random.default_rng(7)
SCENE = np.kron(RNG.integers(40, 160, (16, 20)), np.ones((6, 6))).astype(np.uint8)


def change(reference, test, shift=(0, 0)):
    """The change of each pixel from one image to another, which is moved so far."""
    return turned(directions(reference).moved(*shift).bordered(), directions(test))


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
    """The pixel that changed most is at the outline of the object."""
    visited = SCENE.copy()
    visited[40:48, 64:72] = 255

    row, column = np.unravel_index(change(SCENE, visited).argmax(), SCENE.shape)

    assert 38 <= row < 50
    assert 62 <= column < 74


@pytest.mark.parametrize("far", [(0, 3), (-5, 2), (8, 0)])
def test_a_known_shift_is_undone(far):
    """Compared where the scene lies now, what moved is the same away from the border."""
    x, y = far
    shifted = np.roll(SCENE, (y, x), (0, 1))

    inside = np.s_[16:-16, 16:-16]

    assert not change(SCENE, shifted, shift=far)[inside].any()
    assert change(SCENE, shifted)[inside].mean() > 10 * 127


def test_a_pixel_of_shaking_is_tolerated():
    """Half of it and less is next to nothing; three pixels are a change everywhere."""
    shaken, displaced = np.roll(SCENE, 1, 1), np.roll(SCENE, 3, 1)

    assert change(SCENE, shaken)[:, 8:].mean() < change(SCENE, displaced)[:, 8:].mean() / 4


@pytest.mark.parametrize("far", [(0, 0), (2, -1), (-30, 40), (3, 0)])
def test_what_comes_in_is_the_border(far):
    """A plane moved by any distance keeps its size, and its pixels where they still are."""
    x, y = far
    plane = RNG.integers(0, 256, (9, 7), dtype=np.uint8)

    rows, columns = (
        np.clip(np.arange(side) - by, 0, side - 1) for side, by in zip((9, 7), (y, x), strict=True)
    )

    assert (moved(plane, x, y) == plane[np.ix_(rows, columns)]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 9), (8, 8), (121, 33)])
def test_any_size_has_directions(shape):
    """Down to one pixel."""
    image = RNG.integers(0, 256, shape, dtype=np.uint8)

    assert change(image, 255 - image).shape == shape


def test_where_an_image_lies_in_memory_does_not_matter():
    """A view of another array gives the same bytes."""
    wide = np.zeros((SCENE.shape[0] + 3, SCENE.shape[1] + 5), np.uint8)
    wide[2:-1, 3:-2] = SCENE

    for one, other in zip(directions(SCENE), directions(wide[2:-1, 3:-2]), strict=True):
        assert (one == other).all()
