"""
Read what somebody has labelled: events and quiet stretches beside a clip, or a line for each picture.

Two forms: CLIP.events.csv and CLIP.quiet.csv (first_frame,last_frame) beside the clip, or a folder with the clip, frames.csv (frame,label)
and, if events were labelled apart, events.csv. What follows from labels is in rules.py.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keepframe.capture.naming import VIDEOS
from keepframe.measure.rules import Stretch

STILL = {"static", "light_change"}
MOVING = {"motion", "tiny", "uncertain"}
LEAST_EVENT, LOOK_BACK, LEAST_QUIET = 5, 15, 10
"""Pictures: of motion in an event, before it in which one is static, of a quiet stretch that nobody wrote down as one."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """
    A clip and what was written down about it.

    clip: the video file, or the folder of the snapshots; None if it is not beside its labels. files: the snapshots' names, in order.
    """

    name: str
    clip: Path | None
    events: tuple[Stretch, ...]
    quiet: tuple[Stretch, ...]
    marks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def labelled(path: Path) -> list[Labelled]:
    """
    Everything labelled at this path: one of the files, a folder with them, or a folder of such folders.

    Raises FileNotFoundError where nothing is labelled, ValueError with file, line and column for what is no label.
    """
    if path.is_dir():
        if (path / "frames.csv").exists():
            return [_folder(path)]
        beside = sorted(path.glob("*.events.csv"))
        if beside:
            return [_beside(file, file.name.removesuffix(".events.csv")) for file in beside]
        inner = [sub for sub in sorted(path.iterdir()) if (sub / "frames.csv").is_file()]
        if inner:
            return [_folder(sub) for sub in inner]
        raise FileNotFoundError(
            f"{path}: nothing is labelled here; expected CLIP.events.csv and CLIP.quiet.csv, or frames.csv"
        )
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    for kind in (".events.csv", ".quiet.csv"):
        if path.name.endswith(kind) and path.name != kind:
            return [_beside(path, path.name.removesuffix(kind))]
    if path.name in {"frames.csv", "events.csv"} and path.with_name("frames.csv").exists():
        return [_folder(path.parent)]
    raise ValueError(f"{path}: expected labels: CLIP.events.csv, CLIP.quiet.csv, or frames.csv")


def _beside(path: Path, name: str) -> Labelled:
    folder = path.parent
    clip = next((f for f in sorted(folder.glob(f"{name}.*")) if f.suffix.lower() in VIDEOS), None)
    events, quiet = (folder / f"{name}.{kind}.csv" for kind in ("events", "quiet"))
    return Labelled(
        name,
        clip,
        _stretches(events) if events.exists() else (),
        _stretches(quiet) if quiet.exists() else (),
    )


def _folder(folder: Path) -> Labelled:
    frames = folder / "frames.csv"
    rows = _rows(frames, ("frame", "label"))
    marks = tuple(row["label"] for row in rows)
    for line, row in enumerate(rows):
        if row["frame"] != str(line):
            raise ValueError(f"{frames}:{line + 2}: frame: expected {line}, got {row['frame']!r}")
    if rows and "file" in rows[0]:
        files = tuple(row["file"] for row in rows)
        places = [place for place in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())) if (place / files[0]).exists()]  # fmt: skip
        return Labelled(folder.name, places[0] if places else None, (), (), marks, files)
    clip = next((f for f in sorted(folder.iterdir()) if f.suffix.lower() in VIDEOS), None)
    events = folder / "events.csv"
    found = _stretches(events) if events.exists() else _motion(marks)
    quiet = _listed(folder)
    return Labelled(folder.name, clip, found, _still(marks) if quiet is None else quiet)


def _listed(folder: Path) -> tuple[Stretch, ...] | None:
    """The quiet stretches that an index.json beside the folder lists for it; None without one."""
    index = folder.parent / "index.json"
    if not index.exists():
        return None
    try:
        listed = json.loads(index.read_text("utf-8"))["quiet_segments"]
        return tuple((q["first_frame"], q["last_frame"]) for q in listed if q["clip"] == folder.name)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{index}: expected quiet_segments with clip, first_frame, last_frame ({error!r})"
        ) from error


def _motion(marks: Sequence[str]) -> tuple[Stretch, ...]:
    """Runs without a static picture that hold enough motion and follow a static one; a clip that is always busy has none."""
    events, first = [], 0
    for is_moving, run in itertools.groupby(marks, key=lambda mark: mark in MOVING):
        length = len(list(run))
        motion = [n for n in range(first, first + length) if marks[n] == "motion"]
        if (
            is_moving
            and len(motion) >= LEAST_EVENT
            and "static" in marks[max(0, motion[0] - LOOK_BACK) : motion[0]]
        ):
            events.append((motion[0], motion[-1]))
        first += length
    return tuple(events)


def _still(marks: Sequence[str]) -> tuple[Stretch, ...]:
    quiet, first = [], 0
    for is_still, run in itertools.groupby(marks, key=lambda mark: mark in STILL):
        length = len(list(run))
        if is_still and length >= LEAST_QUIET:
            quiet.append((first, first + length - 1))
        first += length
    return tuple(quiet)


def _stretches(path: Path) -> tuple[Stretch, ...]:
    found = []
    for line, row in enumerate(_rows(path, ("first_frame", "last_frame")), start=2):
        for column in ("first_frame", "last_frame"):
            if not (row[column].isascii() and row[column].isdigit()):
                raise ValueError(
                    f"{path}:{line}: {column}: expected a picture number from 0, got {row[column]!r}"
                )
        stretch = int(row["first_frame"]), int(row["last_frame"])
        if stretch[1] < stretch[0]:
            raise ValueError(f"{path}:{line}: expected first_frame up to last_frame, got {stretch}")
        found.append(stretch)
    return tuple(found)


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file, restval="")
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(
                f"{path}: expected the columns {', '.join(columns)}; missing: {', '.join(missing)}"
            )
        return list(reader)
