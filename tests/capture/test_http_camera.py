import hashlib
import itertools
import re
import socket

import pytest
from servers import jpeg

from keepframe.capture.http_camera import MAX_BYTES, Http
from keepframe.clock import FakeClock
from keepframe.frame import Frame
from keepframe.stage import CameraEvent


def digest(frame):
    """Of the bytes of a frame's picture."""
    return hashlib.sha256(frame.picture.handle.data()).hexdigest()


def lost(source):
    """Why the camera is lost, as its first event says."""
    (event,) = source.taken(1)
    assert (event.kind, event.ends_stream) == ("lost", True)
    return event.detail


@pytest.mark.parametrize("path", ["snap.jpg", "video.mjpg"])
@pytest.mark.parametrize("login", ["", "basic", "digest"])
def test_a_stream_and_a_picture_are_told_apart_and_kept_byte_for_byte(path, login, http_camera, live):
    """The same option for both, with any login; what comes is what was sent."""
    camera = http_camera(login=login)
    source = live(Http, url=camera.url(path), user="admin" if login else None)
    source.password_env = "CAMERA"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMERA", camera.password)
        source.password_env = "CAMERA" if login else None
        frames = source.taken(3)

    assert [digest(frame) for frame in frames] == camera.sent[:3]
    assert {frame.outcome for frame in frames} == {None}
    assert [frame.picture.format for frame in frames] == ["jpeg"] * 3


@pytest.mark.parametrize("parts", ["plain", "no-length", "wrong-length", "no-crlf"])
@pytest.mark.parametrize("behind", [b"", b"\0" * 16, b"\r\n<!-- made by a camera -->"])
def test_a_stream_is_cut_at_its_pictures(parts, behind, http_camera, live):
    """Whatever stands between and behind them, and whatever length is claimed."""
    camera = http_camera(parts=parts, behind=behind)
    frames = live(Http, url=camera.url("video")).taken(4)

    assert [digest(frame) for frame in frames] == camera.sent[:4]


def test_what_stands_behind_a_snapshot_is_trimmed(http_camera, live):
    """Some cameras add bytes after the end; they are no part of the picture and no fault."""
    camera = http_camera(behind=b"\0\0\0\0tail")
    (frame,) = live(Http, url=camera.url()).taken(1)

    assert digest(frame) == camera.sent[0]


def test_a_picture_that_is_still_the_same_is_not_sent_again(http_camera, live):
    """By its ETag; the camera is asked on, and no frame comes of it."""
    camera = http_camera(etag=True)
    source = live(Http, url=camera.url())
    (first,) = source.taken(1)
    asked = iter(lambda: camera.asked, 5)
    source.pulse = lambda: next(asked, None) or setattr(camera, "etag", False)
    (second,) = source.taken(1)

    assert digest(first) != digest(second)
    assert camera.asked >= 4
    assert len(camera.sent) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": 404}, "there is no such page (404); check the path of the address"),
        ({"status": 503}, "the camera answers 503 Service Unavailable"),
        ({"status": 403}, "not allowed (403)"),
        (
            {"kind": "text/html; charset=x", "body": b"<html>"},
            "expected a picture or a stream of them, got a page (text/html)",
        ),
        ({"login": "digest"}, "it asks for a login (401); set user, and password_file or password_env"),
        ({"location": "/snap.jpg"}, "more than 3 redirects"),
        ({"body": b"\xff\xd8\xff" + bytes(MAX_BYTES)}, "a picture of more than 20 MB"),
    ],
)
def test_what_a_camera_refuses_is_told_in_one_line(changes, told, http_camera, live):
    """What it is and what to do."""
    camera = http_camera(**changes)
    said = lost(live(Http, url=camera.url()))

    assert told in said
    assert said.startswith(camera.url())
    assert "\n" not in said


def test_a_certificate_of_the_camera_s_own_is_told_and_taken_if_that_is_said(http_camera, live):
    """Nobody has vouched for it; what to do stands in the line."""
    camera = http_camera(is_safe=True)
    said = lost(live(Http, url=camera.url()))
    (frame,) = live(Http, url=camera.url(), certificate="any").taken(1)

    assert said == (
        f"{camera.url()}: cannot be reached (its certificate is not one this machine trusts; certificate = 'any' takes it as it is)"
    )
    assert digest(frame) == camera.sent[0]


def test_a_refused_login_is_told_without_the_password(http_camera, live, tmp_path):
    """The wrong password is a secret too."""
    camera = http_camera(login="digest")
    (tmp_path / "word").write_text("admin:wr0ng pass\n")
    said = lost(live(Http, url=camera.url(), password_file=tmp_path / "word"))

    assert "login refused (401)" in said
    assert not re.search("wr0ng", said)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:{free}/", "cannot be reached (Connection refused)"),
        ("http://nowhere.invalid/", "cannot be reached ("),
    ],
)
def test_a_camera_that_is_not_there_is_told(url, told, live):
    """A wrong port, a wrong name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = url.format(free=free.getsockname()[1])

        assert told in lost(live(Http, url=address))


@pytest.mark.parametrize("path", ["snap.jpg", "video.mjpg"])
def test_a_camera_that_stops_answering_is_lost_in_time(path, http_camera, live):
    """The read deadline holds in the middle of a stream and in the middle of a poll."""
    camera = http_camera()
    source = live(Http, url=camera.url(path), read_timeout="200ms")
    source.taken(1)
    camera.is_frozen.set()
    event = next(
        e
        for e in itertools.chain.from_iterable(iter(lambda: source.taken(1), []))
        if isinstance(e, CameraEvent)
    )

    assert (event.kind, event.detail) == ("lost", f"{camera.url(path)}: no answer in time")


@pytest.mark.parametrize("path", ["snap.jpg", "video.mjpg"])
def test_a_slow_camera_is_waited_for_while_anything_comes(path, http_camera, live):
    """Pictures that drip in are whole and its own; what is slower than the deadline is lost, and found when it is faster again."""
    camera = http_camera(piece=400, pause_s=0.005)
    source = live(Http, url=camera.url(path), read_timeout="500ms")
    slow = source.taken(3)
    camera.pause_s = 5.0
    event = next(e for e in iter(lambda: source.taken(1)[0], None) if isinstance(e, CameraEvent))
    camera.pause_s = 0.005
    found = next(
        e for e in iter(lambda: source.taken(1)[0], None) if isinstance(e, CameraEvent) and e.kind == "found"
    )
    (again,) = source.taken(1)

    assert [digest(frame) for frame in slow] == camera.sent[:3]
    assert (event.kind, event.detail) == ("lost", f"{camera.url(path)}: no answer in time")
    assert not found.ends_stream
    assert digest(again) in camera.sent


@pytest.mark.parametrize("path", ["snap.jpg", "video.mjpg"])
def test_a_camera_that_comes_back_with_another_size_begins_new_streams(path, http_camera, live):
    """Lost, found, resized, in this order; the first picture behind it is the new one's."""
    camera = http_camera()
    source = live(Http, url=camera.url(path))
    source.taken(2)
    camera.stop()
    given = []
    while not given:
        given += [e for e in source.taken(1) if isinstance(e, CameraEvent)]
    again = http_camera(port=camera.port, size=(96, 128))
    while len(given) < 3:
        given += [e for e in source.taken(1) if isinstance(e, CameraEvent) and e.kind != "still-lost"]
    (frame,) = source.taken(1)

    assert [(e.kind, e.ends_stream) for e in given] == [("lost", True), ("found", False), ("resized", True)]
    assert given[2].detail == "from 64x48 to 128x96"
    assert (frame.picture.height, digest(frame)) == (96, again.sent[0])


def test_whoever_takes_the_pictures_may_take_his_time(http_camera, live):
    """A full disk, a slow stage: that is no silence of the camera's."""
    source = live(Http, url=http_camera().url("video"))
    source.clock = FakeClock(10**18)
    given = []
    for _ in range(5):
        given += source.taken(1)
        source.clock.advance(60)

    assert [type(thing) for thing in given] == [Frame] * 5


def test_damaged_pictures_are_rejected_and_cost_no_connection(http_camera, live):
    """Truncated ones, in a stream that has no lengths; the next one is whole."""
    whole = jpeg(3)
    camera = http_camera(body=whole[:-200], parts="no-length")
    source = live(Http, url=camera.url("video"))
    bad = source.taken(2)
    camera.body = whole
    good = next(
        f for f in itertools.chain.from_iterable(iter(lambda: source.taken(1), [])) if f.outcome is None
    )

    assert {(f.outcome, f.reason) for f in bad} == {("rejected", "truncated")}
    assert bytes(good.picture.handle.data()) == whole


@pytest.mark.parametrize(
    "url", ["ftp://cam/x", "http://", "http://[::1/", "snap.jpg", "http://a:s3cret@h:99999/"]
)
def test_what_is_no_address_is_refused_at_once(url):
    """Before anything starts, and without repeating what may hold a password."""
    with pytest.raises(ValueError, match="url: expected an address") as caught:
        Http(url=url)

    assert "s3cret" not in str(caught.value)


def test_a_password_in_the_address_works_and_is_hidden(http_camera, live):
    """It is taken out of the address, percent-decoded, before anything can show it."""
    camera = http_camera(login="basic", password="p@ss/w")
    source = live(Http, url=camera.url(userinfo="admin:p%40ss%2Fw@"))
    (frame,) = source.taken(1)
    camera.status = 500
    said = lost(source)

    assert frame.outcome is None
    assert said == f"{camera.url()}: the camera answers 500 Internal Server Error"
