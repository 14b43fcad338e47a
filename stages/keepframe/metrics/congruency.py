"""
Feature similarity: phase congruency and gradients, without colour (FSIM) and with it (FSIMc).

Other measures from gradients alone are in `edges`, `quality` and `gradients`.
"""

import functools
import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, pair
from keepframe.metrics.recipe import Recipe, one_minus
from keepframe.metrics.vectors import length

Plane = NDArray[np.float32]

_SCALES, _ORIENTATIONS = 4, 4
_SHORTEST_WAVE, _OCTAVE = 6.0, 2.0
_BANDWIDTH, _ANGLE = 0.55, math.pi / (_ORIENTATIONS * 1.2)
_T1, _T2, _T3, _LAMBDA = 0.85, 160.0, 200.0, 0.03
_EPS = float(np.finfo(np.float32).eps)
_SLOPE, _SMOOTHING = np.array([-1, 0, 1], np.float32), np.array([3, 10, 3], np.float32) / 16
# rows give Y, I, Q of B, G, R
_YIQ = np.array([[0.114, 0.587, 0.299], [-0.3213, -0.2746, 0.5959], [0.3112, -0.5227, 0.2115]], np.float32)


class _Bank(NamedTuple):
    """Log-Gabor filters [orientation][scale], and per orientation what noise of power 1 gives as energy squared."""

    filters: list[list[Plane]]
    noise: list[float]


def fsim(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    Feature similarity of the luminances: whether edges and corners lie at the same places, equally strong.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits).
    compatible: transform exactly the picture, as piq does; else it is continued by mirroring to a size that transforms fast.
    Range: 0 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: high.
    Blind to: an even change of brightness (but for the border, beyond which it sees black); small changes of colour; a
        change in an even area.
    When: it must agree with what people see, and time does not matter; gmsd is nearly as good and a hundred times as fast.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Zhang, Zhang, Mou, Zhang 2011; equals piq 0.8.0's fsim(chromatic=False) with compatible=True to 1e-5, and by
        default where the sides are products of 2, 3 and 5; piq's values are kept in the tests.

    >>> fsim(np.full((9, 9), 10, np.uint8), np.full((9, 9), 10, np.uint8))
    1.0
    """
    similarity, weight = _similarity(reference, test, chromatic=False, compatible=compatible, where="fsim")
    return float(np.sum(similarity * weight, dtype=np.float64) / np.sum(weight, dtype=np.float64))


def fsimc(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    Feature similarity with colour: fsim, and how alike the colours are.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits); on gray it is fsim.
    compatible: as in fsim.
    Range: 0 to 1.
    Identical: 1.
    Direction: higher is closer.
    Score: 1 - value.
    Cost: high.
    Blind to: what fsim is blind to, but for colour.
    When: as fsim, for pictures whose colours may change.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Zhang, Zhang, Mou, Zhang 2011; as fsim, piq 0.8.0's fsim(chromatic=True).

    >>> fsimc(np.full((9, 9), 10, np.uint8), np.full((9, 9), 10, np.uint8))
    1.0
    """
    similarity, weight = _similarity(reference, test, chromatic=True, compatible=compatible, where="fsimc")
    return float(np.sum(similarity * weight, dtype=np.float64) / np.sum(weight, dtype=np.float64))


def phase_congruency(plane: Plane) -> Plane:
    """
    How well the waves of all lengths agree in phase at each pixel: 0 nowhere, 1 on an ideal edge or corner.

    plane: (H, W) float32, gray levels. Returns (H, W) float32, invariant to gain and offset but for rounding.
    Source: Kovesi 1999, with the noise compensation and the parameters of FSIM.

    >>> step = np.zeros((32, 32), np.float32); step[:, 16:] = 100
    >>> bool(phase_congruency(step)[16, 16] > 0.5 > phase_congruency(step)[16, 19])
    True
    """
    bank = _bank(*plane.shape)
    # the filters ignore the mean; without it an even picture has no rounding that looks like structure
    spectrum = cv2.dft(plane - plane.mean(dtype=np.float64).astype(np.float32), flags=cv2.DFT_COMPLEX_OUTPUT)
    waves = spectrum.view(np.complex64)[:, :, 0]
    energy, amplitude = np.zeros_like(plane), np.zeros_like(plane)
    for filters, noise in zip(bank.filters, bank.noise, strict=True):
        responses = [
            cv2.idft((waves * by).view(np.float32).reshape(spectrum.shape), flags=cv2.DFT_SCALE)
            for by in filters
        ]
        even, odd = (np.stack([response[:, :, part] for response in responses]) for part in (0, 1))
        squares = even * even + odd * odd
        amplitude += np.sqrt(squares).sum(axis=0)
        sum_even, sum_odd = even.sum(axis=0), odd.sum(axis=0)
        strength = length(sum_even, sum_odd) + np.float32(_EPS)
        sum_even /= strength
        sum_odd /= strength
        agreeing = even * sum_even + odd * sum_odd - np.abs(even * sum_odd - odd * sum_even)
        energy += np.maximum(agreeing.sum(axis=0) - np.float32(_noise_threshold(squares[0], noise)), 0)
    return np.asarray((energy + np.float32(_EPS)) / (amplitude + np.float32(_EPS)), np.float32)


def _noise_threshold(finest_squares: Plane, noise: float) -> float:
    # the median of the finest scale is mostly noise; its mean follows for a chi squared distribution
    middle = (finest_squares.size - 1) // 2
    median = float(np.partition(finest_squares, middle, axis=None)[middle])
    tau = math.sqrt(median / math.log(2) * noise / 2)
    expected = tau * math.sqrt(math.pi / 2)
    return (expected + 2 * math.sqrt((2 - math.pi / 2) * tau * tau)) / 1.7


@functools.lru_cache(maxsize=4)
def _bank(height: int, width: int) -> _Bank:
    down, across = _frequencies(height)[:, None], _frequencies(width)[None, :]
    radius = np.hypot(down, across)
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    angle = np.arctan2(-down, across)
    radius[0, 0] = 1
    rings = []
    for scale in range(_SCALES):
        centre = 1 / (_SHORTEST_WAVE * _OCTAVE**scale)
        ring = np.exp(-(np.log(radius / centre) ** 2) / (2 * math.log(_BANDWIDTH) ** 2)) * low_pass
        ring[0, 0] = 0
        rings.append(ring)
    filters, noise = [], []
    for orientation in range(_ORIENTATIONS):
        turn = angle - orientation * math.pi / _ORIENTATIONS
        away = np.abs(np.arctan2(np.sin(turn), np.cos(turn)))
        fan = np.exp(-(away**2) / (2 * _ANGLE**2))
        bank = [(ring * fan).astype(np.float32) for ring in rings]
        filters.append(bank)
        noise.append(_noise_gain(bank))
    return _Bank(filters, noise)


def _noise_gain(bank: list[Plane]) -> float:
    power = float(np.sum(bank[0].astype(np.float64) ** 2))
    if power == 0:  # one pixel has no waves
        return 0.0
    spatial = [np.fft.ifft2(by).real * math.sqrt(by.size) for by in bank]
    alone = sum(float(np.sum(one * one)) for one in spatial)
    together = sum(float(np.sum(one * other)) for n, one in enumerate(spatial) for other in spatial[n + 1 :])
    return (2 * alone + 4 * together) / power


def _frequencies(length: int) -> NDArray[np.float64]:
    """Cycles per pixel, zero first; an odd side reaches 0.5 too, as in Kovesi's code."""
    steps = np.arange(length) - length // 2
    return np.fft.ifftshift(steps / max(length - length % 2, 1))


def _similarity(
    reference: Image,
    test: Image,
    *,
    chromatic: bool,
    compatible: bool,
    where: str,
    border: int = cv2.BORDER_CONSTANT,
) -> tuple[Plane, Plane]:
    """Similarity of features at each pixel of the reduced pictures, and what it weighs."""
    a, b = (_reduced(image) for image in pair(reference, test, where))
    left, right = (np.ascontiguousarray(image[:, :, 0]) for image in (a, b))
    phase_a, phase_b = (_congruency(plane, compatible=compatible) for plane in (left, right))
    alike = _alike(phase_a, phase_b, _T1) * _alike(_slope(left, border), _slope(right, border), _T2)
    if chromatic:
        colours = _alike(a[:, :, 1], b[:, :, 1], _T3) * _alike(a[:, :, 2], b[:, :, 2], _T3)
        alike *= np.abs(colours) ** np.float32(_LAMBDA)
    return alike, np.maximum(phase_a, phase_b)


def _reduced(image: Image) -> Plane:
    """Y, I, Q of the picture, averaged down to a shorter side of about 256."""
    planes = cv2.transform(bgr(image).astype(np.float32), _YIQ)
    factor = max(1, round(min(planes.shape[:2]) / 256))
    height, width = planes.shape[0] // factor, planes.shape[1] // factor
    whole = planes[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _congruency(plane: Plane, *, compatible: bool) -> Plane:
    height, width = plane.shape
    if compatible:
        return phase_congruency(plane)
    more = cv2.getOptimalDFTSize(height) - height, cv2.getOptimalDFTSize(width) - width
    framed = cv2.copyMakeBorder(plane, 0, more[0], 0, more[1], cv2.BORDER_REFLECT)
    return phase_congruency(np.asarray(framed, np.float32))[:height, :width]


def _slope(plane: Plane, border: int) -> Plane:
    along_x = cv2.sepFilter2D(plane, -1, _SLOPE, _SMOOTHING, borderType=border)
    along_y = cv2.sepFilter2D(plane, -1, _SMOOTHING, _SLOPE, borderType=border)
    return length(np.asarray(along_x), np.asarray(along_y))


def _alike(a: Plane, b: Plane, constant: float) -> Plane:
    c = np.float32(constant)
    return np.asarray((2 * a * b + c) / (a * a + b * b + c), np.float32)


def _map(reference: Image, test: Image, *, chromatic: bool, where: str) -> Plane:
    # black beyond the border is part of the definition; in a map it would be an edge that is not there
    similarity, weight = _similarity(
        reference, test, chromatic=chromatic, compatible=False, where=where, border=cv2.BORDER_REPLICATE
    )
    return np.asarray(np.maximum(1 - similarity, 0) * (weight / weight.mean(dtype=np.float64)), np.float32)


METRICS = (
    Recipe(fsim, one_minus, functools.partial(_map, chromatic=False, where="fsim")),
    Recipe(fsimc, one_minus, functools.partial(_map, chromatic=True, where="fsimc")),
)
