"""
Labelled footage as a worse camera would have given it: what is right on clips that are known should be right on others.

Each disturbance is a function of the pictures of a clip, in order; the labels stay what they are. Seeded, so that two runs show the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
from verdict_footage import Footage

from keepframe.frame import Frame
from keepframe.picture import Image, Picture

Images = Iterator[Image]


def disturbed(footage: Footage, name: str) -> Footage:
    """A clip with one of the DISTURBANCES; damaged pictures are left out, as ever."""

    def frames() -> Iterator[Frame]:
        shown = [frame for frame in footage.frames() if frame.picture is not None]
        images = DISTURBANCES[name](
            frame.picture.bgr().copy() for frame in shown if frame.picture is not None
        )
        for frame, image in zip(shown, images, strict=True):
            yield replace(frame, picture=Picture.of(np.ascontiguousarray(image)))

    return Footage(footage.labels, f"{footage.key} {name}", frames)


def h264(images: Images, *, crf: int, group: int) -> Images:
    """Through x264 at this quality, a key frame for each `group` pictures; sides made even."""
    encoder = av.CodecContext.create("libx264", "w")
    decoder = av.CodecContext.create("h264", "r")
    for number, image in enumerate(images):
        height, width = (side - side % 2 for side in image.shape[:2])
        if number == 0:
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base = Fraction(1, 10)
            encoder.options = {"crf": str(crf), "g": str(group), "bf": "0", "tune": "zerolatency"}
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="bgr24")
        frame.pts = number
        for packet in encoder.encode(frame):
            yield from (shown.to_ndarray(format="bgr24") for shown in decoder.decode(packet))
    for packet in encoder.encode(None):
        yield from (shown.to_ndarray(format="bgr24") for shown in decoder.decode(packet))
    yield from (shown.to_ndarray(format="bgr24") for shown in decoder.decode(None))


def jpeg(images: Images, *, quality: int) -> Images:
    """As JPEG files of this quality, from 1 to 100."""
    for image in images:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        yield cv2.imdecode(data, cv2.IMREAD_COLOR)


def darker(images: Images, *, gain: float, noise: float) -> Images:
    """So many times as bright, and noise of so many levels (standard deviation), each channel and pixel for itself."""
    rng = np.random.default_rng(1)
    for image in images:
        yield np.clip(image * gain + rng.normal(0, noise, image.shape), 0, 255).astype(np.uint8)


def exposed(images: Images) -> Images:
    """A camera that looks for another exposure every 37 pictures, from 0.75 to 1.3 times, and goes there within some twenty."""
    rng, gain, goal = np.random.default_rng(2), 1.0, 1.0
    for number, image in enumerate(images):
        if number % 37 == 0:
            goal = rng.uniform(0.75, 1.3)
        gain += (goal - gain) / 10
        yield np.clip(image * gain, 0, 255).astype(np.uint8)


def shaken(images: Images, *, pixels: float) -> Images:
    """A camera in the wind: steps of so many pixels (standard deviation), of which six tenths are left in the next picture."""
    rng, at = np.random.default_rng(3), np.zeros(2)
    for image in images:
        at = 0.6 * at + rng.normal(0, pixels, 2)
        way = np.array([[1, 0, at[0]], [0, 1, at[1]]], np.float32)
        yield cv2.warpAffine(image, way, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


DISTURBANCES: dict[str, Callable[[Images], Images]] = {
    "H.264, crf 36, key frame each 12": lambda images: h264(images, crf=36, group=12),
    "H.264, crf 42, key frame each 50": lambda images: h264(images, crf=42, group=50),
    "JPEG of quality 15": lambda images: jpeg(images, quality=15),
    "noise of 8 levels": lambda images: darker(images, gain=1.0, noise=8.0),
    "noise of 20 levels": lambda images: darker(images, gain=1.0, noise=20.0),
    "0.3 of the light, noise of 3": lambda images: darker(images, gain=0.3, noise=3.0),
    "exposure that wanders": exposed,
    "shaken by half a pixel": lambda images: shaken(images, pixels=0.5),
    "shaken by 1.5 pixels": lambda images: shaken(images, pixels=1.5),
    "half the size": lambda images: (
        cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for image in images
    ),
    "turned by 90°": lambda images: (np.rot90(image) for image in images),
    "mirrored": lambda images: (image[:, ::-1] for image in images),
}
