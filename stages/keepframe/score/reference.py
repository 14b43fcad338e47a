"""
What a frame is compared with: the five policies, each with a memory of its own.

How two images are compared is told in structure.py and metered.py; which frames are kept, by a judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np

from keepframe.picture import Image, read_only
from keepframe.score.reference_file import read_reference

Policy = Literal["last-kept", "previous", "background", "window-median", "fixed"]

WINDOW = 5
"""Pictures whose median is the reference."""
RATE = 0.05
"""The weight of a picture in the background."""
_OUTSIDE, _FLOOR = 2.5, 2.0
"""Standard deviations, of at least so many gray levels, beyond which a pixel is not background."""
_SLOW = 0.2
"""How much of the rate such a pixel has: who stays becomes background, but slowly."""


class Reference(Protocol):
    """A policy; one per camera, told of each frame that was seen, in order."""

    def image(self, shape: tuple[int, ...]) -> Image | None:
        """
        What an image of this shape is compared with: read-only, the same object while it is the same picture.

        None: there is nothing yet, or it has another shape.
        """

    @property
    def at(self) -> str:
        """Which frame it is, as STREAM/SEQ; the name of the policy where it is made of several."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no reference of any shape."""

    def take(self, image: Image, at: str, *, is_kept: bool) -> None:
        """A frame was seen, and kept or not."""

    def save(self) -> dict[str, Any]:
        """What it is made of, lossless."""

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from what save() gave; other keys are not its own."""


def policy(name: Policy, picture: Path | None = None) -> Reference:
    """
    The policy of that name; picture: the file of "fixed". Raises ValueError if one of the two is there without the other.

    >>> policy("previous").is_empty
    True
    """
    if (name == "fixed") != (picture is not None):
        raise ValueError('reference = "fixed" and picture = "FILE" go together; write both or none')
    if picture is not None:
        return Fixed(picture)
    if name == "background":
        return Background()
    if name == "window-median":
        return WindowMedian()
    return One(is_each=name == "previous")


class One:
    """The frame kept last, or each in turn: the one before."""

    def __init__(self, *, is_each: bool) -> None:
        self._is_each = is_each
        self._image: Image | None = None
        self._at = ""

    def image(self, shape: tuple[int, ...]) -> Image | None:
        """The frame's image."""
        return self._image if self._image is not None and self._image.shape == shape else None

    @property
    def at(self) -> str:
        """Which frame."""
        return self._at

    @property
    def is_empty(self) -> bool:
        """Whether there was none yet."""
        return self._image is None

    def take(self, image: Image, at: str, *, is_kept: bool) -> None:
        """Keep a copy of it."""
        if is_kept or self._is_each:
            # a working image may be a view of the captured picture, whose memory is used again once the frame is settled
            self._image, self._at = _own(image), at

    def save(self) -> dict[str, Any]:
        """The image and its name."""
        return {} if self._image is None else {"image": self._image, "at": self._at}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from it."""
        self._image, self._at = None, ""
        if "image" in memory:
            self._image, self._at = _own(memory["image"]), memory["at"]


class Background:
    """
    A running mean of every pixel. What lies outside its running deviation counts a fifth, so that leaves blur and a guest does not.

    OpenCV's mixtures (MOG2, KNN) are left out: their state cannot be saved, so a takeover would change verdicts.
    """

    def __init__(self) -> None:
        self._mean: Image | None = None
        self._variance: Image = np.zeros(0, np.float32)
        self._count = 0
        self._image: Image | None = None

    at = "background"

    def image(self, shape: tuple[int, ...]) -> Image | None:
        """The mean, rounded."""
        if self._mean is None or self._mean.shape != shape:
            return None
        if self._image is None:
            self._image = read_only(np.rint(self._mean).astype(np.uint8))
        return self._image

    @property
    def is_empty(self) -> bool:
        """Whether nothing was learned yet."""
        return self._mean is None

    def take(self, image: Image, at: str, *, is_kept: bool) -> None:
        """Learn it, kept or not."""
        del at, is_kept
        self._image = None
        if self._mean is None or self._mean.shape != image.shape:
            self._mean, self._count = image.astype(np.float32), 1
            self._variance = np.full(image.shape, _FLOOR**2, np.float32)
            return
        self._count += 1
        rate = np.float32(max(RATE, 1 / self._count))
        error = image.astype(np.float32) - self._mean
        square = error * error
        most = np.float32(_OUTSIDE**2) * np.maximum(self._variance, np.float32(_FLOOR**2))
        share = np.where(square > most, rate * np.float32(_SLOW), rate)
        self._mean = self._mean + share * error
        self._variance = self._variance + share * (np.minimum(square, most) - self._variance)

    def save(self) -> dict[str, Any]:
        """Mean and variance."""
        if self._mean is None:
            return {}
        return {"mean": self._mean, "variance": self._variance, "count": self._count}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from them."""
        self.__init__()  # type: ignore[misc]
        if "mean" in memory:
            self._mean, self._variance = memory["mean"], memory["variance"]
            self._count = memory["count"]


class WindowMedian:
    """The median of the last five pictures, pixel by pixel: what was there in most of them."""

    def __init__(self) -> None:
        self._window: dict[int, Image] = {}
        self._next = 0
        self._image: Image | None = None

    at = "window-median"

    def image(self, shape: tuple[int, ...]) -> Image | None:
        """The median."""
        if not self._window or next(iter(self._window.values())).shape != shape:
            return None
        if self._image is None:
            self._image = read_only(_median([self._window[n] for n in sorted(self._window)]))
        return self._image

    @property
    def is_empty(self) -> bool:
        """Whether there is none yet."""
        return not self._window

    def take(self, image: Image, at: str, *, is_kept: bool) -> None:
        """It goes in the place of the oldest."""
        del at, is_kept
        if self.image(image.shape) is None:
            self._window, self._next = {}, 0
        self._window[self._next] = _own(image)
        self._next = (self._next + 1) % WINDOW
        self._image = None

    def save(self) -> dict[str, Any]:
        """Each picture under a key of its own: only the new ones are sent."""
        return {f"window.{n}": image for n, image in self._window.items()} | {"next": self._next}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Go on from them."""
        self.__init__()  # type: ignore[misc]
        self._next = memory.get("next", 0)
        for n in range(WINDOW):
            if f"window.{n}" in memory:
                self._window[n] = _own(memory[f"window.{n}"])


class Fixed:
    """A picture from a file, gray if the images are, made as small as they are; it stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._image: Image | None = None

    is_empty = False

    @property
    def at(self) -> str:
        """The file."""
        return self._path.name

    def image(self, shape: tuple[int, ...]) -> Image | None:
        """The file's picture. Raises OSError or ValueError if it cannot be used for images of this shape."""
        if self._image is None or self._image.shape != shape:
            self._image = read_only(read_reference(self._path, shape))
        return self._image

    def take(self, image: Image, at: str, *, is_kept: bool) -> None:
        """It stays."""

    def save(self) -> dict[str, Any]:
        """Nothing: the file is there."""
        return {}

    def load(self, memory: Mapping[str, Any]) -> None:
        """Nothing."""


def _own(image: Image) -> Image:
    return read_only(np.array(image, order="C"))


def _median(images: list[Image]) -> Image:
    """Of five the middle one, by comparing (the lower middle of an even number while the window fills)."""
    ordered = [*images]
    # one pass of bubble sort per place up to the middle; 14 comparisons of arrays are a hundredth of what numpy's median takes
    for end in range(len(ordered) - 1, (len(ordered) - 1) // 2 - 1, -1):
        for n in range(end):
            low, high = cv2.min(ordered[n], ordered[n + 1]), cv2.max(ordered[n], ordered[n + 1])
            ordered[n], ordered[n + 1] = np.asarray(low), np.asarray(high)
    return ordered[(len(ordered) - 1) // 2]
