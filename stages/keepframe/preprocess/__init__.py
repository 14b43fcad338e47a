"""Stages that make the small working image: gray, cropped, smaller, smoother, stretched. None of them decides anything."""

from keepframe.preprocess.gray import grayscale
from keepframe.preprocess.levels import normalize
from keepframe.preprocess.region import crop
from keepframe.preprocess.size import downsample
from keepframe.preprocess.smoothing import blur

__all__ = ["blur", "crop", "downsample", "grayscale", "normalize"]
