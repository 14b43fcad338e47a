import itertools
import socket
from urllib.parse import quote

import av
import numpy as np
import pytest

from keepframe.capture.credentials import Login
from keepframe.capture.rtsp_camera import Rtsp
from keepframe.clock import NS, FakeClock
from keepframe.errors import CameraError
from keepframe.frame import Frame
from keepframe.stage import CameraEvent

PASSWORD = "p@ss w/ö:rd%41"


def lost(source):
    """Why the camera is lost, as its first event says."""
    (event,) = source.taken(1)
    assert (event.kind, event.ends_stream) == ("lost", True)
    return event.detail


def until(source, condition):
    """What it yields up to the first thing for which this holds."""
    given = []
    while not given or not condition(given[-1]):
        given += source.taken(1)
    return given


@pytest.mark.slow
@pytest.mark.parametrize("way", ["", "basic", "digest"])
def test_a_stream_is_read_with_the_camera_s_own_time(way, clips, rtsp_server, live, capfd):
    """With any login, with a password of any letters; its planes stay as they are, and FFmpeg writes nothing to stderr."""
    server = rtsp_server(clips[0], *([way, "admin", PASSWORD] if way else []))
    userinfo = f"admin:{quote(PASSWORD, safe='')}@" if way else ""
    frames = live(Rtsp, url=server.url(userinfo)).taken(5)
    media = [frame.media_ns for frame in frames if frame.media_ns is not None]

    assert {(f.picture.format, f.picture.height, f.picture.width, f.outcome) for f in frames} == {
        ("yuv420", 48, 64, None)
    }
    assert all(round((b - a) / NS, 2) in (0.1, 0.2) for a, b in itertools.pairwise(media))
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_what_a_server_refuses_is_told_in_one_line(clips, rtsp_server, live):
    """The path, the login, no login, a stream that is no video, and one in a code that nobody knows."""
    open_, closed = rtsp_server(clips[0]), rtsp_server(clips[0], "digest", "admin", PASSWORD)
    sound, odd = rtsp_server(clips[2]), rtsp_server("picture.odd")
    said = [
        lost(live(Rtsp, url=open_.url(path="nope"))),
        lost(live(Rtsp, url=closed.url("admin:wr0ng@"))),
        lost(live(Rtsp, url=closed.url())),
        lost(live(Rtsp, url=sound.url())),
        lost(live(Rtsp, url=odd.url())),
    ]

    assert said == [
        f"{open_.url(path='nope')}: there is no such stream (404); check the path of the address",
        f"{closed.url()}: login refused (401); check user and password",
        f"{closed.url()}: it asks for a login (401); set user, and password_file or password_env",
        f"{sound.url()}: expected video, got none in it",
        f"{odd.url()}: its video is coded in a way that cannot be decoded here; set the camera to H.264",
    ]


@pytest.mark.parametrize(
    "url", ["rtsp://127.0.0.1:{}/live", "rtmp://127.0.0.1:{}/live", "http://127.0.0.1:{}/a.m3u8"]
)
def test_a_camera_that_is_not_there_is_told(url, live):
    """Whatever protocol it would have spoken."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = url.format(free.getsockname()[1])

        assert lost(live(Rtsp, url=address)) == f"{address}: cannot be reached or read (Connection refused)"


def test_one_that_accepts_and_says_nothing_is_lost_in_time(live):
    """The open deadline holds."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/live"
        said = lost(live(Rtsp, url=url, open_timeout="300ms"))

    assert said == f"{url}: no answer in time; is it on, and the address right?"


@pytest.mark.slow
def test_a_server_that_freezes_is_lost_and_one_of_another_size_found(clips, rtsp_server, live):
    """In time; then the new size begins a new stream."""
    server = rtsp_server(clips[0])
    source = live(Rtsp, url=server.url(), read_timeout="500ms")
    source.taken(3)
    server.freeze()
    given = until(source, lambda e: isinstance(e, CameraEvent) and e.kind == "lost")
    server.stop()
    rtsp_server(clips[1], port=server.port)
    source.read_s = 5.0
    given += until(
        source, lambda e: isinstance(e, Frame) and e.picture is not None and e.picture.height == 96
    )
    kinds = [e.kind for e in given if isinstance(e, CameraEvent)]

    assert kinds[0] == "lost"
    assert kinds[-2:] == ["found", "resized"]


class Always:
    """A pace that takes whatever comes."""

    def __init__(self, interval):
        self.interval = interval

    def take(self):
        return True


def decoded(path, source, interval, advance=0.1):
    """The frames that come out of a file, as if it were a stream whose packets are so many seconds apart."""
    source.clock = FakeClock()
    source.pulse = lambda: source.clock.advance(advance)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return list(source._pictures(container, stream, Login(source.url), Always(interval)))


def test_with_a_long_interval_only_key_frames_are_decoded(make_video):
    """Every tenth picture is one."""
    path = make_video(count=60, options={"g": "10", "bf": "0", "preset": "ultrafast"})
    source = Rtsp(url="rtsp://cam/")
    few, all_ = decoded(path, source, 10 * NS), decoded(path, source, NS)

    assert [frame.media_ns // NS for frame in few] == [0, 1, 2, 3, 4, 5]
    assert len(all_) == 60
    assert {frame.outcome for frame in (*few, *all_)} == {None}


def test_where_key_frames_are_too_rare_everything_is_decoded(make_video):
    """From the next key frame on: nothing is shown that was built on what was passed over."""
    path = make_video(count=60, options={"g": "40", "bf": "0", "preset": "ultrafast"})
    frames = decoded(path, Rtsp(url="rtsp://cam/"), 10 * NS, advance=0.5)
    good = [frame.media_ns // (NS // 10) for frame in frames if frame.outcome is None]

    assert good == [0, *range(40, 60)]
    assert {frame.reason for frame in frames if frame.outcome} <= {"corrupt"}


def test_what_is_damaged_costs_what_builds_on_it(make_video):
    """Up to the next key frame, as corrupt; the connection stands."""
    path = make_video("clip.ts", 40, size=(96, 128), options={"g": "10", "bf": "0"})
    data = bytearray(path.read_bytes())
    at = int(len(data) * 0.42)
    data[at : at + 300] = np.random.default_rng(420).bytes(300)
    path.write_bytes(bytes(data))
    frames = decoded(path, Rtsp(url="rtsp://cam/"), NS)
    bad = [frame.reason for frame in frames if frame.outcome]

    assert set(bad) == {"corrupt"}
    assert 0 < len(bad) <= 11
    assert frames[-1].outcome is None


def test_what_cannot_be_decoded_is_told_when_nothing_has_come_of_it_for_long(make_video):
    """The server speaks, and goes on speaking; some rare key frames are waited for."""
    path = make_video(count=60, options={"g": "10", "bf": "0", "preset": "ultrafast"})
    data = bytearray(path.read_bytes())
    begin, end = data.index(b"mdat") + 4, data.index(b"moov")
    data[begin:end] = np.random.default_rng(0).bytes(end - begin)
    path.write_bytes(bytes(data))
    source = Rtsp(url="rtsp://cam/", read_timeout="2s")

    with pytest.raises(CameraError, match=r"rtsp://cam/: what has come for 6 s cannot be decoded here; set"):
        decoded(path, source, NS, advance=0.5)
