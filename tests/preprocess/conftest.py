"""Frames the preprocess tests start from."""

import numpy as np
import pytest

from keepframe.frame import Frame


@pytest.fixture
def framed():
    """Return a function that makes a frame of nested lists or of an array."""
    return lambda values: Frame(camera="door").with_image(np.asarray(values, np.uint8))


@pytest.fixture
def noise():
    """Return a function that makes random images, the same for the same shape."""
    return lambda *shape: np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)
