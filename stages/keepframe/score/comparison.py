"""
What a stage's `metric` names, as one function: two images in, a score and the place of the largest difference out.

The metrics themselves are in keepframe.metrics, what a score leads to in change.py.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import SupportsFloat

import numpy as np

from keepframe.metrics import Box, hottest, metric, names
from keepframe.metrics.catalogue import TILE
from keepframe.picture import Image
from keepframe.stage.load import find

Comparison = Callable[[Image, Image], tuple[float, Box | None]]
"""(reference, image) to a finite score, 0 = same, higher = more different, and the hottest tile where the metric has tiles."""


def comparison(name: str) -> Comparison:
    """
    The comparison of that name: a metric of keepframe.metrics, or the user's own as "module:attribute".

    A user's metric is a function of two images (read-only, of one shape) that returns a number: 0 = same, higher = more different.
    Raises ValueError: with the nearest name for an unknown metric, with the cause for a user's that is not there or fails while it
    is imported; TypeError for one that cannot be called.
    The comparison raises ValueError naming the metric where that fails or gives no finite number.

    >>> comparison("mse-tile")(np.zeros((8, 16), np.uint8), np.full((8, 16), 255, np.uint8))
    (1.0, Box(x=0, y=0, width=8, height=8))
    """
    if ":" in name:
        return functools.partial(_by_users, name, _users(name))
    if name.endswith(TILE) and name in names():
        return functools.partial(_by_tiles, name)
    return functools.partial(_by_score, name, metric(name).score)


def _users(name: str) -> Callable[[Image, Image], object]:
    try:
        found = find(name)
    except (LookupError, ValueError, ImportError) as error:
        raise ValueError(f"metric: {error}") from error
    if not callable(found):
        raise TypeError(
            f'metric: "{name}" is {type(found).__name__}, which cannot be called; name a function of two arrays'
        )
    return found  # type: ignore[no-any-return]


def _by_tiles(name: str, reference: Image, image: Image) -> tuple[float, Box | None]:
    score, box = hottest(name, reference, image)
    return _checked(name, score), box


def _by_score(
    name: str, score: Callable[[Image, Image], float], reference: Image, image: Image
) -> tuple[float, Box | None]:
    return _checked(name, score(reference, image)), None


def _by_users(
    name: str, function: Callable[[Image, Image], object], reference: Image, image: Image
) -> tuple[float, Box | None]:
    try:
        given = function(reference, image)
    except Exception as error:
        raise ValueError(f'metric "{name}" failed: {type(error).__name__}: {error}') from error
    return _checked(name, given), None


def _checked(name: str, given: object) -> float:
    if not isinstance(given, SupportsFloat) or np.ndim(given):  # type: ignore[arg-type]
        raise ValueError(f'metric "{name}": expected a number, got {type(given).__name__}')
    score = float(given)
    if not math.isfinite(score):
        raise ValueError(f'metric "{name}": expected a finite number, got {score}')
    return score
