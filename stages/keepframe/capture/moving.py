"""
Move a file, also to another file system: it is whole under its new name, or still whole under its old one.

Whether it is to be moved, and where, is said by who asks.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


def free(path: Path) -> Path:
    """
    This path if nothing is there, else the first free one of "a-2.jpg", "a-3.jpg" and so on, as the archive names its files too.

    >>> free(Path("/nowhere/a.jpg"))
    PosixPath('/nowhere/a.jpg')
    """
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found


def move(path: Path, target: Path) -> None:
    """
    Give a file another name; where that lies on another disk, by a copy that is on that disk before the file goes.

    Raises OSError (no room, no permission, no such folder); the file is where it was then, and nothing is left of the copy.
    """
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(path, target)
        path.unlink()


def _copy(path: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        shutil.copy2(path, part)
        _sync(part)
        part.rename(target)
        _sync(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
