"""
The catalogue file: opening it, transactions, and the error a full disk becomes. The only user of sqlite3.

Which rows a commit makes is booking.py's business, what people want to read is reading.py's.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from keepframe.archive.schema import TABLES, VERSION
from keepframe.errors import ArchiveLockedError

NAME = "catalogue.sqlite"
BUSY_S = 5.0
CHECKPOINT_PAGES = 256
"""The write-ahead log goes back into the catalogue at 1 MB: SQLite's 4 MB are most of a small card."""

FULL_BYTES = 1 << 18
"""With less room than this an input or output error counts as a full disk: it passes when there is room again."""

_NUMBERS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_LOCKED: errno.EBUSY,
    sqlite3.SQLITE_CANTOPEN: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
}


class Catalogue:
    """
    One open catalogue: `with change(writer):` around everything that belongs together, `rows` to ask.

    Whatever SQLite reports about the disk is raised as OSError (ENOSPC, EIO, EBUSY, EROFS), and nothing is half-done.
    """

    def __init__(self, folder: Path, *, now_ns: int | None = None) -> None:
        """Open the catalogue of this folder: to write, made if need be, with `now_ns`; to read without."""
        self.path = folder / NAME
        is_writing = now_ns is not None
        if sqlite3.sqlite_version_info < (3, 37):
            raise RuntimeError(
                f"sqlite: expected 3.37 or newer, got {sqlite3.sqlite_version}; use a newer Python"
            )
        if not is_writing and not self.path.exists():
            raise FileNotFoundError(
                f"{folder}: expected an archive, found no {NAME} in it; give the archive's folder"
            )
        if self.path.exists() and not os.access(self.path, os.R_OK):  # SQLite would call it an input error
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))
        with self._disk_errors():
            self._db = self._connect(is_writing=is_writing)
        try:
            with self._disk_errors():
                self._prepare(now_ns)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close it; a second time does nothing."""
        with self._disk_errors():
            self._db.close()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a SELECT finds."""
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._tell(error)

    def one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        """The first row a SELECT finds."""
        try:
            found: tuple[Any, ...] | None = self._db.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            self._tell(error)
        return found

    def run(self, statement: str, *values: object) -> None:
        """One changing statement, inside `change`."""
        self._db.execute(statement, values)

    @contextmanager
    def change(self, writer: int | None = None) -> Iterator[None]:
        """
        One transaction: all of it is on the disk when this returns, or none of it is done.

        Raises ArchiveLockedError if `writer` is not the archive's number any more, OSError if the disk does not take it.
        """
        with self._disk_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if writer is not None and self.writer() != writer:
                    raise ArchiveLockedError(
                        f"{self.path.parent}: another archive took over (writer {self.writer()}, this one is {writer}); "
                        "stop one of the two pipelines"
                    )
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have rolled back already
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything asked within sees the same moment."""
        with self._disk_errors():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def writer(self) -> int:
        """The number of the process that may write."""
        found = self.one("SELECT writer FROM archive")
        return int(found[0]) if found else 0

    def take_writer(self) -> int:
        """A new writer number; whoever had the last one may not write any more."""
        with self.change():
            self.run("UPDATE archive SET writer = writer + 1")
            return self.writer()

    def faults(self) -> list[str]:
        """What SQLite's own check of the file finds; nothing if it is sound."""
        try:
            found = [str(text) for (text,) in self._db.execute("PRAGMA quick_check(20)")]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [] if found == ["ok"] else found

    def _connect(self, *, is_writing: bool) -> sqlite3.Connection:
        place = self.path.absolute().as_uri()
        mode = "rwc" if is_writing else "rw"  # a reader's last close clears the log away, as a writer's does
        if not is_writing and not os.access(self.path.parent, os.W_OK):
            mode = "ro" if self._log().exists() else "ro&immutable=1"  # no room for the log's shared index
        return sqlite3.connect(f"{place}?mode={mode}", uri=True, timeout=BUSY_S, isolation_level=None)

    def _log(self) -> Path:
        return self.path.with_name(NAME + "-wal")

    def _prepare(self, now_ns: int | None) -> None:
        (version,) = self.one("PRAGMA user_version") or (0,)
        if version > VERSION:
            raise RuntimeError(
                f"{self.path}: expected version {VERSION} or older, got {version}; this archive was written by a newer keepframe"
            )
        if now_ns is None:
            if version == 0:
                raise FileNotFoundError(f"{self.path}: the catalogue is still empty; run the pipeline first")
            self._db.execute("PRAGMA query_only = ON")
            return
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self._db.execute(f"PRAGMA journal_size_limit = {CHECKPOINT_PAGES * 4096}")
        if version == 0:
            self._db.execute("BEGIN IMMEDIATE")
            for statement in TABLES:
                self._db.execute(statement)
            self._db.execute("INSERT INTO archive (id, made_ns) VALUES (1, ?)", (now_ns,))
            self._db.execute(f"PRAGMA user_version = {VERSION}")
            self._db.execute("COMMIT")

    def _is_disk_full(self) -> bool:
        try:
            disk = os.statvfs(self.path.parent)
        except OSError:
            return False
        return disk.f_bavail * disk.f_frsize < FULL_BYTES

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._tell(error)

    def _tell(self, error: sqlite3.Error) -> NoReturn:
        """Raise what an error of SQLite's means: itself, where neither the disk nor the file is at fault."""
        code = getattr(error, "sqlite_errorcode", None) or 0
        if code & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            raise RuntimeError(
                f"{self.path}: {error}; put a copy of the catalogue back, or move it aside to begin a new one"
            ) from error
        if number := _NUMBERS.get(code & 0xFF):
            if number == errno.EIO and self._is_disk_full():
                number = (
                    errno.ENOSPC
                )  # SQLite says so only where a write fails, not where its shared index cannot grow
            raise OSError(number, f"{os.strerror(number)}: {error}", str(self.path)) from error
        raise error
