"""
Every way to quantify the difference of two images: pure functions, two arrays in, a number out.

No files, no state, no thresholds: which difference is enough is the score stage's question. Colour is BGR as in OpenCV.
"""

from keepframe.metrics.catalogue import Metric, hottest, metric, names
from keepframe.metrics.correlation import ncc
from keepframe.metrics.images import Image
from keepframe.metrics.pixel import mean_absolute_difference, mse, psnr
from keepframe.metrics.structure import ssim, ssim_map
from keepframe.metrics.tiles import Box, hottest_tile

__all__ = [
    "Box",
    "Image",
    "Metric",
    "hottest",
    "hottest_tile",
    "mean_absolute_difference",
    "metric",
    "mse",
    "names",
    "ncc",
    "psnr",
    "ssim",
    "ssim_map",
]
