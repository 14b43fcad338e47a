"""
What has come to a step and not left it: items and marks in order, none past one that is held back.

What becomes of a frame, and how long it may be held back, is step.py's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from keepframe.frame import Frame, Item, Position


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to here has passed; each stateful step adds its memory as it goes by."""

    upto: Position
    memory: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Held:
    """An item in a step, with what has come of each of its frames; None: nothing yet."""

    item: Item
    outs: list[list[Frame] | None]
    age: int = 0
    """How many items have come since."""
    calls: int = 0
    """How many times the stage has been called since: headers pass it by."""
    has_left: bool = False
    """Whether it left before the memory was committed that this line started with; then it only waits for its turn to be over."""

    @property
    def is_done(self) -> bool:
        """Whether something has come of each of its frames."""
        return all(out is not None for out in self.outs)

    @property
    def size(self) -> int:
        """How many frames it is made of by now."""
        return sum(1 if out is None else len(out) for out in self.outs)

    @property
    def undone_parts(self) -> list[str]:
        """The parts of the frames that nothing has come of yet."""
        return [f.part for f, out in zip(self.item.frames, self.outs, strict=True) if out is None]

    def left(self) -> Item:
        """The item that goes on in its place."""
        return replace(self.item, frames=tuple(f for out in self.outs for f in out or ()))


class Waiting:
    """A queue of items and marks; what stands behind an item that is held back waits with it."""

    def __init__(self) -> None:
        self.things: deque[Held | Mark] = deque()

    def append(self, thing: Held | Mark) -> None:
        """At the end."""
        self.things.append(thing)

    def undone(self) -> list[Held]:
        """The items that are held back, in order."""
        return [held for held in self.things if isinstance(held, Held) and not held.is_done]

    def find(self, at: Position, part: str) -> tuple[Held, int] | None:
        """Where a frame stands that nothing has come of yet: its item, and which of that one's frames it is."""
        for held in reversed(self.things):
            if isinstance(held, Held) and held.item.at == at:
                for i, frame in enumerate(held.item.frames):
                    if frame.part == part and held.outs[i] is None:
                        return held, i
        return None

    def leave(self) -> list[Item | Mark]:
        """Take out what nothing before it holds back any more."""
        left: list[Item | Mark] = []
        while self.things and (isinstance(self.things[0], Mark) or self.things[0].is_done):
            thing = self.things.popleft()
            if isinstance(thing, Mark):
                left.append(thing)
            elif not thing.has_left:
                left.append(thing.left())
        return left

    def remembered(self) -> list[Any]:
        """What a line that starts with this memory must know of what is held back: position, parts, age and calls of each."""
        return [[*held.item.at, held.undone_parts, held.age, held.calls] for held in self.undone()]

    def remember(self, remembered: Iterable[Sequence[Any]]) -> None:
        """Hold a place for each of those: they have left already, and what comes of them now is too late."""
        for stream, seq, parts, age, calls in remembered:
            frames = tuple(Frame(stream=stream, seq=seq, part=part) for part in parts)
            self.append(Held(Item(frames), [None] * len(frames), age, calls, has_left=True))
