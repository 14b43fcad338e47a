"""Small videos and folders, made by the tests themselves."""

import os
import sys
import time
import zlib
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from servers import HttpCamera, RtspServer, rtsp_is_missing
from videos import scene, write_video

collect_ignore = ["rtsp_server.py"]  # a program of the system's own Python


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


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """A minute of H.264 at 10 frames a second, the same of another size, and a file of sound alone."""
    folder = tmp_path_factory.mktemp("clips")
    options = {"g": "10", "bf": "0", "preset": "ultrafast"}
    small = write_video(folder / "small.mp4", 600, options=options)
    large = write_video(folder / "large.mp4", 600, size=(96, 128), options=options)
    with av.open(str(folder / "sound.m4a"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        for number in range(200):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.rate, frame.pts = 8000, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return small, large, folder / "sound.m4a"


@pytest.fixture
def rtsp_server():
    """A function that starts a real RTSP server, which ends with the test; skips where there is none."""
    if why := rtsp_is_missing():
        pytest.skip(why)
    with ExitStack() as exits:
        yield lambda *given, **known: exits.enter_context(RtspServer(*given, **known))


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
