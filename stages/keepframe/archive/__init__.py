"""
Where a frame's way ends: kept pictures as ordinary files, and the catalogue with one row for every frame.

The verdict is not made here. `archive` is the stage's short name in the TOML.
"""

from keepframe.archive.booking import NEVER, Epoch, Memory, MemoryDelta, Standing
from keepframe.archive.row import Row
from keepframe.archive.writing import Archive

archive = Archive

__all__ = ["NEVER", "Archive", "Epoch", "Memory", "MemoryDelta", "Row", "Standing", "archive"]
