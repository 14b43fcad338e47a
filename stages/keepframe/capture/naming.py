"""
From what a person types for a camera to the source that reads it: a number, a path, an address, a word.

Nothing is opened here but the file system asked what a path is. What a source does with its options is its own business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from keepframe.picture.image_file import EXTENSIONS

Value = str | int | float | bool
FORMS = "0 or /dev/video0 (webcam), a folder, a video file, rtsp://… or http://… (camera), screen, - (stdin)"
"""What can be typed, for people."""
VIDEOS = {".mp4", ".avi", ".mkv", ".mov", ".webm", ".ts", ".m4v", ".mpg", ".mjpeg"}
"""What the names of video files end with; others are looked into as well."""
STREAMS = ("rtsp", "rtsps", "rtmp", "rtmps", "srt", "udp", "rtp", "tcp")
_PLAYLISTS = (".m3u8", ".mpd", ".ts", ".mp4", ".mkv", ".webm", ".flv")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True, slots=True)
class Named:
    """A source and its options, as a table [cameras.NAME] says them, with a name for the camera."""

    source: str
    options: Mapping[str, Value] = field(default_factory=dict)
    camera: str = "camera"


def named(text: str) -> Named:
    """
    The source that `text` means: a number or /dev/videoN, a folder, a video file, an address, `screen` (`screen:2`), `synthetic`, or `-`.

    A path stays as it was typed. Raises FileNotFoundError for a path where nothing is, ValueError for what is none of these, or for
    a password in an address, which everybody on the machine could read there.

    >>> named("0")
    Named(source='webcam', options={'device': '/dev/video0'}, camera='video0')
    >>> named("rtsp://door.local/live").source, named("http://door.local/snap.jpg").source, named("-").source
    ('rtsp', 'http', 'stdin')
    """
    if not text.strip():
        raise ValueError(f"{text!r}: names no source; expected {FORMS}")
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[1].lower() != "file":
        return _of_address(text, scheme[1].lower())
    if text == "-":
        return Named("stdin", camera="stdin")
    word, _, number = text.partition(":")
    if word == "screen" and (not number or number.isdecimal()):
        return Named("screen", {"monitor": int(number)} if number else {}, "screen")
    if text == "synthetic":
        return Named("synthetic", camera="synthetic")
    if text.isdecimal():
        return Named("webcam", {"device": f"/dev/video{int(text)}"}, f"video{int(text)}")
    return _of_path(text.removeprefix("file://"))


def _of_address(text: str, scheme: str) -> Named:
    try:
        parts = urlsplit(text)
        host, has_password, _ = parts.hostname, parts.password is not None, parts.port
    except ValueError:
        raise ValueError("expected an address like rtsp://HOST/PATH, got one that cannot be read") from None
    if has_password:
        raise ValueError(
            f"{scheme}://{host or ''}: a password in an address can be read by everybody on this machine while the command runs; "
            f"write {scheme}://USER@{host or 'HOST'}/… and set the variable KEEPFRAME_PASSWORD, or use password_file in a pipeline.toml"
        )
    if scheme not in (*STREAMS, "http", "https"):
        raise ValueError(
            f"{text!r}: no source reads {scheme}://; known: {', '.join(('http', 'https', *STREAMS))}"
        )
    if not host and scheme not in ("udp", "rtp"):
        raise ValueError(f"{text!r}: expected an address with a host, such as {scheme}://192.168.1.20/")
    is_page = scheme.startswith("http") and not parts.path.lower().endswith(_PLAYLISTS)
    return Named("http" if is_page else "rtsp", {"url": text}, _plain(host or scheme))


def _of_path(text: str) -> Named:
    path = Path(text).expanduser()
    if path.is_dir():
        return Named("folder", {"path": text}, _plain(path.resolve().name))
    if path.is_char_device() or (not path.exists() and re.fullmatch(r"/dev/video\d+", text)):
        return Named("webcam", {"device": text}, _plain(path.name))  # an absent one is told by who opens it
    if path.is_file():
        if path.suffix.lower() in EXTENSIONS:
            raise ValueError(
                f"{text}: one picture is no camera; name its folder, or `keepframe compare` two of them"
            )
        return Named("video", {"path": text}, _plain(path.stem))
    if path.exists():
        raise ValueError(f"{text}: neither a file nor a folder; expected {FORMS}")
    raise FileNotFoundError(f"{text}: there is no such file or folder; expected {FORMS}")


def _plain(text: str) -> str:
    """Fit for the name of a camera: letters, digits, - and _, beginning with a letter or digit."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")[:64] or "camera"
