import numpy as np
import pytest

from keepframe.metrics.shrink import shrunk


@pytest.mark.parametrize("size", [(1080, 1920), (719, 1281), (130, 65), (64, 64), (7, 200), (1, 1)])
def test_a_constant_picture_stays_constant_at_any_size(size):
    """No border leaks in."""
    assert np.unique(shrunk(np.full(size, 77, np.uint8), 64, 64)).tolist() == [77]


def test_no_pixel_is_lost_at_odd_sizes():
    """The last row and column are part of the last cells, whatever the size."""
    image = np.zeros((257, 259), np.uint8)
    image[256, :] = image[:, 258] = 255
    small = shrunk(image, 8, 8)

    assert small[7].min() > 0
    assert small[:, 7].min() > 0
    assert small[:7, :7].max() == 0


def test_colour_keeps_its_channels(make):
    """Each is averaged by itself."""
    colour = make.in_colour(make.scene(128, 128))
    planes = [shrunk(np.ascontiguousarray(colour[:, :, c]), 16, 16) for c in range(3)]

    assert np.array_equal(shrunk(colour, 16, 16), np.dstack(planes))
