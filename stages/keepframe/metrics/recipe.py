"""
How a family module says what it offers: the function, its conversion to a score, its map.

No words about a metric: those stand in the function's docstring.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, levels


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    One line of a family's METRICS.

    function: two images in, a number in its own unit out; every option keyword-only with a default.
    score: (value, reference) to a score: 0 = same, higher = more different, finite.
    map: two images in, float32 (rows, columns) out, 0 = same, in the unit of the score; None where there is none.
    """

    function: Callable[[Image, Image], float]
    score: Callable[[float, Image], float]
    map: Callable[[Image, Image], NDArray[np.float32]] | None = None

    @property
    def name(self) -> str:
        """The public name: the function's, with hyphens."""
        return str(self.function.__name__).replace("_", "-")


def as_it_is(value: float, _reference: Image) -> float:
    """
    The value is a score already.

    >>> as_it_is(0.25, np.zeros((1, 1), np.uint8))
    0.25
    """
    return value


def one_minus(value: float, _reference: Image) -> float:
    """
    1 - value: for similarities that are 1 for identical images.

    >>> one_minus(0.75, np.zeros((1, 1), np.uint8))
    0.25
    """
    return 1.0 - value


def share_of_levels(value: float, reference: Image) -> float:
    """
    The value in gray levels as a share of the largest level.

    >>> share_of_levels(51.0, np.zeros((1, 1), np.uint8))
    0.2
    """
    return value / levels(reference)
