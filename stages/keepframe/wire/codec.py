"""
Envelopes to messages and back, with every size and type checked before it is believed.

The first part of a message is a msgpack array with the fields of each body, then come memory or pixels. Which fields each kind of
body has is bodies.py's, what it means PROTOCOL.md's and the nodes' business. Whatever does not fit raises WireError.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgpack

from keepframe.errors import OtherVersionError, WireError
from keepframe.picture.slots import Slots
from keepframe.wire import messages
from keepframe.wire.bodies import body_fields, read_body
from keepframe.wire.fields import MAX_HEADER, Fields, unpack
from keepframe.wire.payload import NO_STORES, Fetcher, Part

VERSION = 5
MAX_PARTS = 33
"""The header, and a captured and a working picture for each of 16 frames."""
MAX_BODIES = 16
"""How many bodies go in one message: those that one mark covers, the mark, and some beside them."""
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


def encode(envelopes: Iterable[messages.Envelope], stores: Container[int] = ()) -> Iterator[list[Part]]:
    """
    The messages of envelopes that go to one peer, in order, as few as may be: those of one connection together, up to the limits.

    Each is its parts: the header, then memory or pixels, which are not copied. Together these have no more than CHUNK bytes unless one
    envelope has: a PING behind them must not wait for long.
    stores: the ids of the picture stores that the receiver has; of a picture in one of them only the place is told.
    Raises WireError if one does not fit the limits, once those before are given; fitting() sees to that for an item beforehand. Raises
    StalePictureError if a picture in shared memory was let go and would have to be sent itself.

    >>> pings = [messages.Envelope((1, 2), number, messages.Ping(True)) for number in (3, 4, 5)]
    >>> [len(decode(parts)) for parts in encode(pings)]
    [3]
    """
    first: messages.Envelope | None = None
    bodies: list[list[Any]] = []
    behind: list[Part] = []
    for envelope in envelopes:
        fields, parts = _written(envelope.body, stores)
        if first is not None and not (
            _follows(envelope, first, len(bodies))
            and len(bodies) < MAX_BODIES
            and len(behind) + len(parts) < MAX_PARTS
            and sum(map(len, [*behind, *parts])) <= messages.CHUNK
        ):
            yield [_header(first, bodies), *behind]
            first, bodies, behind = None, [], []
        first = first or envelope
        bodies.append([_NAMES[type(envelope.body)], len(parts), *fields])
        behind += parts
    if first is not None:
        yield [_header(first, bodies), *behind]


def decode(
    parts: Sequence[Part], stores: Mapping[int, Slots] = NO_STORES, fetch: Fetcher | None = None
) -> list[messages.Envelope]:
    """
    The envelopes that a message has. Raises WireError for everything else (OtherVersionError for that), LostPictureError for pixels that are not what was sent.

    stores: the picture stores that are here, by their ids. fetch: gets a picture out of another one; None: nobody can.

    >>> (parts,) = encode([messages.Envelope((1, 2), 3, messages.Ping(True))])
    >>> [envelope.body for envelope in decode(parts)]
    [Ping(is_ready=True)]
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise WireError(f"message: expected 1 to {MAX_PARTS} parts, got {len(parts)}")
    if len(parts[0]) > MAX_BODIES * MAX_HEADER:
        raise WireError(f"header: expected at most {MAX_BODIES * MAX_HEADER} bytes, got {len(parts[0])}")
    f = Fields(unpack(parts[0]), "header")
    version = f.integer("version")
    if version != VERSION:
        raise OtherVersionError(
            f"header.version: expected {VERSION}, got {version}: run the same keepframe on both sides"
        )
    connection = f.take("connection")
    if connection is not None:
        nonces = Fields(connection, "header.connection", 2)
        connection = (nonces.integer("receiver"), nonces.integer("sender"))
    number = f.integer("number")
    bodies = f.values[f.place :]
    if not 1 <= len(bodies) <= (MAX_BODIES if connection is not None and number else 1):
        raise WireError(
            f"header: expected 1 to {MAX_BODIES} bodies, one of what has no number, got {len(bodies)}"
        )
    if len(parts[0]) > len(bodies) * MAX_HEADER:
        raise WireError(f"header: expected at most {MAX_HEADER} bytes for each body, got {len(parts[0])}")
    envelopes, at = [], 1
    for ahead, values in enumerate(bodies):
        body, count = _read(values, parts[at:], stores, fetch)
        envelopes.append(messages.Envelope(connection, number + ahead, body))
        at += count
    if at != len(parts):
        raise WireError(f"message: {len(parts) - at} parts too many")
    return envelopes


def _written(body: messages.Body, stores: Container[int]) -> tuple[list[Any], list[Part]]:
    try:
        return body_fields(body, stores)
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(f"{type(body).__name__}: cannot be packed: {error}") from error


def _follows(envelope: messages.Envelope, first: messages.Envelope, after: int) -> bool:
    """Whether it has the number in its turn on the connection of the first; HELLO, WELCOME and REFUSE have none."""
    is_numbered = first.connection is not None and first.number > 0
    return is_numbered and envelope.connection == first.connection and envelope.number == first.number + after


def _header(first: messages.Envelope, bodies: Sequence[list[Any]]) -> bytes:
    try:
        header: bytes = msgpack.packb([VERSION, first.connection, first.number, *bodies])
    except (ValueError, TypeError, OverflowError) as error:
        kinds = ", ".join(body[0] for body in bodies)
        raise WireError(f"{kinds}: cannot be packed: {error}") from error
    if len(header) > len(bodies) * MAX_HEADER:
        raise WireError(
            f"header of {len(header)} bytes, expected at most {MAX_HEADER} for each body: fewer or shorter notes, fewer parts"
        )
    return header


def _read(
    values: Any, parts: Sequence[Part], stores: Mapping[int, Slots], fetch: Fetcher | None
) -> tuple[messages.Body, int]:
    """A body, and how many of the parts from here on are its own."""
    f = Fields(values, "body")
    kind = f.one_of("kind", _KINDS)
    f.where = kind
    count = f.integer("parts", 0, len(parts))
    body = read_body(kind, f, parts[:count], stores, fetch)
    f.end()
    return body, count
