import os
import threading

import numpy as np
import pytest
from servers import jpeg

from keepframe.capture.piped_pictures import Piped


@pytest.fixture
def piped():
    """A function that reads a source to its end, with these bytes in its pipe."""
    ends = []

    def read(data, **options):
        reading, writing = os.pipe()
        ends.append(reading)

        def write():
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(data)

        thread = threading.Thread(target=write)
        thread.start()
        source = Piped(**options)
        source.fd = reading
        frames = [thing for thing in source() if hasattr(thing, "outcome")]
        thread.join()
        return frames

    yield read
    for end in ends:
        os.close(end)


def test_jpegs_come_byte_for_byte(piped):
    """Whatever stands between them; the last one may be cut off."""
    pictures = [jpeg(number) for number in range(5)]
    frames = piped(b"\r\n--x\r\n".join([*pictures, pictures[0][:-300]]))

    assert [bytes(f.picture.handle.data()) for f in frames if f.picture] == pictures
    assert (frames[-1].outcome, frames[-1].reason) == ("rejected", "truncated")


@pytest.mark.parametrize(("format", "nbytes"), [("gray", 24), ("bgr", 72), ("yuv420", 36)])
def test_raw_pictures_come_whole(format, nbytes, piped):
    """One after the other; what is too short at the end is rejected."""
    pixels = np.random.default_rng(0).integers(0, 255, 3 * nbytes).astype(np.uint8).tobytes()
    frames = piped(pixels + b"rest", format=format, width=6, height=4)

    assert b"".join(bytes(f.picture.handle.data()) for f in frames[:3]) == pixels
    assert [f.reason for f in frames] == ["", "", "", "truncated"]


def test_a_pipe_without_a_picture_is_told(piped):
    """A film as a file is no JPEGs one after the other; the answer says how it would be."""
    (frame,) = piped(b"\x00\x00\x00\x1cftypisom" * 9)

    assert (frame.outcome, frame.reason) == ("rejected", "not-a-picture")
    assert frame.notes["error"].startswith(
        "not-a-picture: no JPEG in 108 bytes; give a video by its name, or"
    )


def test_an_empty_pipe_is_the_end(piped):
    """Of either kind."""
    assert piped(b"") == piped(b"", format="gray", width=2, height=2) == []


def test_a_terminal_is_no_pipe():
    """Somebody forgot to pipe something in."""
    ours, theirs = os.openpty()
    source = Piped()
    source.fd = theirs
    try:
        with pytest.raises(ValueError, match="expected pictures piped in, got a terminal"):
            next(source())
    finally:
        os.close(ours)
        os.close(theirs)


def test_raw_pictures_need_a_size():
    """Their bytes do not tell it."""
    with pytest.raises(ValueError, match="format: gray needs width and height"):
        Piped(format="gray", width=640)
