"""
The files and folders a pipeline names, looked for on this machine: before a run here, what is not there is a problem.

Loading asks for none of them, for another machine may have them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from keepframe.capture.decoded import open_video
from keepframe.config.pipeline import CAPTURE, Pipeline, Use


def missing_places(pipeline: Pipeline) -> list[str]:
    """What a run on this machine would not find or could not make, each beginning with its key path."""
    sources = _sources(pipeline) if pipeline.runs_here(CAPTURE) else ()
    return [*sources, *(_archive(pipeline) if pipeline.runs_here(pipeline.archive.name) else ())]


def _sources(pipeline: Pipeline) -> Iterator[str]:
    """A built-in source needs the paths that it cannot do without; what a user's own does with a path is not known."""
    for camera in pipeline.cameras.values():
        for name in _needed_paths(camera.source):
            path = camera.source.options[name]
            if not os.path.lexists(path):
                yield f"cameras.{camera.name}.{name}: expected a file or folder, there is no {path}"
            elif not os.access(path, os.R_OK):
                yield f"cameras.{camera.name}.{name}: {path} cannot be read (permission denied, or a link to nowhere)"
            elif told := _other_kind(camera.source.use, path):
                yield f"cameras.{camera.name}.{name}: {told}"


def _other_kind(use: str, path: Path) -> str | None:
    """What is wrong where a folder is named for a file or the other way round, or a file that is no video."""
    if use == "folder" and not path.is_dir():
        return f"expected a folder of pictures, {path} is a file; a video is read with source = 'video'"
    if use == "video" and path.is_dir():
        return f"expected a video file, {path} is a folder; its pictures are read with source = 'folder'"
    if (
        use == "video" and path.is_file()
    ):  # of anything else, such as a pipe, asking would take something away
        try:
            open_video(path, 1)[0].close()
        except (ValueError, OSError) as error:
            return str(error)
    return None


def _needed_paths(use: Use) -> Iterator[str]:
    contract = use.contract
    if contract is not None and getattr(contract.target, "__module__", "").startswith("keepframe."):
        for name, value in use.options.items():
            if isinstance(value, Path) and contract.options[name].is_required:
                yield name


def _archive(pipeline: Pipeline) -> Iterator[str]:
    archive = pipeline.archive
    folder = archive.steps[0].options.get("folder")
    if not isinstance(folder, Path):
        return
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    keys = f"stages.{archive.name}.folder"
    if not there.is_dir():
        yield f"{keys}: expected a folder, but {there} is something else"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield f"{keys}: {there} cannot be written (permission denied, or a file system that is read-only)"
