"""
PSNR that also charges the edges of compression blocks: PSNR-B.

Plain PSNR is in `pixel`.
"""

import math

import cv2
import numpy as np

from keepframe.metrics.images import Image, bgr, levels, pair
from keepframe.metrics.pixel import squared_difference
from keepframe.metrics.recipe import Recipe

_BLOCK = 8


def psnr_b(reference: Image, test: Image, *, compatible: bool = False) -> float:
    """
    Peak signal-to-noise ratio that counts block edges in the test as error, in dB.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA (alpha dropped), uint8 or uint16 (colour is reduced to 8 bits); of colours
        the luminance by Rec.601 counts, as the paper says.
    compatible: of colours take channel 0, as sewar does (it expects YCbCr).
    Range: 0 to infinity. Not symmetric: only the test's block edges count.
    Identical: inf for a picture without block edges, else what its own block edges leave (often 30 to 50 dB).
    Direction: higher is closer.
    Score: root of (mean squared error + block edges of the test - block edges of the reference, at least 0) as a share of the
        largest level; a test with fewer block edges than the reference gets a bonus.
    Cost: low.
    Blind to: what psnr is blind to; blocks that do not lie on a grid of 8 px.
    When: compressed pictures are compared whose blocks were smoothed.
    Errors: ValueError if the images differ in size, channels or dtype.
    Source: Yim, Bovik 2011; equals sewar 0.4.10's psnrb on gray, and on colours with compatible=True; tested against it.

    >>> round(psnr_b(np.full((16, 16), 10, np.uint8), np.full((16, 16), 12, np.uint8)), 2)
    42.11
    """
    a, b = pair(reference, test, "psnr-b")
    left, right = (_first_channel(image) if compatible else _luminance(image) for image in (a, b))
    error = squared_difference(left, right) / left.size + block_edges(right)
    return math.inf if error == 0 else 10 * math.log10(levels(left) ** 2 / error)


def block_edges(plane: Image) -> float:
    """
    How much stronger squared steps are across the edges of 8-px blocks than elsewhere, weighed; 0 if they are not.

    plane: gray (H, W). In squared gray levels.
    Source: the blocking effect factor of Yim, Bovik 2011, with the counts of their code (fractions of blocks count).

    >>> picture = np.zeros((16, 16), np.uint8); picture[:, 8:] = 30
    >>> round(block_edges(picture), 3)
    174.194
    """
    height, width = int(plane.shape[0]), int(plane.shape[1])
    edges = inside = 0.0
    for image, length in ((plane, width), (np.ascontiguousarray(plane.T), height)):
        if length < 2:
            continue
        steps = cv2.absdiff(image[:, 1:], image[:, :-1]).astype(np.float64)
        sums = np.einsum("ij,ij->j", steps, steps)
        at_edges = sums[_BLOCK - 1 :: _BLOCK].sum()
        edges, inside = edges + float(at_edges), inside + float(sums.sum() - at_edges)
    edge_count = 2 * height * width / _BLOCK - 2
    inside_count = 2 * height * width - height - width - edge_count
    if edges == 0 or edge_count <= 0:
        return 0.0
    mean_edge, mean_inside = edges / edge_count, inside / inside_count
    if mean_edge <= mean_inside:
        return 0.0
    # the weight falls with the size of the picture; under one block it stays at 1
    weight = math.log2(_BLOCK) / math.log2(max(min(height, width), _BLOCK))
    return weight * (mean_edge - mean_inside)


def _luminance(image: Image) -> Image:
    if image.ndim == 2:
        return image
    converted: Image = cv2.cvtColor(bgr(image), cv2.COLOR_BGR2GRAY)
    return converted


def _first_channel(image: Image) -> Image:
    return image if image.ndim == 2 else np.ascontiguousarray(image[:, :, 0])


def _score(value: float, reference: Image) -> float:
    plane = _luminance(reference)
    error = 10 ** (-value / 10)
    excess = error - block_edges(plane) / levels(plane) ** 2
    # what the way over decibels has rounded is no difference
    return math.sqrt(excess) if excess > 1e-12 * error else 0.0


METRICS = (Recipe(psnr_b, _score),)
