import re

import pytest

from keepframe.capture.naming import named


@pytest.mark.parametrize(
    ("text", "source", "options", "camera"),
    [
        ("0", "webcam", {"device": "/dev/video0"}, "video0"),
        ("/dev/video7", "webcam", {"device": "/dev/video7"}, "video7"),
        ("-", "stdin", {}, "stdin"),
        ("screen", "screen", {}, "screen"),
        ("screen:2", "screen", {"monitor": 2}, "screen"),
        ("synthetic", "synthetic", {}, "synthetic"),
        ("rtsp://door.local:8554/live", "rtsp", {"url": "rtsp://door.local:8554/live"}, "door-local"),
        ("RTSP://admin@10.0.0.7/1", "rtsp", {"url": "RTSP://admin@10.0.0.7/1"}, "10-0-0-7"),
        ("udp://@:1234", "rtsp", {"url": "udp://@:1234"}, "udp"),
        ("http://cam/snap.jpg", "http", {"url": "http://cam/snap.jpg"}, "cam"),
        ("https://cam/live.m3u8", "rtsp", {"url": "https://cam/live.m3u8"}, "cam"),
    ],
)
def test_what_people_type_names_a_source(text, source, options, camera):
    """A number, a device, a word and an address each lead to one source."""
    found = named(text)

    assert (found.source, dict(found.options), found.camera) == (source, options, camera)


def test_a_path_is_what_the_file_system_says(tmp_path):
    """A folder is a folder and a file a video, under whatever name; the camera is called after it."""
    (tmp_path / "my pictures").mkdir()
    (tmp_path / "lobby.mp4").write_bytes(b"x")

    folder, video = named(str(tmp_path / "my pictures")), named(f"file://{tmp_path}/lobby.mp4")

    assert (folder.source, folder.camera) == ("folder", "my-pictures")
    assert (video.source, video.camera, video.options["path"]) == (
        "video",
        "lobby",
        str(tmp_path / "lobby.mp4"),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ftp://cam/x", "no source reads ftp://; known: http, https, rtsp"),
        ("rtsp:///live", "expected an address with a host, such as rtsp://192.168.1.20/"),
        ("http://[::1/x", "expected an address like rtsp://HOST/PATH"),
        ("http://cam:99999/x", "expected an address like rtsp://HOST/PATH"),
    ],
)
def test_what_is_no_address_is_told(text, told):
    """With what would be one."""
    with pytest.raises(ValueError, match=re.escape(told)):
        named(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_name_is_not_the_folder_one_stands_in(text):
    """As of a variable of the shell that is not set."""
    with pytest.raises(ValueError, match="names no source; expected 0 or /dev/video0"):
        named(text)


def test_a_password_is_not_taken_from_the_command_line():
    """There it can be read by everybody; the message says where to put it, and does not repeat it."""
    with pytest.raises(ValueError, match="KEEPFRAME_PASSWORD") as caught:
        named("rtsp://admin:hunter2@door.local/live")

    assert "hunter2" not in str(caught.value)


def test_one_picture_is_no_camera(tmp_path):
    """Its folder is."""
    (tmp_path / "a.JPG").write_bytes(b"x")

    with pytest.raises(ValueError, match="name its folder"):
        named(str(tmp_path / "a.JPG"))


def test_a_path_where_nothing_is_tells_what_could_be_typed(tmp_path):
    """Most often it is a mistyped path."""
    with pytest.raises(
        FileNotFoundError, match=r"nowhere: there is no such file or folder; expected 0 or /dev/video0"
    ):
        named(str(tmp_path / "nowhere"))
