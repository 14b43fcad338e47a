"""
Regions of a camera's pictures that nobody may see: blackened in the capture, before the picture is held, sent or kept.

Where the regions come from is the configuration's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keepframe.errors import PictureError
from keepframe.frame import Frame
from keepframe.picture import Picture, polygon

NOTE = "privacy"
"""What the row of a blackened picture says, since it is no longer the camera's own file."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """
    regions: as keepframe.picture.polygon has them, in shares of the picture.

    >>> import numpy as np
    >>> frame = Frame(picture=Picture.of(np.full((2, 2), 9, np.uint8)))
    >>> Privacy(("0,0 0.5,1",)).blackened(frame).image.tolist()
    [[0, 9], [0, 9]]
    """

    regions: tuple[str, ...] = ()

    def blackened(self, frame: Frame) -> Frame:
        """The frame with these regions black in its picture; one that cannot be decoded is rejected, never passed on as it is."""
        picture = frame.picture
        if not self.regions or picture is None:
            return frame
        try:
            pixels = (picture.gray() if picture.format == "gray" else picture.bgr()).copy()
        except PictureError as error:
            return frame.settled("rejected", f"corrupt: {error}"[:200])
        finally:
            picture.handle.free()
        pixels[polygon.inside(self.regions, *pixels.shape[:2])] = 0
        return replace(frame.with_note(NOTE, True), picture=Picture.of(pixels), working=None)
