"""
Pipelines of random shape for the simulation, and the work their stages do: bit-exact, dependent on everything that came before.

A picture is a handful of bytes that stand for a number; what a stage makes of it is a hash.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from keepframe.frame import Frame, Item, Position, Verdict
from keepframe.picture import Image, Picture
from keepframe.stage.contract import read_contract
from keepframe.stage.line import Bound, Line, Mark


def digest(*parts: object) -> bytes:
    """Eight bytes that depend on all of these."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()


def number(data: bytes) -> int:
    """The number that some bytes stand for."""
    return int.from_bytes(data, "big")


def image(*parts: object) -> Image:
    """A working image that depends on all of these."""
    return np.frombuffer(digest(*parts), np.uint8).reshape(2, 4)


def name_of(n: int) -> str:
    """A file's name; names sort as numbers do."""
    return f"{n:05d}"


@cache
def picture(camera: str, name: str) -> Picture:
    """What a camera sees at this moment; pictures differ in size."""
    data = digest("picture", camera, name)
    return Picture.of(np.frombuffer(data * (1 + data[0] % 8), np.uint8).reshape(1, -1))


def shot(camera: str, name: str) -> Frame:
    """The frame that a source yields; one in eleven is no picture."""
    frame = Frame(
        camera=camera, time_ns=1 + int(name), source=name, index=int(name), picture=picture(camera, name)
    )
    return frame.settled("rejected", "truncated") if number(digest("bad", camera, name)) % 11 == 0 else frame


# --- the stages ------------------------------------------------------------------------------------------------------


def prepare(frame: Frame) -> Frame | None:
    """Filter some, fail at some, make the working image of the others."""
    n = number(frame.image.tobytes())
    if n % 7 == 0:
        return None
    if n % 17 == 0:
        raise ValueError(f"cannot read {n}")
    return frame.with_image(image("prepare", n)).with_note("n", n % 100)


def salt(frame: Frame) -> Frame:
    """A second step in the same process."""
    return frame.with_image(image("salt", frame.image.tobytes()))


class Learn:
    """Reference: the last kept picture. Learned: a hash over all pictures, and keys that come and go."""

    def __init__(self) -> None:
        self.memory: dict[str, Any] = {"reference": b"", "learned": b""}

    def __call__(self, frame: Frame) -> Frame | None:
        data = frame.image.tobytes()
        memory = self.memory
        difference = number(digest(memory["reference"], data))
        memory["learned"] = digest(memory["learned"], data)
        memory[f"seen{difference % 5}"] = memory.pop(f"seen{(difference + 1) % 5}", 0) + 1
        if difference % 5 == 0:
            return None
        frame = frame.with_score("difference", difference % 1000 / 1000)
        if difference % 2:
            return frame.with_verdict(Verdict(is_kept=False, reason="unchanged", threshold=0.5))
        memory["reference"] = data
        kept = frame.with_image(image(data, memory["learned"]))
        return kept.with_verdict(Verdict(is_kept=True, reason="changed", threshold=0.5))

    def save(self) -> dict[str, Any]:
        return dict(self.memory)

    def load(self, memory: dict[str, Any]) -> None:
        self.memory = dict(memory)


class Confirm:
    """A second stage with a memory, which makes parts of some frames."""

    def __init__(self) -> None:
        self.sum = b""

    def __call__(self, frame: Frame) -> Iterator[Frame]:
        self.sum = digest(self.sum, frame.image.tobytes())
        for part in range(1 + (number(self.sum) % 4 == 0)):
            out = frame.with_image(image(self.sum, part))
            yield out if number(self.sum) % 3 else out.settled("unchanged", "unchanged")

    def save(self) -> dict[str, Any]:
        return {"sum": self.sum}

    def load(self, memory: dict[str, Any]) -> None:
        self.sum = memory["sum"]


class Late:
    """Holds one frame back: what becomes of it depends on the one after it."""

    holds = 1

    def __init__(self) -> None:
        self.held: Frame | None = None

    def __call__(self, frame: Frame) -> Frame | None:
        before, self.held = self.held, frame
        return before and before.with_image(image(before.image.tobytes(), frame.image.tobytes()))

    def flush(self) -> Frame | None:
        before, self.held = self.held, None
        return before

    def save(self) -> dict[str, Any]:
        return {"held": [*self.held.at, self.held.part, np.array(self.held.image)] if self.held else None}

    def load(self, memory: dict[str, Any]) -> None:
        if memory["held"]:
            stream, seq, part, pixels = memory["held"]
            self.held = Frame(stream=stream, seq=seq, part=part, working=pixels)


def notify(frame: Frame) -> Frame | None:
    """The end of a second branch, with outcomes of its own."""
    n = number(frame.image.tobytes())
    if n % 5 == 0:
        raise ValueError("nobody listens")
    return frame.with_image(image("notify", n)) if n % 4 == 0 else None


def _bound(*targets: Callable[..., Any]) -> list[Bound]:
    return [Bound(read_contract(target, target.__name__)) for target in targets]


STAGES = {
    "prepare": _bound(prepare, salt),
    "score": _bound(Learn),
    "confirm": _bound(salt, Confirm),
    "late": _bound(Late),
    "notify": _bound(notify),
}


# --- the shape ---------------------------------------------------------------------------------------------------------


@dataclass
class Camera:
    """How one camera is set up."""

    count: int
    is_live: bool = False
    policy: str = "block"
    credit: int = 32
    credit_bytes: int = 64 << 20
    store: int = 128
    store_bytes: int = 256 << 20


@dataclass
class Plan:
    """Which processes there are, what feeds what, and which cameras."""

    lowers: dict[str, list[str]]
    replicas: dict[str, int]
    cameras: dict[str, Camera]
    folder: dict[str, list[str]] = field(default_factory=dict)
    growing: set[str] = field(default_factory=set)
    again: dict[str, list[str]] = field(default_factory=dict)
    service_s: dict[str, float] = field(default_factory=dict)
    is_calm: bool = False

    @classmethod
    def random(cls, r: random.Random) -> Plan:
        """Draw a pipeline."""
        chain = ["prepare", "score"] + ["confirm"] * (r.random() < 0.4) + ["late"] * (r.random() < 0.2)
        lowers = {
            upper: [lower] for upper, lower in zip(["capture", *chain], [*chain, "archive"], strict=True)
        }
        if r.random() < 0.5:
            lowers[r.choice(["prepare", "score", "score", "capture"])].append("notify")
            lowers["notify"] = ["archive"]
        if r.random() < 0.1:
            lowers[r.choice(["prepare", "score"])].append("archive")
            lowers = {upper: list(dict.fromkeys(ls)) for upper, ls in lowers.items()}
        cameras = {c: cls._camera(r) for c in "abc"[: r.randint(1, 3)]}
        replicas = {stage: r.randint(1, 3) for stage in lowers if stage != "capture"} | {"archive": 1}
        plan = cls(lowers, replicas, cameras, is_calm=r.random() < 0.08)
        for c, camera in cameras.items():
            plan.again[c] = r.choice([[], [], ["again"], ["same"], ["same", "again"]])
            if not camera.is_live:
                plan.folder[c] = [name_of(10 * i) for i in range(camera.count)]
                plan.growing |= {c} if r.random() < 0.5 and not plan.holds else set()
        return plan

    @classmethod
    def of(
        cls, *ways: str, replicas: int = 1, grows: bool = False, is_calm: bool = False, **camera: Any
    ) -> Plan:
        """A pipeline with one camera and these ways from capture to archive: "prepare score", "prepare notify"."""
        lowers: dict[str, list[str]] = {}
        for way in ways:
            stages = ["capture", *way.split(), "archive"]
            for upper, lower in itertools.pairwise(stages):
                lowers.setdefault(upper, []).extend([lower] * (lower not in lowers.get(upper, [])))
        made = {stage: replicas for stage in lowers if stage != "capture"} | {"archive": 1}
        plan = cls(lowers, made, {"a": Camera(**camera)}, again={"a": []}, is_calm=is_calm)
        if not camera.get("is_live"):
            plan.folder["a"] = [name_of(10 * i) for i in range(camera["count"])]
            plan.growing |= {"a"} if grows else set()
        return plan

    @classmethod
    def _camera(cls, r: random.Random) -> Camera:
        is_live = r.random() < 0.5
        camera = Camera(r.randint(10, 60) if is_live else r.randint(1, 60), is_live)
        camera.policy = r.choice(["latest", "latest", "block"]) if is_live else "block"
        camera.credit, camera.store = r.choice([2, 4, 4, 32]), r.choice([2, 3, 8, 16, 128])
        camera.credit_bytes, camera.store_bytes = r.choice([(1, 1), (1, 200), (100, 100), (1 << 20, 1 << 20)])
        return camera

    @property
    def live(self) -> list[str]:
        """The cameras that deliver pictures when they like."""
        return [c for c, camera in self.cameras.items() if camera.is_live]

    @property
    def finite(self) -> list[str]:
        """The cameras that are files."""
        return [c for c, camera in self.cameras.items() if not camera.is_live]

    @property
    def branches(self) -> int:
        """How many ways lead to the archive."""
        return sum("archive" in lowers for lowers in self.lowers.values())

    @property
    def holds(self) -> int:
        """How many frames are held back on the way."""
        return int("late" in self.lowers)

    def uppers(self, stage: str) -> list[str]:
        """The processes that feed a stage."""
        above = [upper for upper, lowers in self.lowers.items() if stage in lowers]
        return [name for upper in above for name in self.names(upper)]

    def names(self, stage: str) -> list[str]:
        """The processes of a stage."""
        return [f"{stage}.{r}" for r in (self.cameras if stage == "capture" else range(self.replicas[stage]))]

    def start(self, r: random.Random, at: Callable[..., None], start: Callable[[str], None]) -> None:
        """Start every process, some of them late."""
        for stage in [*self.replicas, "capture"]:
            for i, name in enumerate(self.names(stage)):
                self.service_s.setdefault(name, r.choice([0.001, 0.01, 0.05, 0.2, 0.6]))
                joins_late = i > 0 and stage != "capture" and r.random() < 0.3
                at(r.uniform(4, 20) if joins_late else r.uniform(0, 1), lambda n=name: start(n))

    def grow(self, camera: str, r: random.Random) -> None:
        """New files have come into the folder while nobody looked."""
        if camera in self.growing:
            new = {name_of(r.randrange(10 * self.cameras[camera].count)) for _ in range(r.randint(0, 2))}
            self.folder[camera] = sorted({*self.folder[camera], *new})


# --- one process, no faults --------------------------------------------------------------------------------------------


def alone(plan: Plan, camera: str, items: list[Item]) -> tuple[list[list[Item]], dict[str, dict[str, bytes]]]:
    """
    What one process makes of these items, one after the other: each branch's at the archive, and the memories at the end.

    This is what every run must equal, to the last bit.
    """
    last: Position = items[-1].upto if items else (-1, -1)
    branches: list[list[Item]] = []
    memory: dict[str, dict[str, bytes]] = {}

    def through(stage: str, things: list[Item]) -> None:
        if stage == "archive":
            branches.append(things)
            return
        if stage != "capture":
            line = Line(STAGES[stage], camera)
            things = [out for thing in things for out in line.push(thing)]  # type: ignore[misc]
            (mark,) = line.push(Mark(last))
            memory[stage] = mark.memory  # type: ignore[union-attr]
        for lower in plan.lowers[stage]:
            through(lower, things)

    through("capture", items)
    return branches, memory
