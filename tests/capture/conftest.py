"""Small videos and folders, made by the tests themselves."""

import os
import sys
import time
import zlib
from contextlib import ExitStack
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from servers import HttpCamera


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


@pytest.fixture
def read():
    """A function that reads a source to its end: every frame in full, pixels as a checksum, and the memory after each."""

    def told(frame):
        picture = frame.picture
        pixels = (
            None if picture is None else (picture.format, picture.matrix, zlib.crc32(picture.handle.data()))
        )
        about = frame.source, frame.index, frame.media_ns, frame.time_ns, frame.outcome, frame.reason
        return *about, pixels, dict(frame.notes)

    def read_all(source):
        read = [(told(frame), source.save()) for frame in source()]
        return [frame for frame, _ in read], [memory for _, memory in read]

    return read_all


@pytest.fixture
def make_video(tmp_path):
    """A function that writes a video into the test's own folder."""

    def make(name="clip.mp4", count=30, **known):
        return write_video(tmp_path / name, count, **known)

    return make


@pytest.fixture
def make_files(tmp_path):
    """A function that writes image files, each with a picture of its own, into a folder of the test."""

    def make(*names, size=(48, 64), first=0):
        for number, name in enumerate(names, first):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(path.suffix, scene(number, *size))[1].tobytes())
            os.utime(path, ns=(1_700_000_000_000_000_000 + number * 1_000_000_000,) * 2)
        return tmp_path

    return make


@pytest.fixture
def http_camera():
    """A function that starts an HTTP camera, which ends with the test."""
    with ExitStack() as exits:
        yield lambda *given, **known: exits.enter_context(HttpCamera(*given, **known))


@pytest.fixture
def live():
    """
    A function that makes a live source as the tests want it: it waits for nothing between two tries.

    Its `taken(n)` gives the next n things that it yields.
    """
    opened = []

    def make(kind, **options):
        source = kind(**{"every": None, "open_timeout": 5, "read_timeout": 5} | options)
        source.jitter = lambda: 0.0
        source.wait = lambda seconds: time.sleep(min(seconds, 0.01))
        given = source()
        opened.append(given)
        source.taken = lambda number: list(islice(given, number))
        return source

    yield make
    for given in opened:
        given.close()
