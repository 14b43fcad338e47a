"""Messages to test with: one example of each kind for the golden vectors, and strategies that draw any there may be."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from keepframe.frame import STRENGTH, Frame, Item
from keepframe.picture import Inline, Picture, checksum
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.picture import size_of
from keepframe.picture.slots import AT, Slots
from keepframe.wire import messages
from keepframe.wire.codec import encode
from keepframe.wire.messages import CHUNK, Envelope

EPOCH = (2, 7, 4611686018427387904)
WORKING = np.arange(12, dtype=np.uint8).reshape(3, 4)
FULL = Frame(
    camera="lobby",
    stream=3,
    seq=41,
    part="0.1",
    time_ns=1_700_000_000_250_000_000,
    picture=Picture("yuv420", 2, 3, Inline(bytes(range(10))), is_full_range=False, matrix="bt709"),
    working=WORKING,
    scores={"ssim": 0.25},
    notes={"box": "1,2,3,4", "night": True, "count": -3, "gain": 1.5},
    reason="changed",
    threshold=0.5,
    source="näher.jpg",
    index=41,
    media_ns=1_640_000_000,
)


def _store() -> OwnedSlots:
    """A picture store whose id is agreed on, with two pictures."""
    fd = Slots.create(1 << 16, 8)
    os.pwrite(fd, (1234567890123456789).to_bytes(8, "little"), 8 * AT["id"])
    store = OwnedSlots(fd)
    os.close(fd)
    return store


STORE = _store()
STORES = {STORE.id: STORE}
SLOTS = [STORE.put(bytes(range(10))), STORE.put(b"a camera's JPEG file")]

EXAMPLES: dict[str, Envelope] = {
    "hello": Envelope(None, 0, messages.Hello(77, "score.0", is_ready=True, pipeline="0123456789abcdef")),
    "hello-stores": Envelope(
        None,
        0,
        messages.Hello(77, "score.0", is_ready=True, pipeline="0123456789abcdef", stores=(STORE.id, 5)),
    ),
    "welcome": Envelope((77, 88), 0, messages.Welcome("preprocess.0")),
    "refuse": Envelope(None, 0, messages.Refuse(77, "score.0 runs configuration 'a', preprocess.0 'b'")),
    "ping": Envelope((77, 88), 1, messages.Ping(is_ready=False)),
    "open-first": Envelope((77, 88), 2, messages.Open("lobby", (0, 1, 5), None)),
    "open-branch": Envelope(
        (77, 88), 2, messages.Open("lobby", EPOCH, ((3, 40), (3, 47)), Fraction(1, 2), (1, 0))
    ),
    "opened-first": Envelope((77, 88), 3, messages.Opened("lobby", (0, 1, 5), (-1, -1), False, {}, [])),
    "opened": Envelope(
        (77, 88),
        3,
        messages.Opened(
            "lobby",
            EPOCH,
            (3, 41),
            is_ended=False,
            memory={"score": {"0.reference": b"\1\2", "config": b"x"}, "capture": {"read": b"\x29"}},
            outcomes=[((3, 40), "unchanged"), ((3, 41), "kept")],
        ),
    ),
    "frame": Envelope((77, 88), 4, messages.Frame("lobby", EPOCH, Item((FULL,)))),
    "frame-place": Envelope(
        (77, 88),
        4,
        messages.Frame(
            "lobby",
            EPOCH,
            Item(
                (
                    Frame(
                        camera="lobby",
                        working=WORKING,
                        picture=Picture("yuv420", 2, 3, SLOTS[0], is_full_range=False),
                    ),
                )
            ),
        ),
    ),
    "frame-checked": Envelope(
        (77, 88),
        4,
        messages.Frame(
            "lobby",
            EPOCH,
            Item(
                (
                    Frame(
                        camera="lobby",
                        working=WORKING,
                        picture=Picture("jpeg", 2, 3, SLOTS[1], checksum=checksum(SLOTS[1].data())),
                    ),
                )
            ),
        ),
    ),
    "frame-header": Envelope(
        (77, 88),
        5,
        messages.Frame(
            "lobby", EPOCH, Item((Frame(camera="lobby", seq=2, time_ns=-5).settled("failed", "gray: no"),))
        ),
    ),
    "frame-gap": Envelope(
        (77, 88),
        6,
        messages.Frame(
            "lobby", EPOCH, Item((Frame(camera="lobby", seq=3).settled("dropped", "overrun"),), 500)
        ),
    ),
    "frame-end": Envelope(
        (77, 88),
        7,
        messages.Frame("lobby", EPOCH, Item((Frame(camera="lobby", seq=503).settled("end", "again"),))),
    ),
    "mark": Envelope(
        (77, 88),
        8,
        messages.Mark(
            "lobby",
            EPOCH,
            (3, 41),
            {"score": {"0.reference": b"\3", "0.old": None}},
            (("fresh", "why"),),
            Fraction(1, 2),
            ack_every=10,
        ),
    ),
    "mark-plain": Envelope((77, 88), 9, messages.Mark("lobby", EPOCH, (3, 42))),
    "ack-taken": Envelope((77, 88), 10, messages.Ack("lobby", EPOCH, (3, 42))),
    "ack": Envelope(
        (77, 88), 11, messages.Ack("lobby", EPOCH, (3, 42), [((3, 42), "dropped"), ((3, 43), "end")], 4750)
    ),
    "fetch": Envelope((77, 88), 14, messages.Fetch((STORE.id, 3, 9, CHUNK + 4), CHUNK)),
    "picture": Envelope(
        (77, 88), 15, messages.Picture(messages.Fetch((STORE.id, 3, 9, CHUNK + 4), CHUNK), b"tail")
    ),
    "picture-gone": Envelope((77, 88), 16, messages.Picture(messages.Fetch((STORE.id, 3, 9, 4), 0), None)),
    "break": Envelope((77, 88), 12, messages.Break("lobby", EPOCH)),
    "break-newest": Envelope((77, 88), 13, messages.Break("lobby", EPOCH, (3, 1, 9), (3, 42))),
}

_NAMES = ("frame", "frame-header", "frame-place", "mark", "mark-plain", "ack", "ping")
TOGETHER = [replace(EXAMPLES[name], number=5 + n) for n, name in enumerate(_NAMES)]
"""Envelopes that go in one message."""
MESSAGES = {name: [envelope] for name, envelope in EXAMPLES.items()} | {"together": TOGETHER}


def one(envelope: Envelope, stores: Container[int] = ()) -> list[Any]:
    """The parts of the one message that an envelope goes in."""
    (parts,) = encode([envelope], stores)
    return parts


def told(value: Any) -> Any:
    """A value as plain data that can be compared: frames have no equality of their own."""
    if isinstance(value, Picture):
        return (
            "picture",
            value.format,
            value.height,
            value.width,
            bytes(value.handle.data()),
            value.matrix,
            value.is_full_range,
            value.checksum,
        )
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return type(value).__name__, {f.name: told(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, list | tuple):
        return [told(v) for v in value]
    if hasattr(value, "items"):
        return {k: told(v) for k, v in value.items()}
    return value


# --- whatever there may be ---------------------------------------------------------------------------------------------

big = st.integers(0, 2**63 - 1)
counts = st.integers(1, 2**63 - 1)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
epochs = st.tuples(st.integers(0, 2**63 - 1), big, big)
positions = st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)) | st.just((-1, -1))
weights = st.integers(1, 64).flatmap(lambda d: st.integers(1, d).map(lambda n: Fraction(n, d)))
connections = st.tuples(big, big)
outcomes = st.lists(st.tuples(st.tuples(big, big), st.sampled_from(STRENGTH)), max_size=128)
memories = st.dictionaries(names, st.dictionaries(texts, st.binary(max_size=40), max_size=4), max_size=3)
deltas = st.dictionaries(
    names, st.dictionaries(texts, st.none() | st.binary(max_size=40), max_size=4), max_size=3
)
finite = st.floats(allow_nan=False, allow_infinity=False)
notes = st.dictionaries(texts, texts | st.booleans() | finite | st.integers(-(2**63), 2**63 - 1), max_size=4)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """A small picture of any format."""
    kind = draw(st.sampled_from(["gray", "bgr", "yuv420", "jpeg"]))
    if kind == "jpeg" and draw(st.booleans()):
        return Picture("jpeg", 4, 5, SLOTS[1])
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    size = size_of(kind, height, width) or draw(st.integers(1, 40))
    data = draw(st.binary(min_size=size, max_size=size))
    told = draw(st.none() | st.just(checksum(data)))
    matrix = draw(st.sampled_from(["bt601", "bt709"]))
    return Picture(kind, height, width, Inline(data), draw(st.booleans()), matrix, told)


@st.composite
def images(draw: st.DrawFn) -> Any:
    """A small working image, not always contiguous."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 4)), *draw(st.sampled_from([(), (3,)])))
    image = np.frombuffer(draw(st.binary(min_size=48, max_size=48)), np.uint8)[: int(np.prod(shape))].reshape(
        shape
    )
    return image[::-1] if draw(st.booleans()) else image


@st.composite
def items(draw: st.DrawFn, camera: str = "lobby") -> Item:
    """A frame, parts of one, a run of drops, or an end."""
    stream, seq = draw(st.integers(0, 2**40)), draw(st.integers(0, 2**40))
    base = Frame(
        camera=camera,
        stream=stream,
        seq=seq,
        time_ns=draw(st.integers(-(2**62), 2**62)),
        source=draw(texts),
        index=draw(st.none() | big),
        media_ns=draw(st.none() | st.integers(-(2**62), 2**62)),
    )
    kind = draw(st.sampled_from(["one", "parts", "dropped", "end"]))
    if kind in ("dropped", "end"):
        count = draw(st.integers(1, 2**40)) if kind == "dropped" else 1
        return Item((base.settled(kind, draw(texts)),), count)
    parts = [""] if kind == "one" else ["0", "1", "1.0"]
    return Item(tuple(draw(_frames(base, part)) for part in parts))


@st.composite
def _frames(draw: st.DrawFn, base: Frame, part: str) -> Frame:
    values = {
        name: getattr(base, name)
        for name in ("camera", "stream", "seq", "time_ns", "source", "index", "media_ns")
    }
    frame = Frame(
        **values,
        part=part,
        scores=draw(st.dictionaries(texts, finite, max_size=3)),
        notes=draw(notes),
        threshold=draw(st.none() | finite),
        reason=draw(texts),
        picture=draw(st.none() | pictures()),
        working=draw(st.none() | images()),
    )
    outcome = draw(st.none() | st.sampled_from(["kept", "unchanged", "filtered", "rejected", "failed"]))
    return frame if outcome is None else frame.settled(outcome)


@st.composite
def bodies(draw: st.DrawFn) -> messages.Body:
    """Any message."""
    camera, epoch = draw(names), draw(epochs)
    kind = draw(
        st.sampled_from(
            [
                "hello",
                "welcome",
                "refuse",
                "ping",
                "open",
                "opened",
                "frame",
                "mark",
                "ack",
                "break",
                "fetch",
                "picture",
            ]
        )
    )
    match kind:
        case "hello":
            name = f"{draw(names)}.{draw(names)}"
            stores = tuple(draw(st.lists(big, max_size=5)))
            return messages.Hello(draw(big), name, draw(st.booleans()), draw(st.text(max_size=30)), stores)
        case "welcome":
            return messages.Welcome(f"{draw(names)}.{draw(names)}")
        case "refuse":
            return messages.Refuse(draw(big), draw(texts))
        case "ping":
            return messages.Ping(draw(st.booleans()))
        case "open":
            held = draw(st.none() | st.tuples(positions, positions))
            branch = tuple(draw(st.lists(st.integers(0, 255), max_size=16)))
            return messages.Open(camera, epoch, held, draw(weights), branch)
        case "opened":
            return messages.Opened(
                camera, epoch, draw(positions), draw(st.booleans()), draw(memories), draw(outcomes)
            )
        case "frame":
            return messages.Frame(camera, epoch, draw(items(camera)))
        case "mark":
            events = tuple(
                draw(st.lists(st.tuples(st.text("abc", max_size=9), st.text("xyz", max_size=99)), max_size=8))
            )
            return messages.Mark(
                camera, epoch, draw(positions), draw(deltas), events, draw(weights), draw(counts)
            )
        case "ack":
            return messages.Ack(camera, epoch, draw(positions), draw(outcomes), draw(st.integers(0, 60_000)))
        case "fetch" | "picture":
            nbytes = draw(st.integers(1, 3 * CHUNK))
            place = draw(big), draw(st.integers(0, 65535)), draw(st.integers(1, 2**40)), nbytes
            offset = CHUNK * draw(st.integers(0, (nbytes - 1) // CHUNK))
            asked = messages.Fetch(place, offset)
            if kind == "fetch":
                return asked
            part = bytes(min(CHUNK, nbytes - offset))
            return messages.Picture(asked, draw(st.none() | st.just(part)))
        case _:
            newest = draw(epochs | st.just(messages.NEVER))
            return messages.Break(camera, epoch, newest, draw(st.none() | positions))


envelopes = st.builds(Envelope, st.none() | connections, big, bodies())
