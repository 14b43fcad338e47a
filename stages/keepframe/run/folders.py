"""
The private folder of a run: where it is, who holds it, and what becomes of one that nobody holds any more.

What lies in it, a socket for each process, is the business of addresses.py and desk.py.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

MAX_SOCKET = 107
"""What a socket's path can hold, in bytes (sun_path)."""
MAX_NAME = 32
NAME = re.compile(r"keepframe-[0-9a-f]{12}")
OPENED = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def runtime_folder(pipeline: Path, archive: Path, only: Sequence[str] = ()) -> Path:
    """
    The folder of a pipeline that writes into a certain archive: the same for whoever asks, below $XDG_RUNTIME_DIR or the temporary folder.

    only: the stages that run there; a run of others is another one.

    Nothing is made; whoever runs there holds it, see hold(). Raises PermissionError if it is somebody else's or open to others, OSError if
    there is no place for it, ValueError if its path is too long for the sockets in it.
    """
    said = "\n".join([str(pipeline.resolve()), str(archive.resolve()), *only])
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    folder = _above() / f"keepframe-{digest}"
    if len(os.fsencode(folder)) > MAX_SOCKET - 1 - MAX_NAME:
        raise ValueError(
            f"{folder}: too long for the sockets in it, expected at most {MAX_SOCKET - 1 - MAX_NAME} bytes; "
            "set XDG_RUNTIME_DIR to a shorter folder"
        )
    if _given() and not folder.parent.exists():
        raise FileNotFoundError(
            f"{folder.parent}: no such folder; set XDG_RUNTIME_DIR to one that is there, or unset it"
        )
    with contextlib.suppress(FileNotFoundError):
        _check(folder)
    return folder


def runtime_folders() -> list[Path]:
    """Those of every pipeline that this user runs here, or has run: where a run was killed its folder is left. Raises as runtime_folder does."""
    return sorted(
        path for path in _above().glob("keepframe-*") if NAME.fullmatch(path.name) and path.is_dir()
    )


def hold(folder: Path) -> int:
    """
    Make a runtime folder, if it is not there, and hold it: as long as the file descriptor that is returned is open nobody clears it away.

    Raises PermissionError and OSError as runtime_folder() does.
    """
    while True:
        if not _given():
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            _check(folder.parent)
        with contextlib.suppress(FileExistsError):  # what that is, is looked at
            folder.mkdir(mode=0o700)
        with contextlib.suppress(FileNotFoundError):  # else it was cleared away just now
            _check(folder)
            fd = os.open(folder, OPENED)
            fcntl.flock(fd, fcntl.LOCK_SH)
            if _is_at(folder, fd):
                return fd
            os.close(fd)


def clear(folder: Path) -> bool:
    """
    Clear away a runtime folder that nobody holds. Returns whether it is gone.

    Locks end with the process, however that ends, and tell also what runs in other containers. Nothing is removed but sockets and locks.
    """
    try:
        fd = os.open(folder, OPENED)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (
            os.fstat(fd).st_uid != os.getuid()
            or not _is_at(folder, fd)
            or any(map(_is_locked, _locks(folder)))
        ):
            return False
        for path in folder.iterdir():
            if path.is_socket() or path.suffix == ".lock":
                path.unlink()
        folder.rmdir()
    except OSError:  # held; or something is in it that nobody here has put there
        return False
    finally:
        os.close(fd)
    return True


def clear_all() -> None:
    """Clear away what runs that were killed have left."""
    for folder in runtime_folders():
        clear(folder)


def _locks(folder: Path) -> Iterator[Path]:
    """What single processes hold, those of older versions too, which do not hold the folder."""
    return folder.glob("*.lock")


def _is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_at(folder: Path, fd: int) -> bool:
    """Whether an open folder is still the one of that path."""
    try:
        return os.path.samestat(folder.lstat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def _given() -> str:
    return os.environ.get("XDG_RUNTIME_DIR", "")


def _above() -> Path:
    """What the runtime folders of this user lie in; the one below the temporary folder need not be there."""
    if given := _given():
        return Path(given)
    above = Path(tempfile.gettempdir()) / f"keepframe-{os.getuid()}"
    with contextlib.suppress(FileNotFoundError):
        _check(above)
    return above


def _check(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(
            f"{folder}: expected a folder of uid {os.getuid()} with mode 0700; remove it or set XDG_RUNTIME_DIR"
        )
