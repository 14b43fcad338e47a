"""Small videos, encoded by the tests themselves."""

from fractions import Fraction

import av
import numpy as np


def scene(number, height=48, width=64):
    """A BGR picture that is another for each number, and smooth enough for a codec."""
    y, x = np.mgrid[:height, :width]
    planes = [100 + 60 * np.sin(x / 9 + number / 3), 120 + 50 * np.cos(y / 7 + number / 5), 60 + 2 * x % 100]
    image = np.clip(np.dstack(planes), 0, 255).astype(np.uint8)
    image[10:20, (3 * number) % (width - 10) : (3 * number) % (width - 10) + 10] = 230
    return image


def write_video(
    path,
    count=30,
    *,
    codec="libx264",
    size=(48, 64),
    rate=10,
    pts=None,
    pix_fmt="yuv420p",
    options=None,
    metadata=None,
    container_options=None,
    color_range=None,
):
    """Encode `count` pictures; pts: time stamps in hundredths of a second."""
    defaults = {"libx264": {"g": "10", "bf": "2", "preset": "ultrafast"}, "mpeg4": {"g": "10", "bf": "0"}}
    with av.open(str(path), "w", options=container_options or {}) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec, rate=rate, options=options or defaults.get(codec, {}))
        stream.height, stream.width, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.thread_count = 1
        if color_range is not None:
            stream.codec_context.color_range = color_range
        if pts is not None:
            stream.codec_context.time_base = Fraction(1, 100)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(scene(number, *size), format="bgr24").reformat(format=pix_fmt)
            frame.pts = number if pts is None else pts[number]
            frame.time_base = Fraction(1, rate) if pts is None else Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
