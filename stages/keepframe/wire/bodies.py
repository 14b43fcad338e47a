"""
The fields of each kind of message, and the parts behind its header: written, and read with every size and type checked.

How header and parts become a message is codec.py's, an item's fields are payload.py's.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgpack

from keepframe.archive import MemoryDelta
from keepframe.archive.row import plain
from keepframe.errors import WireError
from keepframe.frame import STRENGTH
from keepframe.picture.slots import Slots
from keepframe.wire import messages
from keepframe.wire.fields import LIMITS, MAX_TEXT, NAME, Fields, unpack
from keepframe.wire.payload import Fetcher, Part, item_fields, read_item, read_place

MAX_MEMORY = 64 << 20
MAX_KEYS = 4096
MAX_TOLD = 128
MAX_STORES = 256
"""Pictures of further cameras travel inline."""
MAX_EVENTS = 8
MAX_REST_MS = 60_000
_MEMORY_LIMITS = LIMITS | {"max_map_len": MAX_KEYS, "max_bin_len": MAX_MEMORY}


def body_fields(  # noqa: C901  one case for each kind
    body: messages.Body, stores: Container[int]
) -> tuple[list[Any], list[Part]]:
    """The fields of a message behind its kind, and the parts behind its header. stores: see encode()."""
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
            head = [body.camera, body.epoch, body.upto, [w.numerator, w.denominator]]
            return [*head, events, body.ack_every], memory
        case messages.Ack():
            return [body.camera, body.epoch, body.taken, _told(body.outcomes), body.rest_ms], []
        case messages.Break():
            return [body.camera, body.epoch, body.newest, body.suspect], []
        case messages.Fetch():
            return [body.place, body.offset], []
        case messages.Picture():
            return [body.asked.place, body.asked.offset], [] if body.data is None else [body.data]
        case _:
            return [], []


def read_body(  # noqa: C901  one line for each kind
    kind: str, f: Fields, parts: Sequence[Part], stores: Mapping[int, Slots], fetch: Fetcher | None
) -> messages.Body:
    """The message of this kind with these fields and parts. Raises WireError, and as decode() does."""
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
            return messages.Mark(*head, memory, _read_events(f), weight, f.integer("ack_every", 1))
        case "ACK":
            head = (f.name("camera"), f.epoch("epoch"), f.position("taken"))
            return messages.Ack(*head, _read_told(f), f.integer("rest_ms", 0, MAX_REST_MS))
        case "FETCH":
            return _read_fetch(f)
        case "PICTURE":
            return _read_picture(f, parts)
        case _:
            return messages.Break(
                f.name("camera"), f.epoch("epoch"), f.epoch("newest"), f.maybe_position("suspect")
            )


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
    memory = unpack(part, _MEMORY_LIMITS)
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


def _read_fetch(f: Fields) -> messages.Fetch:
    """A picture's place, and an offset in it at which a part may begin."""
    place = read_place(Fields(f.take("place"), f"{f.where}.place", 4))
    offset = f.integer("offset", 0, place[3] - 1)
    if offset % messages.CHUNK:
        raise WireError(f"{f.where}.offset: expected a multiple of {messages.CHUNK}, got {offset}")
    return messages.Fetch(place, offset)


def _read_picture(f: Fields, parts: Sequence[Part]) -> messages.Picture:
    asked = _read_fetch(f)
    if parts and len(parts[0]) != asked.nbytes:
        raise WireError(f"PICTURE: expected {asked.nbytes} bytes from {asked.offset} on, got {len(parts[0])}")
    return messages.Picture(asked, parts[0] if parts else None)


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
