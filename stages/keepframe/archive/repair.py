"""
Mending what a crash or a hand left in an archive: nothing is thrown away that might be a picture.

What counts as a fault is said in faults.py.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from keepframe.archive import booking
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.faults import expected_files, file_faults, is_temporary, strays
from keepframe.archive.folder import Folder
from keepframe.archive.names import KEPT_APART
from keepframe.archive.row import plain
from keepframe.clock import Clock, SystemClock

ASIDE = KEPT_APART[0]


def mend(folder: Path, *, clock: Clock | None = None) -> list[str]:
    """
    Repair an archive that no pipeline has open; says what was done, a line each, and records it as events.

    Raises ArchiveLockedError while a pipeline runs, FileNotFoundError for a folder without an archive, OSError.
    """
    now_ns = (clock or SystemClock()).wall_ns()
    Catalogue(folder).close()  # a folder without an archive must not become one
    files = Folder(folder)
    try:
        files.lock()
        catalogue = Catalogue(folder, now_ns=now_ns)
        try:
            return _mend(catalogue, files, now_ns)
        finally:
            catalogue.close()
    finally:
        files.close()


def _mend(catalogue: Catalogue, files: Folder, now_ns: int) -> list[str]:
    writer = catalogue.take_writer()  # an archive that no lock could stop must not go on meanwhile
    done = []
    for file in sorted(files.files()):
        if is_temporary(file):
            files.remove(file)
            done.append(f"{file}: removed, it was never finished")
    with catalogue.change(writer):
        catalogue.run("DELETE FROM pending")  # what these commits had named is a stray now
    for file, fault, _ in file_faults(files, expected_files(catalogue)):
        if fault == "damaged":
            done.append(f"{file}: not as it was written, now {_put_aside(files, file)}")
        with catalogue.change(writer):
            catalogue.run("UPDATE frame SET gone = ? WHERE file = ?", fault, file)
        done.append(f"{file}: its row is marked as {fault}")
    for file in strays(catalogue, files.files()):
        wanted = catalogue.rows(
            "SELECT file FROM frame WHERE gone IN ('missing', 'damaged') AND sha256 = ?", files.sha256(file)
        )
        place = next((place for (place,) in wanted if place == file or not files.stat(place)), None)
        if place is None:
            done.append(f"{plain(file)}: no row names it, now {plain(_put_aside(files, file))}")
            continue
        _move(files, file, place)
        with catalogue.change(writer):
            catalogue.run("UPDATE frame SET gone = NULL WHERE file = ?", place)
        done.append(f"{place}: found again" + ("" if place == file else f" as {plain(file)}"))
    with catalogue.change(writer):
        for text in done:
            booking.note_event(catalogue, "", "repaired", text, now_ns)
    return done


def _put_aside(files: Folder, file: str) -> str:
    path, number = PurePosixPath(ASIDE) / file, 1
    place = path
    while files.stat(str(place)):
        number += 1
        place = path.with_name(f"{path.stem}-{number}{path.suffix}")
    _move(files, file, str(place))
    return str(place)


def _move(files: Folder, file: str, place: str) -> None:
    if file == place:
        return
    folder = place.rpartition("/")[0]
    files.make_folder(folder)
    files.rename(file, place)
    files.sync_folder(folder)
    files.sync_folder(file.rpartition("/")[0])
