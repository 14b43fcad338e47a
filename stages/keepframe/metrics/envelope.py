"""
The spatial envelope of a scene (GIST): which orientations at which scales, in which of 16 parts of the picture.

Descriptors learned by a network are in `embedding`.
"""

import functools
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray, one, pair
from keepframe.metrics.recipe import Recipe, as_it_is
from keepframe.metrics.shrink import shrunk

_Plane = NDArray[np.float32]

_SCALES, _ORIENTATIONS, _BLOCKS = 4, 8, 4
_PREFILTER = 4.0


def gist_descriptor(image: Image, *, side: int = 64) -> NDArray[np.float64]:
    """
    GIST of a picture: mean energy of 32 Gabor filters (4 scales, 8 orientations) in 4x4 blocks; (512,) float64.

    image: gray, BGR or BGRA, uint8 or uint16 (reduced to 8 bits); it is squeezed to a square.
    side: of that square in pixels, a multiple of 32; the authors' code takes 256, at sixteen times the time. Descriptors of
        different sides must not be mixed. Order: scale (fine first), orientation, block row, block column.
    Errors: ValueError if it is no such image, or side is no positive multiple of 32.
    Source: Oliva, Torralba 2001, with the filters, the whitening and the local contrast normalisation of their LMgist.

    >>> gist_descriptor(np.full((40, 50), 9, np.uint8)).max()
    np.float64(0.0)
    """
    if side < 32 or side % 32:
        raise ValueError(f"gist: expected side to be a positive multiple of 32, got {side}")
    margin = side // 8
    plane = _whitened(_stretched(shrunk(gray(one(image, "gist")), side, side)), margin)
    framed = cv2.copyMakeBorder(plane, margin, margin, margin, margin, cv2.BORDER_REFLECT)
    waves = _spectrum(framed)
    block = side // _BLOCKS
    energies = []
    for by in _bank(side + 2 * margin):
        response = _inverse(waves * by)[margin:-margin, margin:-margin]
        # numpy's root: the last bit of cv2.magnitude depends on where memory lies
        energy = np.sqrt(response[:, :, 0] ** 2 + response[:, :, 1] ** 2)
        parts = energy.reshape(_BLOCKS, block, _BLOCKS, block)
        energies.append(parts.mean(axis=(1, 3), dtype=np.float64).ravel())
    return np.concatenate(energies)


def gist(reference: Image, test: Image, *, side: int = 64) -> float:
    """
    Euclidean distance of the GIST descriptors: how differently the two scenes are laid out.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    side: of the square the pictures are squeezed to, a multiple of 32; the authors' code takes 256.
    Range: 0 to about 3.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: medium.
    Blind to: gain, offset and slow shading of light, nearly; small objects; colour.
    When: is it another scene? Not whether something in it changed.
    Errors: ValueError if the images differ in size, channels or dtype, or side is no positive multiple of 32.
    Source: Oliva, Torralba 2001. No trustworthy package exists (the authors' code is MATLAB, LEAR's C port differs in the
        prefilter): the tests hold properties of the paper, not published numbers.

    >>> gist(np.full((40, 50), 9, np.uint8), np.full((40, 50), 90, np.uint8))
    0.0
    """
    a, b = pair(reference, test, "gist")
    return float(np.linalg.norm(gist_descriptor(a, side=side) - gist_descriptor(b, side=side)))


def _stretched(square: Image) -> _Plane:
    """The levels stretched to 0..255, as LMgist does; a constant picture is 0."""
    plane = square.astype(np.float32)
    low, high = float(plane.min()), float(plane.max())
    return np.asarray((plane - np.float32(low)) * np.float32(255 / (high - low) if high > low else 0))


def _whitened(plane: _Plane, margin: int) -> _Plane:
    """The logarithm without its slow part, divided by the local contrast."""
    framed = cv2.copyMakeBorder(np.log1p(plane), margin, margin, margin, margin, cv2.BORDER_REFLECT)
    slow = _slow(len(framed))
    fast = framed - _inverse(_spectrum(framed) * slow)[:, :, 0]
    contrast = np.sqrt(np.abs(_inverse(_spectrum(fast * fast) * slow)[:, :, 0]))
    even = fast / (np.float32(0.2) + contrast)
    return np.ascontiguousarray(even[margin:-margin, margin:-margin])


@functools.lru_cache(maxsize=4)
def _slow(side: int) -> _Plane:
    """What is kept of each frequency: half at 4 cycles per picture."""
    down, across = np.meshgrid(_cycles(side), _cycles(side), indexing="ij")
    spread = _PREFILTER / math.sqrt(math.log(2))
    return np.exp(-(down**2 + across**2) / spread**2).astype(np.float32)


@functools.lru_cache(maxsize=4)
def _bank(side: int) -> list[_Plane]:
    down, across = np.meshgrid(_cycles(side), _cycles(side), indexing="ij")
    radius, angle = np.hypot(down, across) / side, np.arctan2(down, across)
    bank = []
    for scale in range(_SCALES):
        centre = 0.3 / 1.85**scale
        ring = -3.5 * (radius / centre - 1) ** 2
        for orientation in range(_ORIENTATIONS):
            turn = angle + math.pi * orientation / _ORIENTATIONS
            turn -= 2 * math.pi * np.rint(turn / (2 * math.pi))
            fan = -2 * 16 * _ORIENTATIONS**2 / 32**2 * math.pi * turn**2
            bank.append(np.exp(ring + fan).astype(np.float32))
    return bank


def _cycles(side: int) -> NDArray[np.float64]:
    return np.fft.ifftshift(np.arange(side) - side // 2).astype(np.float64)


def _spectrum(plane: Image) -> NDArray[np.complex64]:
    transformed = cv2.dft(np.ascontiguousarray(plane, np.float32), flags=cv2.DFT_COMPLEX_OUTPUT)
    return np.asarray(transformed.view(np.complex64)[:, :, 0])


def _inverse(waves: NDArray[np.complex64]) -> _Plane:
    """Real and imaginary part, (rows, columns, 2)."""
    return np.asarray(
        cv2.idft(waves.view(np.float32).reshape(*waves.shape, 2), flags=cv2.DFT_SCALE), np.float32
    )


METRICS = (Recipe(gist, as_it_is),)
