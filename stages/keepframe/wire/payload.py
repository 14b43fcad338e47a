"""
An item as header fields and pixel parts, and back: what a FRAME carries.

Only pixels as arrays and a camera's own JPEG travel; nothing is encoded or decoded on the way. To a process that shares the memory
a picture lies in, or can fetch it from there (fetch.py), only its place is told.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from keepframe.archive.row import plain
from keepframe.errors import LostPictureError, WireError
from keepframe.frame import STRENGTH, Frame, Item
from keepframe.picture import FORMATS, Handle, Image, Inline, Picture, Remote, checksum
from keepframe.picture.picture import MAX_SIDE, size_of
from keepframe.picture.remote import Place
from keepframe.picture.slots import MAX_BYTES, MAX_SLOTS, Slot, Slots
from keepframe.wire.fields import MAX_INT, Fields

Part = bytes | memoryview
Fetcher = Callable[[Remote], bytes | bytearray]
"""Gets the bytes of a picture in a store that is not here, see Remote."""
MAX_FRAMES = 16
MAX_JPEG = 256 << 20
MAX_SUM = 2**32 - 1
CAPTURE = "capture"
"""The stage whose processes own the picture stores, one for each camera."""
_OUTCOMES = (None, *STRENGTH)
_MATRICES = ("bt601", "bt709")
NO_STORES: Mapping[int, Slots] = MappingProxyType({})


def item_fields(item: Item, stores: Container[int] = ()) -> tuple[list[Any], list[Part]]:
    """
    The fields of an item, and the pixel parts they speak of, in order.

    stores: the ids of the picture stores that whoever reads this has. Raises StalePictureError if a picture has to be put into a
    part and was let go.
    """
    parts: list[Part] = []
    return [item.count, [_frame_fields(frame, parts, stores) for frame in item.frames]], parts


def read_item(
    camera: str,
    f: Fields,
    parts: Sequence[Part],
    stores: Mapping[int, Slots] = NO_STORES,
    fetch: Fetcher | None = None,
) -> Item:
    """
    The item of a camera from these fields and parts.

    stores: the picture stores that are here, by their ids. fetch: gets a picture out of another one.
    Raises WireError, LostPictureError for a working image that is not what was sent.
    """
    count = f.integer("count", 1)
    rest = list(parts)
    frames = tuple(
        _read_frame(camera, values, rest, stores, fetch) for values in f.array("frames", limit=MAX_FRAMES)
    )
    if not frames:
        raise WireError("FRAME.frames: expected at least one")
    if rest:
        raise WireError(f"FRAME: {len(rest)} parts too many")
    if len(frames) > 1 and len({frame.at for frame in frames}) > 1:
        raise WireError("FRAME.frames: expected all at one position")
    if count > 1 and (len(frames) > 1 or frames[0].outcome != "dropped"):
        raise WireError(f"FRAME.count: expected 1 for anything but a run of drops, got {count}")
    return Item(frames, count)


def stores_of(item: Item) -> dict[int, Slots]:
    """The picture stores that an item's pictures lie in, by their ids."""
    handles = (frame.picture.handle for frame in item.frames if frame.picture is not None)
    return {handle.slots.id: handle.slots for handle in handles if isinstance(handle, Slot)}


def _frame_fields(frame: Frame, parts: list[Part], stores: Container[int]) -> list[Any]:
    picture = working = None
    if frame.picture is not None:
        p = frame.picture
        place = _place(p, stores)
        picture = [p.format, p.height, p.width, p.is_full_range, p.matrix, place, p.checksum]
        if place is None:
            parts.append(_part(p))
    if frame.working is not None:
        image: Image = np.ascontiguousarray(frame.working)
        parts.append(image.data.cast("B"))
        is_checked = frame.picture is not None and frame.picture.checksum is not None
        working = [list(image.shape), checksum(parts[-1]) if is_checked else None]
    return [
        *(frame.stream, frame.seq, frame.part, frame.time_ns, frame.outcome, plain(frame.reason)),
        *(frame.threshold, plain(frame.source), frame.index, frame.media_ns),
        *(dict(frame.scores), dict(frame.notes), picture, working),
    ]


def _place(picture: Picture, stores: Container[int]) -> list[int] | None:
    """Where a picture lies, for those who share that memory or can fetch it; one that is not here itself is only ever told."""
    handle = picture.handle
    if isinstance(handle, Remote):
        return list(handle.place)
    if isinstance(handle, Slot) and handle.slots.id in stores:
        return [handle.slots.id, handle.index, handle.generation, handle.nbytes]
    return None


def _part(picture: Picture) -> Part:
    """A picture's bytes as they travel; what may be let go while they wait in a socket is copied."""
    handle = picture.handle
    if handle.is_lasting:
        return handle.data()
    copy = bytes(handle.data())
    handle.check()
    return copy


def _read_frame(
    camera: str, values: Any, parts: list[Part], stores: Mapping[int, Slots], fetch: Fetcher | None
) -> Frame:
    f = Fields(values, "FRAME.frame", 14)
    return Frame(
        camera=camera,
        stream=f.integer("stream"),
        seq=f.integer("seq"),
        part=f.text("part", 32),
        time_ns=f.integer("time_ns", -MAX_INT),
        outcome=f.one_of("outcome", _OUTCOMES),
        reason=f.text("reason"),
        threshold=f.maybe_number("threshold"),
        source=f.text("source"),
        index=f.maybe_integer("index"),
        media_ns=f.maybe_integer("media_ns", -MAX_INT),
        scores=MappingProxyType(f.numbers("scores")),
        notes=MappingProxyType(f.plain("notes")),
        picture=_read_picture(camera, f.take("picture"), parts, stores, fetch),
        working=_read_working(f.take("working"), parts),
    )


def _read_picture(
    camera: str, values: Any, parts: list[Part], stores: Mapping[int, Slots], fetch: Fetcher | None
) -> Picture | None:
    if values is None:
        return None
    f = Fields(values, "FRAME.picture", 7)
    kind = f.one_of("format", FORMATS)
    height, width = f.integer("height", 1, MAX_SIDE), f.integer("width", 1, MAX_SIDE)
    is_full_range, matrix = f.flag("is_full_range"), f.one_of("matrix", _MATRICES)
    place = f.take("place")
    handle: Handle = (
        Inline(_next_part(parts, "picture"))
        if place is None
        else _handle(camera, Fields(place, f"{f.where}.place", 4), stores, fetch)
    )
    told = f.maybe_integer("checksum", 0, MAX_SUM)
    expected, got = size_of(kind, height, width), handle.nbytes
    if got != expected if expected is not None else not 0 < got <= MAX_JPEG:
        raise WireError(
            f"FRAME.picture: {kind} of {width}x{height} has {expected or 'some'} bytes, got {got}"
        )
    return Picture(kind, height, width, handle, is_full_range, matrix, told)


def read_place(f: Fields) -> Place:
    """Store, slot, generation and nbytes, as far as any store can have them."""
    identity, index = f.integer("store"), f.integer("slot", 0, MAX_SLOTS - 1)
    return identity, index, f.integer("generation", 1), f.integer("nbytes", 1, MAX_BYTES)


def cannot_fetch(remote: Remote) -> bytes:
    """Stands for a fetcher where nobody will look at the picture. Raises LostPictureError."""
    raise LostPictureError(f"a picture of {remote.owner}: nothing can be fetched here")


def _handle(camera: str, f: Fields, stores: Mapping[int, Slots], fetch: Fetcher | None) -> Handle:
    """A picture's slot in a store that is here, or its place with its owner; whether it is still there shows when it is looked at."""
    place = read_place(f)
    identity, *which = place
    if identity not in stores:
        if fetch is not None:
            return Remote(f"{CAPTURE}.{camera}", place, fetch)
        raise WireError(
            f"{f.where}.store: expected one of the {len(stores)} picture stores that are here, got another"
        )
    try:
        return stores[identity].slot(*which)
    except ValueError as error:
        raise WireError(f"{f.where}: {error}") from error


def _read_working(values: Any, parts: list[Part]) -> Image | None:
    if values is None:
        return None
    told = Fields(values, "FRAME.working", 2)
    f = Fields(told.take("shape"), "FRAME.working")
    shape = [f.integer("height", 1, MAX_SIDE), f.integer("width", 1, MAX_SIDE)]
    if len(f.values) == 3:
        shape.append(f.integer("channels", 3, 3))
    f.end()
    expected = told.maybe_integer("checksum", 0, MAX_SUM)
    data = _next_part(parts, "working")
    size = shape[0] * shape[1] * (shape[2] if len(shape) == 3 else 1)
    if len(data) != size:
        raise WireError(f"FRAME.working: {shape} has {size} bytes, got {len(data)}")
    if expected is not None and (got := checksum(data)) != expected:
        raise LostPictureError(
            f"a working image of {shape}: its bytes have changed on the way, expected checksum {expected:08x}, got {got:08x}"
        )
    image = np.frombuffer(data, np.uint8).reshape(shape)
    image.flags.writeable = False
    return image


def _next_part(parts: list[Part], name: str) -> Part:
    if not parts:
        raise WireError(f"FRAME.{name}: its part is missing")
    return parts.pop(0)
