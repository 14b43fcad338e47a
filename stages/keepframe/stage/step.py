"""
One callable at work for one camera: what it gives is put in its frame's place, so that one item leaves for each that came.

What has to wait for a frame that is held back is in waiting.py, the chain of steps in line.py, what a stage may give in outputs.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from keepframe.errors import LostPictureError
from keepframe.frame import Frame, Item, Position
from keepframe.stage.contract import Contract, held_back
from keepframe.stage.memory import pack, unpack
from keepframe.stage.outputs import FORGOTTEN, MAX_PARTS, outputs_of
from keepframe.stage.waiting import Held, Mark, Waiting

HELD = "\0held"
"""The key under which a step that holds frames back remembers which; no user's key begins like that."""
NOTHING = pack({HELD: []}, "")[HELD]
MAX_REASON = 300
Event = tuple[str, str]
"""What is worth recording beside the account: (kind, detail)."""
Shared = MutableMapping[int, Any]
"""The instances of steps that are one per process, by their place."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A contract with the options of one camera."""

    contract: Contract
    options: Mapping[str, Any] = field(default_factory=dict)


class Step:
    """
    One step of a line, from the committed memory on.

    memory: the whole line's; its own keys begin with its place. events: where it writes down what is worth recording.
    Raises what the constructor and the `with` of the stage raise; a memory that it cannot load is set aside, and recorded.
    """

    def __init__(
        self,
        bound: Bound,
        place: int,
        memory: Mapping[str, bytes],
        committed: Position,
        shared: Shared,
        events: list[Event],
    ) -> None:
        self.bound, self.contract, self.use = bound, bound.contract, bound.contract.use
        self.prefix = f"{place}."
        self.latest, self.events, self.is_unsaved = committed, events, False
        self.waiting = Waiting()
        self.instance: Any = None
        self._exits = ExitStack()
        with ExitStack() as exits:
            exits.callback(self.close)
            if self.contract.per == "process":
                self.instance = shared[place] if place in shared else _entered(self._made())
                shared[place] = self.instance
            elif self.contract.is_class:
                own = {k: v for k, v in memory.items() if k.startswith(self.prefix)}
                self._begin({k.removeprefix(self.prefix): v for k, v in own.items()})
            self.holds = held_back(getattr(self.instance, "holds", 0), self.use) or 0
            exits.pop_all()
        self.call = self.instance if self.contract.is_class else self.contract.target
        self.options = {} if self.contract.is_class else dict(bound.options)

    def push(self, thing: Item | Mark) -> list[Item | Mark]:
        """What leaves the step now that this has come in."""
        if isinstance(thing, Mark):
            self.waiting.append(self._marked(thing))
        elif thing.outcome == "end":
            self._flush()
            self.waiting.append(Held(thing, [[f] for f in thing.frames]))
        elif self.holds or self.waiting.things or len(thing.frames) > 1:
            self._take(thing)
        else:
            return self._through(thing)
        return self.waiting.leave()

    def close(self) -> None:
        """Leave its `with`, once; one that is shared stays."""
        self._exits.close()

    # instance and memory

    def _made(self) -> Any:
        return self.contract.target(**self.bound.options)

    def _begin(self, memory: dict[str, bytes]) -> None:
        """One instance of its own, with what it remembers, if it does."""
        self._own()
        if not (memory and self.contract.has_memory):
            return
        try:
            held = unpack({HELD: memory.pop(HELD, NOTHING)})[HELD]
            if memory:
                self.instance.load(unpack(memory))
        except Exception as error:  # noqa: BLE001  the account goes on; that it starts fresh is recorded
            self._record(
                "fresh", f"its memory cannot be loaded, so it starts with nothing: {_in_words(error)}"
            )
            self._exits.close()
            self._own()  # another one: this one may have loaded half of it
            return
        self.waiting.remember(held)

    def _own(self) -> None:
        self.instance = _entered(self._made())
        if hasattr(self.instance, "__exit__"):
            self._exits.push(self.instance)

    def _marked(self, mark: Mark) -> Mark:
        """The mark with what the stage remembers now; a memory that cannot be saved is none, or a takeover would take an old one."""
        if not self.contract.has_memory:
            return mark
        try:
            saved = pack(self.instance.save(), self.use)
            self.is_unsaved = False
        except Exception as error:  # noqa: BLE001  no frame is at fault
            if not self.is_unsaved:
                self._record(
                    "unsaved",
                    f"its memory cannot be saved, so a takeover starts it fresh: {_in_words(error)}",
                )
            self.is_unsaved = True
            return mark
        if self.holds:
            saved |= pack({HELD: self.waiting.remembered()}, self.use)
        return replace(mark, memory=mark.memory | {self.prefix + k: v for k, v in saved.items()})

    def _record(self, kind: str, detail: str) -> None:
        self.events.append((kind, f"{self.use}: {detail}"[:MAX_REASON]))

    # frames

    def _take(self, item: Item) -> None:
        for older in self.waiting.undone():
            older.age += 1
        held = Held(item, [[f] if f.outcome is not None else None for f in item.frames])
        self.waiting.append(held)
        self.latest = item.at
        for i, frame in enumerate(item.frames):
            if frame.outcome is None:
                self._work(held, i, frame)
        self._let_go()

    def _through(self, item: Item) -> list[Item | Mark]:
        """One frame where nothing is held back: it needs no place to wait in, unless something else than one frame comes of it."""
        (frame,) = item.frames
        if frame.outcome is not None:
            return [item]
        outputs = self._called(frame)
        if len(outputs) == 1 and _is_still(frame, outputs[0]):
            return [Item((outputs[0],), item.count)]
        held = Held(item, [None])
        self.waiting.append(held)
        self._put(held, 0, outputs)
        self._let_go()
        return self.waiting.leave()

    def _work(self, held: Held, i: int, frame: Frame) -> None:
        for older in self.waiting.undone():
            older.calls += older is not held
        self._put(held, i, self._called(frame))

    def _called(self, frame: Frame) -> list[Frame]:
        """What the stage gives for a frame; one that raises loses that frame only."""
        try:
            given = self.call(frame, **self.options)
            if given is None and self.contract.gives_frame:
                raise TypeError(FORGOTTEN)
            return outputs_of(given, MAX_PARTS * (self.holds + 1))
        except LostPictureError:  # no fault of the frame's: it comes again
            raise
        except Exception as error:  # noqa: BLE001  whatever a stage raises
            return [frame.settled("failed", self._told(error))]

    def _put(self, held: Held, i: int, outputs: Iterable[Frame]) -> None:
        """What came of a frame of this item; if it cannot stand anywhere, the frame is lost."""
        try:
            self._place(outputs)
        except ValueError as error:
            held.outs[i] = [held.item.frames[i].settled("failed", self._told(error))]

    def _let_go(self) -> None:
        """Nothing is held back longer than promised. A stage that was not called, since headers came, is asked to flush first."""
        old = [held for held in self.waiting.undone() if held.age >= self.holds]
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
                self._place(outputs_of(flush(), MAX_PARTS * (self.holds + 1)))
            except LostPictureError:
                raise
            except Exception as error:  # noqa: BLE001  a stage that raises loses what it held, nothing else
                told = self._told(error)
        for held in self.waiting.undone():
            self._give_up(held, told)

    def _place(self, outputs: Iterable[Frame]) -> None:
        """Put what came out where its frame stands; several for one frame are its parts."""
        groups: dict[tuple[Position, str], list[Frame]] = {}
        for output in outputs:
            groups.setdefault((output.at, output.part), []).append(output)
        for (at, part), group in groups.items():
            place = self.waiting.find(at, part)
            if place is None:
                if self.holds and at <= self.latest:
                    continue  # too late: its turn is over
                raise ValueError(
                    f"gave a frame that is not here (any more): {group[0].name}; hold at most {self.holds} back"
                )
            held, i = place
            camera = held.item.frames[i].camera
            if group[0].camera != camera and not held.has_left:
                raise ValueError(
                    f"gave {group[0].name} for {held.item.frames[i].name}; use frame.with_image(array)"
                )
            if held.size - 1 + len(group) > MAX_PARTS:
                raise ValueError(
                    f"gave {len(group)} frames for one; expected at most {MAX_PARTS}, with all parts that there are"
                )
            below = f"{part}." if part else ""
            held.outs[i] = (
                [replace(f, part=f"{below}{n}") for n, f in enumerate(group)] if len(group) > 1 else group
            )

    def _give_up(self, held: Held, told: str = "") -> None:
        """What has not come out by now does not come: the stage has filtered it."""
        for i, out in enumerate(held.outs):
            if out is None:
                frame = held.item.frames[i]
                held.outs[i] = [
                    frame.settled("failed", told) if told else frame.settled("filtered", self.use)
                ]

    def _told(self, error: Exception) -> str:
        return f"{self.use}: {_in_words(error)}"[:MAX_REASON]


def close_shared(shared: Shared) -> None:
    """Leave the `with` of the instances that are one per process: after every line of the process is closed."""
    with ExitStack() as exits:
        while shared:
            instance = shared.pop(min(shared))
            if hasattr(instance, "__exit__"):
                exits.push(instance)


def _is_still(frame: Frame, output: Frame) -> bool:
    """Whether this is what has become of a frame, by its name."""
    return output.at == frame.at and output.part == frame.part and output.camera == frame.camera


def _entered(instance: Any) -> Any:
    if hasattr(instance, "__enter__"):
        instance.__enter__()
    return instance


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")
