"""
A picture in one of four formats, and the ways to get gray or BGR pixels or a JPEG out of it.

Where its bytes lie is the handle's business; how planes become other planes is in planes.py, files in encoded.py.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from keepframe.errors import LostPictureError, PictureError
from keepframe.picture import encoded, planes
from keepframe.picture.handle import Handle, Inline, Room

Image = NDArray[Any]
Made = TypeVar("Made")
Format = Literal["gray", "bgr", "yuv420", "jpeg"]
Matrix = Literal["bt601", "bt709"]
FORMATS: tuple[Format, ...] = get_args(Format)
MAX_SIDE = encoded.MAX_SIDE


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """
    What a camera gave, as it gave it: pixels or encoded bytes, behind a handle.

    gray: (H, W) uint8, full range. bgr: (H, W, 3) uint8. yuv420: plane Y (H, W), then U and V, each of half the size rounded
    up, uint8. jpeg: a whole JPEG file; its size is read from its header.

    >>> Picture.of(np.zeros((4, 6), np.uint8)).format
    'gray'
    """

    format: Format
    height: int
    width: int
    handle: Handle
    is_full_range: bool = True
    """yuv420: luma from 0 to 255 (True) or from 16 to 235 (False)."""
    matrix: Matrix = "bt601"
    """yuv420: how colour was split off."""
    checksum: int | None = None
    """Of its bytes, taken where it was captured, see checksum(); None: nobody looks."""
    _made: dict[str, Image] = field(default_factory=dict, repr=False)  # decoding once is enough

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"picture: unknown format {self.format!r}; known: {', '.join(FORMATS)}")
        if not (0 < self.height <= MAX_SIDE and 0 < self.width <= MAX_SIDE):
            raise ValueError(f"picture: expected sides from 1 to {MAX_SIDE}, got {self.width}x{self.height}")
        expected = size_of(self.format, self.height, self.width)
        if expected is not None and self.handle.nbytes != expected:
            raise ValueError(
                f"picture: {self.format} of {self.width}x{self.height} has {expected} bytes, got {self.handle.nbytes}"
            )

    @classmethod
    def of(cls, image: Image, room: Room | None = None) -> Picture:
        """
        A picture of an array: (H, W) gray or (H, W, 3) BGR, uint8. Raises TypeError or ValueError for another.

        room: where to copy it to; None: the array itself is what the picture shows, as long as nobody writes to it.
        """
        image = read_only(image)
        kind: Format = "gray" if image.ndim == 2 else "bgr"
        if room is None:
            return cls(
                kind, image.shape[0], image.shape[1], Inline(np.ascontiguousarray(image).data.cast("B"))
            )
        space = room(image.size)
        np.copyto(np.frombuffer(space.view, np.uint8).reshape(image.shape), image)
        return cls(kind, image.shape[0], image.shape[1], space.close())

    @classmethod
    def of_jpeg(cls, data: bytes) -> Picture:
        """A picture of a JPEG file's bytes, kept as they are. Raises PictureError if its header cannot be read."""
        height, width = encoded.jpeg_size(data)
        return cls("jpeg", height, width, Inline(data))

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        return self.handle.nbytes

    def gray(self, shrink: int = 1) -> Image:
        """
        The picture in gray: (H, W) uint8, read-only, full range, Rec. 601 weights where there is colour.

        shrink: 1, 2, 4 or 8: that much smaller each way (rounded up), by area; a JPEG is decoded at that size at once.
        Raises PictureError if a JPEG cannot be decoded.
        """
        key = f"gray/{shrink}"
        if key not in self._made:
            self._made[key] = self._taken(lambda data: self._gray(data, shrink))
        return self._made[key]

    def bgr(self) -> Image:
        """The picture in colour: (H, W, 3) BGR, uint8, read-only. Raises PictureError if a JPEG cannot be decoded."""
        if "bgr" not in self._made:
            self._made["bgr"] = self._taken(self._bgr)
        return self._made["bgr"]

    def jpeg(self, quality: int = 90, *, is_fast: bool = False) -> bytes:
        """
        The picture as a JPEG file; one that is a JPEG already is given back byte for byte. quality: 1 to 100.

        is_fast: planes of a YUV picture become those of the file at once, without the way through BGR and its rounding.
        """
        if self.format == "jpeg":
            return self._read(bytes)
        if self.format == "yuv420" and is_fast:
            return self._read(lambda data: encoded.planes_to_jpeg(*self._jpeg_planes(data), quality))
        return self._read(lambda data: encoded.to_jpeg(self._whole(data), quality))

    def png(self) -> bytes:
        """The picture as a PNG file, in gray or colour, without loss of what gray() or bgr() give."""
        return self._read(lambda data: encoded.to_png(self._whole(data)))

    def _jpeg_planes(self, data: memoryview) -> tuple[Image, Image, Image]:
        told: dict[str, Any] = {"is_full_range": self.is_full_range, "matrix": self.matrix}
        return planes.jpeg_planes(np.frombuffer(data, np.uint8), self.height, self.width, **told)

    def _whole(self, data: memoryview) -> Image:
        """The picture as it is stored in a file: gray if it is gray, else in colour; perhaps a view of its bytes."""
        if self.format == "gray":
            return self._gray(data, 1)
        return self._made["bgr"] if "bgr" in self._made else self._bgr(data)

    def _taken(self, make: Callable[[memoryview], Image]) -> Image:
        """
        An image made of the bytes, read-only, which stays as it is whatever becomes of them.

        One that is a view of shared memory would show another picture once this one is let go.
        """

        def make_own(data: memoryview) -> Image:
            image, pixels = make(data), np.frombuffer(data, np.uint8)
            is_view = not self.handle.is_lasting and np.may_share_memory(image, pixels)
            return image.copy() if is_view else image

        return read_only(self._read(make_own))

    def _read(self, make: Callable[[memoryview], Made]) -> Made:
        """
        What is made of the bytes. Raises StalePictureError if they were let go meanwhile, else what making it raises.

        With a checksum LostPictureError if they are not what was captured.
        """
        data = self.handle.data()
        if self.checksum is not None:
            self._compare(data, self.checksum)
        try:
            made = make(data)
        except PictureError:
            self.handle.check()  # else it is no fault of the picture's
            raise
        self.handle.check()
        return made

    def _compare(self, data: memoryview, expected: int) -> None:
        got = checksum(data)
        self.handle.check()
        if got != expected:
            raise LostPictureError(
                f"{self.format} of {self.width}x{self.height}: its bytes have changed since it was captured, "
                f"expected checksum {expected:08x}, got {got:08x}"
            )

    def _gray(self, data: memoryview, shrink: int) -> Image:
        if shrink not in (1, 2, 4, 8):
            raise ValueError(f"gray: expected shrink 1, 2, 4 or 8, got {shrink!r}")
        if self.format == "jpeg":
            return encoded.jpeg_to_gray(data, shrink)
        pixels: Image = np.frombuffer(data, np.uint8)
        if self.format == "yuv420":
            luma = planes.shrunk(pixels[: self.height * self.width].reshape(self.height, self.width), shrink)
            return luma if self.is_full_range else planes.full_range(luma)
        if self.format == "bgr":
            return planes.shrunk(planes.gray_of_bgr(pixels.reshape(self.height, self.width, 3)), shrink)
        return planes.shrunk(pixels.reshape(self.height, self.width), shrink)

    def _bgr(self, data: memoryview) -> Image:
        if self.format == "jpeg":
            return encoded.jpeg_to_bgr(data)
        pixels: Image = np.frombuffer(data, np.uint8)
        if self.format == "yuv420":
            return planes.bgr_of_yuv420(
                pixels, self.height, self.width, is_full_range=self.is_full_range, matrix=self.matrix
            )
        if self.format == "gray":
            return planes.bgr_of_gray(pixels.reshape(self.height, self.width))
        return pixels.reshape(self.height, self.width, 3)


def size_of(format: Format, height: int, width: int) -> int | None:
    """
    How many bytes a picture of this format has; None where it depends on what it shows.

    >>> size_of("yuv420", 3, 3)
    17
    """
    if format == "jpeg":
        return None
    if format == "yuv420":
        return height * width + 2 * ((height + 1) // 2) * ((width + 1) // 2)
    return height * width * (3 if format == "bgr" else 1)


def checksum(data: bytes | memoryview) -> int:
    """
    CRC-32 of a picture's bytes: finds what goes wrong by itself, not what somebody means to hide. 0.4 ms a megabyte.

    >>> f"{checksum(b'123456789'):08x}"
    'cbf43926'
    """
    return zlib.crc32(data)


def read_only(image: Image) -> Image:
    """
    A read-only view of an image: (H, W) or (H, W, 3), uint8, neither side 0.

    Raises TypeError unless it is a uint8 array, ValueError for another shape.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        got = f"{image.dtype} array" if isinstance(image, np.ndarray) else type(image).__name__
        raise TypeError(
            f"image: expected a uint8 array, got {got}; scale to 0..255 and use .astype(np.uint8)"
        )
    if image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise ValueError(f"image: expected shape (H, W) or (H, W, 3), got {image.shape}")
    view = image.view()
    view.flags.writeable = False
    return view
