import numpy as np
import pytest

from keepframe import metrics


def test_one_dimension_equals_scipy_s_wasserstein_distance(any_pair):
    """To 1e-9, channels averaged."""
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra: reference)")
    a, b = (np.atleast_3d(image) for image in any_pair)
    expected = [stats.wasserstein_distance(a[:, :, c].ravel(), b[:, :, c].ravel()) for c in range(a.shape[2])]

    assert metrics.earth_movers_distance(*any_pair) == pytest.approx(np.mean(expected), abs=1e-9)


def test_ten_levels_brighter_is_a_distance_of_ten(make):
    """The unit is gray levels."""
    scene = np.minimum(make.scene(), 245)

    assert metrics.earth_movers_distance(scene, scene + 10) == 10


@pytest.mark.parametrize("grid", [4, 8])
def test_two_dimensions_equal_pot(make, grid):
    """Light as mass on a grid, Euclidean distance between cells."""
    ot = pytest.importorskip("ot", reason="POT is not installed (extra: reference)")
    places = np.stack(np.meshgrid(np.arange(grid), np.arange(grid)), axis=-1).reshape(-1, 2).astype(float)
    cost = ot.dist(places, places, metric="euclidean")
    scene = make.scene(64, 64)
    for other in (
        make.with_object(scene),
        make.scene(64, 64, seed=4),
        make.shifted(scene, 9, 3),
        scene[::-1],
    ):
        masses = []
        for image in (scene, other):
            mass = image.reshape(grid, 64 // grid, grid, 64 // grid).mean(axis=(1, 3)).ravel()
            masses.append(mass / mass.sum())

        assert metrics.earth_movers_distance_2d(scene, other, grid=grid) == pytest.approx(
            ot.emd2(*masses, cost), abs=1e-3
        )


def test_a_spot_that_moved_by_three_cells_is_three_apart():
    """The unit is cells of the grid."""
    a, b = np.zeros((2, 64, 64), np.uint8)
    a[8:16, 8:16] = b[8:16, 32:40] = 200

    assert metrics.earth_movers_distance_2d(a, b) == pytest.approx(3, abs=1e-5)


def test_a_picture_without_light_is_as_far_as_it_gets():
    """Zero mass cannot be carried; black and black are the same."""
    black, scene = np.zeros((64, 64), np.uint8), np.full((64, 64), 50, np.uint8)

    assert metrics.earth_movers_distance_2d(black, scene) == pytest.approx(7 * 2**0.5)
    assert metrics.earth_movers_distance_2d(black, black) == 0


@pytest.mark.parametrize("grid", [1, 17])
def test_a_grid_too_fine_or_too_coarse_is_refused(grid):
    """17 x 17 would take seconds."""
    with pytest.raises(
        ValueError, match=f"earth-movers-distance-2d: expected grid of 2 to 16 cells, got {grid}"
    ):
        metrics.earth_movers_distance_2d(*np.zeros((2, 8, 8), np.uint8), grid=grid)
