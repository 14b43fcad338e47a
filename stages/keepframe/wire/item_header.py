"""
An item's header by itself: whether it fits into a message, and packed to be kept beside its pictures.

How a message is packed is codec.py's; which fields an item has payload.py's.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

import msgpack

from keepframe.frame import Frame, Item
from keepframe.picture.slots import Slots
from keepframe.wire.fields import MAX_HEADER, Fields, unpack
from keepframe.wire.modest import is_modest
from keepframe.wire.payload import cannot_fetch, item_fields, read_item, stores_of

MAX_REASON = 300


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
    return read_item(camera, Fields(unpack(packed), "item"), [], stores)


def _misfit(item: Item) -> str:
    try:
        stores = stores_of(item)  # a place is longer than none
        fields, parts = item_fields(item, stores)
        header = msgpack.packb(fields)
        if len(header) > MAX_HEADER - 256:
            return f"its header takes {len(header)} bytes, expected at most {MAX_HEADER - 256}: fewer or shorter notes, fewer parts"
        read_item("", Fields(unpack(header), "FRAME"), parts, stores, cannot_fetch)
    except (ValueError, TypeError, OverflowError) as error:
        return str(error)
    return ""
