"""
The list of family modules: a metric is found by being in one of these.

Nothing else: a family's metrics, conversions and maps stand in its own module.
"""

from collections.abc import Iterator

from keepframe.metrics import correlation, pixel, structure
from keepframe.metrics.recipe import Recipe

FAMILIES = (pixel, correlation, structure)


def recipes() -> Iterator[Recipe]:
    """
    Every metric of every family, in the order of the page.

    >>> next(recipes()).name
    'mean-absolute-difference'
    """
    for family in FAMILIES:
        yield from family.METRICS
