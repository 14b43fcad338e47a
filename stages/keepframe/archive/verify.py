"""
The proof that an archive is what it says: the account balances, and every kept picture is there, bit for bit.

Works while a pipeline writes. What is done about a fault is in repair.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from keepframe.archive.account import imbalances
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.faults import expected_files, file_faults, strays, unfinished
from keepframe.archive.folder import Folder
from keepframe.archive.repair import mend
from keepframe.archive.row import plain


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: what kind, where (a frame, a stream, a camera or a file), and what is wrong."""

    kind: Literal["account", "missing", "damaged", "stray", "unfinished", "catalogue"]
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.text}"


@dataclass(slots=True)
class Report:
    """What `verify` found. Remarks are worth knowing and no fault."""

    folder: Path
    cameras: int = 0
    frames: int = 0
    """Positions accounted for."""
    files: int = 0
    """Kept and quarantined pictures that were read and compared."""
    problems: list[Problem] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong (any more)."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """The report for scripts."""
        return {
            "archive": str(self.folder),
            "is_sound": self.is_sound,
            "cameras": self.cameras,
            "frames": self.frames,
            "files": self.files,
            "problems": [{"kind": p.kind, "where": p.where, "text": p.text} for p in self.problems],
            "repaired": self.repaired,
            "remarks": self.remarks,
        }


def verify(folder: Path, *, repair: bool = False) -> Report:
    """
    Check an archive; with `repair` also mend what can be, and check again.

    Repair deletes no picture: one that no row names goes back to the row it belongs to or aside into `lost+found`; a row whose
    picture is nowhere stays `kept`, for so it was decided, and is marked as gone. A hole in the account cannot be mended.

    Raises FileNotFoundError for a folder without an archive, ArchiveLockedError for a repair while a pipeline runs, OSError.
    """
    folder = Path(folder)
    repaired = mend(folder) if repair else []
    report = Report(folder, repaired=repaired)
    catalogue, files = Catalogue(folder), Folder(folder)
    try:
        report.problems += [Problem("catalogue", catalogue.path.name, text) for text in catalogue.faults()]
        if report.is_sound:  # what a torn catalogue says is not worth comparing
            _compare(catalogue, files, report)
    finally:
        files.close()
        catalogue.close()
    return report


def _compare(catalogue: Catalogue, files: Folder, report: Report) -> None:
    is_active = files.is_locked()
    found = set(files.files())  # before the rows: whatever is there by now is noted as pending or has its row
    with catalogue.snapshot():
        (report.cameras,) = catalogue.one("SELECT count(*) FROM camera") or (0,)
        (report.frames,) = catalogue.one("SELECT coalesce(sum(\"count\"), 0) FROM frame WHERE part = ''") or (
            0,
        )
        expected = expected_files(catalogue)
        stray = strays(catalogue, found)
        left = [] if is_active else unfinished(catalogue, found)
        report.problems += [Problem("account", where, text) for where, text in imbalances(catalogue)]
        report.remarks += _remarks(catalogue)
    report.files = len(expected)
    report.problems += [Problem(fault, file, text) for file, fault, text in file_faults(files, expected)]
    for file in stray:
        if files.stat(file):  # a commit that was given up meanwhile has taken it away again
            report.problems.append(Problem("stray", plain(file), "no row of the account names this picture"))
    report.problems += [Problem("unfinished", file, "left by a commit that did not end") for file in left]


def _remarks(catalogue: Catalogue) -> Iterator[str]:
    lost = catalogue.rows(
        "SELECT camera, stream, frames FROM stream WHERE reason = 'store-lost' ORDER BY camera, stream"
    )
    for camera, stream, frames in lost:
        yield f"{camera}/{stream} ended after {frames} frames because its store was lost: later ones are not in the account"
    for camera, text in catalogue.rows("SELECT camera, text FROM event WHERE kind = 'conflict' ORDER BY id"):
        yield f"{camera}: {text}"
    for file, gone in catalogue.rows(
        "SELECT file, gone FROM frame WHERE gone IN ('missing', 'damaged') ORDER BY file"
    ):
        yield f"{file} is gone ({gone}); its row stays"
