"""
Envelopes to message parts and back, with every size and type checked before it is believed.

The first part is a msgpack array of at most 4 KB, then come memory or pixels. What a message means is PROTOCOL.md's and the
nodes' business. Whatever does not fit raises WireError.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgpack

from keepframe.archive import MemoryDelta
from keepframe.archive.row import plain
from keepframe.errors import WireError
from keepframe.frame import STRENGTH, Frame, Item
from keepframe.picture.remote import Place
from keepframe.picture.slots import Slots
from keepframe.wire import messages
from keepframe.wire.fields import MAX_TEXT, NAME, Fields
from keepframe.wire.modest import is_modest
from keepframe.wire.payload import (
    NO_STORES,
    Fetcher,
    Part,
    cannot_fetch,
    item_fields,
    read_item,
    read_place,
    stores_of,
)

VERSION = 2
MAX_HEADER = 4096
MAX_MEMORY = 64 << 20
MAX_KEYS = 4096
MAX_TOLD = 128
MAX_STORES = 256
"""Pictures of further cameras travel inline."""
MAX_REASON = 300
MAX_EVENTS = 8
MAX_PARTS = 33
"""The header, and a captured and a working picture for each of 16 frames."""
KINDS = {
    "HELLO": messages.Hello,
    "WELCOME": messages.Welcome,
    "REFUSE": messages.Refuse,
    "PING": messages.Ping,
    "OPEN": messages.Open,
    "OPENED": messages.Opened,
    "FRAME": messages.Frame,
    "MARK": messages.Mark,
    "ACK": messages.Ack,
    "BREAK": messages.Break,
    "FETCH": messages.Fetch,
    "PICTURE": messages.Picture,
}
_KINDS = list(KINDS)
_NAMES = {body: kind for kind, body in KINDS.items()}
_LIMITS: dict[str, Any] = {
    "raw": False,
    "strict_map_key": True,
    "max_array_len": 256,
    "max_map_len": 64,
    "max_str_len": 4 * MAX_TEXT,
    "max_bin_len": 0,
    "max_ext_len": 0,
}
_MEMORY_LIMITS = _LIMITS | {"max_map_len": MAX_KEYS, "max_bin_len": MAX_MEMORY}
_UNPACK_ERRORS = (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException)


def encode(envelope: messages.Envelope, stores: Container[int] = ()) -> list[Part]:
    """
    The parts of a message: the header, then memory or pixels, which are not copied.

    stores: the ids of the picture stores that the receiver has; of a picture in one of them only the place is told.
    Raises WireError if it does not fit the limits; fitting() sees to that for an item beforehand. Raises StalePictureError if a
    picture in shared memory was let go and would have to be sent itself.

    >>> len(encode(messages.Envelope((1, 2), 3, messages.Ping(True))))
    1
    """
    try:
        fields, parts = _fields(envelope.body, stores)
        header = msgpack.packb(
            [VERSION, envelope.connection, envelope.number, _NAMES[type(envelope.body)], *fields]
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(f"{type(envelope.body).__name__}: cannot be packed: {error}") from error
    if len(header) > MAX_HEADER:
        raise WireError(
            f"header of {len(header)} bytes, expected at most {MAX_HEADER}: fewer or shorter notes, fewer parts"
        )
    return [header, *parts]


def fitting(item: Item, where: str) -> Item:
    """
    The item, if its header fits what decode() believes; else a failed header in its place that says why.

    A message that only the receiver finds out about would break the session, come again, and break it again.

    >>> from keepframe.frame import Frame
    >>> fitting(Item((Frame(notes={"text": "x" * 5000}),)), "score").outcome
    'failed'
    """
    if len(item.frames) == 1 and item.count == 1 and is_modest(item.frames[0]):
        return item
    why = _misfit(item)
    if not why:
        return item
    first = item.frames[0]
    bare = Frame(camera=first.camera, stream=first.stream, seq=first.seq)
    for name in ("time_ns", "source", "index", "media_ns"):  # what of it can be told
        told = replace(bare, **{name: getattr(first, name)})
        bare = bare if _misfit(Item((told,))) else told
    decided = first.outcome if first.outcome in ("end", "dropped") else "failed"
    return Item((bare.settled(decided, f"{where}: cannot be sent on: {why}"[:MAX_REASON]),), item.count)


def pack_item(item: Item, stores: Container[int]) -> bytes:
    """An item's header alone, to be kept. Raises ValueError if one of its pictures is in none of these stores, and would be lost."""
    fields, parts = item_fields(item, stores)
    if parts:
        raise ValueError(
            f"{item.frames[0].name}: expected its pictures in shared memory, got {len(parts)} that are not"
        )
    packed: bytes = msgpack.packb(fields)
    return packed


def unpack_item(camera: str, packed: bytes, stores: Mapping[int, Slots]) -> Item:
    """The item of a camera that pack_item() has packed. Raises WireError for anything else."""
    return read_item(camera, Fields(_unpack(packed, _LIMITS), "item"), [], stores)


def _misfit(item: Item) -> str:
    try:
        stores = stores_of(item)  # a place is longer than none
        fields, parts = item_fields(item, stores)
        header = msgpack.packb(fields)
        if len(header) > MAX_HEADER - 256:
            return f"its header takes {len(header)} bytes, expected at most {MAX_HEADER - 256}: fewer or shorter notes, fewer parts"
        read_item("", Fields(_unpack(header, _LIMITS), "FRAME"), parts, stores, cannot_fetch)
    except (ValueError, TypeError, OverflowError) as error:
        return str(error)
    return ""


def decode(
    parts: Sequence[Part], stores: Mapping[int, Slots] = NO_STORES, fetch: Fetcher | None = None
) -> messages.Envelope:
    """
    The envelope that these parts are. Raises WireError for everything else, LostPictureError for pixels that are not what was sent.

    stores: the picture stores that are here, by their ids. fetch: gets a picture out of another one; None: nobody can.

    >>> decode(encode(messages.Envelope((1, 2), 3, messages.Ping(True)))).body
    Ping(is_ready=True)
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise WireError(f"message: expected 1 to {MAX_PARTS} parts, got {len(parts)}")
    if len(parts[0]) > MAX_HEADER:
        raise WireError(f"header: expected at most {MAX_HEADER} bytes, got {len(parts[0])}")
    f = Fields(_unpack(parts[0], _LIMITS), "header")
    version = f.integer("version")
    if version != VERSION:
        raise WireError(
            f"header.version: expected {VERSION}, got {version}: run the same keepframe on both sides"
        )
    connection = f.take("connection")
    if connection is not None:
        nonces = Fields(connection, "header.connection", 2)
        connection = (nonces.integer("receiver"), nonces.integer("sender"))
    number = f.integer("number")
    kind = f.one_of("kind", _KINDS)
    f.where = kind
    body = _read(kind, f, parts[1:], stores, fetch)
    f.end()
    return messages.Envelope(connection, number, body)


def _fields(  # noqa: C901  one case for each kind
    body: messages.Body, stores: Container[int]
) -> tuple[list[Any], list[Part]]:
    match body:
        case messages.Hello():
            return [body.nonce, body.name, body.is_ready, body.pipeline, body.stores[:MAX_STORES]], []
        case messages.Welcome():
            return [body.name], []
        case messages.Refuse():
            return [body.nonce, _cut(body.why, 500)], []
        case messages.Ping():
            return [body.is_ready], []
        case messages.Open():
            w = body.weight
            return [body.camera, body.epoch, body.held, [w.numerator, w.denominator], body.branch], []
        case messages.Opened():
            told = _told(body.outcomes)
            return [body.camera, body.epoch, body.committed, body.is_ended, told], [_pack_memory(body.memory)]
        case messages.Frame():
            fields, parts = item_fields(body.item, stores)
            return [body.camera, body.epoch, *fields], parts
        case messages.Mark():
            w = body.weight
            events = [[_cut(kind, 64), _cut(detail, 240)] for kind, detail in body.events[:MAX_EVENTS]]
            memory: list[Part] = [_pack_memory(body.memory)] if body.memory else []
            return [body.camera, body.epoch, body.upto, [w.numerator, w.denominator], events], memory
        case messages.Ack():
            return [body.camera, body.epoch, body.taken, _told(body.outcomes)], []
        case messages.Break():
            return [body.camera, body.epoch, body.newest, body.suspect], []
        case messages.Fetch():
            return [body.place, body.offset], []
        case messages.Picture():
            return [body.place, body.offset], [] if body.data is None else [body.data]
        case _:
            return [], []


def _read(  # noqa: C901  one line for each kind
    kind: str, f: Fields, parts: Sequence[Part], stores: Mapping[int, Slots], fetch: Fetcher | None
) -> messages.Body:
    if kind == "FRAME":
        camera, epoch = f.name("camera"), f.epoch("epoch")
        return messages.Frame(camera, epoch, read_item(camera, f, parts, stores, fetch))
    expected = {"OPENED": (1, 1), "MARK": (0, 1), "PICTURE": (0, 1)}.get(kind, (0, 0))
    if not expected[0] <= len(parts) <= expected[1]:
        raise WireError(f"{kind}: {len(parts)} parts follow the header, expected {expected[1]}")
    match kind:
        case "HELLO":
            return messages.Hello(
                f.integer("nonce"), _replica(f), f.flag("is_ready"), f.text("pipeline", 64), _read_stores(f)
            )
        case "WELCOME":
            return messages.Welcome(_replica(f))
        case "REFUSE":
            return messages.Refuse(f.integer("nonce"), f.text("why"))
        case "PING":
            return messages.Ping(f.flag("is_ready"))
        case "OPEN":
            return messages.Open(
                f.name("camera"), f.epoch("epoch"), _read_held(f), _read_weight(f), _read_branch(f)
            )
        case "OPENED":
            memory = _read_memory(parts[0])
            return messages.Opened(
                f.name("camera"),
                f.epoch("epoch"),
                f.position("committed"),
                f.flag("is_ended"),
                memory,
                _read_told(f),
            )
        case "MARK":
            memory = _read_memory(parts[0]) if parts else {}
            head = (f.name("camera"), f.epoch("epoch"), f.position("upto"))
            weight = _read_weight(f)
            return messages.Mark(*head, memory, _read_events(f), weight)
        case "ACK":
            return messages.Ack(f.name("camera"), f.epoch("epoch"), f.position("taken"), _read_told(f))
        case "FETCH":
            return messages.Fetch(*_read_range(f))
        case "PICTURE":
            return _read_picture(f, parts)
        case _:
            return messages.Break(
                f.name("camera"), f.epoch("epoch"), f.epoch("newest"), f.maybe_position("suspect")
            )


def _unpack(part: Part, limits: dict[str, Any]) -> Any:
    try:
        return msgpack.unpackb(bytes(part), **limits)
    except _UNPACK_ERRORS as error:
        raise WireError(
            f"not msgpack within the limits: {type(error).__name__}: {str(error)[:80]}"
        ) from error


def _pack_memory(memory: MemoryDelta) -> bytes:
    for stage, keys in memory.items():
        if len(keys) > MAX_KEYS or any(len(key.encode()) > 4 * MAX_TEXT for key in keys):
            raise WireError(f"memory of {stage}: expected at most {MAX_KEYS} keys of {4 * MAX_TEXT} bytes")
    packed: bytes = msgpack.packb(memory)
    if len(packed) > MAX_MEMORY:
        raise WireError(f"memory of {len(packed)} bytes, expected at most {MAX_MEMORY}")
    return packed


def _read_memory(part: Part) -> MemoryDelta:
    if len(part) > MAX_MEMORY:
        raise WireError(f"memory of {len(part)} bytes, expected at most {MAX_MEMORY}")
    memory = _unpack(part, _MEMORY_LIMITS)
    if not isinstance(memory, dict):
        raise WireError(f"memory: expected a map of stages, got {type(memory).__name__}")
    for stage, keys in memory.items():
        if not isinstance(stage, str) or not NAME.fullmatch(stage) or not isinstance(keys, dict):
            raise WireError("memory: expected a map of stage names to maps")
        if not all(type(k) is str and type(v) in (bytes, type(None)) for k, v in keys.items()):
            raise WireError(f"memory.{stage}: expected a map of strings to bytes")
    return memory


def _cut(text: str, nbytes: int) -> str:
    return plain(text).encode()[:nbytes].decode(errors="ignore")


def _told(outcomes: messages.Outcomes) -> list[list[Any]]:
    return [[stream, seq, outcome] for (stream, seq), outcome in outcomes[-MAX_TOLD:]]


def _read_told(f: Fields) -> messages.Outcomes:
    outcomes: messages.Outcomes = []
    for values in f.array("outcomes", limit=MAX_TOLD):
        told = Fields(values, f"{f.where}.outcomes", 3)
        outcomes.append(((told.integer("stream"), told.integer("seq")), told.one_of("outcome", STRENGTH)))
    return outcomes


def _read_stores(f: Fields) -> tuple[int, ...]:
    stores = Fields(f.array("stores", limit=MAX_STORES), f"{f.where}.stores")
    return tuple(stores.integer("store") for _ in stores.values)


def _read_held(f: Fields) -> tuple[tuple[int, int], tuple[int, int]] | None:
    held = f.take("held")
    if held is None:
        return None
    ends = Fields(held, f"{f.where}.held", 2)
    return ends.position("first"), ends.position("last")


def _read_range(f: Fields) -> tuple[Place, int]:
    """A picture's place, and an offset in it at which a part may begin."""
    place = read_place(Fields(f.take("place"), f"{f.where}.place", 4))
    offset = f.integer("offset", 0, place[3] - 1)
    if offset % messages.CHUNK:
        raise WireError(f"{f.where}.offset: expected a multiple of {messages.CHUNK}, got {offset}")
    return place, offset


def _read_picture(f: Fields, parts: Sequence[Part]) -> messages.Picture:
    place, offset = _read_range(f)
    expects = min(messages.CHUNK, place[3] - offset)
    if parts and len(parts[0]) != expects:
        raise WireError(f"PICTURE: expected {expects} bytes from {offset} on, got {len(parts[0])}")
    return messages.Picture(place, offset, parts[0] if parts else None)


def _read_weight(f: Fields) -> Fraction:
    weight = Fields(f.take("weight"), f"{f.where}.weight", 2)
    numerator, denominator = weight.integer("numerator", 1), weight.integer("denominator", 1)
    if numerator > denominator:
        raise WireError(f"{f.where}.weight: expected at most 1, got {numerator}/{denominator}")
    return Fraction(numerator, denominator)


def _read_branch(f: Fields) -> tuple[int, ...]:
    branch = Fields(f.array("branch", limit=16), f"{f.where}.branch")
    return tuple(branch.integer("way", 0, 255) for _ in range(len(branch.values)))


def _read_events(f: Fields) -> tuple[tuple[str, str], ...]:
    events = [Fields(values, f"{f.where}.events", 2) for values in f.array("events", limit=MAX_EVENTS)]
    return tuple((event.text("kind", 64), event.text("detail")) for event in events)


def _replica(f: Fields) -> str:
    name = f.text("name", 140)
    stage, _, replica = name.rpartition(".")
    if not NAME.fullmatch(stage) or not NAME.fullmatch(replica):
        raise WireError(f"{f.where}.name: expected STAGE.REPLICA, got {name!r}")
    return name
