"""
What other people do to keep only pictures with a change, for bench_verdict.py: recipes picture by picture, and programs that read a file.

One setting each, as its source gives it, for all footage. The reference of a recipe is the picture it kept last, unless its name says otherwise.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from keepframe import metrics
from keepframe.picture import Image

OWN_HASHES = {"phash": "hash-perceptual", "average_hash": "hash-average"}
Keeper = Callable[[Image], bool]
"""Sees one BGR picture after the other and says whether to keep it."""


class LastKept:
    """Keep what is further than the limit from the picture kept last. prepare: done once to each picture."""

    def __init__(
        self, prepare: Callable[[Image], object], distance: Callable[[object, object], float], above: float
    ) -> None:
        self.prepare, self.distance, self.above = prepare, distance, above
        self.reference: object = None

    def __call__(self, bgr: Image) -> bool:
        """Whether to keep it."""
        seen = self.prepare(bgr)
        if self.reference is not None and self.distance(self.reference, seen) <= self.above:
            return False
        self.reference = seen
        return True


class Mog2:
    """OpenCV's background model with its defaults: kept if more than half a percent is foreground (no shadow)."""

    def __init__(self) -> None:
        self.model = cv2.createBackgroundSubtractorMOG2()

    def __call__(self, bgr: Image) -> bool:
        """Whether to keep it."""
        return float((self.model.apply(bgr) == 255).mean()) > 0.005


class RunningAverage:
    """As surveillance recorders do it: a slow running average of a small gray picture, threshold, grow, a contour of some size."""

    def __init__(self) -> None:
        self.mean: Image | None = None

    def __call__(self, bgr: Image) -> bool:
        """Whether to keep it."""
        small = cv2.resize(bgr, (178, 100), interpolation=cv2.INTER_LINEAR)
        gray = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (3, 3), 0)
        if self.mean is None:
            self.mean = gray.astype(np.float32)
            return True
        difference = cv2.absdiff(gray, cv2.convertScaleAbs(self.mean))
        changed = cv2.dilate(cv2.threshold(difference, 30, 255, cv2.THRESH_BINARY)[1], None, iterations=2)
        contours = cv2.findContours(changed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
        cv2.accumulateWeighted(gray, self.mean, 0.01)
        return any(cv2.contourArea(contour) > 10 for contour in contours)


def _gray(bgr: Image, width: int, height: int) -> Image:
    return cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (width, height), interpolation=cv2.INTER_AREA)


def _narrow(bgr: Image, width: int) -> Image:
    return _gray(bgr, width, max(1, round(bgr.shape[0] * width / bgr.shape[1])))


def _hash(name: str, above: int) -> Keeper:
    """By the package everybody uses, where it is installed; else by our own metric of that name."""
    try:
        imagehash, image = importlib.import_module("imagehash"), importlib.import_module("PIL.Image")
    except ImportError:
        one = metrics.metric(OWN_HASHES[name])
        return LastKept(lambda bgr: bgr, lambda a, b: float(one.value(a, b)), above)
    function = getattr(imagehash, name)
    return LastKept(
        lambda bgr: function(image.fromarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))),
        lambda a, b: float(a - b),
        above,
    )


RECIPES: dict[str, Callable[[], Keeper]] = {
    "mean channel difference > 8": lambda: LastKept(
        lambda bgr: bgr, lambda a, b: float(cv2.mean(cv2.absdiff(a, b))[:3] @ np.ones(3) / 3), 8
    ),
    "SSIM < 0.9 at 1024 x 1024": lambda: LastKept(
        lambda bgr: _gray(bgr, 1024, 1024), lambda a, b: 1 - metrics.metric("ssim").value(a, b), 0.1
    ),
    "r² < 0.9 at width 100": lambda: LastKept(
        lambda bgr: _narrow(bgr, 100), lambda a, b: 1 - metrics.metric("r-squared").value(a, b), 0.1
    ),
    "thumbnail 64 x 64, largest > 40": lambda: LastKept(
        lambda bgr: _gray(bgr, 64, 64).astype(np.int16), lambda a, b: float(np.abs(a - b).max()), 40
    ),
    "JPEG size > 5 %": lambda: LastKept(
        lambda bgr: len(cv2.imencode(".jpg", bgr)[1]), lambda a, b: abs(a - b) / a, 0.05
    ),
    "pHash > 5": lambda: _hash("phash", 5),
    "aHash > 2": lambda: _hash("average_hash", 2),
    "MOG2 > 0.5 %": Mog2,
    "running average": RunningAverage,
}
"""Made anew for each run."""


def mpdecimate(path: Path, fps: float) -> list[int]:
    """FFmpeg's filter with its defaults: what it does not drop."""
    command = ["ffmpeg", "-hide_banner", "-i", path, "-vf", "mpdecimate,showinfo", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return [round(float(time) * fps) for time in re.findall(r"pts_time:\s*([\d.]+)", said)]


def scene_cuts(path: Path, _fps: float) -> list[int]:
    """PySceneDetect's content detector with its defaults: the first picture of each scene."""
    code = (
        "import json, sys; from scenedetect import detect, ContentDetector; "
        "print(json.dumps([s[0].get_frames() for s in detect(sys.argv[1], ContentDetector())]))"
    )
    said = subprocess.run([_rival(), "-c", code, path], capture_output=True, text=True, check=True).stdout
    return [int(n) for n in json.loads(said.splitlines()[-1])]


def motion_events(path: Path, fps: float) -> list[int]:
    """DVR-Scan with its defaults: every picture of its events."""
    said = subprocess.run(
        [_rival(), "-m", "dvr_scan", "-i", path, "-so"], capture_output=True, text=True, check=True
    )
    times = re.findall(r"(\d+):(\d\d):(\d\d\.\d+)", (said.stdout.strip().splitlines() or [""])[-1])
    at = [round((int(h) * 3600 + int(m) * 60 + float(s)) * fps) for h, m, s in times]
    return [n for first, last in zip(at[::2], at[1::2], strict=False) for n in range(first, last + 1)]


def programs() -> dict[str, Callable[[Path, float], list[int]]]:
    """What reads a video file and gives the numbers of its pictures, as far as it is installed."""
    found: dict[str, Callable[[Path, float], list[int]]] = {}
    if shutil.which("ffmpeg"):
        found["mpdecimate"] = mpdecimate
    if "BENCH_RIVAL_PYTHON" in os.environ:
        found |= {"PySceneDetect, content": scene_cuts, "DVR-Scan, all of each event": motion_events}
    return found


def _rival() -> str:
    return os.environ["BENCH_RIVAL_PYTHON"]
