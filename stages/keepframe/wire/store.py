"""
The frames of one camera that have no outcome yet, in order, and where its numbers stand.

What is sent when, and what is dropped, is decided in capture.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from keepframe.frame import START, Frame, Item, Position
from keepframe.picture import Handle, Picture

MAX_FRAMES, MAX_BYTES = 128, 256 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """An item that waits for its outcome, and what the source remembers once it is settled."""

    item: Item
    nbytes: int
    memory: Mapping[str, Any] | None = None

    @property
    def takes_room(self) -> bool:
        """A run of drops takes neither credit nor a place."""
        return self.item.outcome != "dropped"


@dataclass(slots=True)
class Store:
    """Bounded in frames and bytes; one frame always has room."""

    max_frames: int = MAX_FRAMES
    max_bytes: int = MAX_BYTES
    stream: int = 0
    next_seq: int = 0
    sent: Position = START
    """The newest position ever sent: only what lies behind it may be dropped."""
    items: dict[Position, Stored] = field(default_factory=dict)
    frames: int = 0
    nbytes: int = 0
    left: list[Handle] = field(default_factory=list)
    """Pictures of the process before this one, in memory that has outlived it."""
    is_inherited: bool = False
    """Whether items and numbers are those of the process before: see LastingStore."""

    @property
    def is_full(self) -> bool:
        """Whether no further frame has room."""
        return self._is_full(self.frames, self.nbytes)

    @property
    def is_crowded(self) -> bool:
        """Whether a quarter of the room is taken: what may be sent behind the last mark."""
        return 4 * self.frames >= self.max_frames or 4 * self.nbytes >= self.max_bytes

    @property
    def is_full_of_sent(self) -> bool:
        """
        Whether what was sent and is not settled takes all the room.

        What waits behind it must not be counted: it would keep the frames that could make room from being sent.
        """
        if not self.is_full:
            return False
        sent = [stored for at, stored in self.items.items() if at <= self.sent]
        return self._is_full(sum(s.takes_room for s in sent), sum(s.nbytes for s in sent))

    @property
    def held(self) -> tuple[Position, Position] | None:
        """First and last position that are here."""
        return (next(iter(self.items)), next(reversed(self.items))) if self.items else None

    @property
    def oldest(self) -> Position:
        """The first item that takes room, or START: a run of drops before it has nothing in it to work on."""
        return next((at for at, stored in self.items.items() if stored.takes_room), START)

    def begin(self, at: Position) -> None:
        """The next frame gets this position."""
        self.stream, self.next_seq = at

    def add(self, frame: Frame, memory: Mapping[str, Any] | None = None) -> None:
        """Number a frame and hold it; an end closes the stream, and the next one counts from 0."""
        frame = replace(frame, stream=self.stream, seq=self.next_seq)
        self.put(Item((frame,)), memory)
        self.begin((self.stream + 1, 0) if frame.outcome == "end" else (self.stream, self.next_seq + 1))

    def put(self, item: Item, memory: Mapping[str, Any] | None = None) -> None:
        """Hold an item that has its numbers."""
        picture, working = item.frames[0].picture, item.frames[0].working
        nbytes = (picture.nbytes if picture else 0) + (working.nbytes if working is not None else 0)
        self._hold(Stored(item, nbytes, memory))

    def mark_sent(self, position: Position) -> None:
        """Everything up to here is about to be sent."""
        self.sent = max(self.sent, position)

    def free(self, upto: Position) -> None:
        """Everything up to here is settled."""
        while self.items and (at := next(iter(self.items))) <= upto:
            self._pop(at)

    def free_left(self) -> None:
        """Let go what the process before has left: once a session of this one is open, nobody works with it any more."""
        for handle in self.left:
            handle.free()
        self.left.clear()

    def after(self, at: Position) -> Iterator[Stored]:
        """What lies behind a position, in order; looked for from the end, since mostly it is little of what is held."""
        behind = takewhile(lambda entry: entry[0] > at, reversed(self.items.items()))
        return reversed([stored for _, stored in behind])

    def drop(self, at: Position) -> None:
        """Drop a frame that was never sent. A run of drops is one item: it grows if that was not sent either."""
        before = self.items.get(self._run_before(at))
        if before is not None:
            self._hold(replace(before, item=replace(before.item, count=before.item.count + 1)))
            self._pop(at)
        else:
            self._hold(Stored(Item((self.items[at].item.frames[0].settled("dropped", "overrun"),)), 0))

    def fail(self, at: Position, reason: str) -> None:
        """Decide a frame that cannot be worked on; its picture goes along, for the quarantine."""
        stored = self.items[at]
        failed = tuple(replace(f, outcome="failed", reason=reason) for f in stored.item.frames)
        self._hold(replace(stored, item=replace(stored.item, frames=failed)))

    def _run_before(self, at: Position) -> Position:
        stream, seq = at
        for position, stored in reversed(self.items.items()):
            if position < at:
                is_run = stored.item.outcome == "dropped" and stored.item.upto == (stream, seq - 1)
                return position if is_run and position > self.sent else START
        return START

    def _is_full(self, frames: int, nbytes: int) -> bool:
        return frames >= 1 and (frames >= self.max_frames or nbytes >= self.max_bytes)

    def _hold(self, stored: Stored) -> None:
        """Hold an item, in the place of the one that is at its position."""
        old = self.items.get(stored.item.at)
        self.items[stored.item.at] = stored
        self.frames += stored.takes_room
        self.nbytes += stored.nbytes
        if old is not None:
            self._let_go(old, stored)

    def _pop(self, at: Position) -> None:
        self._let_go(self.items.pop(at))

    def _let_go(self, old: Stored, new: Stored | None = None) -> None:
        """An item is not held any more; its pictures are free, unless a new one in its place has them."""
        self.frames -= old.takes_room
        self.nbytes -= old.nbytes
        still = _pictures(new) if new is not None else []
        for picture in _pictures(old):
            if all(picture is not other for other in still):
                picture.handle.free()


def _pictures(stored: Stored) -> list[Picture]:
    return [frame.picture for frame in stored.item.frames if frame.picture is not None]
