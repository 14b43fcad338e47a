"""
Comparison of edges: strength, place and direction of gradients.

Structure in windows is `structure`; edges as a preprocessing step belong to preprocess.
"""

import functools
import math
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray_pair, one
from keepframe.metrics.images import gray as to_gray
from keepframe.metrics.recipe import Recipe, as_it_is
from keepframe.metrics.vectors import length

Operator = Literal["sobel", "prewitt", "scharr"]

# smoothing across the edge, in integers so that float32 adds nothing; scikit-image divides by the sum
_SMOOTHING = {"sobel": (1, 2, 1), "prewitt": (1, 1, 1), "scharr": (3, 10, 3)}
_SLOPE = np.array([-1, 0, 1], np.float32)
_WEAK = np.float32(36.0)


def gradient_magnitude(image: Image, *, operator: Operator = "sobel") -> NDArray[np.float32]:
    """
    Strength of the edges, float32 (H, W): the root of the mean of both squared slopes, in gray levels over two pixels.

    image: gray, BGR or BGRA, uint8 or uint16 (reduced to 8 bits). operator: "sobel", "prewitt" or "scharr".
    Errors: ValueError if it is no such image or no such operator.
    Source: skimage.filters.sobel, prewitt, scharr, times 255; tested against them.

    >>> gradient_magnitude(np.array([[0, 0, 8, 8]] * 3, np.uint8))[1].round().tolist()
    [0.0, 6.0, 6.0, 0.0]
    """
    along_x, along_y = _slopes(to_gray(one(image, "gradient-magnitude")), operator, "gradient-magnitude")
    return length(along_x, along_y) * np.float32(0.5**0.5)


def edge_difference(reference: Image, test: Image, *, operator: Operator = "sobel") -> float:
    """
    Mean absolute difference of the edge strengths, in gray levels over two pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    operator: "sobel", "prewitt" or "scharr".
    Range: 0 to 255.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 255.
    Cost: low.
    Blind to: an even change of brightness (without saturation); soft shadows; objects without edges.
    When: the light changes and the scene has distinct edges.
    Errors: ValueError if the images differ in size, channels or dtype, or the operator is unknown.
    Source: sastanin's fifth question; tested against skimage.filters.

    >>> edge_difference(np.full((9, 9), 5, np.uint8), np.full((9, 9), 8, np.uint8))
    0.0
    """
    a, b = _strengths(reference, test, operator, "edge-difference")
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size


def edge_mismatch(
    reference: Image, test: Image, *, operator: Operator = "sobel", threshold: float = 24.0, reach: int = 1
) -> float:
    """
    Share of the edge pixels of either image that have no edge nearby in the other (the Jaccard distance).

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    operator: as in edge-difference. threshold: strength above which a pixel is an edge, in gray levels over two
        pixels. reach: how many pixels away an edge may be and still count as the same; 0 is the plain XOR over the union.
    Range: 0 to 1; 0 if neither has an edge.
    Identical: 0.
    Direction: higher is more different.
    Score: the value.
    Cost: low.
    Blind to: how strong an edge is; jitter up to the reach; a picture without edges.
    When: the light changes and outlines matter.
    Errors: ValueError if the images differ in size, channels or dtype, the operator is unknown, or reach is negative.
    Source: sastanin's fifth question ("apply some threshold, then compare edges"); tested against skimage's operators and
        scipy's dilation.

    >>> edge_mismatch(np.zeros((9, 9), np.uint8), np.full((9, 9), 8, np.uint8))
    0.0
    """
    if reach < 0:
        raise ValueError(f"edge-mismatch: expected reach of at least 0 pixels, got {reach}")
    a, b = (
        (strength > threshold).astype(np.uint8)
        for strength in _strengths(reference, test, operator, "edge-mismatch")
    )
    near = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    near_a, near_b = np.asarray(cv2.dilate(a, near), np.uint8), np.asarray(cv2.dilate(b, near), np.uint8)
    alone = (a & (1 - near_b)) | (b & (1 - near_a))
    union = cv2.countNonZero(a | b)
    return cv2.countNonZero(alone) / union if union else 0.0


def gradient_orientation(reference: Image, test: Image, *, sigma: float = 1.4) -> float:
    """
    Mean turn of the gradients: the stronger gradient times one minus the cosine between both, in gray levels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    sigma: of the Gaussian blur before, in pixels; 0 for none.
    Range: 0 to about 720.
    Identical: 0.
    Direction: higher is more different.
    Score: value / 510.
    Cost: low.
    Blind to: changes of light, shadows without edges, gain and offset; flat objects.
    When: noise, light and jitter change and only new outlines matter; its largest tile separated small objects best of all.
    Errors: ValueError if the images differ in size, channels or dtype, or sigma is negative.
    Source: own; Scharr slopes as in gradient_magnitude, the cosine damped where gradients are weak.

    >>> gradient_orientation(np.full((9, 9), 5, np.uint8), np.full((9, 9), 8, np.uint8))
    0.0
    """
    turn = _turns(reference, test, sigma)
    return float(turn.mean(dtype=np.float64))


def _slopes(gray: Image, operator: str, where: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if operator not in _SMOOTHING:
        raise ValueError(f'{where}: expected operator "sobel", "prewitt" or "scharr", got "{operator}"')
    smoothing = np.array(_SMOOTHING[operator], np.float32)
    scale = np.float32(1 / sum(_SMOOTHING[operator]))
    along_x = cv2.sepFilter2D(gray, cv2.CV_32F, _SLOPE, smoothing, borderType=cv2.BORDER_REFLECT)
    along_y = cv2.sepFilter2D(gray, cv2.CV_32F, smoothing, _SLOPE, borderType=cv2.BORDER_REFLECT)
    return np.asarray(along_x * scale), np.asarray(along_y * scale)


def _strengths(
    reference: Image, test: Image, operator: Operator, where: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    a, b = gray_pair(reference, test, where)
    half = np.float32(0.5**0.5)
    return (
        length(*_slopes(a, operator, where)) * half,
        length(*_slopes(b, operator, where)) * half,
    )


def _turns(reference: Image, test: Image, sigma: float) -> NDArray[np.float32]:
    if sigma < 0:
        raise ValueError(f"gradient-orientation: expected sigma of at least 0 pixels, got {sigma}")
    a, b = gray_pair(reference, test, "gradient-orientation")
    slope, smoothing = _blurred_scharr(sigma)
    (ax, ay), (bx, by) = (
        (
            _filtered(image, slope, smoothing),
            _filtered(image, smoothing, slope),
        )
        for image in (a, b)
    )
    strength_a, strength_b = length(ax, ay), length(bx, by)
    product = strength_a * strength_b
    turn = product - ax * bx
    turn -= ay * by
    turn *= cv2.max(strength_a, strength_b)
    product += _WEAK
    turn /= product
    # rounding can put the dot product a little above the product of the lengths
    return np.asarray(cv2.threshold(turn, 1e-4, 0, cv2.THRESH_TOZERO)[1], np.float32)


def _filtered(image: Image, across: NDArray[np.float32], down: NDArray[np.float32]) -> NDArray[np.float32]:
    made = cv2.sepFilter2D(image, cv2.CV_32F, across, down, borderType=cv2.BORDER_REFLECT)
    return np.asarray(made, np.float32)


@functools.cache
def _blurred_scharr(sigma: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scharr's slope and smoothing, each blurred: one filter instead of two, and no rounding to levels between."""
    smoothing = np.array(_SMOOTHING["scharr"]) / sum(_SMOOTHING["scharr"])
    if sigma == 0:
        return _SLOPE, smoothing.astype(np.float32)
    blur = cv2.getGaussianKernel(2 * math.ceil(3 * sigma) + 1, sigma, cv2.CV_64F).ravel()
    return np.convolve(blur, _SLOPE).astype(np.float32), np.convolve(blur, smoothing).astype(np.float32)


def _edge_map(reference: Image, test: Image) -> NDArray[np.float32]:
    a, b = _strengths(reference, test, "sobel", "edge-difference")
    return np.asarray(cv2.absdiff(a, b) * np.float32(1 / 255))


def _turn_map(reference: Image, test: Image) -> NDArray[np.float32]:
    return _turns(reference, test, 1.4) * np.float32(1 / 510)


METRICS = (
    Recipe(edge_difference, lambda value, _reference: value / 255, _edge_map),
    Recipe(edge_mismatch, as_it_is),
    Recipe(gradient_orientation, lambda value, _reference: value / 510, _turn_map),
)
