"""
The pipelines that chaos.py disturbs: each finite, so that the undisturbed run tells what every frame must become.

One has a live camera beside them; of that one only the account can be right or wrong.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from keepframe.capture.synthetic_camera import Synthetic

LIVE = "live"
"""The name of the camera whose frames differ from run to run."""

STAGES = '''
import time
from pathlib import Path


def moody(frame, *, who: str, seconds: float = 0.002):
    """Take some time for each frame; a file named slow-WHO beside the pipeline makes it a lot more."""
    slow = Path(f"slow-{who}")
    try:
        time.sleep(float(slow.read_text()))
    except (OSError, ValueError):
        time.sleep(seconds)
    return frame


class EveryThird:
    """Keep every third change, and remember how many there were."""

    def __init__(self):
        self.count = 0

    def __call__(self, frame):
        self.count += 1
        frame = frame.with_note("count", self.count)
        return frame if self.count % 3 == 1 else None

    def save(self):
        return {"count": self.count}

    def load(self, memory):
        self.count = memory["count"]
'''

WORKING = '{ use = "grayscale" }, { use = "downsample", width = 48 }, { use = "blur", sigma = 2.0 }'
SEPARATE = f"""
[stages.preprocess]
steps = [{{ use = "moods:moody", who = "preprocess" }}, {WORKING}]
[stages.score]
inputs = ["preprocess"]
steps = [{{ use = "moods:moody", who = "score" }}, {{ use = "change" }}]
[stages.archive]
inputs = ["score"]
use = "archive"
"""
COUNTING = f"""
[stages.preprocess]
steps = [{{ use = "moods:moody", who = "preprocess" }}, {WORKING}]
replicas = 2
[stages.count]
inputs = ["preprocess"]
use = "moods:EveryThird"
[stages.score]
inputs = ["count"]
steps = [{{ use = "moods:moody", who = "score" }}, {{ use = "change", reference = "previous", threshold = 0.1 }}]
replicas = 2
[stages.archive]
inputs = ["score"]
use = "archive"
"""
FUSED = f"""
[stages.all]
inputs = ["capture"]
steps = [{{ use = "moods:moody", who = "all" }}, {WORKING}, {{ use = "change" }}]
replicas = 2
[stages.archive]
inputs = ["all"]
use = "archive"
"""


@dataclass(frozen=True, slots=True)
class World:
    """One pipeline. scales: which stages may get another number of replicas; slows: which of them can be slowed."""

    name: str
    cameras: str
    stages: str
    scales: Sequence[str]
    slows: Sequence[str]
    has_live: bool = False

    def lay_out(self, folder: Path, *, with_live: bool = True) -> None:
        """Write the pipeline, its stages and its pictures into a folder."""
        (folder / "stages").mkdir(parents=True, exist_ok=True)
        (folder / "stages" / "moods.py").write_text(STAGES)
        live = (
            f'[cameras.{LIVE}]\nsource = "synthetic"\nfps = 15.0\nseed = 9\n'
            if self.has_live and with_live
            else ""
        )
        (folder / "pipeline.toml").write_text(self.cameras + live + self.stages)
        if 'path = "pictures"' in self.cameras and not (folder / "pictures").exists():
            _draw(folder / "pictures")


def synthetic(number: int, count: int) -> str:
    """Cameras c0, c1, … with so many pictures each, and a change in about one of four."""
    table = (
        '[cameras.c{n}]\nsource = "synthetic"\ncount = {count}\nseed = {n}\nfps = 2.0\nobject_size = 0.5\n'
    )
    return "".join(table.format(n=n, count=count) for n in range(number))


def _draw(folder: Path, count: int = 120) -> None:
    """JPEG files of a synthetic scene, three of them broken."""
    folder.mkdir()
    for frame in Synthetic(count=count, seed=5, fps=2.0, object_size=0.5)():
        data = cv2.imencode(".jpg", frame.picture.bgr())[1].tobytes() if frame.picture else b""
        name = folder / f"{frame.index:04}.jpg"
        name.write_bytes({20: data[: len(data) // 2], 21: b"", 22: b"no picture"}.get(frame.index or 0, data))
    cv2.imwrite(str(folder / "0030.jpg"), np.zeros((90, 120, 3), np.uint8))  # of another size
    for number, path in enumerate(sorted(folder.iterdir())):  # a picture's time is its file's
        os.utime(path, ns=(1_700_000_000_000_000_000 + number * 500_000_000,) * 2)


FOLDER = '[cameras.pictures]\nsource = "folder"\npath = "pictures"\n'


def worlds(clip: Path) -> list[World]:
    """All of them. clip: a video file for those that read one."""
    video = f'[cameras.video]\nsource = "video"\npath = "{clip}"\nevery = "500ms"\n'
    return [
        World("separate", synthetic(4, 300), SEPARATE, ("preprocess", "score"), ("preprocess", "score")),
        World(
            "sources",
            synthetic(2, 250) + FOLDER + video,
            COUNTING,
            ("preprocess", "score", "count"),
            ("preprocess",),
        ),
        World("fused", synthetic(6, 200), FUSED, ("all",), ("all",)),
        World(
            "live",
            synthetic(2, 300),
            SEPARATE,
            ("preprocess", "score"),
            ("preprocess", "score"),
            has_live=True,
        ),
    ]
