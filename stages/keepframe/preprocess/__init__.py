"""Stages that make the small working image: gray, a part, smaller, smoother, in even light, in place. None of them decides anything."""

from keepframe.preprocess.alignment import Align
from keepframe.preprocess.gray import grayscale
from keepframe.preprocess.levels import normalize
from keepframe.preprocess.light import EvenLight
from keepframe.preprocess.outline import edges, threshold
from keepframe.preprocess.region import crop, mask
from keepframe.preprocess.size import downsample, resize
from keepframe.preprocess.smoothing import blur

align = Align
even_light = EvenLight
"""The short names of the classes in the TOML."""

__all__ = [
    "Align",
    "EvenLight",
    "align",
    "blur",
    "crop",
    "downsample",
    "edges",
    "even_light",
    "grayscale",
    "mask",
    "normalize",
    "resize",
    "threshold",
]
