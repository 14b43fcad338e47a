"""
Perceptual hashes: a few bits per picture.

As metrics of two pictures they stand in `hash_distances`, folders are matched in `matching`. Two forms each: the default shrinks by area and is fast;
compatible=True has the bits of ImageHash 4.3.2 (of OpenCV's img_hash for block mean). Bits of the two must not be mixed.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.coding import low_frequencies
from keepframe.metrics.difference import pillow_gray
from keepframe.metrics.images import Image, bgr, eight_bit, gray, one
from keepframe.metrics.resample import hue_saturation, lanczos
from keepframe.metrics.shrink import shrunk

Bits = NDArray[np.bool_]

_SIDE = 8


def average_hash(image: Image, *, side: int = _SIDE, compatible: bool = False) -> Bits:
    """
    Average hash: which cells of a side x side thumbnail are brighter than their mean; (side, side) bool.

    Errors: ValueError if it is no image (see images) or side is below 2.
    Source: imagehash.average_hash; equal to it with compatible=True.

    >>> average_hash(np.arange(64, dtype=np.uint8).reshape(8, 8))[0].any()
    np.False_
    """
    cells = _cells(image, side, side, "average-hash", compatible=compatible)
    return np.asarray(cells > cells.mean())


def difference_hash(image: Image, *, side: int = _SIDE, compatible: bool = False) -> Bits:
    """
    Difference hash: which cells of a thumbnail are brighter than their left neighbour; (side, side) bool.

    Errors: ValueError if it is no image (see images) or side is below 2.
    Source: imagehash.dhash; equal to it with compatible=True.

    >>> bool(difference_hash(np.tile(np.arange(9, dtype=np.uint8), (8, 1))).all())
    True
    """
    cells = _cells(image, side + 1, side, "difference-hash", compatible=compatible)
    return np.asarray(cells[:, 1:] > cells[:, :-1])


def perceptual_hash(image: Image, *, side: int = _SIDE, compatible: bool = False) -> Bits:
    """
    Perceptual hash: which low cosine frequencies are above their median; (side, side) bool.

    Errors: ValueError if it is no image (see images) or side is below 2.
    Source: imagehash.phash; equal to it with compatible=True.

    >>> int(perceptual_hash(np.arange(64, dtype=np.uint8).reshape(8, 8)).sum()) <= 32
    True
    """
    cells = _cells(image, 4 * side, 4 * side, "perceptual-hash", compatible=compatible).astype(np.float64)
    # scipy's unnormalised transform, so that the first row and column weigh as in imagehash
    scale = np.full(side, np.sqrt(2 * 4 * side))
    scale[0] = np.sqrt(4 * 4 * side)
    frequencies = (low_frequencies(cells, side) * np.outer(scale, scale)).round(6)
    ordered = np.sort(frequencies, axis=None)
    # np.median takes longer than everything before it
    return np.asarray(frequencies > (ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2)


def wavelet_hash(image: Image, *, side: int = _SIDE, compatible: bool = False) -> Bits:
    """
    Wavelet hash: which cells of the low Haar band are above their median; (side, side) bool. side: a power of two.

    Errors: ValueError if it is no image (see images) or side is no power of two above 1.
    Source: imagehash.whash; equal to it with compatible=True (ties at the median aside: there rounding decides).

    >>> int(wavelet_hash(np.arange(64, dtype=np.uint8).reshape(8, 8)).sum())
    32
    """
    if side & (side - 1):
        raise ValueError(f"wavelet-hash: expected side to be a power of two, got {side}")
    if compatible:
        natural = 1 << (min(image.shape[:2]).bit_length() - 1) if image.size else 1
        scale = max(natural, side)
        fine = _cells(image, scale, scale, "wavelet-hash", compatible=True).astype(np.int64)
        block = scale // side
        # the low band of the Haar transform is the sum of the block, whatever happened to the mean
        cells = fine.reshape(side, block, side, block).sum(axis=(1, 3))
    else:
        cells = _cells(image, side, side, "wavelet-hash", compatible=False)
    return np.asarray(cells > np.median(cells))


def block_mean_hash(image: Image, *, side: int = 16, compatible: bool = False) -> Bits:
    """
    Block mean hash: which blocks are at least as bright as the picture's mean; (side, side) bool.

    Errors: ValueError if it is no image (see images) or side is below 2; with compatible=True, if it is not 16.
    Source: Yang, Gu, Niu 2006; cv2.img_hash.BlockMeanHash (contrib), mode 0, with compatible=True.

    >>> int(block_mean_hash(np.arange(256, dtype=np.uint8).reshape(16, 16)).sum())
    128
    """
    if not compatible:
        cells = _cells(image, side, side, "block-mean-hash", compatible=False)
        return np.asarray(cells >= cells.mean())
    if side != 16:
        raise ValueError(f"block-mean-hash: expected side to be 16 in the compatible form, got {side}")
    checked = eight_bit(one(image, "block-mean-hash"))
    large = gray(np.asarray(cv2.resize(checked, (256, 256), interpolation=cv2.INTER_LINEAR_EXACT)))
    means = large.reshape(16, 16, 16, 16).mean(axis=(1, 3), dtype=np.float64)
    return np.asarray(means >= large.mean(dtype=np.float64))


def colour_hash(image: Image, *, compatible: bool = False) -> Bits:
    """
    Colour hash: shares of black, gray and of six hues, faint and bright, three bits each; (14, 3) bool.

    image: BGR or BGRA; gray has only black and gray.
    Errors: ValueError if it is no image (see images).
    Source: imagehash.colorhash with 3 bits; equal to it with compatible=True. The default looks at a thumbnail.

    >>> colour_hash(np.zeros((9, 9, 3), np.uint8))[0].tolist()
    [True, True, True]
    """
    colours = bgr(one(image, "colour-hash"))
    if not compatible and min(colours.shape[:2]) > 64:
        share = 64 / min(colours.shape[:2])
        colours = shrunk(colours, round(colours.shape[1] * share), round(colours.shape[0] * share))
    hue, saturation = hue_saturation(colours)
    black = pillow_gray(colours) < 256 // 8
    grayish = saturation < 256 // 3
    coloured = ~black & ~grayish
    faint, bright = coloured & (saturation < 256 * 2 // 3), coloured & (saturation > 256 * 2 // 3)
    edges = np.linspace(0, 255, 7)
    counts = [np.histogram(hue[part], bins=edges)[0] for part in (faint, bright)]
    shares = [black.mean(), (~black & grayish).mean(), *(np.concatenate(counts) / max(1, coloured.sum()))]
    eighths = np.minimum(7, (np.array(shares) * 8).astype(int))
    # imagehash's bits: the middle one says "2 or more", not the second binary digit
    return np.asarray(eighths[:, None] // np.array([4, 2, 1]) % np.array([8, 4, 2]) > 0)


def hamming(one_hash: Bits, other_hash: Bits) -> int:
    """
    How many bits of two hashes differ.

    Errors: ValueError if the hashes differ in shape: they were not made the same way.

    >>> hamming(np.array([True, False]), np.array([True, True]))
    1
    """
    if one_hash.shape != other_hash.shape:
        raise ValueError(
            f"hamming: hashes differ in shape: {one_hash.shape} and {other_hash.shape}; make both the same way"
        )
    return int(np.count_nonzero(one_hash != other_hash))


def _cells(image: Image, width: int, height: int, where: str, *, compatible: bool) -> Image:
    if height < 2:
        raise ValueError(f"{where}: expected side of at least 2, got {height}")
    checked = one(image, where)
    if compatible:
        small = eight_bit(checked)
        return lanczos(small if small.ndim == 2 else pillow_gray(bgr(small)), width, height)
    return shrunk(gray(checked), width, height)
