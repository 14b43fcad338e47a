"""
The marks of one capture that may not be committed yet: where they stand, what the source remembers there, what they tell; and when the next is due.

When else one is sent is decided in capture.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from keepframe.frame import Position
from keepframe.wire import messages
from keepframe.wire.bodies import MAX_EVENTS

MARK_S, MARK_EVERY = 1.0, 8
MOST_EVENTS = 64
Events = tuple[tuple[str, str], ...]


@dataclass
class Marks:
    """
    What a mark says beside its position: how the source's memory differs from the last one's, and what happened to the camera.

    >>> marks = Marks()
    >>> marks.record("lost", "no picture for 10 s")
    >>> marks.add((0, 4), {"read": b"5"})
    ({'read': b'5'}, (('lost', 'no picture for 10 s'),))
    >>> marks.add((0, 9), {"read": b"5"})
    ({}, ())
    """

    waiting: deque[Position] = field(default_factory=deque)
    """Marks of this session that are not committed."""
    known: Mapping[str, bytes] = field(default_factory=dict)
    """The source's memory at the last mark: what the catalogue has once that is committed."""
    points: dict[Position, Mapping[str, bytes]] = field(default_factory=dict)
    """Where this capture may find itself again: positions that may be committed, with the memory at each."""
    events: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    """What happened to the camera and no mark has told yet."""
    told: deque[tuple[Position, Events]] = field(default_factory=deque)
    """What marks have told that are not committed yet."""
    unmarked: int = 0
    """How many items of this session were sent since its last mark."""
    every: int = 1
    """After how many the next one is due: 1, 2, 4, 8 after a break, so that work done is kept however soon the next one comes."""
    added_at: float = 0.0
    rest_s: float = 0.0
    """How long after a mark the archive would have the next one come: the memories in it weigh much."""

    def is_due(self, now: float, *, is_crowded: bool) -> bool:
        """
        Whether a mark covers as many items as it should, or so many again. is_crowded: there is not much room for more of them.

        One that has rested does not come in the middle of what goes together, but behind it, or when it is late.
        """
        return self.unmarked % self.every == 0 and (is_crowded or now - self.added_at >= self._rest_s)

    def is_late(self, now: float, *, is_last: bool) -> bool:
        """Whether something has waited for its mark for long, since nothing comes behind it; is_last: nor will anything."""
        pause_s = MARK_S if is_last else max(MARK_S, self._rest_s)
        return self.unmarked > 0 and now - self.added_at >= pause_s

    @property
    def _rest_s(self) -> float:
        """None right after a break, or when there is something to tell."""
        return 0.0 if self.events or self.every < MARK_EVERY else self.rest_s

    def record(self, kind: str, detail: str) -> None:
        """Something has happened to the camera: the next mark tells it. Of very many events the oldest are let go."""
        self.events.append((kind, detail))

    def add(
        self, at: Position, memory: Mapping[str, bytes], now: float = 0.0
    ) -> tuple[dict[str, bytes | None], Events]:
        """A mark is sent for everything up to here, with what has changed of the memory since the last, and what it tells."""
        self.unmarked, self.added_at, self.every = 0, now, min(2 * self.every, MARK_EVERY)
        delta = messages.changed(self.known, memory)
        self.known = self.points[at] = memory
        self.waiting.append(at)
        events = tuple(self.events.popleft() for _ in range(min(len(self.events), MAX_EVENTS)))
        if events:
            self.told.append((at, events))
        return delta, events

    def committed(self, upto: Position) -> None:
        """Everything up to here is."""
        while self.waiting and self.waiting[0] <= upto:
            self.waiting.popleft()
        while self.told and self.told[0][0] <= upto:
            self.told.popleft()
        self.points = {at: memory for at, memory in self.points.items() if at >= upto}

    def reopened(self, committed: Position, memory: Mapping[str, bytes]) -> None:
        """A session has begun behind what is committed: marks that are not are sent again, and tell again what they told."""
        self.committed(committed)
        while self.told:
            self.events.extendleft(reversed(self.told.pop()[1]))
        self.waiting.clear()
        self.unmarked, self.every, self.rest_s = 0, 1, 0.0
        self.known = self.points[committed] = memory
