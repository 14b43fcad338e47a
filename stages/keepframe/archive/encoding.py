"""
From a kept frame to the bytes of its file.

A camera's own JPEG is never touched; everything else is encoded once, here. What the file is called is names.py's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from keepframe.frame import Frame
from keepframe.picture import Picture

FileFormat = Literal["jpeg", "png"]
Choice = Literal["captured", "working"]
QualityMode = Literal["exact", "fast"]
SUFFIXES = {"jpeg": ".jpg", "png": ".png"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """
    How kept pictures are stored: the picture as captured or the stages' working image, the format, the JPEG's quality.

    quality_mode: whether a video picture becomes a JPEG by way of BGR ("exact") or from planes to planes ("fast").
    Raises ValueError with what is wrong.

    >>> Encoding("captured", "gif", 90)
    Traceback (most recent call last):
    ValueError: format: expected 'jpeg' or 'png', got 'gif'
    """

    picture: str
    format: str
    quality: int
    quality_mode: str = "exact"

    def __post_init__(self) -> None:
        choices = {"picture": Choice, "format": FileFormat, "quality_mode": QualityMode}
        for name, known in ((name, get_args(choice)) for name, choice in choices.items()):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name}: expected {' or '.join(map(repr, known))}, got {getattr(self, name)!r}"
                )
        if isinstance(self.quality, bool) or not 1 <= self.quality <= 100:
            raise ValueError(f"quality: expected 1 to 100, got {self.quality!r}")

    def of(self, frame: Frame) -> Encoded:
        """
        The file of a kept frame. If the chosen image is missing, the other one is taken.

        Raises PictureError for a picture that cannot be decoded, ValueError for a frame with neither image.
        """
        captured, working = frame.picture, None if frame.working is None else Picture.of(frame.working)
        picture = (captured or working) if self.picture == "captured" else (working or captured)
        if picture is None:
            raise ValueError("kept, but it came without a picture")
        if picture.format == "jpeg":
            return Encoded(picture.jpeg(), ".jpg", picture.height, picture.width, is_original=True)
        data = (
            picture.png()
            if self.format == "png"
            else picture.jpeg(self.quality, is_fast=self.quality_mode == "fast")
        )
        return Encoded(data, SUFFIXES[self.format], picture.height, picture.width, is_original=False)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The bytes of a picture's file, and what the row says of it."""

    data: bytes
    suffix: str
    height: int
    width: int
    is_original: bool
