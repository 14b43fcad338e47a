"""
Quality of fused satellite images without a reference (D_lambda, D_S, QNR), and the same as a comparison of two images.

The index they are built from is `quality.uqi`.
"""

from itertools import combinations
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, eight_bit, gray, one, pair
from keepframe.metrics.quality import uqi
from keepframe.metrics.recipe import Recipe, as_it_is, one_minus

_BLOCK = 8
_BLUR = 7


def d_lambda(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    Spectral distortion: how much the likeness of the channels to one another changed, as a mean over their pairs.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits); gray has one channel, so 0.
    compatible: with sewar's uqi, which puts window means where the formula has sums.
    Range: 0 to 2.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: medium.
    Blind to: any change all channels share; everything in gray pictures.
    When: colours fade or shift against each other; else the field's own use, spectral_distortion.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Alparone et al. 2008 with the correct index of Wang, Bovik 2002; sewar 0.4.10's d_lambda(reference, test) with
        compatible=True, tested against it.

    >>> d_lambda(np.full((9, 9, 3), 10, np.uint8), np.full((9, 9, 3), 60, np.uint8))
    0.0
    """
    a, b = pair(reference, test, "d-lambda")
    if a.ndim == 2:
        return 0.0
    return spectral_distortion(bgr(a), bgr(b), compatible=compatible)


def d_s(reference: Image, test: Image) -> float:
    """
    Spatial distortion: how much the likeness of the channels to the reference's luminance changed, as a mean over them.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    Range: 0 to 2. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: medium.
    Blind to: a small object in a large picture; changes that keep each channel equally like the luminance.
    When: qnr is used and its parts are asked for; else the field's own use, spatial_distortion.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Alparone et al. 2008 with the correct index; two images of one size stand for coarse and fused, the reference's
        luminance for the panchromatic image. On gray it is 1 - uqi.

    >>> d_s(np.full((9, 9), 10, np.uint8), np.full((9, 9), 20, np.uint8))
    0.19999999999999996
    """
    a, b = (eight_bit(image) for image in pair(reference, test, "d-s"))
    panchromatic = gray(a)
    before, after = ([uqi(band, panchromatic) for band in _bands(image)[:3]] for image in (a, b))
    return _mean_change(before, after, 1)


def qnr(reference: Image, test: Image) -> float:
    """
    Quality with no reference, of the test as a fusion of the reference: (1 - d_lambda) (1 - d_s).

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    Range: 0 to 1; a distortion above 1 counts as 1. Not symmetric.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: high.
    Blind to: what both d-lambda and d-s are blind to.
    When: the number must be near the literature on fused satellite images; else quality_no_reference, the field's own use.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Alparone et al. 2008, with the correct index and two images as in d-s.

    >>> qnr(np.full((9, 9), 10, np.uint8), np.full((9, 9), 20, np.uint8))
    0.8
    """
    a, b = pair(reference, test, "qnr")
    return max(1 - d_lambda(a, b), 0.0) * max(1 - d_s(a, b), 0.0)


def spectral_distortion(
    multispectral: Image, fused: Image, *, power: float = 1, compatible: bool = False
) -> float:
    """
    D_lambda of a fused image: 0 if its channels are as like one another as the coarse image's are; 0 to 2.

    multispectral: coarse (h, w, channels); fused: fine (H, W, channels); 3 or 4 channels, uint8 or uint16.
    power: above 1, large differences weigh more. compatible: with sewar's uqi.
    Errors: ValueError if one is gray, or they differ in channels.
    Source: Alparone et al. 2008; sewar 0.4.10's d_lambda with compatible=True.

    >>> coarse, fine = np.full((9, 9, 3), 10, np.uint8), np.full((36, 36, 3), 60, np.uint8)
    >>> spectral_distortion(coarse, fine)
    0.0
    """
    coarse, fine = _fusion(multispectral, fused, "spectral-distortion")
    before, after = (
        [_index(x, y, compatible=compatible) for x, y in combinations(_bands(image), 2)]
        for image in (coarse, fine)
    )
    return _mean_change(before, after, power)


def spatial_distortion(
    panchromatic: Image, multispectral: Image, fused: Image, *, power: float = 1, compatible: bool = False
) -> float:
    """
    D_S of a fused image: 0 if its channels are as like the panchromatic image as the coarse ones are to it made coarse; 0 to 2.

    panchromatic: gray (H, W); multispectral: coarse (h, w, channels); fused: fine (H, W, channels); all uint8 or all uint16.
    power: above 1, large differences weigh more. compatible: with sewar's uqi, blur of 7 px and bicubic shrinking; else the
        panchromatic image is shrunk by area.
    Errors: ValueError if panchromatic and fused differ in size, or multispectral and fused in channels.
    Source: Alparone et al. 2008; sewar 0.4.10's d_s with compatible=True where the sizes have the ratio 4.

    >>> fine, coarse = np.full((36, 36), 60, np.uint8), np.full((9, 9, 3), 60, np.uint8)
    >>> spatial_distortion(fine, coarse, np.dstack([fine] * 3))
    0.0
    """
    pan = one(panchromatic, "spatial-distortion", "panchromatic")
    coarse, fine = _fusion(multispectral, fused, "spatial-distortion")
    if pan.shape != fine.shape[:2]:
        raise ValueError(
            f"spatial-distortion: expected panchromatic of the size of fused {fine.shape[:2]}, got {pan.shape}"
        )
    size = coarse.shape[1], coarse.shape[0]
    small: NDArray[Any] = (
        _package_shrunk(pan, *size) if compatible else cv2.resize(pan, size, interpolation=cv2.INTER_AREA)
    )
    before = [_index(band, small, compatible=compatible) for band in _bands(coarse)]
    after = [_index(band, pan, compatible=compatible) for band in _bands(fine)]
    return _mean_change(before, after, power)


def quality_no_reference(
    panchromatic: Image, multispectral: Image, fused: Image, *, compatible: bool = False
) -> float:
    """
    QNR of a fused image: (1 - spectral_distortion) (1 - spatial_distortion); 1 is best. Arguments and errors as there.

    >>> fine, coarse = np.full((36, 36), 60, np.uint8), np.full((9, 9, 3), 60, np.uint8)
    >>> quality_no_reference(fine, coarse, np.dstack([fine] * 3))
    1.0
    """
    spectral = spectral_distortion(multispectral, fused, compatible=compatible)
    spatial = spatial_distortion(panchromatic, multispectral, fused, compatible=compatible)
    return (1 - spectral) * (1 - spatial)


def _mean_change(before: list[float], after: list[float], power: float) -> float:
    change = np.abs(np.subtract(before, after)) ** power
    return float(change.mean() ** (1 / power))


def _fusion(multispectral: Image, fused: Image, where: str) -> tuple[Image, Image]:
    coarse, fine = one(multispectral, where, "multispectral"), one(fused, where, "fused")
    if fine.ndim == 2 or coarse.shape[2:] != fine.shape[2:]:
        raise ValueError(
            f"{where}: expected multispectral and fused both of 3 or both of 4 channels, "
            f"got {coarse.shape} and {fine.shape}"
        )
    return coarse, fine


def _bands(image: Image) -> list[Image]:
    if image.ndim == 2:
        return [image]
    return [np.ascontiguousarray(image[:, :, channel]) for channel in range(min(image.shape[2], 4))]


def _index(x: NDArray[Any], y: NDArray[Any], *, compatible: bool) -> float:
    return _package_index(x, y) if compatible else uqi(x, y)


def _package_index(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Sewar's uqi: N times a mean minus a product of means, over windows that leave out one more row than need be."""
    a, b = x.astype(np.float64), y.astype(np.float64)
    mean_a, mean_b, mean_aa, mean_bb, mean_ab = (
        cv2.boxFilter(plane, -1, (_BLOCK, _BLOCK), borderType=cv2.BORDER_REFLECT)
        for plane in (a, b, a * a, b * b, a * b)
    )
    n, product, squares = _BLOCK * _BLOCK, mean_a * mean_b, mean_a * mean_a + mean_b * mean_b
    spread = n * (mean_aa + mean_bb) - squares
    index = np.ones_like(a)
    flat = (spread == 0) & (squares != 0)
    index[flat] = 2 * product[flat] / squares[flat]
    full = spread * squares != 0
    index[full] = (4 * (n * mean_ab - product) * product)[full] / (spread * squares)[full]
    edge = _BLOCK // 2
    inner = index[edge:-edge, edge:-edge]
    return float((inner if inner.size else index).mean())


def _package_shrunk(pan: Image, width: int, height: int) -> NDArray[np.float64]:
    """Sewar's way: a box of 7 px, then Pillow's bicubic reduction in floats."""
    blurred = cv2.boxFilter(pan.astype(np.float64), -1, (_BLUR, _BLUR), borderType=cv2.BORDER_REFLECT)
    rows = (_cubic(pan.shape[1], width) @ blurred.T).astype(np.float32).T
    return np.asarray((_cubic(pan.shape[0], height) @ rows).astype(np.float32), np.float64)


def _cubic(source: int, length: int) -> NDArray[np.float64]:
    scale = source / length
    stretch = max(scale, 1.0)
    matrix = np.zeros((length, source))
    for place in range(length):
        centre = (place + 0.5) * scale
        first, last = max(int(centre - 2 * stretch + 0.5), 0), min(int(centre + 2 * stretch + 0.5), source)
        t = np.abs((np.arange(first, last) - centre + 0.5) / stretch)
        weights = np.where(
            t < 1, (1.5 * t - 2.5) * t * t + 1, np.where(t < 2, ((-0.5 * t + 2.5) * t - 4) * t + 2, 0)
        )
        matrix[place, first:last] = weights / weights.sum()
    return matrix


METRICS = (Recipe(d_lambda, as_it_is), Recipe(d_s, as_it_is), Recipe(qnr, one_minus))
