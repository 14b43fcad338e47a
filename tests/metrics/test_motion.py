import cv2
import numpy as np
import pytest

from keepframe.metrics import dense_flow, metric, sparse_flow


@pytest.fixture
def moved():
    """A textured scene and the same moved 2 px to the right and 1 down."""
    rng = np.random.default_rng(3)
    large = cv2.GaussianBlur(rng.integers(0, 255, (220, 260), dtype=np.uint8), (0, 0), 2)
    large = cv2.normalize(large, None, 20, 220, cv2.NORM_MINMAX)
    return large[20:180, 20:220].copy(), large[19:179, 18:218].copy()


def test_a_known_motion_is_found(moved):
    """2 right and 1 down is 2.24 px."""
    assert sparse_flow(*moved) == pytest.approx(5**0.5, abs=0.2)
    assert dense_flow(*moved) == pytest.approx(5**0.5, abs=0.5)
    assert dense_flow(*moved, method="farneback") == pytest.approx(5**0.5, abs=0.5)


def test_a_step_of_light_is_no_motion(moved):
    """Brought to the reference's light first, tracks do not jump."""
    still = np.minimum(moved[0], 200)
    brighter = still + 10

    assert sparse_flow(still, brighter) < 0.1
    assert dense_flow(still, brighter) < 0.3


def test_a_picture_without_corners_has_no_sparse_flow():
    """As its docstring says: blind where there is no texture."""
    flat = np.full((60, 60), 100, np.uint8)

    assert sparse_flow(flat, np.full((60, 60), 150, np.uint8)) == 0


def test_a_small_moving_object_is_in_the_largest_tile(moved):
    """The percentile over the picture leaves it out, the tile does not."""
    a = moved[0]
    b = a.copy()
    b[60:80, 64:84] = a[60:80, 60:80]

    assert metric("dense-flow-tile").value(a, b) > 5 * max(metric("dense-flow").score(a, b), 1e-3)


def test_bad_options_are_refused():
    """The errors quote them."""
    a, b = np.zeros((2, 9, 9), np.uint8)
    with pytest.raises(ValueError, match='dense-flow: expected method "dis" or "farneback", got "lk"'):
        dense_flow(a, b, method="lk")
    with pytest.raises(ValueError, match="sparse-flow: expected points of at least 1, got 0"):
        sparse_flow(a, b, points=0)
