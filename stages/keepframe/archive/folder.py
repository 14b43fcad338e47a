"""
The archive's folder: every file operation goes through one directory's descriptor and follows no link.

Which files there should be is the archive's business; a path here is relative, with "/" between its parts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from keepframe.errors import ArchiveLockedError

LOCK = ".lock"
TEMP = re.compile(r"\.keepframe-\d+-\d+\.part")
"""How a file is called while it is being written."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """An open archive folder. Everything may raise OSError, with the path in it."""

    def __init__(self, path: Path) -> None:
        """Open it; FileNotFoundError or NotADirectoryError if there is none."""
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._lock: int | None = None

    def close(self) -> None:
        """Close it and give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def lock(self, *, within_s: float = 0.0) -> None:
        """
        Be the only one to write; ends with `close` or the process. A process that is just dying is waited for, `within_s` at most.

        Raises ArchiveLockedError if another process writes.
        """
        fd = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=self._fd)
        try:
            _wait_lock(fd, within_s)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise ArchiveLockedError(
                f"{self.path}: another archive (process {holder}) writes into this folder; stop it or choose another folder"
            ) from None
        except BaseException:
            os.close(fd)
            raise
        self._lock = fd
        with suppress(OSError):  # the number only helps the message above; a full disk must not stop us here
            os.ftruncate(fd, 0)
            os.write(fd, f"{os.getpid()}\n".encode())

    def is_locked(self) -> bool:
        """Whether a process writes into this folder right now."""
        try:
            fd = os.open(LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._fd)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def make_folder(self, folder: str) -> None:
        """Make it and those above it, durably; what is there already stays."""
        made = ""
        for name in folder.split("/") if folder else []:
            with self._opened(made) as parent:
                try:
                    os.mkdir(name, dir_fd=parent)
                except FileExistsError:
                    pass
                else:
                    os.fsync(parent)
            made = f"{made}/{name}" if made else name

    def write(self, file: str, data: bytes | memoryview) -> int:
        """Write a new file; gives its open descriptor, which the caller hands to `settle`. Raises FileExistsError."""
        with self._parent(file) as (parent, name):
            fd = os.open(name, _NEW, 0o644, dir_fd=parent)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(fd, rest) :]
        except BaseException:
            os.close(fd)
            raise
        return fd

    def rename(self, file: str, to: str) -> None:
        """Give a file another name, in one step."""
        with self._parent(file) as (parent, name), self._parent(to) as (new_parent, new_name):
            os.rename(name, new_name, src_dir_fd=parent, dst_dir_fd=new_parent)

    def remove(self, file: str) -> bool:
        """Remove a file; False if there is none."""
        try:
            with self._parent(file) as (parent, name):
                os.unlink(name, dir_fd=parent)
        except FileNotFoundError:
            return False
        return True

    def sync_folder(self, folder: str) -> None:
        """Make the names in it durable; "" is the archive's folder itself."""
        with self._opened(folder) as fd:
            os.fsync(fd)

    def stat(self, file: str) -> os.stat_result | None:
        """What stands under this name, links not followed; None if nothing does."""
        try:
            with self._parent(file) as (parent, name):
                return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def sha256(self, file: str) -> str | None:
        """The sha256 of a regular file, in hex; None if there is no regular file of this name."""
        status = self.stat(file)
        if status is None or not stat.S_ISREG(status.st_mode):
            return None
        with self._parent(file) as (parent, name):
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        with os.fdopen(fd, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()

    def files(self) -> Iterator[str]:
        """Every file below, in no order; folders that are links are not entered."""
        for where, _, names, _ in os.fwalk(".", dir_fd=self._fd, follow_symlinks=False):
            for name in names:
                yield os.path.join(where, name)[2:]  # noqa: PTH118 - "./" is cut off, a Path would cost a walk its speed

    @contextmanager
    def _parent(self, file: str) -> Iterator[tuple[int, str]]:
        folder, _, name = file.rpartition("/")
        with self._opened(folder) as fd:
            yield fd, name

    @contextmanager
    def _opened(self, folder: str) -> Iterator[int]:
        """A descriptor of a folder below; refuses "..", and links with ELOOP or ENOTDIR."""
        names = folder.split("/") if folder else []
        if not {"", ".", ".."}.isdisjoint(names):
            raise ValueError(f"{self.path}: expected a path inside the archive, got {folder!r}")
        fd = os.dup(self._fd)
        try:
            for name in names:
                inner = os.open(name, _FOLDER, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)


def settle(fd: int) -> None:
    """Make a written file durable and close it. After a failure the pages may be gone: write the file anew."""
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _wait_lock(fd: int, within_s: float) -> None:
    end = time.monotonic() + within_s
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.02)
