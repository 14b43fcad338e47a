"""
The screen of this machine as a camera.

X11 only, by mss, which is an extra: `pip install keepframe[screen]`. A Wayland desktop shows its screen to no program that does not ask its
user through a portal; what it shows can be piped in instead, see piped_pictures.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keepframe.capture.live import Live
from keepframe.capture.pace import Pace
from keepframe.errors import CameraError
from keepframe.frame import Frame
from keepframe.picture import Picture

WAYLAND = (
    "this desktop is Wayland, which does not show its screen to other programs; log in with an X11 session, or pipe it: "
    "wf-recorder -c mjpeg -m mjpeg -f /dev/stdout | keepframe watch -"
)


def _grabber() -> Any:
    try:
        import mss  # noqa: PLC0415  an extra that only this source needs
    except ImportError:
        raise CameraError("the screen needs the package mss: pip install 'keepframe[screen]'") from None
    return mss.MSS()


@dataclass(kw_only=True)
class Screen(Live):
    """
    The screen, or one of several.

    monitor: 1 the first, 2 the second, …; 0: all of them as one picture. every: "1s" unless set. A screen may stand still, so frozen_after is
    0 unless set. open_timeout, read_timeout: as all live sources have them.

    >>> Screen(monitor=2).every
    '1s'
    """

    monitor: int = 1
    frozen_after: int = 0
    grabber: Callable[[], Any] = field(
        default_factory=lambda: _grabber, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.monitor < 0:
            raise ValueError(f"monitor: expected 0 (all) or more, got {self.monitor}")

    def connection(self, pace: Pace) -> Iterator[Frame]:
        """Open the display and look at it when a picture is due. Raises CameraError where there is no X11 screen, or not this monitor."""
        if not os.environ.get("DISPLAY"):
            is_wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
            raise CameraError(
                f"screen: {WAYLAND if is_wayland else 'there is no screen (DISPLAY is not set)'}"
            )
        if os.environ.get("XDG_SESSION_TYPE") == "wayland":
            raise CameraError(f"screen: {WAYLAND}")
        try:
            with self.grabber() as grabber:
                if self.monitor >= len(grabber.monitors):
                    raise CameraError(
                        f"screen: there is no monitor {self.monitor}; known: 0 (all) to {len(grabber.monitors) - 1}"
                    )
                while True:
                    self.rest(pace.wait_s)
                    pace.take()
                    shot = grabber.grab(grabber.monitors[self.monitor])
                    pixels = np.frombuffer(shot.bgra, np.uint8).reshape(shot.height, shot.width, 4)
                    yield Frame(picture=Picture.of(pixels[:, :, :3], self.picture_room))
        except CameraError:
            raise
        except Exception as error:
            raise CameraError(f"screen: cannot be read ({error})") from error
