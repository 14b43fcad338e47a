"""
Where pictures come from: a video file, a folder of images, a live camera, a synthetic one. What they show is nobody's business here.

Each is imported when it is asked for: the decoder alone takes longer to import than a stage that needs none takes to start.
"""

from importlib import import_module
from typing import Any

_SOURCES = {
    "folder": ("keepframe.capture.image_folder", "Folder"),
    "http": ("keepframe.capture.http_camera", "Http"),
    "rtsp": ("keepframe.capture.rtsp_camera", "Rtsp"),
    "screen": ("keepframe.capture.screen_camera", "Screen"),
    "stdin": ("keepframe.capture.piped_pictures", "Piped"),
    "synthetic": ("keepframe.capture.synthetic_camera", "Synthetic"),
    "video": ("keepframe.capture.video_file", "Video"),
    "webcam": ("keepframe.capture.v4l2_camera", "Webcam"),
}

__all__ = ["folder", "http", "rtsp", "screen", "stdin", "synthetic", "video", "webcam"]


def __getattr__(name: str) -> Any:
    if name not in _SOURCES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _SOURCES[name]
    return getattr(import_module(module), attribute)
