"""
A pipeline rehearsed: its stages in memory on one camera's frames, one after the other; no process, no socket, nothing written.

What it would keep is for the verbs that measure (evaluate, calibrate); a pipeline that runs is the business of keepframe.run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from keepframe.config import CAPTURE, Pipeline, load
from keepframe.config.document import read
from keepframe.config.load import pipeline_of
from keepframe.frame import Frame, Item
from keepframe.run.privacy import Privacy
from keepframe.stage import Bound, Line

CAMERA = "clip"
"""What the camera is called where no pipeline names one."""


class Rehearsal:
    """
    One camera's way through the stages of a pipeline. Use it in a `with`; push every frame, then take what finish() gives.

    Raises ValueError for a pipeline whose stages are no single line. A frame whose outcome is None at the end is kept.
    """

    def __init__(self, pipeline: Pipeline, camera: str) -> None:
        self.camera = camera
        self._privacy = Privacy(pipeline.cameras[camera].privacy)
        self._line = Line(steps(pipeline, camera), camera)
        self._seq = 0

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Let go of what the steps hold."""
        self._line.close()

    def push(self, frame: Frame) -> list[Frame]:
        """What leaves the stages now: decided frames, in order; none while a stage holds them back."""
        numbered = replace(frame, camera=self.camera, stream=0, seq=self._seq)
        self._seq += 1
        return self._led(numbered if frame.outcome else self._privacy.blackened(numbered))

    def finish(self) -> list[Frame]:
        """What the stages had held back."""
        return self._led(Frame(camera=self.camera, seq=self._seq).settled("end"))

    def _led(self, frame: Frame) -> list[Frame]:
        out = [thing for thing in self._line.push(Item((frame,))) if isinstance(thing, Item)]
        return [f for item in out for f in item.frames if f.outcome != "end"]


def steps(pipeline: Pipeline, camera: str) -> list[Bound]:
    """What a camera's frames pass between capture and archive. Raises ValueError where that is no single line."""
    found: list[Bound] = []
    name = CAPTURE
    while True:
        lowers = [lower for lower in pipeline.lowers(name) if lower not in pipeline.sinks]
        if len(lowers) != 1 or len(set(pipeline.uppers(lowers[0])) - set(pipeline.sinks)) != 1:
            raise ValueError(
                f"{pipeline.path}: its stages branch at {name!r}; only a single line of stages can be rehearsed"
            )
        stage = pipeline.stages[lowers[0]]
        if stage.is_archive:
            return found
        found += [use.bound for use in stage.for_camera(camera)]
        name = stage.name


def pipeline_for(
    source: dict[str, Any], path: Path | None, camera: str | None, sets: Sequence[str]
) -> tuple[Pipeline, str]:
    """
    The pipeline that judges this source, and its camera's name.

    source: the table of a camera, without stages. path: a pipeline.toml whose stages are taken, and camera which of its cameras' own
    options; None for a file without them: the default stages. Raises ConfigError, LookupError for a camera that is not there.
    """
    if path is None:
        return pipeline_of({"cameras": {CAMERA: source}}, "keepframe", sets), CAMERA
    cameras = load(path, sets).cameras
    if camera is None:
        camera = next(iter(cameras))
    if camera not in cameras:
        raise LookupError(f"{path}: no camera named {camera!r}; known: {', '.join(cameras)}")
    document = read(path)
    written = document["cameras"].get(camera, {})
    own = {key: written[key] for key in ("stages", "privacy") if key in written}
    return pipeline_of({**document, "cameras": {camera: {**source, **own}}}, str(path), sets), camera
