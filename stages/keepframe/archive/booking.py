"""
What a commit changes in the catalogue: rows, ends of streams, memories, events, the committed position; and what stands in it.

Runs inside the catalogue's transaction and keeps its rules: a row stands as it was first, rows never overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from keepframe.archive.catalogue import Catalogue
from keepframe.archive.row import COLUMNS, Row, plain
from keepframe.frame import START, Decision, Position

Epoch = tuple[int, int, int]
"""(incarnation, attempt, nonce) of a camera's session; they compare in that order."""

NEVER: Epoch = (-1, 0, 0)
"""Older than every session."""

Memory = dict[str, dict[str, bytes]]
"""What stages remember of a camera: by stage, by key."""

MemoryDelta = Mapping[str, Mapping[str, bytes | None]]
"""What changed in a memory; None: the key is gone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a camera stands when a session begins."""

    committed: Position
    is_ended: bool
    """Whether the stream of the committed position has its end."""
    memory: Memory
    outcomes: list[tuple[Position, Decision]]
    """Of the positions asked for, as far as they are committed."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What one item becomes: its row and those of its parts, or the end of its stream."""

    camera: str
    at: Position
    count: int
    decision: Decision
    reason: str
    rows: tuple[Row, ...] = ()


def newest(catalogue: Catalogue, camera: str) -> Epoch:
    """The newest epoch known of this camera."""
    found = catalogue.one("SELECT epoch FROM camera WHERE camera = ?", plain(camera))
    if found is None:
        return NEVER
    incarnation, attempt, nonce = map(int, found[0].split("."))
    return incarnation, attempt, nonce


def open_epoch(catalogue: Catalogue, camera: str, epoch: Epoch) -> bool:
    """Make this the newest epoch; False if one that is as new is known."""
    if epoch <= newest(catalogue, camera):
        return False
    catalogue.run(
        "INSERT INTO camera (camera, epoch) VALUES (?, ?) ON CONFLICT DO UPDATE SET epoch = excluded.epoch",
        plain(camera),
        ".".join(str(int(number)) for number in epoch),
    )
    return True


def committed_to(catalogue: Catalogue, camera: str) -> Position:
    """Up to where a camera is settled; START if it is new. No row stands behind it."""
    found = catalogue.one("SELECT stream, seq FROM camera WHERE camera = ?", plain(camera))
    return (found[0], found[1]) if found else START


def standing(catalogue: Catalogue, camera: str, held: tuple[Position, Position] | None) -> Standing:
    """What is committed of a camera, with the outcomes of the positions from held[0] to held[1]."""
    name, committed = plain(camera), committed_to(catalogue, camera)
    memory: Memory = {}
    for stage, key, value in catalogue.rows(
        "SELECT stage, key, value FROM memory WHERE camera = ? ORDER BY stage, key", name
    ):
        memory.setdefault(stage, {})[key] = bytes(value)
    is_ended = _end(catalogue, name, committed[0]) == committed[1]
    return Standing(committed, is_ended, memory, _outcomes(catalogue, name, *held) if held else [])


def covered(catalogue: Catalogue, booking: Booking) -> list[tuple[int, int, str, str]]:
    """The rows that stand where this booking would: seq, count, outcome and source of each."""
    stream, seq = booking.at
    return catalogue.rows(
        'SELECT seq, "count", outcome, source FROM frame WHERE camera = ?1 AND stream = ?2 AND seq < ?3 + ?4 AND seq + "count" > ?3'
        " AND part = '' AND seq >= coalesce((SELECT max(seq) FROM frame WHERE camera = ?1 AND stream = ?2 AND seq <= ?3), ?3)"
        " ORDER BY seq",
        plain(booking.camera),
        stream,
        seq,
        booking.count,
    )


def book(
    catalogue: Catalogue, bookings: Iterable[Booking], commit: int, now_ns: int
) -> list[tuple[Position, Decision]]:
    """Write what is new, record what differs from what stands, and say for each item what stands now."""
    streams: dict[tuple[str, int], _Stream] = {}
    return [(b.at, _book_one(catalogue, b, _stream(catalogue, b, streams), commit, now_ns)) for b in bookings]


def remember(catalogue: Catalogue, camera: str, changes: MemoryDelta) -> None:
    """Apply what changed in the memories of a camera."""
    for stage, keys in changes.items():
        for key, value in keys.items():
            if value is None:
                catalogue.run(
                    "DELETE FROM memory WHERE camera = ? AND stage = ? AND key = ?", plain(camera), stage, key
                )
            else:
                catalogue.run(
                    "INSERT INTO memory VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                    plain(camera),
                    stage,
                    key,
                    bytes(value),
                )


def move_on(catalogue: Catalogue, camera: str, upto: Position) -> None:
    """Everything up to this position is settled; it never goes back."""
    catalogue.run(
        "UPDATE camera SET stream = ?2, seq = ?3 WHERE camera = ?1 AND (stream, seq) < (?2, ?3)",
        plain(camera),
        *upto,
    )


def note_event(catalogue: Catalogue, camera: str, kind: str, text: str, now_ns: int) -> None:
    """Record what happened beside the account."""
    catalogue.run(
        "INSERT INTO event (time_ns, camera, kind, text) VALUES (?, ?, ?, ?)",
        now_ns,
        plain(camera),
        plain(kind),
        plain(text),
    )


def next_commit(catalogue: Catalogue) -> int:
    """Count one more commit of the archive."""
    catalogue.run("UPDATE archive SET commits = commits + 1")
    (number,) = catalogue.one("SELECT commits FROM archive") or (0,)
    return int(number)


def add_row(catalogue: Catalogue, row: Row) -> None:
    """Write one row."""
    catalogue.run(_INSERT, *row.to_columns())


@dataclass(slots=True)
class _Stream:
    """What stands of a stream: asked for once in each commit, and not for each row."""

    end: int | None
    """How many frames it has; None while it has no end."""
    upto: int
    """No row stands at this seq or behind it."""
    has_grown: bool = False


def _stream(catalogue: Catalogue, b: Booking, streams: dict[tuple[str, int], _Stream]) -> _Stream:
    key = plain(b.camera), b.at[0]
    if key not in streams:
        last = catalogue.one(
            'SELECT seq + "count" FROM frame WHERE camera = ? AND stream = ? ORDER BY seq DESC LIMIT 1', *key
        )
        streams[key] = _Stream(_end(catalogue, *key), last[0] if last else 0)
    return streams[key]


def _book_one(catalogue: Catalogue, b: Booking, s: _Stream, commit: int, now_ns: int) -> Decision:
    seq = b.at[1]
    if b.decision == "end":
        return _book_end(catalogue, b, s, commit, now_ns)
    if s.end is not None and seq + b.count > s.end:
        _conflict(catalogue, b, f"the stream ended at {s.end}", now_ns)
        return "failed"
    standing_rows = covered(catalogue, b) if seq < s.upto else []
    s.upto = max(s.upto, seq + b.count)
    free = _free(seq, b.count, [(first, count) for first, count, _, _ in standing_rows])
    if free and not s.has_grown:
        _grow(catalogue, b, commit)
        s.has_grown = True
    for part in free:
        for row in b.rows:
            add_row(
                catalogue, row if part == (row.seq, row.count) else replace(row, seq=part[0], count=part[1])
            )
    if not standing_rows:
        return b.decision
    first, count, outcome, source = standing_rows[0]
    if (first, count, outcome, source) != (seq, b.count, b.decision, plain(b.rows[0].source)):
        _conflict(catalogue, b, f"{outcome} from {first} on, {count} long, source {source!r}", now_ns)
    stands: Decision = outcome  # type: ignore[assignment]  # the table's CHECK allows no other
    return stands


def _book_end(catalogue: Catalogue, b: Booking, s: _Stream, commit: int, now_ns: int) -> Decision:
    stream, seq = b.at
    if (s.end is not None and s.end != seq) or s.upto > seq:
        stands = f"the stream ended at {s.end}" if s.end is not None else "frames behind it"
        _conflict(catalogue, b, stands, now_ns)
    elif s.end is None:
        _grow(catalogue, b, commit)
        catalogue.run(
            "UPDATE stream SET frames = ?, reason = ? WHERE camera = ? AND stream = ?",
            seq,
            plain(b.reason),
            plain(b.camera),
            stream,
        )
        s.end = seq
    return "end"


def _grow(catalogue: Catalogue, b: Booking, commit: int) -> None:
    catalogue.run(
        "INSERT INTO stream (camera, stream, last_commit) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET last_commit = excluded.last_commit",
        plain(b.camera),
        b.at[0],
        commit,
    )


def _free(seq: int, count: int, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of a run no row stands for yet, as (first, count)."""
    free, at = [], seq
    for first, length in taken:
        if first > at:
            free.append((at, first - at))
        at = max(at, first + length)
    return [*free, (at, seq + count - at)] if at < seq + count else free


def _end(catalogue: Catalogue, camera: str, stream: int) -> int | None:
    found = catalogue.one("SELECT frames FROM stream WHERE camera = ? AND stream = ?", camera, stream)
    return found[0] if found else None


def _outcomes(
    catalogue: Catalogue, camera: str, first: Position, last: Position
) -> list[tuple[Position, Decision]]:
    found = catalogue.rows(
        "SELECT stream, seq, outcome FROM frame"
        " WHERE camera = ?1 AND (stream, seq) >= (?2, ?3) AND (stream, seq) <= (?4, ?5) AND part = '' UNION ALL "
        "SELECT stream, frames, 'end' FROM stream"
        " WHERE camera = ?1 AND (stream, frames) >= (?2, ?3) AND (stream, frames) <= (?4, ?5) AND frames IS NOT NULL ORDER BY 1, 2",
        camera,
        *first,
        *last,
    )
    return [((stream, seq), outcome) for stream, seq, outcome in found]


def _conflict(catalogue: Catalogue, b: Booking, stands: str, now_ns: int) -> None:
    came = f"{b.decision}, {b.count} long, source {b.rows[0].source if b.rows else ''!r}"
    note_event(
        catalogue,
        b.camera,
        "conflict",
        f"{b.at[0]}/{b.at[1]}: stands as {stands}; came again as {came}",
        now_ns,
    )


_QUOTED = ", ".join(f'"{column}"' for column in COLUMNS)
_INSERT = f"INSERT INTO frame ({_QUOTED}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - names of our own
