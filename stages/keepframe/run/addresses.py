"""
Where the processes of a pipeline find each other: by a socket for each in the run's private folder, or where the TOML says on a network.

What goes over the sockets is the wire's business; the folder is made in folders.py, names of machines are looked up in finding.py.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from keepframe.config.address import Address
from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.run.folders import MAX_NAME


def processes(pipeline: Pipeline, stage: str) -> list[str]:
    """
    The names of a stage's processes: one per camera of the capture, one per replica of another.

    A replica is named "score.0", a capture "capture.lobby".
    """
    if stage == CAPTURE:
        return [f"{CAPTURE}.{camera}" for camera in pipeline.cameras]
    return [f"{stage}.{i}" for i in range(pipeline.stages[stage].replicas)]


def all_processes(pipeline: Pipeline) -> Iterator[str]:
    """Every process of a pipeline that runs here, the archive first: each finds those it sends to sooner."""
    for stage in [*reversed(list(pipeline.stages)), CAPTURE]:
        if pipeline.runs_here(stage):
            yield from processes(pipeline, stage)


def address(folder: Path, process: str) -> str:
    """
    The address that a process listens on. What is long in its name is told apart by a digest: a socket's path has little room.

    >>> address(Path("/run/user/1000/keepframe-1b2c"), "score.0")
    'ipc:///run/user/1000/keepframe-1b2c/score.0'
    """
    if len(process) > MAX_NAME:
        digest = hashlib.sha256(process.encode()).hexdigest()[:12]
        process = f"{process[: MAX_NAME - 13]}-{digest}"
    return f"ipc://{folder / process}"


def listening(pipeline: Pipeline, folder: Path, process: str) -> str:
    """
    The address that a process of a pipeline binds: on a network if its stage says `listen`, the next process a port further.

    folder: the runtime folder.
    """
    stage, _, which = process.rpartition(".")
    first = pipeline.listen_of(stage)
    if first is None:
        return address(folder, process)
    shifted = first.shifted(list(pipeline.cameras).index(which) if stage == CAPTURE else int(which))
    return str(replace(shifted, host="127.0.0.1") if shifted.host == "localhost" else shifted)


def places(pipeline: Pipeline, stage: str, count: int | None = None) -> list[Address]:
    """
    Where the processes of a stage may be on a network; none if they are all in the runtime folder.

    At each of its addresses `count`, or as many as the pipeline says. A place where nobody listens costs an attempt a second.
    """
    count = len(processes(pipeline, stage)) if count is None else count
    return [first.shifted(i) for first in pipeline.at_of(stage) for i in range(count)]


def name_of(stage: str, place: Address) -> str:
    """
    What a process is called of which no more is known than where it is.

    >>> name_of("score", Address("10.0.0.2", 7602))
    'score@10.0.0.2:7602'
    """
    return f"{stage}@{str(place).removeprefix('tcp://')}"


def new_site() -> str:
    """What the processes of one supervisor have in common, in their names over links: six random letters and digits."""
    return os.urandom(3).hex()
