"""
The keeper: the steps of a pipeline for one camera, called with one picture after the other.

How pictures are given is in given.py, what it says of them in verdict.py.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from keepframe.clock import NS, Clock, SystemClock
from keepframe.config import CAPTURE, Pipeline, Use, load
from keepframe.config.load import pipeline_of
from keepframe.errors import PictureError
from keepframe.frame import START, Frame, Item
from keepframe.keeper.given import Given, picture_of
from keepframe.keeper.verdict import Verdict, verdict_of
from keepframe.metrics import Box
from keepframe.picture import Picture
from keepframe.stage import Line, Mark
from keepframe.stage.line import fingerprint
from keepframe.stage.memory import pack, unpack

ANYWHERE = ("crop", "resize")
"""Steps after which a place in the working image is no longer the same share of the picture."""
MAX_MEMORY = 64 << 20


class Keeper:
    """
    Says of one picture after the other whether it is worth keeping: a pipeline's steps and its verdict, in this process.

    pipeline: a pipeline.toml whose steps it takes, and camera: the camera whose options of its own count (needed where there are several).
    Without a file it has the steps of a pipeline that names none; steps: others before the score, as in the TOML;
    options: those of [stages.score], by the same names, such as threshold = 0.3 or metric = "ssim".

    One keeper for each camera. Calls from several threads wait for each other, and the order in which they come is the order of the
    pictures. Raises ConfigError, with everything that is wrong, and ValueError for a pipeline that branches or holds frames back.

    >>> import numpy as np
    >>> keeper = Keeper()
    >>> [str(keeper(np.full((90, 160), level, np.uint8))) for level in (10, 10)]
    ['first: there was nothing to compare with', 'repeated: score 0, threshold 4']
    """

    def __init__(
        self,
        pipeline: str | PathLike[str] | None = None,
        *,
        camera: str | None = None,
        steps: Sequence[Mapping[str, Any]] | None = None,
        clock: Clock | None = None,
        **options: Any,
    ) -> None:
        if pipeline is not None and (steps is not None or options):
            raise TypeError("keeper: steps and options stand in the pipeline's file; change them there")
        loaded = _written(steps, options, camera) if pipeline is None else load(Path(pipeline))
        self.camera = _camera(loaded, camera)
        self._uses = [use for stage in _way(loaded) for use in loaded.stages[stage].for_camera(self.camera)]
        self._config = fingerprint([use.bound for use in self._uses])
        self._is_whole = all(_shows_all(use) for use in self._uses[:-1])
        self._clock, self._lock = clock or SystemClock(), threading.Lock()
        self._next = 0
        self._lines = self._made(0, {})

    def __call__(self, image: Given, time: datetime | float | None = None) -> Verdict:
        """
        The verdict on the next picture: true if it is worth keeping, with reason, score, threshold, box.

        image: (H, W) gray or (H, W, 3) BGR array, uint8, as cv2 gives them; Pillow image; path; bytes of an image file. Nothing is
        written to it and nothing of it is kept. time: when it was taken, as datetime or seconds since 1970 UTC; now unless given.
        Bytes that are no whole picture are rejected and change nothing, like a truncated picture of a camera. Raises TypeError for what
        is no picture at all, OSError for a file that cannot be read, RuntimeError where a step fails.
        """
        time_ns = self._clock.wall_ns() if time is None else round(_seconds(time) * NS)
        try:
            picture = picture_of(image)
        except PictureError as error:
            return Verdict("rejected", str(error).partition(":")[0], notes={"error": str(error)})
        with self._lock:
            frame = Frame(camera=self.camera, seq=self._next, time_ns=time_ns, picture=picture)
            self._next += 1
            return self._judged(Item((frame,)), picture)

    def save(self) -> bytes:
        """What the next verdict depends on, as bytes for a file or a database; load() takes them."""
        with self._lock:
            memories = {
                str(place): thing.memory
                for place, line in enumerate(self._lines)
                for thing in line.push(Mark((0, self._next - 1)))
                if isinstance(thing, Mark)
            }
            memory = {"config": self._config, "next": self._next, "memories": memories}
        return pack({"keeper": memory}, "keeper", MAX_MEMORY)["keeper"]

    def load(self, memory: bytes) -> None:
        """
        Go on from what save() gave, here or in another process.

        Raises ValueError for bytes that save() did not make, or that a keeper with other steps or options made.
        """
        try:
            saved = unpack({"keeper": bytes(memory)})["keeper"]
            config, following, memories = saved["config"], saved["next"], saved["memories"]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError("keeper: expected the bytes that save() gave, got something else") from error
        if config != self._config:
            raise ValueError(
                "keeper: this memory was saved by a keeper with other steps or options; make this one like it, or start fresh"
            )
        with self._lock:
            lines = self._made(following, {int(place): of_line for place, of_line in memories.items()})
            _close(self._lines)
            self._next, self._lines = following, lines

    def close(self) -> None:
        """Leave the `with` of steps that have one; the built-in ones have none."""
        with self._lock:
            _close(self._lines)

    def __enter__(self) -> Self:
        """Closed at the end of the `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _made(self, following: int, memories: Mapping[int, Mapping[str, bytes]]) -> list[Line]:
        """The steps: those that prepare, and the last one, before which the size of the working image is looked at."""
        at = (0, following - 1) if following else START
        lines = [
            Line([use.bound for use in uses], self.camera, memories.get(place), at)
            for place, uses in enumerate((self._uses[:-1], self._uses[-1:]))
        ]
        for step in (step for line in lines for step in line.steps):
            if step.holds:
                _close(lines)
                raise ValueError(
                    f"keeper: {step.use!r} holds {step.holds} frames back, so it cannot say at once; run it as a pipeline"
                )
        return lines

    def _judged(self, item: Item, picture: Picture) -> Verdict:
        prepare, decide = self._lines
        (prepared,) = (thing for thing in prepare.push(item) if isinstance(thing, Item))
        shape = next((f.working.shape for f in prepared.frames if f.working is not None), None)
        (decided,) = (thing for thing in decide.push(prepared) if isinstance(thing, Item))
        frame = max(decided.frames, key=lambda f: (f.outcome is None, f.outcome == "failed"))
        if frame.outcome == "failed":
            raise RuntimeError(f"keeper: {frame.reason} (picture {frame.name})")
        return verdict_of(frame, _box(frame, picture, shape) if shape and self._is_whole else None)


def _close(lines: Sequence[Line]) -> None:
    for line in lines:
        line.close()


def _written(
    steps: Sequence[Mapping[str, Any]] | None, options: Mapping[str, Any], camera: str | None
) -> Pipeline:
    """The pipeline that a keeper without a file is one camera of."""
    stages: dict[str, Any] = {"score": dict(options)} if options else {}
    if steps is not None:
        stages["preprocess"] = {"steps": [dict(step) for step in steps]}
    return pipeline_of({"cameras": {camera or "camera": {"source": "synthetic"}}, "stages": stages}, "keeper")


def _camera(pipeline: Pipeline, camera: str | None) -> str:
    names = list(pipeline.cameras)
    if camera is None and len(names) == 1:
        return names[0]
    if camera is None or camera not in pipeline.cameras:
        got = "none" if camera is None else repr(camera)
        raise ValueError(f"keeper: {pipeline.path}: expected camera= one of {', '.join(names)}, got {got}")
    return camera


def _way(pipeline: Pipeline) -> list[str]:
    """The stages between capture and archive, if there is one way only."""
    way: list[str] = []
    lowers = pipeline.lowers(CAPTURE)
    while len(lowers) == 1 and lowers[0] != pipeline.archive.name:
        way.append(lowers[0])
        lowers = pipeline.lowers(lowers[0])
    if len(lowers) != 1 or len(way) != len(pipeline.stages) - 1 or not way:
        raise ValueError(
            f"keeper: {pipeline.path}: expected stages one after the other, got a pipeline that branches"
        )
    return way


def _shows_all(use: Use) -> bool:
    module = getattr(use.bound.contract.target, "__module__", "")
    return module.startswith("keepframe.") and use.use not in ANYWHERE


def _box(frame: Frame, picture: Picture, shape: tuple[int, ...]) -> Box | None:
    """The note `box`, in pixels of the working image, as pixels of the picture."""
    try:
        x, y, width, height = (int(number) for number in str(frame.notes["box"]).split(","))
    except (KeyError, ValueError):
        return None
    across, down = picture.width / shape[1], picture.height / shape[0]
    left, top = round(x * across), round(y * down)
    return Box(left, top, round((x + width) * across) - left, round((y + height) * down) - top)


def _seconds(time: datetime | float) -> float:
    return time.timestamp() if isinstance(time, datetime) else float(time)
