import numpy as np
import pytest

from keepframe import metrics
from keepframe.metrics.shrink import shrunk


def _area(image):
    """The 64x64 thumbnail by exact areas, in float64: what INTER_AREA means."""

    def weights(length):
        edges = np.linspace(0, length, 65)
        starts = np.arange(length)
        covered = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
        return np.clip(covered, 0, 1) * 64 / length

    rows = np.tensordot(weights(len(image)), image, axes=(1, 0))
    return np.moveaxis(np.tensordot(weights(image.shape[1]), rows, axes=(1, 1)), 0, 1)


def test_thumbnails_are_means_over_exact_areas(any_pair):
    """To a level: each halving on the way rounds."""
    a, b = (_area(image) for image in any_pair)

    assert metrics.thumbnail_mean(*any_pair) == pytest.approx(np.abs(a - b).mean(), abs=0.6)
    assert metrics.thumbnail_max(*any_pair) == pytest.approx(np.abs(a - b).max(), abs=2)


def test_thumbnails_equal_pillow_s_box_where_both_have_whole_areas(make):
    """At a multiple of 64 px Pillow's BOX is the area too."""
    image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed (extra: reference)")
    a, b = make.scene(256, 512), make.with_object(make.scene(256, 512))
    boxes = [
        np.asarray(image_module.fromarray(i).resize((64, 64), image_module.Resampling.BOX)).astype(int)
        for i in (a, b)
    ]

    assert metrics.thumbnail_mean(a, b) == pytest.approx(np.abs(boxes[0] - boxes[1]).mean(), abs=0.05)
    assert metrics.thumbnail_max(a, b) == pytest.approx(np.abs(boxes[0] - boxes[1]).max(), abs=1)


@pytest.mark.parametrize("size", [(1080, 1920), (719, 1281), (130, 65), (64, 64), (7, 200), (1, 1)])
def test_a_constant_picture_stays_constant_at_any_size(size):
    """No border leaks in."""
    assert np.unique(shrunk(np.full(size, 77, np.uint8), 64, 64)).tolist() == [77]


def test_no_pixel_is_lost_at_odd_sizes():
    """The last row and column count in the last cells."""
    image = np.zeros((257, 257), np.uint8)
    image[256, 256] = 255

    assert shrunk(image, 4, 4)[3, 3] >= shrunk(image, 4, 4)[0, 0]
    assert (
        metrics.thumbnail_max(
            np.zeros((129, 129), np.uint8),
            np.pad(np.zeros((128, 128), np.uint8), (0, 1), constant_values=255),
        )
        > 100
    )


def test_averaging_takes_noise_away_and_leaves_the_object(make):
    """What the answer promises for dark scenes."""
    still = make.scene(480, 640)
    noise = metrics.thumbnail_max(still, make.noisy(still, 8))

    assert noise < 12
    assert metrics.thumbnail_max(still, make.noisy(make.with_object(still), 8)) > 3 * noise


def test_counting_uses_the_tolerance(make):
    """Only cells that differ by more are counted."""
    still = make.scene(128, 128)
    changed = metrics.thumbnail_count(still, make.with_object(still), tolerance=4)

    assert 0 < changed <= 100
    assert metrics.thumbnail_count(still, make.with_object(still), tolerance=255) == 0


def test_an_empty_thumbnail_is_refused():
    """The error names the side."""
    with pytest.raises(ValueError, match="thumbnail-mean: expected side of at least 1 pixel, got 0"):
        metrics.thumbnail_mean(*np.zeros((2, 3, 3), np.uint8), side=0)
