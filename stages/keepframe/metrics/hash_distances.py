"""
Perceptual hashes of two pictures: how many of their bits differ.

How the bits are made is in `hashes`.
"""

from collections.abc import Callable

import numpy as np  # noqa: F401 - for the examples in the docstrings

from keepframe.metrics.hashes import (
    Bits,
    average_hash,
    block_mean_hash,
    colour_hash,
    difference_hash,
    hamming,
    perceptual_hash,
    wavelet_hash,
)
from keepframe.metrics.images import Image, pair
from keepframe.metrics.recipe import Recipe


def hash_average(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    How many of the 64 bits of the average hash differ.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    compatible: the bits of imagehash.average_hash.
    Range: 0 to 64.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 64.
    Cost: trivial.
    Blind to: small objects; detail; an even change of light.
    When: finding the same picture again, resized or recompressed.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: the imagehash answer; ImageHash 4.3.2 with compatible=True, tested against it.

    >>> hash_average(np.zeros((9, 9), np.uint8), np.full((9, 9), 5, np.uint8))
    0.0
    """
    return _distance(average_hash, reference, test, "hash-average", compatible=compatible)


def hash_difference(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    How many of the 64 bits of the difference hash differ.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    compatible: the bits of imagehash.dhash.
    Range: 0 to 64.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 64.
    Cost: trivial.
    Blind to: small objects; changes of light that keep the order of neighbours.
    When: as hash-average, a little more sensitive to layout; flat areas flip with noise.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Krawetz 2013; ImageHash 4.3.2 with compatible=True, tested against it.

    >>> hash_difference(np.zeros((9, 9), np.uint8), np.full((9, 9), 5, np.uint8))
    0.0
    """
    return _distance(difference_hash, reference, test, "hash-difference", compatible=compatible)


def hash_perceptual(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    How many of the 64 bits of the perceptual hash differ.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    compatible: the bits of imagehash.phash.
    Range: 0 to 64.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 64.
    Cost: low.
    Blind to: small objects; fine detail; an even change of light.
    When: finding the same picture again; the most robust of the hashes. A picture without texture has arbitrary bits.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Krawetz 2011; ImageHash 4.3.2 with compatible=True, tested against it.

    >>> hash_perceptual(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    return _distance(perceptual_hash, reference, test, "hash-perceptual", compatible=compatible)


def hash_wavelet(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    How many of the 64 bits of the wavelet hash differ.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    compatible: the bits of imagehash.whash.
    Range: 0 to 64.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 64.
    Cost: trivial.
    Blind to: small objects; detail; an even change of light.
    When: as hash-average, but half of the bits are always set, so it tells dark pictures apart.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Petrov 2016; ImageHash 4.3.2 with compatible=True, tested against it.

    >>> hash_wavelet(np.zeros((9, 9), np.uint8), np.full((9, 9), 5, np.uint8))
    0.0
    """
    return _distance(wavelet_hash, reference, test, "hash-wavelet", compatible=compatible)


def hash_block_mean(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    How many of the 256 bits of the block mean hash differ.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    compatible: the bits of OpenCV's contrib module img_hash.
    Range: 0 to 256.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 256.
    Cost: trivial.
    Blind to: objects below a sixteenth of the side; an even change of light.
    When: 64 bits are too coarse.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Yang, Gu, Niu 2006; cv2.img_hash.BlockMeanHash mode 0 with compatible=True.

    >>> hash_block_mean(np.zeros((9, 9), np.uint8), np.full((9, 9), 5, np.uint8))
    0.0
    """
    return _distance(block_mean_hash, reference, test, "hash-block-mean", compatible=compatible)


def hash_colour(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    How many of the 42 bits of the colour hash differ.

    Takes: BGR (H, W, 3), BGRA (alpha dropped) or gray (H, W), uint8 or uint16 (reduced to 8 bits).
    compatible: the bits of imagehash.colorhash.
    Range: 0 to 42.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 42.
    Cost: medium.
    Blind to: where anything is; all but coarse shares of colour.
    When: telling day from night mode, or one scene from another by its colours.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: ImageHash 4.3.2's colorhash with compatible=True, tested against it.

    >>> hash_colour(np.zeros((9, 9), np.uint8), np.full((9, 9), 5, np.uint8))
    0.0
    """
    return _distance(colour_hash, reference, test, "hash-colour", compatible=compatible)


def _distance(
    make: Callable[..., Bits], reference: Image, test: Image, where: str, *, compatible: bool
) -> float:
    a, b = pair(reference, test, where)
    return float(hamming(make(a, compatible=compatible), make(b, compatible=compatible)))


METRICS = (
    Recipe(hash_average, lambda value, _reference: value / 64),
    Recipe(hash_difference, lambda value, _reference: value / 64),
    Recipe(hash_perceptual, lambda value, _reference: value / 64),
    Recipe(hash_wavelet, lambda value, _reference: value / 64),
    Recipe(hash_block_mean, lambda value, _reference: value / 256),
    Recipe(hash_colour, lambda value, _reference: value / 42),
)
