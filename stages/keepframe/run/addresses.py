"""
Where the processes of a pipeline find each other: in a private folder with one socket for each, or where the TOML says on a network.

What goes over the sockets is the wire's business; names of machines are looked up in finding.py.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from keepframe.config.address import Address
from keepframe.config.pipeline import CAPTURE, Pipeline

MAX_SOCKET = 107
"""What a socket's path can hold, in bytes (sun_path)."""
MAX_NAME = 32


def runtime_folder(pipeline: Path, archive: Path, only: Sequence[str] = ()) -> Path:
    """
    The folder of a pipeline that writes into a certain archive: the same for whoever asks, below $XDG_RUNTIME_DIR or the temporary folder.

    only: the stages that run there; a run of others is another one.

    Made if it is not there, readable by its owner alone. Raises PermissionError if it is somebody else's or open to others, OSError
    if it cannot be made, ValueError if its path is too long for the sockets in it.
    """
    said = "\n".join([str(pipeline.resolve()), str(archive.resolve()), *only])
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    folder = _above() / f"keepframe-{digest}"
    if len(os.fsencode(folder)) > MAX_SOCKET - 1 - MAX_NAME:
        raise ValueError(
            f"{folder}: too long for the sockets in it, expected at most {MAX_SOCKET - 1 - MAX_NAME} bytes; "
            "set XDG_RUNTIME_DIR to a shorter folder"
        )
    return _private(folder)


def runtime_folders() -> list[Path]:
    """Those of every pipeline that this user runs here, or has run: where a run was killed its folder is left. Raises as runtime_folder does."""
    return sorted(path for path in _above().glob("keepframe-*") if path.is_dir())


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


def _above() -> Path:
    """What the runtime folders of this user lie in."""
    if given := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(given)
    return _private(Path(tempfile.gettempdir()) / f"keepframe-{os.getuid()}")


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{folder.parent}: no such folder; set XDG_RUNTIME_DIR to one that is there, or unset it"
        ) from None
    except FileExistsError:
        pass  # something else than a folder; told below
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(
            f"{folder}: expected a folder of uid {os.getuid()} with mode 0700; remove it or set XDG_RUNTIME_DIR"
        )
    return folder
