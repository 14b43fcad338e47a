"""
The ways in which the files of an archive can differ from its rows.

Looks only. What is done about a fault is in repair.py, what rows owe to each other in account.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Literal

from keepframe.archive.catalogue import Catalogue
from keepframe.archive.folder import TEMP, Folder
from keepframe.archive.names import KEPT_APART, QUARANTINED
from keepframe.archive.row import plain

FileFault = Literal["missing", "damaged"]
Expected = tuple[str, int, str]
"""A kept or quarantined picture's file, its size in bytes and its sha256."""

_PICTURES = {".jpg", ".jpeg", ".png"}


def expected_files(catalogue: Catalogue) -> list[Expected]:
    """The kept and quarantined pictures there should be."""
    found = catalogue.rows(
        "SELECT file, bytes, sha256 FROM frame WHERE file IS NOT NULL AND gone IS NULL ORDER BY file"
    )
    return [(file, size, sha256) for file, size, sha256 in found]


def file_faults(files: Folder, expected: Iterable[Expected]) -> Iterator[tuple[str, FileFault, str]]:
    """The kept pictures that are not as they were written: file, fault, what is wrong. Reads every one of them."""
    for file, size, sha256 in expected:
        actual = files.sha256(file)
        if actual is None:
            yield file, "missing", "the picture is not there"
        elif actual != sha256:
            status = files.stat(file)
            there = "an unknown number of" if status is None else status.st_size
            yield (
                file,
                "damaged",
                f"expected {size} bytes, sha256 {sha256[:12]}…; got {there} bytes, {actual[:12]}…",
            )


def strays(catalogue: Catalogue, found: Iterable[str]) -> list[str]:
    """The pictures among the found files that belong to no row and to no commit under way."""
    known = {file for file, _, _ in expected_files(catalogue)}
    known |= {file for (file,) in catalogue.rows("SELECT file FROM pending")}
    return sorted(file for file in found if _is_picture(file) and plain(file) not in known)


def unfinished(catalogue: Catalogue, found: Iterable[str]) -> list[str]:
    """The files among those found that commits have begun; leftovers if no archive is at work."""
    pending = {file for (file,) in catalogue.rows("SELECT file FROM pending")}
    return sorted(file for file in found if file in pending or is_temporary(file))


def is_temporary(file: str) -> bool:
    """
    Whether this is the name of a picture that is still being written.

    >>> is_temporary("lobby/2026-11-22/.keepframe-3-17.part")
    True
    """
    return TEMP.fullmatch(PurePosixPath(file).name) is not None


def _is_picture(file: str) -> bool:
    path = PurePosixPath(file)
    is_hidden = any(part.startswith(".") for part in path.parts)
    if path.parts[0] == KEPT_APART[1]:
        return path.suffix == QUARANTINED and not is_hidden
    return path.suffix.lower() in _PICTURES and path.parts[0] not in KEPT_APART and not is_hidden
