"""
One camera's line through the steps of a process: items and marks go in, items and marks come out, in the same order.

This is the kernel that the socket process and testing.run() share. It knows no socket, no other camera and no clock.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from keepframe.frame import START, Frame, Item, Position
from keepframe.stage.contract import Contract
from keepframe.stage.memory import pack, unpack

CONFIG = "config"
"""The key under which a memory says which configuration it was learned under."""
HELD = "\0held"
"""The key under which a step that holds frames back remembers which; no user's key begins like that."""
NOTHING = pack({HELD: []}, "")[HELD]
MAX_PARTS = 16
MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Bound:
    """A contract with the options of one camera."""

    contract: Contract
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to here has passed; each stateful step adds its memory as it goes by."""

    upto: Position
    memory: dict[str, bytes] = field(default_factory=dict)


class Line:
    """
    The steps at work for one camera, from the committed memory on.

    shared: the instances of steps that are one per process, by their place; handed to every line of the process.

    >>> from keepframe.stage.contract import read_contract
    >>> def bright(frame): return frame if frame.image.mean() > 9 else None
    >>> line = Line([Bound(read_contract(bright, "bright"))], "lobby")
    >>> import numpy as np
    >>> [item.outcome for item in line.push(Item((Frame(working=np.zeros((2, 2), np.uint8)),)))]
    ['filtered']
    """

    def __init__(
        self,
        steps: Sequence[Bound],
        camera: str,
        memory: Mapping[str, bytes] | None = None,
        committed: Position = START,
        shared: MutableMapping[int, Any] | None = None,
    ) -> None:
        self.camera = camera
        self.config = fingerprint(steps).encode()
        memory = dict(memory or {})
        self.events: list[tuple[str, str]] = []
        """What is worth recording about this start: (kind, detail)."""
        if memory and memory.pop(CONFIG, None) != self.config:
            self.events.append(
                ("fresh", f"{self._names(steps)}: configuration changed, what was learned is set aside")
            )
            memory = {}
        forgetful = [b.contract.use for b in steps if b.contract.forgets]
        if forgetful and committed != START:
            self.events.append(
                ("fresh", f"{', '.join(forgetful)}: no save() and load(), so it starts with nothing")
            )
        shared = {} if shared is None else shared
        self.steps = [_Step(bound, i, memory, committed, shared) for i, bound in enumerate(steps)]

    def push(self, thing: Item | Mark) -> list[Item | Mark]:
        """What leaves the line now that this has come in; nothing if a step holds it back."""
        if isinstance(thing, Mark):
            thing = replace(thing, memory={**thing.memory, CONFIG: self.config})
        things: list[Item | Mark] = [thing]
        for step in self.steps:
            things = [out for t in things for out in step.push(t)]
        return things

    def close(self) -> None:
        """Let go of what the steps hold: leave their `with`."""
        for step in reversed(self.steps):
            step.close()

    @staticmethod
    def _names(steps: Sequence[Bound]) -> str:
        return ", ".join(b.contract.use for b in steps if b.contract.is_class) or "stage"


@dataclass(slots=True)
class _Held:
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
        return all(out is not None for out in self.outs)

    def left(self) -> Item:
        return replace(self.item, frames=tuple(f for out in self.outs for f in out or ()))


class _Step:
    """One callable at work for one camera."""

    def __init__(
        self,
        bound: Bound,
        place: int,
        memory: Mapping[str, bytes],
        committed: Position,
        shared: MutableMapping[int, Any],
    ) -> None:
        contract = bound.contract
        self.use, self.prefix = contract.use, f"{place}."
        self.is_shared = contract.is_class and contract.per == "process"
        if self.is_shared:
            if place not in shared:
                shared[place] = _enter(contract.target(**bound.options))
            self.instance: Any = shared[place]
        else:
            self.instance = _enter(contract.target(**bound.options)) if contract.is_class else None
        self.call = self.instance if contract.is_class else contract.target
        self.options = {} if contract.is_class else dict(bound.options)
        self.has_memory = contract.has_memory
        self.holds = int(getattr(self.call, "holds", 0) or 0)
        self.waiting: deque[_Held | Mark] = deque()
        own = {k.removeprefix(self.prefix): v for k, v in memory.items() if k.startswith(self.prefix)}
        self.latest = committed
        for stream, seq, parts, age, calls in unpack({HELD: own.pop(HELD, NOTHING)})[HELD]:
            frames = tuple(Frame(camera="", stream=stream, seq=seq, part=part) for part in parts)
            self.waiting.append(_Held(Item(frames), [None] * len(frames), age, calls, has_left=True))
        if own and self.has_memory:
            self.instance.load(unpack(own))

    def push(self, thing: Item | Mark) -> list[Item | Mark]:
        if isinstance(thing, Mark):
            if self.has_memory:
                saved = pack(
                    {**self.instance.save(), HELD: self._held()} if self.holds else self.instance.save(),
                    self.use,
                )
                thing = replace(thing, memory=thing.memory | {self.prefix + k: v for k, v in saved.items()})
            self.waiting.append(thing)
        elif thing.outcome == "end":
            self._flush()
            self.waiting.append(_Held(thing, [[f] for f in thing.frames]))
        else:
            held = _Held(thing, [[f] if f.outcome is not None else None for f in thing.frames])
            for older in self._undone():
                older.age += 1
            self.waiting.append(held)
            self.latest = thing.at
            for i, frame in enumerate(thing.frames):
                if frame.outcome is None:
                    self._work(held, i, frame)
            self._let_go()
        return self._leave()

    def close(self) -> None:
        if self.instance is not None and not self.is_shared and hasattr(self.instance, "__exit__"):
            self.instance.__exit__(None, None, None)

    def _work(self, held: _Held, i: int, frame: Frame) -> None:
        for older in self._undone():
            older.calls += older is not held
        try:
            self._place(self._outputs(self.call(frame, **self.options)))
        except Exception as error:  # noqa: BLE001  a stage that raises loses that frame only
            held.outs[i] = [frame.settled("failed", self._told(error))]

    def _let_go(self) -> None:
        """Nothing is held back longer than promised. A stage that was not called, since headers came, is asked to flush first."""
        old = [held for held in self._undone() if held.age >= self.holds]
        if any(held.calls < self.holds for held in old):
            self._flush()
        for held in old:
            self._give_up(held)

    def _flush(self) -> None:
        """Everything that is held comes out, or was filtered."""
        flush = getattr(self.instance, "flush", None)
        told = ""
        if flush is not None:
            try:
                self._place(self._outputs(flush()))
            except Exception as error:  # noqa: BLE001  a stage that raises loses what it held, nothing else
                told = self._told(error)
        for held in self._undone():
            self._give_up(held, told)

    def _outputs(self, given: Any) -> list[Frame]:
        if given is None:
            return []
        if isinstance(given, Frame):
            return [given]
        outputs = (
            list(given)
            if hasattr(given, "__iter__") and not isinstance(given, dict | str | bytes)
            else [given]
        )
        if len(outputs) > MAX_PARTS:
            raise ValueError(f"gave {len(outputs)} frames for one, expected at most {MAX_PARTS}")
        for output in outputs:
            if not isinstance(output, Frame):
                hint = "; use frame.with_image(array)" if hasattr(output, "dtype") else ""
                raise TypeError(
                    f"must return a Frame, None or several Frames, got {type(output).__name__}{hint}"
                )
        return outputs

    def _place(self, outputs: Iterable[Frame]) -> None:
        """Put what came out where its frame stands; several for one frame are its parts."""
        groups: dict[tuple[Position, str], list[Frame]] = {}
        for output in outputs:
            groups.setdefault((output.at, output.part), []).append(output)
        for (at, part), group in groups.items():
            place = self._find(at, part)
            if place is None:
                if self.holds and at <= self.latest:
                    continue  # too late: its turn is over
                raise ValueError(
                    f"gave a frame that is not here (any more): {group[0].name}; hold at most {self.holds} back"
                )
            held, i = place
            below = f"{part}." if part else ""
            held.outs[i] = (
                [replace(f, part=f"{below}{n}") for n, f in enumerate(group)] if len(group) > 1 else group
            )

    def _find(self, at: Position, part: str) -> tuple[_Held, int] | None:
        for held in reversed(self.waiting):
            if isinstance(held, _Held) and held.item.at == at:
                for i, frame in enumerate(held.item.frames):
                    if frame.part == part and held.outs[i] is None:
                        return held, i
        return None

    def _undone(self) -> list[_Held]:
        return [held for held in self.waiting if isinstance(held, _Held) and not held.is_done]

    def _held(self) -> list[Any]:
        """What a line that starts with this memory must know of what is held here."""
        undone = self._undone()
        return [[*held.item.at, [f.part for f in held.item.frames], held.age, held.calls] for held in undone]

    def _give_up(self, held: _Held, told: str = "") -> None:
        """What has not come out by now does not come: the stage has filtered it."""
        for i, out in enumerate(held.outs):
            if out is None:
                frame = held.item.frames[i]
                held.outs[i] = [
                    frame.settled("failed", told) if told else frame.settled("filtered", self.use)
                ]

    def _leave(self) -> list[Item | Mark]:
        left: list[Item | Mark] = []
        while self.waiting and (isinstance(self.waiting[0], Mark) or self.waiting[0].is_done):
            thing = self.waiting.popleft()
            if isinstance(thing, Mark):
                left.append(thing)
            elif not thing.has_left:
                left.append(thing.left())
        return left

    def _told(self, error: Exception) -> str:
        return f"{self.use}: {type(error).__name__}: {error}"[:MAX_REASON]


def fingerprint(steps: Sequence[Bound]) -> str:
    """A short digest of what the steps are and how they are set: a memory is good for the same digest only."""
    told = [[b.contract.use, {k: str(v) for k, v in sorted(b.options.items())}] for b in steps]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _enter(instance: Any) -> Any:
    return instance.__enter__() or instance if hasattr(instance, "__enter__") else instance
