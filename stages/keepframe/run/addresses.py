"""
Where the processes of a pipeline on one machine find each other: a private folder with one socket for each.

What goes over the sockets is the wire's business.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from keepframe.config.pipeline import CAPTURE, Pipeline


def runtime_folder(pipeline: Path, archive: Path) -> Path:
    """
    The folder of a pipeline that writes into a certain archive: the same for whoever asks, below $XDG_RUNTIME_DIR or the temporary folder.

    Made if it is not there, readable by its owner alone. Raises PermissionError if it is somebody else's or open to others.
    """
    digest = hashlib.sha256(f"{pipeline.resolve()}\n{archive.resolve()}".encode()).hexdigest()[:12]
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or Path(tempfile.gettempdir()) / f"keepframe-{os.getuid()}")
    if "XDG_RUNTIME_DIR" not in os.environ:
        _private(base)
    return _private(base / f"keepframe-{digest}")


def processes(pipeline: Pipeline, stage: str) -> list[str]:
    """
    The names of a stage's processes: one per camera of the capture, one per replica of another.

    A replica is named "score.0", a capture "capture.lobby".
    """
    if stage == CAPTURE:
        return [f"{CAPTURE}.{camera}" for camera in pipeline.cameras]
    return [f"{stage}.{i}" for i in range(pipeline.stages[stage].replicas)]


def all_processes(pipeline: Pipeline) -> Iterator[str]:
    """Every process of a pipeline, the archive first: each finds those it sends to sooner."""
    for stage in [*reversed(list(pipeline.stages)), CAPTURE]:
        yield from processes(pipeline, stage)


def address(folder: Path, process: str) -> str:
    """The address that a process listens on. Raises ValueError where the path is too long for a socket."""
    path = folder / process
    if len(os.fsencode(path)) > 100:  # sun_path holds 107, the lock beside it takes five
        raise ValueError(
            f"{path}: too long for a socket, expected at most 100 bytes; set XDG_RUNTIME_DIR to a shorter folder"
        )
    return f"ipc://{path}"


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(
            f"{folder}: expected a folder of uid {os.getuid()} with mode 0700; remove it or set XDG_RUNTIME_DIR"
        )
    return folder
