"""
A catalogue in memory that does what keepframe.archive.Archive does: epochs, rows, memories, positions, one writer.

Each method is one transaction. It writes down what contradicts what stands, as the archive's events do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from keepframe.archive import NEVER, Epoch, MemoryDelta, Standing
from keepframe.frame import START, Frame, Item, Position
from keepframe.wire.messages import Outcomes


class Replaced(Exception):  # noqa: N818  the archive's own says "locked"
    """Another archive process has taken the catalogue over."""


@dataclass(frozen=True)
class Row:
    """What stands at one position: everything about the decision, and the pixels of what is kept."""

    outcome: str
    count: int
    reason: str
    source: str
    parts: tuple[Any, ...]


def row_of(item: Item) -> Row:
    """The row of an item as it came to the archive."""
    first = item.frames[0]
    return Row(item.outcome or "kept", item.count, first.reason, first.source, tuple(map(_part, item.frames)))


def _part(frame: Frame) -> tuple[Any, ...]:
    pixels = b""
    if frame.outcome is None:
        pixels = frame.image.tobytes() + (bytes(frame.picture.handle.data()) if frame.picture else b"")
    told = frame.outcome or "kept", frame.reason, frame.threshold, frame.time_ns, frame.index
    return frame.part, *told, sorted(frame.scores.items()), sorted(frame.notes.items()), pixels


class Ledger:
    """The catalogue of one pipeline."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, Position], Row] = {}
        self.committed: dict[str, Position] = {}
        self.memory: dict[str, dict[str, dict[str, bytes]]] = {}
        self.epochs: dict[str, Epoch] = {}
        self.writer = 0
        self.conflicts: list[str] = []
        self.events: list[tuple[str, str, str]] = []

    def take_writer(self) -> int:
        """A new process writes from now on."""
        self.writer += 1
        return self.writer

    def is_current(self, writer: int) -> bool:
        """Whether nobody has taken over since."""
        return writer == self.writer

    def newest(self, camera: str) -> Epoch:
        """The newest epoch known of a camera."""
        return self.epochs.get(camera, NEVER)

    def open(
        self, writer: int, camera: str, epoch: Epoch, held: tuple[Position, Position] | None
    ) -> Standing | None:
        """Make this the newest epoch; None if one that is as new is known."""
        self._check(writer)
        if epoch <= self.newest(camera):
            return None
        self.epochs[camera] = epoch
        committed = self.committed.get(camera, START)
        row = self.rows.get((camera, committed))
        memory = {stage: dict(keys) for stage, keys in self.memory.get(camera, {}).items()}
        outcomes = [
            (at, r.outcome) for at, r in self.rows_of(camera).items() if held and held[0] <= at <= held[1]
        ]
        return Standing(committed, row is not None and row.outcome == "end", memory, outcomes)

    def commit(
        self,
        writer: int,
        camera: str,
        epoch: Epoch,
        upto: Position,
        items: Sequence[Item],
        memory: MemoryDelta,
        events: Iterable[tuple[str, str]],
    ) -> Outcomes | None:
        """One mark; None if a newer session has begun."""
        self._check(writer)
        if self.newest(camera) != epoch:
            return None
        outcomes = [(item.at, self.book(camera, item)) for item in items]
        self.remember(camera, memory)
        self.committed[camera] = max(upto, self.committed.get(camera, START))
        self.events += [(camera, *event) for event in events]
        return outcomes

    def book(self, camera: str, item: Item) -> str:
        """Write a row; one that stands already stays."""
        row = row_of(item)
        old = self.rows.setdefault((camera, item.at), row)
        if old != row:
            self.conflicts.append(f"{camera} {item.at}: {old} then {row}")
        return old.outcome

    def remember(self, camera: str, memory: MemoryDelta) -> None:
        """Apply what has changed of a memory."""
        for stage, keys in memory.items():
            stands = self.memory.setdefault(camera, {}).setdefault(stage, {})
            for key, value in keys.items():
                if value is None:
                    stands.pop(key, None)
                else:
                    stands[key] = bytes(value)

    def rows_of(self, camera: str) -> dict[Position, Row]:
        """The rows of a camera, in order."""
        return {at: row for (c, at), row in sorted(self.rows.items(), key=lambda i: i[0]) if c == camera}

    def memory_of(self, camera: str) -> dict[str, dict[str, bytes]]:
        """What is committed of the stages' memories."""
        return {stage: keys for stage, keys in self.memory.get(camera, {}).items() if keys}

    def _check(self, writer: int) -> None:
        if writer != self.writer:
            raise Replaced
