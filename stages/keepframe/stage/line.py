"""
One camera's line through the steps of a process: items and marks go in, items and marks come out, in the same order.

This is the kernel that the socket process and testing.run() share. It knows no socket, no other camera and no clock; what one step
does with a frame is in step.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from keepframe.frame import START, Item, Position
from keepframe.stage.step import Bound, Event, Shared, Step
from keepframe.stage.waiting import Mark

__all__ = ["Bound", "Line", "Mark", "fingerprint"]

CONFIG = "config"
"""The key under which a memory says which configuration it was learned under."""


class Line:
    """
    The steps at work for one camera, from the committed memory on.

    shared: the instances of steps that are one per process, by their place; handed to every line of the process, and to
    close_shared() when all of them are closed. Raises what a stage's constructor or `with` raises.

    >>> from keepframe.stage.contract import read_contract
    >>> def bright(frame): return frame if frame.image.mean() > 9 else None
    >>> line = Line([Bound(read_contract(bright, "bright"))], "lobby")
    >>> import numpy as np
    >>> from keepframe.frame import Frame
    >>> [item.outcome for item in line.push(Item((Frame(working=np.zeros((2, 2), np.uint8)),)))]
    ['filtered']
    """

    def __init__(
        self,
        steps: Sequence[Bound],
        camera: str,
        memory: Mapping[str, bytes] | None = None,
        committed: Position = START,
        shared: Shared | None = None,
    ) -> None:
        self.camera = camera
        self.config = fingerprint(steps).encode()
        self.events: list[Event] = []
        """What is worth recording and was not taken yet: (kind, detail)."""
        shared = {} if shared is None else shared
        memory = self._fitting(memory or {}, steps)
        if committed != START:
            self._tell_forgetful(steps, shared)
        self.steps: list[Step] = []
        with ExitStack() as exits:
            for place, bound in enumerate(steps):
                self.steps.append(Step(bound, place, memory, committed, shared, self.events))
                exits.callback(self.steps[-1].close)
            self._exits = exits.pop_all()

    def push(self, thing: Item | Mark) -> list[Item | Mark]:
        """What leaves the line now that this has come in; nothing if a step holds it back."""
        if isinstance(thing, Mark):
            thing = replace(thing, memory={**thing.memory, CONFIG: self.config})
        things: list[Item | Mark] = [thing]
        for step in self.steps:
            things = [out for t in things for out in step.push(t)]
        return things

    def close(self) -> None:
        """Let go of what the steps hold: leave their `with`, the last one first, each of them even if another one raises."""
        self._exits.close()

    def _fitting(self, memory: Mapping[str, bytes], steps: Sequence[Bound]) -> dict[str, bytes]:
        """What was learned under this very configuration."""
        learned = {key: data for key, data in memory.items() if key != CONFIG}
        if learned and memory.get(CONFIG) != self.config:
            names = ", ".join(b.contract.use for b in steps if b.contract.has_memory) or "stage"
            self.events.append(("fresh", f"{names}: configuration changed, what was learned is set aside"))
            return {}
        return learned

    def _tell_forgetful(self, steps: Sequence[Bound], shared: Shared) -> None:
        """A stage without a memory has lost what it knew, unless it is one for all cameras and still there."""
        forgetful = [b.contract.use for i, b in enumerate(steps) if b.contract.forgets and i not in shared]
        if forgetful:
            self.events.append(
                ("fresh", f"{', '.join(forgetful)}: no save() and load(), so it starts with nothing")
            )


def fingerprint(steps: Sequence[Bound]) -> str:
    """
    A short digest of what the steps are and how they are set: a memory is good for the same digest only.

    A default that is written out is the same as one that is not; of a path its name counts, since folders differ from machine to machine.
    """
    told = [
        [
            bound.contract.use,
            {
                option.name: _said(bound.options.get(option.name, option.default))
                for option in bound.contract.options.values()
            },
        ]
        for bound in steps
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _said(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_said(v) for v in value]
    return value.name if isinstance(value, Path) else repr(value)
