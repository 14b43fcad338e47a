"""
Which differences a person could see: Yee's abbreviated form of Daly's visible differences predictor.

FLIP, which also says how strongly they are seen, is in `alternation`.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, bgr, pair
from keepframe.metrics.recipe import Recipe

_Plane = NDArray[np.float32]

_LEVELS = 8
_BANDS = _LEVELS - 2
# rows give X, Y, Z of B, G, R; the primaries of Adobe RGB, as pdiff and OpenImageIO have them
_XYZ = np.array(
    [[0.188212, 0.185556, 0.576700], [0.0752847, 0.627355, 0.297361], [0.991248, 0.0706879, 0.0270328]],
    np.float32,
)
_BLUR = np.exp(-2 * (np.arange(-2, 3) * 0.4) ** 2).astype(np.float32)
_BLUR /= _BLUR.sum()
_LITTLE = np.float32(1e-5)


def visible_differences(
    reference: Image,
    test: Image,
    *,
    luminance: float = 100.0,
    field_of_view: float = 45.0,
    compatible: bool = False,
) -> float:
    """
    How many pixels differ visibly, given adaptation, contrast sensitivity and masking by texture.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (reduced to 8 bits), taken as sRGB.
    luminance: of white on the screen, in candela per square metre. field_of_view: that the picture's width fills, in degrees.
    compatible: as OpenImageIO: the stored values are taken as linear, and colours in the dark count a hundredth, however dark.
        Else they are made linear first, and count less the darker it is.
    Range: 0 to H * W pixels.
    Identical: 0.
    Direction: higher is more different.
    Score: value / (H * W), the share of pixels that differ visibly.
    Cost: high.
    Blind to: what nobody could see at that distance: noise in texture, even steps under 3 to 6 levels.
    When: the question is whether a person would notice. Colour noise counts at once: any step above 1 in a* and b* does.
    Errors: ValueError if the images differ in size, channels or dtype, luminance is not positive, or field_of_view not between 0
        and 180.
    Source: Yee, Newman 2004 after Daly 1993, Barten 1989, Ward Larson 1997; OpenImageIO 3.2's compare_Yee with
        compatible=True, to the pixels whose rounding decides; tested against it.

    >>> visible_differences(np.full((9, 9), 100, np.uint8), np.full((9, 9), 160, np.uint8))
    81.0
    """
    visible = _visible(
        reference, test, luminance=luminance, field_of_view=field_of_view, compatible=compatible
    )
    return float(np.count_nonzero(visible))


def _visible(
    reference: Image,
    test: Image,
    *,
    luminance: float = 100.0,
    field_of_view: float = 45.0,
    compatible: bool = False,
) -> NDArray[np.bool_]:
    a, b = (bgr(image) for image in pair(reference, test, "visible-differences"))
    if not luminance > 0:
        raise ValueError(f"visible-differences: expected luminance above 0, got {luminance}")
    if not 0 < field_of_view < 180:
        raise ValueError(
            f"visible-differences: expected field_of_view between 0 and 180 degrees, got {field_of_view}"
        )
    xyz_a, xyz_b = (cv2.transform(_light(image, stored=compatible), _XYZ) for image in (a, b))
    blurred_a, blurred_b = (
        _blurred(np.ascontiguousarray(xyz[:, :, 1]) * np.float32(luminance)) for xyz in (xyz_a, xyz_b)
    )
    degrees = 2 * math.tan(math.radians(field_of_view) / 2) * 180 / math.pi
    level = min(int(math.log2(degrees)) if degrees >= 1 else 0, _LEVELS - 1)
    adaptation = np.maximum((blurred_a[level] + blurred_b[level]) * np.float32(0.5), _LITTLE)
    bar = _elevation(blurred_a, blurred_b, adaptation, a.shape[1] / degrees)
    seen = np.abs(blurred_a[0] - blurred_b[0]) > bar * _threshold(adaptation)
    return np.asarray(seen | (_colour_step(xyz_a, xyz_b, adaptation, constant=compatible) > bar))


def _light(image: Image, *, stored: bool) -> _Plane:
    values = np.arange(256) / 255
    if not stored:
        values = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return values.astype(np.float32)[image]


def _blurred(plane: _Plane) -> list[_Plane]:
    """The picture, and seven times more blurred; all of its size."""
    levels = [plane]
    for _ in range(_LEVELS - 1):
        blurred = cv2.sepFilter2D(levels[-1], -1, _BLUR, _BLUR, borderType=cv2.BORDER_REPLICATE)
        levels.append(np.asarray(blurred, np.float32))
    return levels


def _elevation(a: list[_Plane], b: list[_Plane], adaptation: _Plane, pixels_per_degree: float) -> _Plane:
    """By how much texture lifts the threshold at each pixel, 1 to 10."""
    peak = _sensitivity(3.248, np.full((1, 1), 100, np.float32))[0, 0]
    total, lifted = np.zeros_like(adaptation), np.zeros_like(adaptation)
    for band in range(_BANDS):
        step = np.maximum(np.abs(a[band] - a[band + 1]), np.abs(b[band] - b[band + 1]))
        contrast = step / np.maximum(np.maximum(a[band + 2], b[band + 2]), _LITTLE)
        frequency = pixels_per_degree / 2 ** (band + 1)
        at_peak = _sensitivity(frequency, np.full((1, 1), 100, np.float32))[0, 0]
        # above 1e6 it only says that nobody sees so fine a pattern
        weight = np.float32(min(float(peak) / max(float(at_peak), 1e-30), 1e6))
        total += contrast
        lifted += contrast * weight * _masking(contrast * _sensitivity(frequency, adaptation))
    return np.asarray(np.clip(lifted / np.maximum(total, _LITTLE), 1, 10), np.float32)


def _sensitivity(cycles_per_degree: float, luminance: _Plane) -> _Plane:
    """Contrast sensitivity after Barten; written so that the exponential cannot overflow."""
    falling = cv2.pow(1 + 100 / luminance, 0.15) * np.float32(-0.3 * cycles_per_degree)
    height = cv2.pow(1 + np.float32(0.7) / luminance, -0.2) * np.float32(440 * cycles_per_degree)
    decay = cv2.exp(falling)
    return np.asarray(height * np.sqrt(decay * decay + np.float32(0.06) * decay), np.float32)


def _masking(contrast: _Plane) -> _Plane:
    """Daly's masking: ((0.0153 (392.498 c)^0.7)^4 + 1)^(1/4)."""
    scaled = cv2.pow(contrast * np.float32(392.498), 2.8) * np.float32(0.0153**4)
    return np.asarray(np.sqrt(np.sqrt(1 + scaled)), np.float32)


def _threshold(luminance: _Plane) -> _Plane:
    """The smallest step that is seen at an adaptation, both in candela per square metre, after Ward Larson."""
    log = np.log10(luminance)
    rods = np.maximum(0.405 * log + 1.6, 0) ** 2.18 - 2.86
    cones = np.maximum(0.249 * log + 0.65, 0) ** 2.7 - 0.72
    exponent = np.select(
        [log < -3.94, log < -1.44, log < -0.0184, log < 1.9],
        [np.full_like(log, -2.86), rods, log - 0.395, cones],
        log - 1.255,
    )
    return np.asarray(10**exponent, np.float32)


def _colour_step(xyz_a: Image, xyz_b: Image, adaptation: _Plane, *, constant: bool) -> _Plane:
    """Squared distance in a* and b*; little of it in the dark."""
    (red_a, blue_a), (red_b, blue_b) = _opponents(xyz_a), _opponents(xyz_b)
    step = (red_a - red_b) ** 2 + (blue_a - blue_b) ** 2
    share = np.float32(0.1) if constant else adaptation * np.float32(0.1)
    return np.asarray(np.where(adaptation < 10, step * share * share, step), np.float32)


def _opponents(xyz: Image) -> tuple[_Plane, _Plane]:
    relative = xyz / _XYZ.sum(axis=1)
    root = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    x, y, z = (root[:, :, channel].astype(np.float32) for channel in range(3))
    return 500 * (x - y), 200 * (y - z)


def _map(reference: Image, test: Image) -> _Plane:
    return _visible(reference, test).astype(np.float32)


METRICS = (
    Recipe(
        visible_differences, lambda value, reference: value / (reference.shape[0] * reference.shape[1]), _map
    ),
)
