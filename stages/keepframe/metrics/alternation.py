"""
How strongly a person sees the difference when two pictures alternate at the same place: FLIP.

Its form for high dynamic range is not here; whether a difference is seen at all is `visibility`.
"""

import functools
import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, pair
from keepframe.metrics.recipe import Recipe, as_it_is

_Plane = NDArray[np.float32]

# a 4k screen of 0.7 m, seen from 0.7 m
_PIXELS_PER_DEGREE = 0.7 * 3840 / 0.7 * math.pi / 180
# rows give X, Y, Z of linear B, G, R
_XYZ = np.array(
    [
        [4435075 / 24577794, 8788810 / 24577794, 10135552 / 24577794],
        [887015 / 12288897, 8788810 / 12288897, 2613072 / 12288897],
        [70074185 / 73733382, 8788810 / 73733382, 1425312 / 73733382],
    ]
)
_WHITE = _XYZ.sum(axis=1)
# rows give (Y, Cx, Cz) less their constants from X, Y, Z relative to white
_OPPONENT = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])
_COLOUR_POWER, _FEATURE_POWER = 0.7, 0.5
_KNEE, _KNEE_AT = 0.4, 0.95
_EDGE_WIDTH = 0.082


class _Kernels(NamedTuple):
    """Per opponent channel the sum of separable blurs (weight, kernel), and the edge detector's three kernels."""

    blurs: tuple[tuple[tuple[float, _Plane], ...], ...]
    smooth: _Plane
    slope: _Plane
    bend: _Plane


def flip(reference: Image, test: Image, *, pixels_per_degree: float = _PIXELS_PER_DEGREE) -> float:
    """
    FLIP: mean strength of the difference a person sees when the pictures alternate.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits), taken as sRGB.
    pixels_per_degree: of visual angle; 67 is a screen of 0.7 m and 3840 px seen from 0.7 m. Fewer sees the pixels closer.
    Range: 0 to 1.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: high.
    Blind to: what is too fine to see at that distance; a small object in a large picture (use flip-tile).
    When: it should agree with people who flip between two pictures; its map shows what they point at.
    Errors: ValueError if the images differ in size, channels or dtype, or pixels_per_degree is not above 0 and up to 1000.
    Source: Andersson et al. 2020 (LDR-FLIP); equals flip-evaluator 1.7 to 1e-4; tested against it.

    >>> flip(np.full((9, 9), 100, np.uint8), np.full((9, 9), 100, np.uint8))
    0.0
    """
    return float(flip_map(reference, test, pixels_per_degree=pixels_per_degree).mean(dtype=np.float64))


def flip_map(
    reference: Image, test: Image, *, pixels_per_degree: float = _PIXELS_PER_DEGREE
) -> NDArray[np.float32]:
    """
    The strength of the difference at each pixel, (H, W) float32, 0 to 1. Options and errors as `flip`.

    >>> float(flip_map(np.zeros((9, 9), np.uint8), np.full((9, 9), 255, np.uint8))[4, 4]) > 0.9
    True
    """
    a, b = (bgr(image) for image in pair(reference, test, "flip"))
    if not 0 < pixels_per_degree <= 1000:
        raise ValueError(f"flip: expected pixels_per_degree above 0 and up to 1000, got {pixels_per_degree}")
    kernels = _kernels(float(pixels_per_degree))
    opponent_a, opponent_b = _opponent(_linear(a)), _opponent(_linear(b))
    colour = _colour_error(_perceived(opponent_a, kernels), _perceived(opponent_b, kernels))
    feature = _feature_error(opponent_a[0], opponent_b[0], kernels)
    return np.asarray(colour ** (1 - feature), np.float32)


def _linear(image: Image) -> _Plane:
    values = np.arange(256) / 255
    values = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return values.astype(np.float32)[image]


def _opponent(linear: _Plane) -> list[_Plane]:
    """Luminance, red against green, blue against yellow; linear in light (Y without its constant 16)."""
    to = (_OPPONENT @ (_XYZ / _WHITE[:, None])).astype(np.float32)
    return [np.asarray(plane, np.float32) for plane in cv2.split(cv2.transform(linear, to))]


@functools.lru_cache(maxsize=4)
def _kernels(pixels_per_degree: float) -> _Kernels:
    # a sum of Gaussians per channel: (amplitude, spread) of the contrast sensitivity
    channels = (((1.0, 0.0047),), ((1.0, 0.0053),), ((34.1, 0.04), (13.5, 0.025)))
    radius = math.ceil(3 * math.sqrt(0.04 / (2 * math.pi**2)) * pixels_per_degree)
    distance = np.arange(-radius, radius + 1) / pixels_per_degree
    blurs = []
    for parts in channels:
        lines = [
            (amplitude * math.sqrt(math.pi / spread), np.exp(-(math.pi**2) * distance**2 / spread))
            for amplitude, spread in parts
        ]
        total = sum(weight * line.sum() ** 2 for weight, line in lines)
        blurs.append(
            tuple(
                (float(weight * line.sum() ** 2 / total), (line / line.sum()).astype(np.float32))
                for weight, line in lines
            )
        )
    deviation = 0.5 * _EDGE_WIDTH * pixels_per_degree
    reach = math.ceil(3 * deviation)
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    bell = np.exp(-(x**2) / (2 * deviation**2))
    slope, bend = -x * bell, (x**2 / deviation**2 - 1) * bell
    smooth = bell / bell.sum()
    return _Kernels(tuple(blurs), smooth.astype(np.float32), _balanced(slope), _balanced(bend))


def _balanced(kernel: NDArray[np.float64]) -> _Plane:
    """Positive weights sum to 1, negative ones to -1."""
    positive, negative = kernel[kernel > 0].sum(), -kernel[kernel < 0].sum()
    scale = np.where(kernel > 0, positive or 1.0, negative or 1.0)
    return (kernel / scale).astype(np.float32)


def _filtered(plane: _Plane, across: _Plane, down: _Plane) -> _Plane:
    return np.asarray(cv2.sepFilter2D(plane, -1, across, down, borderType=cv2.BORDER_REPLICATE), np.float32)


def _perceived(opponent: list[_Plane], kernels: _Kernels) -> list[_Plane]:
    """What is left at that distance, in L*a*b* with the colours of dark pixels faded (Hunt)."""
    blurred = [
        sum((np.float32(weight) * _filtered(plane, line, line) for weight, line in parts), np.float32(0))
        for plane, parts in zip(opponent, kernels.blurs, strict=True)
    ]
    back = np.linalg.inv(_OPPONENT @ (_XYZ / _WHITE[:, None])).astype(np.float32)
    linear = np.clip(cv2.transform(cv2.merge([np.asarray(p, np.float32) for p in blurred]), back), 0, 1)
    return _faded_lab(np.asarray(linear, np.float32))


def _faded_lab(linear: _Plane) -> list[_Plane]:
    relative = cv2.transform(linear, (_XYZ / _WHITE[:, None]).astype(np.float32))
    delta = 6 / 29
    root = np.where(relative > delta**3, np.cbrt(relative), relative / (3 * delta**2) + 4 / 29)
    x, y, z = (root[:, :, channel].astype(np.float32) for channel in range(3))
    lightness = 116 * y - 16
    return [lightness, 5 * lightness * (x - y), 2 * lightness * (y - z)]


def _distance(a: list[_Plane], b: list[_Plane]) -> _Plane:
    """HyAB: lightness in one step, both colours in another; to the power of 0.7."""
    lightness, red, blue = (x - y for x, y in zip(a, b, strict=True))
    total = np.abs(lightness) + np.sqrt(red * red + blue * blue)
    return np.asarray(total**_COLOUR_POWER, np.float32)


@functools.cache
def _largest() -> float:
    """The distance of pure green and pure blue, the furthest two colours are apart."""
    blue, green = np.eye(3, dtype=np.float32)[:2].reshape(2, 1, 1, 3)
    return float(_distance(_faded_lab(blue), _faded_lab(green))[0, 0])


def _colour_error(a: list[_Plane], b: list[_Plane]) -> _Plane:
    distance = _distance(a, b)
    largest = _largest()
    knee = _KNEE * largest
    below = distance * np.float32(_KNEE_AT / knee)
    above = _KNEE_AT + (distance - knee) * np.float32((1 - _KNEE_AT) / (largest - knee))
    return np.clip(np.where(distance < knee, below, above), 0, 1).astype(np.float32)


def _feature_error(luminance_a: _Plane, luminance_b: _Plane, kernels: _Kernels) -> _Plane:
    """How differently strong the edges and the points are, 0 to 1."""
    changes = []
    for detector in (kernels.slope, kernels.bend):
        strengths = []
        for plane in (luminance_a, luminance_b):
            level = plane * np.float32(1 / 116)
            across = _filtered(level, detector, kernels.smooth)
            down = _filtered(level, kernels.smooth, detector)
            strengths.append(np.sqrt(across * across + down * down))
        changes.append(np.abs(strengths[0] - strengths[1]))
    change = np.maximum(changes[0], changes[1]) * np.float32(math.sqrt(0.5))
    return np.asarray(np.clip(change**_FEATURE_POWER, 0, 1), np.float32)


METRICS = (Recipe(flip, as_it_is, flip_map),)
