"""
Find how far a camera moved: phase correlation, cross-correlation, and the enhanced correlation coefficient.

Translations of the whole picture only. What is made of a shift (overlap, metrics) is in `alignment`.
"""

import functools
import math
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray_pair

Method = Literal["phase", "cross-correlation", "ecc"]

# below this response a found shift is chance
TRUSTED = 0.3
_SMALLEST_SIDE = 8
_ECC_STEPS = cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4


class Shift(NamedTuple):
    """How far the test moved against the reference, in pixels right and down, and how sure that is (0 to about 1)."""

    x: float
    y: float
    response: float


def shift(reference: Image, test: Image, *, method: Method = "phase") -> Shift:
    """
    The translation of the test against the reference: a scene moved 1 px to the right gives x = 1.

    Takes gray, BGR or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    method: "phase" correlation (Hann window), the peak of the "cross-correlation" (whole pixels refined by a parabola), or
        "ecc" (gradient ascent from the phase's answer).
    A constant image, a side below 8 px, and an ecc that does not converge give Shift(0, 0, 0).
    Errors: ValueError if the images differ in size, channels or dtype, or the method is unknown.
    Source: endolith's comment and sastanin's answer; tested against scipy.signal.correlate and
        skimage.registration.phase_cross_correlation (whose sign is the shift to undo).

    >>> shift(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    Shift(x=0.0, y=0.0, response=0.0)
    """
    finders = {"phase": _phase, "cross-correlation": _cross_correlation, "ecc": _ecc}
    if method not in finders:
        raise ValueError(f'shift: expected method "phase", "cross-correlation" or "ecc", got "{method}"')
    a, b = gray_pair(reference, test, "shift")
    if min(a.shape) < _SMALLEST_SIDE or a.min() == a.max() or b.min() == b.max():
        return Shift(0.0, 0.0, 0.0)
    return finders[method](a, b)


def _phase(a: Image, b: Image) -> Shift:
    window = _window(*a.shape)
    height, width = (cv2.getOptimalDFTSize(side) for side in a.shape)
    spectra = []
    for image in (a, b):
        plane = np.zeros((height, width), np.float32)
        # less the mean, or the window itself, which has not moved, would be the strongest thing to see
        inside = plane[: a.shape[0], : a.shape[1]]
        inside[...] = image
        inside -= np.float32(cv2.mean(image)[0])
        inside *= window
        spectra.append(cv2.dft(plane))
    cross = np.asarray(cv2.mulSpectrums(spectra[1], spectra[0], 0, conjB=True), np.float32)
    flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT
    surface = np.asarray(cv2.dft(_whitened(cross), flags=flags), np.float32)
    peak_y, peak_x = (int(place) for place in np.unravel_index(int(np.argmax(surface)), surface.shape))
    near = np.ix_(np.arange(peak_y - 2, peak_y + 3) % height, np.arange(peak_x - 2, peak_x + 3) % width)
    response = float(surface[near].sum())
    y = _wrapped(peak_y, height) + _beside(surface[:, peak_x], peak_y)
    x = _wrapped(peak_x, width) + _beside(surface[peak_y, :], peak_x)
    return Shift(x, y, min(max(response, 0.0), 1.0))


@functools.lru_cache(maxsize=4)
def _window(height: int, width: int) -> NDArray[np.float32]:
    return np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F), np.float32)


def _whitened(packed: NDArray[np.float32]) -> NDArray[np.float32]:
    """
    A spectrum with every frequency at strength 1, in OpenCV's packed form (CCS): five times as fast as unpacked.

    Columns 1, 2 are the real and imaginary part of the first frequency along x, and so on; column 0 (and the last of an even
    width) holds frequency 0 (and the highest) along x, packed the same way along y.
    """
    height, width = packed.shape
    # frequencies the pictures do not have carry only rounding
    floor = float(np.abs(packed).max()) * 1e-7 + 1e-30
    white = np.empty_like(packed)
    pairs = np.s_[:, 1 : width - 1 + width % 2]
    white[pairs] = _unit(np.ascontiguousarray(packed[pairs]), floor)
    for column in {0, width - 1} if width % 2 == 0 else {0}:
        line = packed[:, column]
        ends = slice(1, height - 1 + height % 2)
        white[ends, column] = _unit(line[ends].copy(), floor)
        for row in {0, height - 1} if height % 2 == 0 else {0}:
            white[row, column] = line[row] / max(abs(line[row]), floor)
    return white


def _unit(pairs: NDArray[np.float32], floor: float) -> NDArray[np.float32]:
    """Pairs of real and imaginary part along the last axis, each brought to length 1."""
    numbers = pairs.view(np.complex64)
    # by the reciprocal: dividing complex numbers takes five times as long
    numbers *= np.reciprocal(np.maximum(np.abs(numbers), np.float32(floor)))
    return pairs


def _wrapped(place: int, length: int) -> int:
    return place - length if place > length // 2 else place


def _beside(line: NDArray[np.float32], peak: int) -> float:
    """How far from its highest value the peak of a phase correlation lies: the neighbour's part of both (Foroosh 2002)."""
    at, before, after = float(line[peak]), float(line[peak - 1]), float(line[(peak + 1) % line.size])
    neighbour = max(before, after)
    # cv2.phaseCorrelate takes the centroid instead and is off by up to 0.3 px between pixels
    if neighbour <= 1e-2 * at:
        return 0.0
    part = neighbour / (neighbour + at)
    return part if after > before else -part


def _cross_correlation(a: Image, b: Image) -> Shift:
    height, width = a.shape
    size = cv2.getOptimalDFTSize(2 * height - 1), cv2.getOptimalDFTSize(2 * width - 1)
    planes = []
    for image in (a, b):
        padded = np.zeros(size, np.float32)
        padded[:height, :width] = image - np.float32(image.mean(dtype=np.float64))
        planes.append(padded)
    strength = math.sqrt(float(np.square(planes[0]).sum()) * float(np.square(planes[1]).sum()))
    spectra = [cv2.dft(plane) for plane in planes]
    product = cv2.mulSpectrums(spectra[1], spectra[0], 0, conjB=True)
    flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT
    surface = np.asarray(cv2.dft(product, flags=flags), np.float32)
    peak_y, peak_x = np.unravel_index(int(np.argmax(surface)), surface.shape)
    y = peak_y + _vertex(surface[:, peak_x], int(peak_y))
    x = peak_x + _vertex(surface[peak_y, :], int(peak_x))
    y, x = y - size[0] if y >= height else y, x - size[1] if x >= width else x
    return Shift(float(x), float(y), min(max(float(surface[peak_y, peak_x]) / strength, 0.0), 1.0))


def _vertex(line: NDArray[np.float32], peak: int) -> float:
    """Where between its neighbours the parabola through the peak is highest, -0.5 to 0.5."""
    before, at, after = float(line[peak - 1]), float(line[peak]), float(line[(peak + 1) % line.size])
    bend = before - 2 * at + after
    # the surface is float32: an asymmetry below its rounding is none
    slope = before - after
    return 0.0 if bend >= 0 or abs(slope) <= 1e-5 * abs(at) else slope / (2 * bend)


def _ecc(a: Image, b: Image) -> Shift:
    if np.array_equal(a, b):  # where the ascent ends a millionth of a pixel away
        return Shift(0.0, 0.0, 1.0)
    start = _phase(a, b)
    if start.response < TRUSTED:
        start = Shift(0.0, 0.0, 0.0)
    matrix = np.array([[1, 0, start.x], [0, 1, start.y]], np.float32)
    everywhere = np.full(a.shape, 255, np.uint8)
    try:
        peak, found = cv2.findTransformECC(a, b, matrix, cv2.MOTION_TRANSLATION, _ECC_STEPS, everywhere, 5)
    except cv2.error:
        return Shift(0.0, 0.0, 0.0)
    if not math.isfinite(peak) or not np.isfinite(found).all():
        return Shift(0.0, 0.0, 0.0)
    return Shift(float(found[0, 2]), float(found[1, 2]), min(max(float(peak), 0.0), 1.0))
