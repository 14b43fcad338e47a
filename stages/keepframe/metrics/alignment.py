"""
How far the camera moved, by three methods, and comparison in the overlap.

Whole translations of the picture only; what moves inside it is `motion`. Warping frames in a pipeline belongs to
preprocess.
"""

import math
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray_pair
from keepframe.metrics.recipe import Recipe

Method = Literal["phase", "cross-correlation", "ecc"]

# below this peak the found shift is chance; a wrong one hides a real change
_TRUSTED = 0.3
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


def overlap(reference: Image, test: Image, moved: Shift) -> tuple[Image, Image]:
    """
    The part of the scene both images show, the test moved back by the shift (linear interpolation), both in gray uint8.

    Shift of half a side or more: the images as they are.

    >>> [image.shape for image in overlap(*np.zeros((2, 9, 9), np.uint8), Shift(2, -1, 1))]
    [(8, 7), (8, 7)]
    """
    a, b = gray_pair(reference, test, "overlap")
    rows, columns = _kept(a.shape[0], moved.y), _kept(a.shape[1], moved.x)
    if rows is None or columns is None:
        return a, b
    matrix = np.array([[1, 0, moved.x], [0, 1, moved.y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(b, matrix, (a.shape[1], a.shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(a[rows, columns]), np.ascontiguousarray(back[rows, columns])


def phase_shift(reference: Image, test: Image) -> float:
    """
    Length of the shift found by phase correlation, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    Range: 0 to half the diagonal; 0 for constant images and sides below 8 px.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: low.
    Blind to: everything but a translation of the whole picture.
    When: asking whether the camera was knocked; look at the response before trusting it.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Kuglin, Hines 1975 with a Hann window, between pixels by Foroosh 2002; tested against skimage's phase_cross_correlation.

    >>> phase_shift(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    return _length(shift(reference, test, method="phase"))


def cross_correlation_shift(reference: Image, test: Image) -> float:
    """
    Length of the shift at the peak of the cross-correlation, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    Range: 0 to the diagonal; 0 for constant images and sides below 8 px.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: medium.
    Blind to: everything but a translation; a bright object pulls it more than structure does.
    When: the pictures are so noisy that phase correlation finds nothing.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: argmax of scipy.signal.correlate of the images less their means; tested against it.

    >>> cross_correlation_shift(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    return _length(shift(reference, test, method="cross-correlation"))


def ecc_shift(reference: Image, test: Image) -> float:
    """
    Length of the shift that maximises the enhanced correlation coefficient, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    Range: 0 to the diagonal; 0 for constant images, sides below 8 px, and where it does not converge. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: medium.
    Blind to: everything but a translation.
    When: a hundredth of a pixel matters.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Evangelidis, Psarakis 2008, cv2.findTransformECC; tested on known shifts.

    >>> ecc_shift(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    return _length(shift(reference, test, method="ecc"))


def aligned_difference(reference: Image, test: Image, *, method: Method = "phase") -> float:
    """
    Mean absolute difference in the overlap after undoing the camera's shift, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16; colour becomes gray by Rec.601.
    method: as in shift. A response below 0.3 or a shift above an eighth of the side is not believed, and not undone.
    Range: 0 to 255. Not symmetric: the test is the one that is interpolated.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: medium.
    Blind to: a shift of the whole picture, on purpose; what the overlap leaves out.
    When: the camera shakes.
    Errors: ValueError if the images differ in size, channels or dtype, or the method is unknown.
    Source: sastanin's second question ("run cross-correlation first"); tested on known shifts.

    >>> aligned_difference(np.full((9, 9), 5, np.uint8), np.full((9, 9), 8, np.uint8))
    3.0
    """
    moved = shift(reference, test, method=method)
    if not _is_believed(moved, reference.shape):
        moved = Shift(0.0, 0.0, 0.0)
    a, b = overlap(reference, test, moved)
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def _aligned_map(reference: Image, test: Image) -> NDArray[np.float32]:
    moved = shift(reference, test)
    difference = np.zeros(reference.shape[:2], np.float32)
    if not _is_believed(moved, reference.shape):
        moved = Shift(0.0, 0.0, 0.0)
    a, b = overlap(reference, test, moved)
    rows, columns = _kept(reference.shape[0], moved.y), _kept(reference.shape[1], moved.x)
    if rows is not None and columns is not None:
        difference[rows, columns] = cv2.absdiff(a, b) / np.float32(255)
    return difference


def _is_believed(moved: Shift, shape: tuple[int, ...]) -> bool:
    return moved.response >= _TRUSTED and max(abs(moved.x), abs(moved.y)) <= min(shape[:2]) / 8


def _kept(length: int, moved: float) -> slice | None:
    """Rows (or columns) of the reference that the test shows too; None if fewer than half are left."""
    # what is less than a hundredth of a pixel is not worth a row
    lost = math.ceil(abs(moved) - 0.01)
    if 2 * lost >= length:
        return None if lost else slice(0, length)
    return slice(0, length - lost) if moved > 0 else slice(lost, length)


def _length(moved: Shift) -> float:
    return math.hypot(moved.x, moved.y)


def _phase(a: Image, b: Image) -> Shift:
    window = cv2.createHanningWindow((a.shape[1], a.shape[0]), cv2.CV_32F)
    height, width = (cv2.getOptimalDFTSize(side) for side in a.shape)
    spectra = []
    for image in (a, b):
        plane = np.zeros((height, width), np.float32)
        # less the mean, or the window itself, which has not moved, would be the strongest thing to see
        plane[: a.shape[0], : a.shape[1]] = (image - np.float32(image.mean(dtype=np.float64))) * window
        spectra.append(cv2.dft(plane, flags=cv2.DFT_COMPLEX_OUTPUT))
    cross = np.asarray(cv2.mulSpectrums(spectra[1], spectra[0], 0, conjB=True), np.float32)
    strength = np.asarray(cv2.magnitude(cross[..., 0], cross[..., 1]))
    # frequencies the pictures do not have carry only rounding
    cross /= np.maximum(strength, strength.max() * np.float32(1e-7) + np.float32(1e-30))[..., None]
    flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT
    surface = np.asarray(cv2.dft(cross, flags=flags), np.float32)
    peak_y, peak_x = (int(place) for place in np.unravel_index(int(np.argmax(surface)), surface.shape))
    near = np.ix_(np.arange(peak_y - 2, peak_y + 3) % height, np.arange(peak_x - 2, peak_x + 3) % width)
    response = float(surface[near].sum())
    y = _wrapped(peak_y, height) + _beside(surface[:, peak_x], peak_y)
    x = _wrapped(peak_x, width) + _beside(surface[peak_y, :], peak_x)
    return Shift(x, y, min(max(response, 0.0), 1.0))


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
    start = _phase(a, b)
    if start.response < _TRUSTED:
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


def _share_of_side(value: float, reference: Image) -> float:
    return float(value / min(reference.shape[:2]))


METRICS = (
    Recipe(phase_shift, _share_of_side),
    Recipe(cross_correlation_shift, _share_of_side),
    Recipe(ecc_shift, _share_of_side),
    Recipe(aligned_difference, lambda value, _reference: value / 255, _aligned_map),
)
