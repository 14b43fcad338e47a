"""
keepframe keeps the pictures that show a change and lets the others go.

`Keeper` and `compare` are for a loop of one's own; they and the rooms below are imported when they are asked for, so that
`import keepframe` costs nothing.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keepframe.keeper import Keeper, compare

# Read once by OpenCV while it is imported, so it stands here: a PNG of 249 KB can ask for 1.5 GB. As picture.encoded.MAX_PIXELS.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "100000000")

__version__ = "0.1.0"
__all__ = ["Keeper", "__version__", "compare"]


def __getattr__(name: str) -> object:
    """Import what is asked for the first time. Raises AttributeError for a name that keepframe does not have."""
    if name in ("Keeper", "compare"):
        return getattr(import_module("keepframe.keeper"), name)
    if name in ("metrics", "testing"):
        return import_module(f"keepframe.{name}")
    raise AttributeError(f"module 'keepframe' has no attribute {name!r}")
