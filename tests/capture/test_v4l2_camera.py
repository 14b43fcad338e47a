import errno
import os

import av
import numpy as np
import pytest

from keepframe.capture.v4l2_camera import Webcam
from keepframe.frame import Frame


def opener(path, *, refuses=()):
    """What stands for a device: a file, opened in its place; formats in `refuses` are none of its own."""
    asked = []

    def open_device(device, *, format, options, timeout):
        asked.append((device, format, dict(options)))
        if options.get("input_format") in refuses:
            raise av.error.ArgumentError(errno.EINVAL, "Invalid argument")
        return av.open(str(path))

    return open_device, asked


@pytest.fixture
def webcam(live, monkeypatch):
    """A function that makes a webcam of a video."""

    def make(path, *, refuses=(), **options):
        source = live(Webcam, **options)
        source.open_device, source.asked = opener(path, refuses=refuses)
        monkeypatch.setattr(source, "_check_device", lambda: None)
        return source

    return make


def test_mjpeg_is_asked_for_and_kept_byte_for_byte(make_video, webcam):
    """What the device gave, as it gave it."""
    path = make_video("clip.avi", 5, codec="mjpeg", pix_fmt="yuvj420p")
    source = webcam(path, device="2", width=640, height=480, fps=15)
    frames = source.taken(5)
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]

    assert source.asked == [
        ("/dev/video2", "v4l2", {"input_format": "mjpeg", "video_size": "640x480", "framerate": "15"})
    ]
    assert [bytes(frame.picture.handle.data()) for frame in frames] == packets
    assert {frame.outcome for frame in frames} == {None}


def test_one_without_mjpeg_is_decoded(make_video, webcam):
    """It is opened once more, as it is."""
    source = webcam(make_video(count=9, options={"g": "10", "bf": "0"}), refuses=["mjpeg"])
    frames = source.taken(5)

    assert [options for _, _, options in source.asked[:2]] == [{"input_format": "mjpeg"}, {}]
    assert {(frame.picture.format, frame.picture.height) for frame in frames} == {("yuv420", 48)}


def test_only_the_pictures_that_are_due_are_taken(make_video, webcam):
    """The others are read and let go, so that none of them waits in the driver."""
    source = webcam(make_video("clip.avi", 300, codec="mjpeg", pix_fmt="yuvj420p"), every="10s")
    first, event = source.taken(2)

    assert first.picture is not None
    assert (event.kind, event.detail) == ("lost", "the camera has ended the connection")


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ("/dev/video97", "/dev/video97: there is no such device; `keepframe cameras` lists what is attached"),
        ("97", "/dev/video97: there is no such device; `keepframe cameras` lists what is attached"),
        ("/dev/null", "/dev/null: this is no camera"),
        ("/etc/hostname", "/etc/hostname: this is no camera; `keepframe cameras` lists what is attached"),
    ],
)
def test_a_device_that_is_not_there_or_no_camera_is_told(device, told, live):
    """Against the real system."""
    (event,) = live(Webcam, device=device).taken(1)

    assert event.kind == "lost"
    assert event.detail.startswith(told)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EACCES, "permission denied; let this user into the group `video`"),
        (errno.EBUSY, "another program is using it"),
    ],
)
def test_a_device_that_cannot_be_used_is_told(number, told, live, monkeypatch, tmp_path):
    """What to do about it."""
    source = live(Webcam, device="/dev/null")

    def refuse(path, flags):
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr("keepframe.capture.v4l2_camera.os.open", refuse)
    (event,) = source.taken(1)

    assert event.detail.startswith(f"/dev/null: {told}")


@pytest.mark.parametrize("options", [{"width": 640}, {"fps": 0.0}, {"width": 0, "height": 480}])
def test_a_size_or_rate_that_makes_no_sense_is_told(options):
    """Before anything starts."""
    with pytest.raises(ValueError, match=r"^(width|fps): expected"):
        Webcam(**options)


def test_a_damaged_picture_of_it_is_rejected(make_video, webcam, tmp_path):
    """USB loses bytes; the connection stands."""
    path = make_video("clip.avi", 6, codec="mjpeg", pix_fmt="yuvj420p")
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][3]
        at, size = packet.pos + 8, packet.size
    data = bytearray(path.read_bytes())
    data[at + size // 2 : at + size] = np.zeros(size - size // 2, np.uint8).tobytes()
    path.write_bytes(bytes(data))
    frames = webcam(path).taken(6)
    outcomes = [frame.outcome for frame in frames if isinstance(frame, Frame)]

    assert outcomes[:3] == [None] * 3
    assert "rejected" in outcomes[3:]
