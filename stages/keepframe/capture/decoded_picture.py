"""
A frame of the video decoder as a picture: its planes as they are wherever possible.

Rotation as the file's display matrix asks for it; mirrored and slanted matrices, which no camera writes, are not followed.
"""

from __future__ import annotations

import av
import numpy as np

from keepframe.capture.decoded import pixels_of
from keepframe.picture import Image, Picture, Room, heap
from keepframe.picture.picture import Matrix
from keepframe.picture.planes import full_range

_LIMITED, _FULL = 1, 2  # AVColorRange
_MATRICES: dict[int, Matrix] = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601"}  # AVColorSpace


def picture_of(frame: av.VideoFrame, room: Room = heap) -> Picture:
    """
    The picture of a decoded frame; its planes are copied once, into this room.

    yuv420p and yuvj420p stay planes, gray stays gray (expanded if it is of limited range), every other format becomes BGR. Where the
    stream does not say: limited range, and BT.709 from 720 rows on, BT.601 below, as players guess.
    """
    name, quarters = frame.format.name, round(frame.rotation / 90) % 4
    if name in ("yuv420p", "yuvj420p"):
        planes = [pixels_of(plane) for plane in frame.planes]
        if quarters:
            planes = [np.rot90(plane, quarters) for plane in planes]
        space = room(sum(plane.size for plane in planes))
        flat: Image = np.frombuffer(space.view, np.uint8)
        start = 0
        for plane in planes:
            flat[start : start + plane.size].reshape(plane.shape)[:] = plane
            start += plane.size
        matrix: Matrix = _MATRICES.get(int(frame.colorspace), "bt709" if frame.height >= 720 else "bt601")
        is_full_range = name == "yuvj420p" or frame.color_range == _FULL
        height, width = planes[0].shape
        return Picture("yuv420", height, width, space.close(), is_full_range, matrix)
    if name == "gray":
        luma = pixels_of(frame.planes[0]).copy()
        return Picture.of(np.rot90(full_range(luma) if frame.color_range == _LIMITED else luma, quarters))
    return Picture.of(np.rot90(frame.to_ndarray(format="bgr24"), quarters))
