"""
The list of family modules: a metric is found by being in one of these.

Nothing else: a family's metrics, conversions and maps stand in its own module.
"""

from collections.abc import Iterator

from keepframe.metrics import (
    alignment,
    alternation,
    background,
    blocking,
    coding,
    congruency,
    correlation,
    difference,
    divergence,
    edges,
    envelope,
    fusion,
    gradients,
    hash_distances,
    histograms,
    information,
    motion,
    neighbours,
    norms,
    pixel,
    quality,
    rendering,
    spectral,
    structure,
    structure_variants,
    thumbnail,
    transport,
    triage,
    visibility,
    wavelet,
    windows,
)
from keepframe.metrics.recipe import Recipe

FAMILIES = (
    pixel,
    norms,
    difference,
    triage,
    thumbnail,
    correlation,
    alignment,
    motion,
    edges,
    structure,
    structure_variants,
    quality,
    histograms,
    divergence,
    transport,
    hash_distances,
    coding,
    wavelet,
    background,
    information,
    neighbours,
    rendering,
    congruency,
    blocking,
    windows,
    spectral,
    fusion,
    gradients,
    envelope,
    visibility,
    alternation,
)


def recipes() -> Iterator[Recipe]:
    """
    Every metric of every family, in the order of the page.

    >>> next(recipes()).name
    'mean-absolute-difference'
    """
    for family in FAMILIES:
        yield from family.METRICS
