"""
The archive as a stage: one commit is one mark, and after it everything up to the mark is on the disk or nothing is.

Order: note the files, write them, sync, rename, sync the folders, then one transaction with rows, memory, events and position.
What a crash leaves is named in the catalogue's `pending` table, so opening an archive never has to search its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from keepframe.archive import booking
from keepframe.archive.booking import Epoch, MemoryDelta, Standing
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.encoding import Encoding
from keepframe.archive.folder import Folder, settle
from keepframe.archive.names import DEFAULT, Template
from keepframe.archive.quarantine import clear, settle_retries
from keepframe.archive.settling import NewFile, Settling
from keepframe.clock import Clock, SystemClock
from keepframe.errors import ArchiveLockedError
from keepframe.frame import Decision, Item, Position


class Archive:
    """
    Kept pictures as ordinary files below `folder`, one row for every frame in its catalogue. Use it in a `with`.

    folder: made if need be. name: of the files, without suffix, fields in braces (names.py). format: "jpeg" or "png"; a camera's
    own JPEG stays as it is, byte for byte. quality: of JPEGs made here, 1 to 100. quality_mode: "exact", or "fast" from planes to
    planes. picture: "captured" or "working".

    Raises ValueError for an option that cannot be; `with` raises ArchiveLockedError if another process writes into the folder.
    Every method may raise OSError (disk full, no permission): nothing is half-done then, and the same call may be made again.
    ArchiveLockedError from a method: another archive has taken over, this one must stop.

    >>> Archive(quality=0)
    Traceback (most recent call last):
    ValueError: quality: expected 1 to 100, got 0
    """

    per = "process"

    def __init__(
        self,
        *,
        folder: Path = Path("archive"),
        name: str = DEFAULT,
        format: str = "jpeg",
        quality: int = 90,
        quality_mode: str = "exact",
        picture: str = "captured",
    ) -> None:
        self.folder = Path(folder)
        self.clock: Clock = SystemClock()
        self.passing: Callable[[str], None] = lambda _step: None
        """Called with the name of each step of a commit, after it; where tests pull the plug."""
        self.patience_s = 2.0
        """How long a former archive that is just dying may take to let go of the folder."""
        self._template, self._encoding = Template(name), Encoding(picture, format, quality, quality_mode)
        self._writer, self._temps, self._is_untidy = 0, 0, False
        self._files: Folder | None = None
        self._catalogue: Catalogue | None = None

    def __enter__(self) -> Self:
        """Open it for writing, the only one to do so, and sweep up what a crash left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._files = Folder(self.folder)
        try:
            self._files.lock(within_s=self.patience_s)
            self._catalogue = Catalogue(self.folder, now_ns=self.clock.wall_ns())
            self._files.sync_folder("")  # SQLite does not make the new catalogue's own name durable
            self._writer = self._catalogue.take_writer()
            self._sweep()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        where: TracebackType | None = None,
    ) -> None:
        """Close it; what is committed stays."""
        catalogue, files, self._catalogue, self._files = self._catalogue, self._files, None, None
        try:
            if catalogue:
                catalogue.close()
        finally:
            if files:
                files.close()

    def open(self, camera: str, epoch: Epoch, held: tuple[Position, Position] | None) -> Standing | None:
        """
        Begin a session of a camera: its standing, with the outcomes of the positions from held[0] to held[1].

        None: refused, an epoch as new is known (`newest` tells it). Else this epoch is the newest now, durably.
        """
        if not camera:
            raise ValueError("archive: a camera needs a name, got ''")
        catalogue = self._opened()[0]
        with catalogue.change(self._writer):
            if not booking.open_epoch(catalogue, camera, epoch):
                return None
            return booking.standing(catalogue, camera, held)

    def newest(self, camera: str) -> Epoch:
        """The newest epoch known of a camera; NEVER if it is new."""
        return booking.newest(self._opened()[0], camera)

    def is_current(self) -> bool:
        """Whether no other archive has taken over since this one was opened."""
        return self._opened()[0].writer() == self._writer

    def commit(
        self,
        camera: str,
        epoch: Epoch,
        upto: Position,
        items: Sequence[Item],
        memory: MemoryDelta,
        events: Sequence[tuple[str, str]],
    ) -> list[tuple[Position, Decision]] | None:
        """
        One mark of a camera: its pictures, rows, changed memories, events (kind, text) and position, all or nothing.

        Returns what became of each item, by its first position: what stands, if it was committed before. None: nothing is done,
        the epoch is not the newest any more.
        """
        catalogue = self._opened()[0]
        if strangers := {item.frames[0].camera for item in items} - {camera}:
            raise ValueError(f"archive: expected items of camera {camera!r}, got {sorted(strangers)}")
        if booking.newest(catalogue, camera) != epoch:
            return None
        if self._is_untidy:
            self._sweep()
        settling = Settling(self._encoding, self._template, self._is_free, [], [])
        committed = booking.committed_to(catalogue, camera)
        for item in items:
            settling.add(item, is_covered=lambda b: b.at <= committed and bool(booking.covered(catalogue, b)))
        temps = [self._temp(new) for new in settling.files]
        self._is_untidy = bool(temps)
        try:
            self._write(settling.files, temps)
            outcomes = self._book(camera, epoch, upto, settling, temps, memory, events)
        except ArchiveLockedError:
            for temp in temps:  # what stands under the final names is the other archive's now
                self._opened()[1].remove(temp)
            raise
        except Exception:
            with suppress(
                OSError
            ):  # a full disk may not let us note what is gone; the next commit tries again
                self._sweep()
            raise
        if outcomes is None:
            self._sweep()
        self._is_untidy = False
        self.passing("committed")
        return outcomes

    def _write(self, new_files: list[NewFile], temps: list[str]) -> None:
        """Put the pictures on the disk under temporary names, known to the catalogue before they are begun."""
        if not new_files:
            return
        catalogue, files = self._opened()
        with catalogue.change(self._writer):
            for new, temp in zip(new_files, temps, strict=True):
                catalogue.run("INSERT INTO pending VALUES (?, ?, ?)", new.file, temp, new.sha256)
        self.passing("noted")
        for folder in sorted({_folder_of(new.file) for new in new_files}):
            files.make_folder(folder)
        for new, temp in zip(new_files, temps, strict=True):
            written = files.write(temp, new.data)
            self.passing("written")
            settle(written)
            self.passing("synced")

    def _book(
        self,
        camera: str,
        epoch: Epoch,
        upto: Position,
        settling: Settling,
        temps: list[str],
        memory: MemoryDelta,
        events: Sequence[tuple[str, str]],
    ) -> list[tuple[Position, Decision]] | None:
        """
        Give the pictures their names and write everything else, as long as nobody else may write.

        The names come first and within the transaction: an archive that was replaced must not touch the names of its successor.
        """
        (catalogue, files), now_ns = self._opened(), self.clock.wall_ns()
        with catalogue.change(self._writer):
            if booking.newest(catalogue, camera) != epoch:
                return None
            for new, temp in zip(settling.files, temps, strict=True):
                files.rename(temp, new.file)
                self.passing("renamed")
            for folder in sorted({_folder_of(new.file) for new in settling.files}):
                files.sync_folder(folder)
            self.passing("stored")
            outcomes = booking.book(catalogue, settling.bookings, booking.next_commit(catalogue), now_ns)
            booking.remember(catalogue, camera, memory)
            for kind, text in events:
                booking.note_event(catalogue, camera, kind, text, now_ns)
            booking.move_on(catalogue, camera, upto)
            for new in settling.files:
                if not catalogue.one("SELECT 1 FROM frame WHERE file = ?", new.file):
                    files.remove(new.file)  # its frame came twice in one mark, or behind its stream's end
                catalogue.run("DELETE FROM pending WHERE file = ?", new.file)
            done = settle_retries(catalogue, settling.bookings, now_ns)
            self.passing("booked")
        clear(catalogue, files, done, self._writer)
        return outcomes

    def _sweep(self) -> None:
        """Remove what a commit that did not come to its end has written; its frames come again."""
        catalogue, files = self._opened()
        with catalogue.change(self._writer):
            removed = [file for file in pending_files(catalogue, files) if files.remove(file)]
            for folder in sorted({_folder_of(file) for file in removed}):
                files.sync_folder(folder)
            catalogue.run("DELETE FROM pending")
            if removed:
                text = f"{len(removed)} files of an unfinished commit were removed; their frames come again"
                booking.note_event(catalogue, "", "swept", text, self.clock.wall_ns())
        self._is_untidy = False

    def _is_free(self, file: str) -> bool:
        catalogue, files = self._opened()
        return not files.stat(file) and not catalogue.one("SELECT 1 FROM frame WHERE file = ?", file)

    def _temp(self, new: NewFile) -> str:
        self._temps += 1
        folder = _folder_of(new.file)
        return f"{folder}/" * bool(folder) + f".keepframe-{self._writer}-{self._temps}.part"

    def _opened(self) -> tuple[Catalogue, Folder]:
        if self._catalogue is None or self._files is None:
            raise ValueError(f"{self.folder}: this archive is not open; use it in a `with`")
        return self._catalogue, self._files


def _folder_of(file: str) -> str:
    return file.rpartition("/")[0]


def pending_files(catalogue: Catalogue, files: Folder) -> list[str]:
    """The files there are of commits that did not end: temporary ones, and final ones if they are ours."""
    found = []
    for file, temp, sha256 in catalogue.rows("SELECT file, temp, sha256 FROM pending ORDER BY file"):
        if files.stat(temp):
            found.append(temp)
        if files.sha256(file) == sha256:  # else it is not ours: the name was free when it was noted
            found.append(file)
    return found
