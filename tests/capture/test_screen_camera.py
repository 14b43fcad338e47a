import os
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from keepframe.capture.screen_camera import Screen
from keepframe.stage import CameraEvent


class Grabber:
    """What mss gives: monitors, the first of which are all, and shots in BGRA."""

    monitors = ({}, {"width": 6, "height": 4})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def grab(self, monitor):
        pixels = np.arange(96, dtype=np.uint8).reshape(4, 6, 4)
        return SimpleNamespace(bgra=pixels.tobytes(), height=4, width=6)


@pytest.fixture
def display(monkeypatch):
    """A session in which an X11 display is said to be."""
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    return monkeypatch


def test_the_screen_is_a_picture_in_its_own_colours(display, live):
    """BGR, without the fourth channel; standing still is no fault of it."""
    source = live(Screen)
    source.grabber = Grabber
    frames = source.taken(40)

    assert {f.picture.format for f in frames} == {"bgr"}
    assert (frames[0].picture.bgr() == np.arange(96, dtype=np.uint8).reshape(4, 6, 4)[:, :, :3]).all()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, "screen: there is no screen (DISPLAY is not set)"),
        (
            {"DISPLAY": "", "WAYLAND_DISPLAY": "wayland-0"},
            "screen: this desktop is Wayland, which does not show its screen",
        ),
        ({"XDG_SESSION_TYPE": "wayland"}, "screen: this desktop is Wayland, which does not show its screen"),
    ],
)
def test_a_session_without_a_screen_to_see_is_told(variables, told, display, live):
    """With what to do, on Wayland."""
    for name, value in variables.items():
        display.setenv(name, value)
    (event,) = live(Screen).taken(1)

    assert event.detail.startswith(told)


def test_a_monitor_that_is_not_there_is_told(display, live):
    """And which are."""
    source = live(Screen, monitor=3)
    source.grabber = Grabber
    (event,) = source.taken(1)

    assert event.detail == "screen: there is no monitor 3; known: 0 (all) to 1"


def test_a_display_that_cannot_be_opened_is_told(display, live):
    """Whatever the library raises."""
    pytest.importorskip("mss")
    (event,) = live(Screen).taken(1)

    assert event.detail.startswith("screen: cannot be read (")


@pytest.fixture
def x_server(display):
    """A real X server of 320 x 240 on a display of its own, which ends with the test; skips where there is none."""
    pytest.importorskip("mss")
    if missing := [name for name in ("Xvfb", "xsetroot") if shutil.which(name) is None]:
        pytest.skip(f"no {' and no '.join(missing)}; apt install xvfb x11-xserver-utils")
    told, said = os.pipe()
    words = ["Xvfb", "-displayfd", str(said), "-screen", "0", "320x240x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(words, pass_fds=[said], stderr=subprocess.DEVNULL) as server:
        os.close(said)
        with os.fdopen(told) as line:
            display.setenv("DISPLAY", f":{line.readline().strip()}")
        yield server
        server.terminate()


def test_what_a_real_x_server_shows_is_captured(x_server, live):
    """A grid in two colours, as it is when a picture is taken; a server that ends is a camera that is lost."""
    source = live(Screen)
    seen = []
    for colour in ("#ff0010", "#10ff00"):
        subprocess.run(["xsetroot", "-mod", "16", "16", "-bg", "#204080", "-fg", colour], check=True)
        (frame,) = source.taken(1)
        seen.append(np.unique(frame.picture.bgr().reshape(-1, 3), axis=0).tolist())
    x_server.terminate()
    x_server.wait()
    event = next(e for e in iter(lambda: source.taken(1)[0], None) if isinstance(e, CameraEvent))

    assert (frame.picture.height, frame.picture.width) == (240, 320)
    assert seen == [[[0x10, 0x00, 0xFF], [0x80, 0x40, 0x20]], [[0x00, 0xFF, 0x10], [0x80, 0x40, 0x20]]]
    assert (event.kind, "\n" in event.detail) == ("lost", False)
    assert event.detail.startswith("screen: cannot be read (")
