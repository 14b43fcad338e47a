import numpy as np

from keepframe.metrics.vectors import length


def test_lengths_are_those_of_float32_steps():
    """Squares, sum and root are each rounded once: whatever the place in the row."""
    x, y = np.random.default_rng(2).normal(0, 100, (2, 33, 45)).astype(np.float32)

    made = length(x, y)

    assert made.dtype == np.float32
    assert np.array_equal(made, np.sqrt(x * x + y * y))
    assert np.allclose(made, np.hypot(x.astype(np.float64), y), rtol=1e-6)


def test_the_planes_stay_as_they_are():
    """What is squared is not the caller's."""
    x, y = np.full((2, 3, 4), 2, np.float32)

    length(x, y)

    assert np.unique([x, y]).tolist() == [2]
