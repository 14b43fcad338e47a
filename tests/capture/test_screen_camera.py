from types import SimpleNamespace

import numpy as np
import pytest

from keepframe.capture.screen_camera import Screen


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
