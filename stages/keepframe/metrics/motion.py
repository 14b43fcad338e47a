"""
Optical flow between two images: what moved inside the picture, sparse and dense.

The shift of the whole picture is `alignment`.
"""

import math
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from keepframe.metrics.images import Image, gray_pair
from keepframe.metrics.recipe import Recipe
from keepframe.metrics.vectors import length

# DIS refuses pictures below its coarsest patch
_SMALLEST_DIS = 32
_LIKELY = 95


def sparse_flow(reference: Image, test: Image, *, points: int = 100) -> float:
    """
    How far corners of the reference moved in the test: the 95th percentile of their tracks, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    points: most corners to follow. The test is brought to the reference's mean and deviation first (a step of light makes
        tracks jump), and a track counts only if following it back ends within a pixel of its start.
    Range: 0 to the diagonal; 0 without a corner, or without a track that holds. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: medium.
    Blind to: what has no corners; what appears or vanishes without moving.
    When: motion matters more than appearance, and few points are enough.
    Errors: ValueError if the images differ in size, channels or dtype, or points is below 1.
    Source: sastanin's update: Shi-Tomasi corners, pyramidal Lucas-Kanade (OpenCV); tested on known shifts.

    >>> sparse_flow(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    if points < 1:
        raise ValueError(f"sparse-flow: expected points of at least 1, got {points}")
    a, b = gray_pair(reference, test, "sparse-flow")
    if min(a.shape) < 8 or a.min() == a.max() or b.min() == b.max():
        return 0.0
    start = cv2.goodFeaturesToTrack(a, points, 0.01, max(3, min(a.shape) // 20))
    if start is None or len(start) == 0:
        return 0.0
    b = _in_the_light_of(a, b)
    end, found, _ = cv2.calcOpticalFlowPyrLK(a, b, start, start.copy())
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(b, a, end, end.copy())
    returned = np.linalg.norm((back - start).reshape(-1, 2), axis=1) < 1
    holds = returned & (found.ravel() == 1) & (found_back.ravel() == 1)
    lengths = np.linalg.norm((end - start).reshape(-1, 2), axis=1)[holds]
    return float(np.percentile(lengths, _LIKELY)) if lengths.size else 0.0


def dense_flow(reference: Image, test: Image, *, method: Literal["dis", "farneback"] = "dis") -> float:
    """
    How far the pixels moved: the 95th percentile of the dense flow, in pixels.

    Takes: gray (H, W), BGR (H, W, 3) or BGRA, uint8 or uint16 (reduced to 8 bits); colour becomes gray by Rec.601.
    method: "dis" (ultrafast preset, 10 to 20 times faster) or "farneback"; sides below 32 px always use farneback.
    Range: 0 to the diagonal. Not symmetric.
    Identical: 0.
    Direction: higher is more different.
    Score: value / shorter side.
    Cost: medium.
    Blind to: motion in flat areas; objects below a twentieth of the picture, which the percentile leaves out (the largest
        tile keeps them).
    When: asking how much of the scene is in motion.
    Errors: ValueError if the images differ in size, channels or dtype, or the method is unknown.
    Source: sastanin's update; Kroeger 2016 and Farneback 2003 by OpenCV (4.x and 5 differ by up to 14 %); tested on known
        shifts.

    >>> dense_flow(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8))
    0.0
    """
    if method not in {"dis", "farneback"}:
        raise ValueError(f'dense-flow: expected method "dis" or "farneback", got "{method}"')
    return float(np.percentile(_lengths(reference, test, method), _LIKELY))


def _lengths(reference: Image, test: Image, method: str) -> NDArray[np.float32]:
    a, b = gray_pair(reference, test, "dense-flow")
    # both solvers find a little motion where nothing moved, in noise up to a pixel
    if a.min() == a.max() or b.min() == b.max() or np.array_equal(a, b):
        return np.zeros(a.shape, np.float32)
    b = _in_the_light_of(a, b)
    nothing = np.zeros((*a.shape, 2), np.float32)
    if method == "dis" and min(a.shape) >= _SMALLEST_DIS:
        engine = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_ULTRAFAST)
        flow = engine.calc(a, b, nothing)
    else:
        flow = cv2.calcOpticalFlowFarneback(a, b, nothing, 0.5, 3, 15, 3, 5, 1.2, 0)
    lengths = length(np.asarray(flow[..., 0]), np.asarray(flow[..., 1]))
    # a flow longer than the picture is a solver that lost its way
    return np.minimum(np.nan_to_num(lengths, nan=0.0), np.float32(math.hypot(*a.shape)))


def _in_the_light_of(a: Image, b: Image) -> Image:
    """B brought to the mean and deviation of a; b itself where that is already so or b is constant."""
    (mean_a, spread_a), (mean_b, spread_b) = ([float(x[0, 0]) for x in cv2.meanStdDev(i)] for i in (a, b))
    if spread_b == 0 or (abs(mean_a - mean_b) < 0.5 and abs(spread_a - spread_b) < 0.5):
        return b
    gain = spread_a / spread_b
    table = np.clip((np.arange(256) - mean_b) * gain + mean_a, 0, 255).round().astype(np.uint8)
    return np.asarray(cv2.LUT(b, table))


def _flow_map(reference: Image, test: Image) -> NDArray[np.float32]:
    return _lengths(reference, test, "dis") / np.float32(min(reference.shape[:2]))


def _share_of_side(value: float, reference: Image) -> float:
    return float(value / min(reference.shape[:2]))


METRICS = (Recipe(sparse_flow, _share_of_side), Recipe(dense_flow, _share_of_side, _flow_map))
