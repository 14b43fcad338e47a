import numpy as np
import pytest

from keepframe.metrics import Box, hottest_tile
from keepframe.metrics.tiles import tile_means, tile_side


def test_the_largest_tile_finds_a_spot_the_mean_would_lose():
    """One bright square of 8x8 in a picture of 160x120 is a whole tile."""
    difference = np.zeros((120, 160), np.float32)
    difference[60:68, 100:108] = 1

    assert hottest_tile(difference) == (1.0, Box(100, 60, 8, 8))


def test_tiles_reach_the_far_border():
    """Sizes that are no multiple of the tile lose no row and no column."""
    difference = np.zeros((37, 53), np.float32)
    difference[-1, -1] = 64

    assert hottest_tile(difference) == (1.0, Box(45, 29, 8, 8))


def test_tile_means_equal_plain_means():
    """The integral picture gives what a loop over tiles gives."""
    difference = np.random.default_rng(0).random((31, 45), dtype=np.float32)
    means, tops, lefts = tile_means(difference, tile=10)
    plain = [[difference[y : y + 10, x : x + 10].mean(dtype=np.float64) for x in lefts] for y in tops]

    assert means == pytest.approx(np.array(plain), abs=1e-9)


def test_a_map_smaller_than_a_tile_is_one_tile():
    """One pixel has a largest tile too."""
    assert hottest_tile(np.full((1, 1), 0.25, np.float32)) == (0.25, Box(0, 0, 1, 1))


def test_the_side_grows_with_the_picture():
    """The share of the picture stays the same, so that scores do not depend on resolution."""
    assert [tile_side(*size) for size in ((120, 160), (480, 640), (1080, 1920))] == [8, 32, 72]


def test_a_tile_below_one_pixel_is_refused():
    """The error names the value."""
    with pytest.raises(ValueError, match="expected tile of at least 1 pixel, got 0"):
        hottest_tile(np.zeros((4, 4), np.float32), tile=0)
