"""
From a pipeline.toml to a Pipeline, or to everything that is wrong with it, told at once.

What runs it is no business of this room, nor what a stage does.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keepframe.config.cameras import camera_tables, check_pipe, read_camera
from keepframe.config.document import Table, assign, completed, read
from keepframe.config.graph import linked
from keepframe.config.imports import prepare_imports
from keepframe.config.pipeline import CAPTURE, MARK_EVERY, Pipeline, Stage, frozen
from keepframe.config.problems import Problems, nearest, told
from keepframe.config.reach import (
    REACH_KEYS,
    check_crossings,
    check_reach,
    read_keys,
    read_only,
    take_environment,
)
from keepframe.config.stages import Steps, read_capture, read_stage, with_cameras
from keepframe.config.uses import Reader
from keepframe.errors import ConfigError

TOP_KEYS = ("cameras", "stages", "keys", "insecure", "only")
LOCAL_KEYS = ("replicas", "hang_after", "max_memory", *REACH_KEYS)
"""What may differ from machine to machine."""


def load(path: str | Path, sets: Sequence[str] = (), *, only: str | None = None) -> Pipeline:
    """
    Read a pipeline, with the changes of `--set`; addresses and the folder of keys may also come from the environment, see reach.py.

    sets: "key.path=value"; a value that is no TOML is a string.
    only: the stage, or "capture", that this process runs; modules of users that only other stages need are then not imported and
    their options not checked. What was named stays named, and the fingerprint is the same.

    Raises ConfigError with all problems.

    >>> load("no-such.toml")
    Traceback (most recent call last):
    keepframe.errors.ConfigError: no-such.toml: 1 problem
      there is no such file; `keepframe init` writes one, `keepframe watch SOURCE` needs none
    """
    return pipeline_of(read(Path(path)), str(path), sets, only=only)


def pipeline_of(
    document: Table, where: str, sets: Sequence[str] = (), *, only: str | None = None
) -> Pipeline:
    """
    The pipeline that a document says, as load() gives it; the document is not changed. where: its file, as the user named it.

    Raises ConfigError with all problems.
    """
    path, written, problems = Path(where).absolute(), document, Problems()
    document = copy.deepcopy(document)
    if isinstance(document.get("stages", {}), dict):
        take_environment(document, [CAPTURE, *completed(document)], os.environ)
    for setting in sets:
        assign(document, setting, problems)
    for key in document:
        if key not in TOP_KEYS:
            problems.unknown((key,), TOP_KEYS)
    if not isinstance(document.get("stages", {}), dict):
        problems.add(("stages",), f"expected tables [stages.NAME], got {told(document['stages'])}")
        document["stages"] = {}
    prepare_imports(path.parent)
    reader = Reader(path.parent, problems)
    tables, stage_tables = camera_tables(document, problems), completed(document)
    is_capture = only in (None, CAPTURE)
    cameras = {name: read_camera(name, table, reader, is_needed=is_capture) for name, table in tables.items()}
    check_pipe(cameras.values(), problems)
    capture = read_capture(document.get("stages", {}).get(CAPTURE, {}), problems)
    if only is not None and only != CAPTURE and only not in stage_tables:
        problems.add(("stages",), f"no stage named {only!r}; {nearest(only, [CAPTURE, *stage_tables])}")
    stages = _stages(stage_tables, tables, reader, only)
    if only is not None and not any(stage.is_archive for stage in stages.values()):
        return pipeline_of(written, where, sets)  # the archive is somebody's own: only its module tells
    sinks: tuple[str, ...] = ()
    if len(stages) == len(stage_tables):  # else it would be told for what is already known to be wrong
        stages, sinks = linked(stages, cameras, problems)
    fingerprint = _fingerprint(tables, stage_tables, stages)
    keys, is_insecure = read_keys(document, path.parent, problems)
    pipeline = Pipeline(
        path,
        path.stem,
        frozen(cameras),
        frozen(stages),
        fingerprint,
        capture,
        sinks,
        tuple(sets),
        keys,
        is_insecure,
        read_only(document, stage_tables, problems),
    )
    check_reach(document, pipeline, problems)
    if not problems.found:
        check_crossings(pipeline, problems)
    if not problems.found:
        _check_holds(pipeline, problems)
    if problems.found:
        raise ConfigError(where, problems.found)
    return pipeline


def _stages(
    stage_tables: Table, cameras: dict[str, Table], reader: Reader, only: str | None
) -> dict[str, Stage]:
    read_stages: dict[str, tuple[Stage, Steps]] = {}
    for name, table in stage_tables.items():
        found = read_stage(name, table, reader, is_needed=only in (None, name))
        if found is not None:
            read_stages[name] = found
    overrides = {
        camera: _overrides(camera, table, stage_tables, reader.problems) for camera, table in cameras.items()
    }
    stages = {}
    for name, (stage, steps) in read_stages.items():
        own = {camera: tables.get(name) for camera, tables in overrides.items()}
        stages[name] = with_cameras(stage, steps, own, reader, is_needed=only in (None, name))
    return stages


def _overrides(camera: str, table: Table, stages: Table, problems: Problems) -> Table:
    keys = ("cameras", camera, "stages")
    found: Any = table.get("stages", {})
    if not isinstance(found, dict):
        problems.add(keys, f"expected tables [cameras.{camera}.stages.NAME], got {told(found)}")
        return {}
    for name in found:
        if name not in stages:
            problems.unknown((*keys, name), stages, "stage")
    return found


def _check_holds(pipeline: Pipeline, problems: Problems) -> None:
    """A stage that holds frames back must get further ones, or all waits for ever."""
    for stage in pipeline.stages.values():
        try:
            holds = pipeline.holds(stage.name)
        except Exception as error:  # noqa: BLE001  a user's own property tells it
            problems.add(("stages", stage.name), str(error))
            return
        if holds and stage.queue.frames <= holds:
            problems.add(
                ("stages", stage.name, "queue", "frames"),
                f"expected at least {holds + 1}, got {stage.queue.frames}: {holds} frames are held back on the way here",
            )
    most, store = pipeline.holds(pipeline.archive.name), pipeline.capture.store.frames
    if store < most + MARK_EVERY:
        problems.add(
            ("stages", CAPTURE, "store", "frames"),
            f"expected at least {most + MARK_EVERY}, got {store}: commits come every {MARK_EVERY} frames and {most} are held back",
        )


def _fingerprint(cameras: dict[str, Table], stage_tables: Table, stages: dict[str, Stage]) -> str:
    """A digest of what is written, not of where: the same on every machine that has the same TOML."""
    said: dict[str, Any] = {"cameras": {}, "stages": {}}
    for name, table in cameras.items():
        said["cameras"][name] = table.get("stages", {})
    for name, stage in stages.items():
        local = () if not stage.is_archive else (*stage.steps[0].options, "queue")
        said["stages"][name] = {
            key: value for key, value in stage_tables[name].items() if key not in (*LOCAL_KEYS, *local)
        }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]
