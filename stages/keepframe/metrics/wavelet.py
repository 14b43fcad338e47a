"""
Fast multiresolution image querying: compare the largest Haar coefficients' places and signs.

The wavelet hash is in `hashes`.
"""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, pair
from keepframe.metrics.recipe import Recipe, as_it_is
from keepframe.metrics.shrink import shrunk

_SIDE = 128
# facts from the paper: weights of the bins min(max(row, column), 5) for scanned pictures, in Y, I, Q
_WEIGHTS = np.array(
    [
        [5.00, 0.83, 1.01, 0.52, 0.47, 0.30],
        [19.21, 1.26, 0.44, 0.53, 0.28, 0.14],
        [34.37, 0.36, 0.45, 0.14, 0.18, 0.27],
    ]
)
# rows give Y, I, Q of B, G, R
_YIQ = np.array([[0.114, 0.587, 0.299], [-0.321, -0.275, 0.596], [0.311, -0.523, 0.212]])


class Signature(NamedTuple):
    """What is kept of a picture: its mean Y, I, Q (0 to 1), and the signs (-1, 0, 1) of its largest coefficients."""

    means: NDArray[np.float64]
    signs: NDArray[np.int8]


def haar_signature(image: Image, *, largest: int = 40) -> Signature:
    """
    Means and the signs of the largest Haar coefficients per channel of Y, I, Q, at 128x128.

    image: gray, BGR or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits). largest: coefficients kept per channel.
    signs: (3, 128, 128), 0 where a coefficient is not among the largest. Of equals, the first in reading order is kept.
    Errors: ValueError if it is no such image or largest is below 1.

    >>> haar_signature(np.full((9, 9), 51, np.uint8)).means[:1].round(3).tolist()
    [0.2]
    """
    if largest < 1:
        raise ValueError(f"haar-signature: expected largest of at least 1, got {largest}")
    small = shrunk(bgr(image), _SIDE, _SIDE).astype(np.float64) / 255
    means, signs = np.zeros(3), np.zeros((3, _SIDE, _SIDE), np.int8)
    for channel, weights in enumerate(_YIQ):
        coefficients = haar(haar(small @ weights).T).T.copy()
        means[channel] = coefficients[0, 0] / _SIDE
        coefficients[0, 0] = 0
        # a gray picture's I and Q are rounding
        coefficients[np.abs(coefficients) < 1e-6] = 0
        flat = coefficients.ravel()
        strength = np.abs(flat)
        least = np.partition(strength, -largest)[-largest] if largest < flat.size else 0.0
        kept = np.concatenate([np.flatnonzero(strength > least), np.flatnonzero(strength == least)])[:largest]
        signs[channel].ravel()[kept] = np.sign(flat[kept])
    return Signature(means, signs)


def haar_wavelet(reference: Image, test: Image, *, largest: int = 40) -> float:
    """
    Distance by the largest Haar wavelet coefficients: the weights not shared, as a share of all the reference could share.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    largest: coefficients compared per channel of Y, I, Q.
    Range: 0 upwards, 1 when nothing is shared; a difference of mean colour adds to it. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: medium.
    Blind to: small objects; everything finer than the 40 strongest coefficients.
    When: finding a known picture among many, even from a sketch of it.
    Errors: ValueError if the images differ in size, channels or dtype, or largest is below 1.
    Source: tzot's and Ricardo Cabral's answers; Jacobs, Finkelstein, Salesin 1995, whose score q is mapped to
        1 + q / (sum of the reference's weights); transform tested against PyWavelets.

    >>> haar_wavelet(np.zeros((9, 9), np.uint8), np.full((9, 9), 51, np.uint8))
    1.0
    """
    a, b = pair(reference, test, "haar-wavelet")
    signature_a, signature_b = haar_signature(a, largest=largest), haar_signature(b, largest=largest)
    colour = float(_WEIGHTS[:, 0] @ np.abs(signature_a.means - signature_b.means))
    shared = (signature_a.signs != 0) & (signature_a.signs == signature_b.signs)
    weights = _bin_weights()
    best = float(weights[signature_a.signs != 0].sum())
    if best == 0:
        return round(colour, 9) + float(signature_b.signs.any())
    return round((colour + best - float(weights[shared].sum())) / best, 9)


def haar(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    The orthonormal Haar transform of every row (a power of two long), coarse to fine.

    >>> haar(np.array([[3.0, 3.0, 1.0, 1.0]])).round(6).tolist()
    [[4.0, 2.0, 0.0, 0.0]]
    """
    parts = []
    while rows.shape[1] > 1:
        even, odd = rows[:, ::2], rows[:, 1::2]
        parts.append((even - odd) * 0.5**0.5)
        rows = (even + odd) * 0.5**0.5
    return np.concatenate([rows, *reversed(parts)], axis=1)


@functools.cache
def _bin_weights() -> NDArray[np.float64]:
    index = np.arange(_SIDE)
    bins = np.minimum(np.maximum(index[:, None], index[None, :]), 5)
    return np.asarray(_WEIGHTS[:, bins])


METRICS = (Recipe(haar_wavelet, as_it_is),)
