"""
Footage for bench_verdict.py: labelled clips of a folder, the same at one picture a second, and with objects planted into quiet stretches.

Nothing here keeps anything; who does is in verdict_rivals.py and in keepframe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from keepframe.capture.image_folder import Folder
from keepframe.capture.synthetic_camera import Synthetic
from keepframe.capture.video_file import Video
from keepframe.cli.evaluate import rate_of
from keepframe.frame import Frame
from keepframe.measure.labels import Labelled, labelled
from keepframe.measure.rules import Labels
from keepframe.measure.truth import labels_of
from keepframe.picture import Image, Picture

PLANTED_A_SECOND = 5
SHARES = (0.001, 0.003, 0.01, 0.03)
"""Of the picture, that an object covers."""
SITES, PLACES, OF_ONE_CLIP = 6, 3, 3
"""Quiet stretches that objects are planted into, places in each, and stretches of one clip at most."""
BEFORE = 100
"""Pictures at most that are shown before the object."""
FOUND_IN = 3
"""Pictures: silent before, found within."""


SCENES: dict[str, dict[str, Any]] = {
    "noise": {"noise": 8.0},
    "drift": {"drift": 0.3},
    "clouds": {"clouds": 0.4},
    "infrared": {"infrared": 15.0, "object_size": 0.0},
    "rain": {"rain": 8.0},
    "leaves": {"leaves": 0.25},
    "shake": {"shake": 2.0},
    "shadow": {"shadow": 0.4},
    "small object": {"object_size": 0.06},
    "parked car": {"parked": 60.0, "object_size": 0.0},
    "freeze": {"freeze": 12.0},
    "loss": {"loss": 12.0},
}
"""What is hard about each; the rest is the same: 320 x 180, five pictures a second for two minutes, five or six visits."""
COMMON = {
    "width": 320,
    "height": 180,
    "fps": 5.0,
    "count": 600,
    "absent": 16.0,
    "present": 6.0,
    "object_size": 0.25,
}


@dataclass(frozen=True)
class Footage:
    """Pictures in order, each as a frame with its number (index) and times. key: of the same pictures always the same."""

    labels: Labels
    key: str
    frames: Callable[[], Iterator[Frame]]
    file: Path | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.labels.name


@dataclass(frozen=True)
class Planted:
    """A run-up, and what follows with an object and without: numbers of the pictures, from the clip."""

    key: str
    share: float
    plain: tuple[Frame, ...]
    at: int
    """Place in `plain` of the first picture that has the object."""
    planted: tuple[Frame, ...]
    """The pictures from there on, with the object."""


def clips(folder: Path) -> list[Footage]:
    """The labelled clips of a folder."""
    return [_clip(one) for one in labelled(folder) if one.clip is not None]


def _clip(one: Labelled) -> Footage:
    if one.clip is None:
        raise ValueError(f"{one.name}: no clip")
    clip = one.clip
    if one.files:

        def pictures() -> Iterator[Frame]:
            return Folder(path=clip)()

        labels = Labels(one.name, len(one.files), None, marks=one.marks)
        return Footage(labels, _key(*sorted(clip.iterdir())), pictures)

    def frames() -> Iterator[Frame]:
        return Video(path=clip)()

    fps = rate_of(clip)
    count = Video(path=clip).total() or sum(1 for _ in frames())
    return Footage(Labels(one.name, count, fps, one.events, one.quiet), _key(clip), frames, clip)


def _key(*files: Path) -> str:
    told = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def scenes(seed: int) -> list[Footage]:
    """The synthetic scenes, each with a seed of its own."""
    return [_scene(name, seed * 1000 + number) for number, name in enumerate(SCENES)]


def _scene(name: str, seed: int) -> Footage:
    options = COMMON | SCENES[name] | {"seed": seed}
    camera = Synthetic(**options)
    labels = labels_of(camera.scene, options["count"], name)

    def frames() -> Iterator[Frame]:  # a source goes on where it stopped: each reading takes a new one
        return Synthetic(**options)()

    return Footage(labels, f"synthetic {sorted(options.items())}", frames)


def sites(footage: list[Footage]) -> list[tuple[Footage, tuple[int, int]]]:
    """The longest quiet stretches, a few of each clip."""
    found = [(f, s) for f in footage if f.labels.fps for s in f.labels.quiet]
    found.sort(key=lambda site: (site[1][0] - site[1][1]) / (site[0].labels.fps or 1))
    chosen: list[tuple[Footage, tuple[int, int]]] = []
    for one in found:
        if len(chosen) < SITES and sum(f.name == one[0].name for f, _ in chosen) < OF_ONE_CLIP:
            chosen.append(one)
    return chosen


def planted(footage: Footage, stretch: tuple[int, int], seed: int) -> Iterator[Planted]:
    """
    An object of each size at each place, two thirds into a quiet stretch, where it stays.

    An ellipse of another part of the same picture, upside down, lifted or lowered by 40 levels.
    """
    step = (footage.labels.fps or 1) / PLANTED_A_SECOND
    wanted = {round(n * step) for n in range(int(stretch[1] / step) + 1)}
    shown = [_pixels(f) for f in footage.frames() if f.index in wanted and f.index <= stretch[1]]
    inside = [n for n, f in enumerate(shown) if f.index is not None and f.index >= stretch[0]]
    at = min(inside[0] + 2 * len(inside) // 3, len(shown) - FOUND_IN)
    at, shown = min(at, BEFORE), shown[max(0, at - BEFORE) : at + FOUND_IN]
    rng = np.random.default_rng(seed)
    for place in range(PLACES):
        spots, lift = rng.uniform(0, 1, 4), (40, -40)[place % 2]
        for share in SHARES:
            told = f"{footage.key} {stretch} {seed} {place} {share}"
            with_object = tuple(_with(f, share, spots, lift) for f in shown[at:])
            yield Planted(told, share, tuple(shown), at, with_object)


def _pixels(frame: Frame) -> Frame:
    if frame.picture is None:
        raise ValueError(f"{frame.name}: damaged")
    return replace(frame, picture=Picture.of(frame.picture.bgr().copy()))


def _with(frame: Frame, share: float, spots: Image, lift: int) -> Frame:
    if frame.picture is None:
        raise ValueError(f"{frame.name}: damaged")
    bgr = frame.picture.bgr().copy()
    height, width = bgr.shape[:2]
    rows = min(height, max(3, round((share * height * width * 1.5 * 4 / np.pi) ** 0.5)))
    columns = min(width, max(2, round(share * height * width * 4 / np.pi / rows)))
    tops, lefts = (spots[:2] * (height - rows)).astype(int), (spots[2:] * (width - columns)).astype(int)
    y, x = np.ogrid[:rows, :columns]
    where = ((2 * y + 1) / rows - 1) ** 2 + ((2 * x + 1) / columns - 1) ** 2 <= 1
    patch = bgr[tops[1] : tops[1] + rows, lefts[1] : lefts[1] + columns][::-1].astype(np.int16) + lift
    body = np.clip(patch, 0, 255).astype(np.uint8)
    np.copyto(bgr[tops[0] : tops[0] + rows, lefts[0] : lefts[0] + columns], body, where=where[..., None])
    return replace(frame, picture=Picture.of(bgr))
