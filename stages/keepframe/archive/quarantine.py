"""
Quarantine: frames that killed the process working on them, as files with everything needed to try them again.

The row of such a frame is `failed` and names its file. When files are written and removed is settling.py's and writing.py's
business; how a frame that is tried again travels is the capture's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keepframe.archive.booking import Booking, note_event
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.folder import Folder
from keepframe.archive.row import COLUMNS, Row, plain
from keepframe.clock import Clock, SystemClock
from keepframe.frame import Frame
from keepframe.picture import Inline, Picture

MAGIC = b"keepframe quarantine 1\n"
RETRY_OF = "retry_of"
"""The note of a frame that is tried again: the name of the one in quarantine."""
MAX_HEADER = 65536

_COLUMNS = ", ".join(f'f."{column}"' for column in COLUMNS)
_STANDS = "f.outcome = 'failed' AND f.file IS NOT NULL AND f.gone IS NULL"


@dataclass(frozen=True, slots=True)
class Entry:
    """A frame in quarantine. is_marked: whether its camera's next start tries it again."""

    row: Row
    is_marked: bool

    @property
    def killed(self) -> str | None:
        """The stage whose process died with it in hand; None where nobody knows."""
        found = re.match(r"poison: (\S+) died", self.row.reason)
        return found[1] if found else None

    def to_json(self) -> dict[str, Any]:
        """The entry for scripts."""
        return self.row.to_json() | {
            "frame": self.row.name,
            "stage": self.killed,
            "is_marked": self.is_marked,
        }


def packed(frame: Frame) -> bytes:
    """
    A frame with its captured picture as a file: MAGIC, a line of JSON, the picture's exact bytes.

    Raises ValueError for a frame without a picture, LookupError if the picture's bytes are gone.

    >>> packed(Frame(camera="lobby", picture=Picture("gray", 1, 2, Inline(b"ab"))))[-2:]
    b'ab'
    """
    picture = frame.picture
    if picture is None:
        raise ValueError(f"{frame.name}: expected a frame with its picture, got a header")
    data = bytes(picture.handle.data())
    picture.handle.check()
    header = {
        "camera": frame.camera,
        "stream": frame.stream,
        "seq": frame.seq,
        "time_ns": frame.time_ns,
        "media_ns": frame.media_ns,
        "source": frame.source,
        "index": frame.index,
        "reason": frame.reason,
        "notes": dict(frame.notes),
        "picture": {
            "format": picture.format,
            "height": picture.height,
            "width": picture.width,
            "is_full_range": picture.is_full_range,
            "matrix": picture.matrix,
            "bytes": len(data),
        },
    }
    return MAGIC + json.dumps(header).encode() + b"\n" + data


def unpacked(data: bytes) -> Frame:
    """
    The frame of such a file, as it was captured. Raises ValueError for anything else.

    >>> unpacked(packed(Frame(camera="lobby", seq=7, picture=Picture("gray", 1, 2, Inline(b"ab"))))).name
    'lobby/0/7'
    """
    if not data.startswith(MAGIC):
        raise ValueError(f"expected a file that begins with {MAGIC.decode().strip()!r}, got {data[:24]!r}")
    end = data.find(b"\n", len(MAGIC), len(MAGIC) + MAX_HEADER)
    try:
        header = json.loads(data[len(MAGIC) : max(end, 0)])
        about = header.pop("picture")
        nbytes, pixels = about.pop("bytes"), memoryview(data)[end + 1 :]
        if len(pixels) != nbytes:
            raise ValueError(f"expected {nbytes} bytes of picture, got {len(pixels)}")
        return Frame(**header, picture=Picture(**about, handle=Inline(pixels)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"expected the header of a quarantined frame, got another: {error}") from error


def entries(folder: Path, camera: str | None = None) -> list[Entry]:
    """
    What is in quarantine, of one camera or of all, by camera and position.

    Raises FileNotFoundError for a folder without an archive.
    """
    catalogue = Catalogue(Path(folder))
    try:
        return _entries(catalogue, camera)
    finally:
        catalogue.close()


def marked(folder: Path, camera: str) -> list[Entry]:
    """The frames of a camera that are to be tried again; none where this machine does not see the archive."""
    try:
        return [entry for entry in entries(folder, camera) if entry.is_marked]
    except FileNotFoundError:
        return []


def read(folder: Path, entry: Entry) -> Frame:
    """
    The frame of an entry, as it was captured, with a note that says whose second try it is.

    Raises OSError if its file cannot be read, ValueError if it is not what was written.
    """
    frame = unpacked((Path(folder) / str(entry.row.file)).read_bytes())
    return replace(frame, reason="").with_note(RETRY_OF, entry.row.name)


def is_retry(folder: Path, camera: str, stream: int) -> bool:
    """Whether this stream is one of frames that are tried again. False where this machine does not see the archive."""
    try:
        catalogue = Catalogue(Path(folder))
    except FileNotFoundError:
        return False
    try:
        found = catalogue.one(
            "SELECT notes FROM frame WHERE camera = ? AND stream = ? AND seq = 0 AND part = ''",
            plain(camera),
            stream,
        )
    finally:
        catalogue.close()
    return found is not None and RETRY_OF in json.loads(found[0])


def mark(folder: Path, names: Sequence[str], *, clock: Clock | None = None) -> list[Entry]:
    """
    Let these frames be tried again at the next start of their camera; no names: all. May be called while a pipeline runs.

    Raises LookupError for a name that is not in quarantine, FileNotFoundError for a folder without an archive.
    """
    catalogue = _writing(folder, clock)
    try:
        with catalogue.change():
            chosen = _chosen(catalogue, names)
            for entry in chosen:
                catalogue.run("INSERT OR IGNORE INTO retry VALUES (?, ?, ?)", *_key(entry.row))
        return chosen
    finally:
        catalogue.close()


def drop(folder: Path, names: Sequence[str], *, clock: Clock | None = None) -> list[Entry]:
    """
    Delete these frames' files; their rows stay. No names: all. May be called while a pipeline runs.

    Raises LookupError for a name that is not in quarantine, FileNotFoundError for a folder without an archive.
    """
    clock = clock or SystemClock()
    catalogue, files = _writing(folder, clock), Folder(Path(folder))
    try:
        with catalogue.change():
            chosen = _chosen(catalogue, names)
            for entry in chosen:
                _let_go(catalogue, entry.row, "dropped")
                text = f"{entry.row.name}: its picture was taken out of quarantine and deleted"
                note_event(catalogue, entry.row.camera, "quarantine", text, clock.wall_ns())
        clear(catalogue, files, [str(entry.row.file) for entry in chosen])
        return chosen
    finally:
        files.close()
        catalogue.close()


def settle_retries(catalogue: Catalogue, bookings: Iterable[Booking], now_ns: int) -> list[str]:
    """
    Frames that were tried again have their outcome: those that went through leave quarantine, in the transaction that books them.

    A frame that failed once more stays where it is. Returns the files to clear() away after the commit.
    """
    done = []
    for booking in bookings:
        name = str(booking.rows[0].notes.get(RETRY_OF, "")) if booking.rows else ""
        of = _named(catalogue, name) if name else None
        if of is None or not of.is_marked or of.row.camera != plain(booking.camera):
            continue  # booked before, or a note of somebody else's
        again, outcome = f"{booking.camera}/{booking.at[0]}/{booking.at[1]}", booking.decision
        text = f"{of.row.name}: tried again as {again}: {outcome}"
        if outcome in ("failed", "dropped"):
            catalogue.run("DELETE FROM retry WHERE camera = ? AND stream = ? AND seq = ?", *_key(of.row))
            text += "; it stays in quarantine"
        else:
            _let_go(catalogue, of.row, "retried")
            done.append(str(of.row.file))
        note_event(catalogue, booking.camera, "quarantine", text, now_ns)
    return done


def clear(catalogue: Catalogue, files: Folder, done: Sequence[str], writer: int | None = None) -> None:
    """Remove files that rows have let go of; what a crash leaves of them is swept up with the next opening."""
    if not done:
        return
    for file in done:
        files.remove(file)
    files.sync_folder(done[0].rpartition("/")[0])
    with catalogue.change(writer):
        for file in done:
            catalogue.run("DELETE FROM pending WHERE file = ?", file)


def _let_go(catalogue: Catalogue, row: Row, why: str) -> None:
    catalogue.run("UPDATE frame SET gone = ? WHERE file = ?", why, row.file)
    catalogue.run("DELETE FROM retry WHERE camera = ? AND stream = ? AND seq = ?", *_key(row))
    catalogue.run("INSERT OR REPLACE INTO pending VALUES (?, ?, ?)", row.file, row.file, row.sha256)


def _entries(catalogue: Catalogue, camera: str | None = None) -> list[Entry]:
    found = catalogue.rows(
        f"SELECT r.seq IS NOT NULL, {_COLUMNS} FROM frame f LEFT JOIN retry r USING (camera, stream, seq)"  # noqa: S608 - names of our own
        f" WHERE {_STANDS} AND (?1 IS NULL OR f.camera = ?1) ORDER BY f.camera, f.stream, f.seq, f.part",
        None if camera is None else plain(camera),
    )
    return [Entry(Row.from_columns(columns), bool(is_marked)) for is_marked, *columns in found]


def _named(catalogue: Catalogue, name: str) -> Entry | None:
    return next((entry for entry in _entries(catalogue) if entry.row.name == name), None)


def _chosen(catalogue: Catalogue, names: Sequence[str]) -> list[Entry]:
    known = {entry.row.name: entry for entry in _entries(catalogue)}
    for name in names:
        if name not in known:
            there = f"there: {', '.join(known)}" if known else "it is empty"
            raise LookupError(f"{catalogue.path.parent}: no frame {name!r} in quarantine; {there}")
    return [entry for name, entry in known.items() if not names or name in names]


def _key(row: Row) -> tuple[str, int, int]:
    return plain(row.camera), row.stream, row.seq


def _writing(folder: Path, clock: Clock | None) -> Catalogue:
    Catalogue(Path(folder)).close()  # a folder without an archive must not become one
    return Catalogue(Path(folder), now_ns=(clock or SystemClock()).wall_ns())
