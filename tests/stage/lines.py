"""Small stages, and ways to lead items through lines of them."""

import hashlib
from collections import deque

import numpy as np
from hypothesis import strategies as st

from keepframe.frame import START, Frame, Item
from keepframe.stage import Bound, Line, Mark, read_contract


def digest(*parts):
    """A number below 256 that depends on all of these."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=1).digest()[0]


def level(frame):
    """The number that a frame's picture stands for."""
    return int(frame.image[0, 0])


def frame(n, value=None, *, camera="lobby", stream=0):
    """Frame number n, with a picture of one pixel."""
    return Frame(
        camera=camera, stream=stream, seq=n, working=np.full((1, 1), n if value is None else value, np.uint8)
    )


def item(n, value=None, **known):
    """An item of one frame."""
    return Item((frame(n, value, **known),))


def header(n, outcome="rejected", count=1):
    """An item that was decided before."""
    return Item((frame(n).settled(outcome, "before"),), count)


def end(n, stream=0):
    """The end of a stream."""
    return Item((Frame(camera="lobby", stream=stream, seq=n).settled("end"),))


def bound(target, **options):
    """A stage with its options."""
    return Bound(read_contract(target, target.__name__), options)


def line(*targets, memory=None, committed=START, shared=None):
    """A line of stages, each a callable or (callable, options)."""
    steps = [bound(t[0], **t[1]) if isinstance(t, tuple) else bound(t) for t in targets]
    return Line(steps, "lobby", memory, committed, shared)


def led(through, things):
    """Everything that leaves a line."""
    return [out for thing in things for out in through.push(thing)]


def told(thing):
    """A mark or an item as values that can be compared."""
    if isinstance(thing, Mark):
        return "mark", thing.upto
    return thing.count, [told_frame(f) for f in thing.frames]


def told_frame(f):
    """Everything about a frame."""
    pixels = None if f.working is None else f.working.tobytes()
    return f.name, f.outcome, f.reason, pixels, dict(f.scores), dict(f.notes), f.threshold


# --- stages, which treat frames by their level ---------------------------------------------------------------------------


def fickle(frame):
    """Map, filter, settle, divide or fail."""
    n = level(frame)
    match n % 7:
        case 0:
            return None
        case 1:
            raise ValueError(f"no {n}")
        case 2:
            return frame.settled("rejected", "dark")
        case 3:
            return [frame.with_note("half", k).with_image(frame.image + k + 1) for k in range(1 + n % 3)]
        case _:
            return frame.with_image(255 - frame.image).with_score("level", n)


class Sums:
    """What it makes of a frame depends on all before; keys come and go."""

    def __init__(self, *, salt: int = 0):
        self.sum, self.seen = salt, {}

    def __call__(self, frame):
        self.sum = digest(self.sum, level(frame))
        self.seen[f"key{self.sum % 3}"] = self.sum
        self.seen.pop(f"key{(self.sum + 1) % 3}", None)
        if self.sum % 5 == 0:
            return None
        if self.sum % 11 == 0:
            raise ValueError(f"no {self.sum}")
        out = frame.with_image(np.full((1, 1), self.sum, np.uint8))
        return [out, out.with_note("second", True)] if self.sum % 4 == 0 else out

    def save(self):
        return {"sum": self.sum, **self.seen}

    def load(self, memory):
        self.sum = memory.pop("sum")
        self.seen = memory


class Window:
    """The median of a frame and those around it: holds `size` back, and leaves some out."""

    def __init__(self, *, size: int = 2):
        self.size, self.frames, self.past = size, deque(), []

    @property
    def holds(self):
        return self.size

    def __call__(self, frame):
        self.frames.append(frame)
        return self._next() if len(self.frames) > self.size else None

    def _next(self):
        frame = self.frames.popleft()
        around = [*self.past, level(frame), *map(level, self.frames)]
        self.past = [*self.past, level(frame)][-self.size :]
        if sum(around) % 9 == 0:
            return None
        if sum(around) % 10 == 0:
            raise ValueError("uneven")
        return frame.with_image(np.full((1, 1), sorted(around)[len(around) // 2], np.uint8)).with_note(
            "of", len(around)
        )

    def flush(self):
        while self.frames:
            given = self._next()
            if given is not None:
                yield given

    def save(self):
        return {"frames": [(*f.at, f.part, level(f)) for f in self.frames], "past": self.past}

    def load(self, memory):
        self.past = memory["past"]
        for stream, seq, part, value in memory["frames"]:
            pixels = np.full((1, 1), value, np.uint8)
            self.frames.append(Frame(stream=stream, seq=seq, part=part, working=pixels))


class Late:
    """Holds one frame back; what becomes of it depends on the next. Its flush fails at times."""

    holds = 1

    def __init__(self):
        self.held = None

    def __call__(self, frame):
        before, self.held = self.held, frame
        return before and before.with_image(np.full((1, 1), digest(level(before), level(frame)), np.uint8))

    def flush(self):
        before, self.held = self.held, None
        if before and level(before) % 5 == 0:
            raise ValueError("no flush")
        return before

    def save(self):
        return {"held": (*self.held.at, self.held.part, level(self.held)) if self.held else None}

    def load(self, memory):
        if memory["held"]:
            stream, seq, part, value = memory["held"]
            self.held = Frame(stream=stream, seq=seq, part=part, working=np.full((1, 1), value, np.uint8))


STEPS = [fickle, Sums, (Window, {"size": 1}), (Window, {"size": 3}), Late]
chains = st.lists(st.sampled_from(STEPS), min_size=1, max_size=4)


@st.composite
def streams(draw, most=14):
    """Items of two streams: frames, headers that were decided before, runs of drops, and the ends."""
    items = []
    for stream in range(draw(st.integers(1, 2))):
        seq = 0
        for _ in range(draw(st.integers(0, most))):
            kind = draw(st.sampled_from(["frame", "frame", "frame", "rejected", "dropped"]))
            count = draw(st.integers(1, 3)) if kind == "dropped" else 1
            f = frame(seq, draw(st.integers(0, 255)), stream=stream)
            items.append(Item((f if kind == "frame" else f.settled(kind, "before"),), count))
            seq += count
        items.append(end(seq, stream))
    return items
