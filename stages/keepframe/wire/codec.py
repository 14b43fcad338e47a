"""
Envelopes to message parts and back, with every size and type checked before it is believed.

The first part is a msgpack array of at most 4 KB, then come memory or pixels. Which fields each kind of message has is bodies.py's,
what a message means PROTOCOL.md's and the nodes' business. Whatever does not fit raises WireError.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import msgpack

from keepframe.errors import OtherVersionError, WireError
from keepframe.picture.slots import Slots
from keepframe.wire import messages
from keepframe.wire.bodies import body_fields, read_body
from keepframe.wire.fields import MAX_HEADER, Fields, unpack
from keepframe.wire.payload import NO_STORES, Fetcher, Part

VERSION = 4
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
        fields, parts = body_fields(envelope.body, stores)
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


def decode(
    parts: Sequence[Part], stores: Mapping[int, Slots] = NO_STORES, fetch: Fetcher | None = None
) -> messages.Envelope:
    """
    The envelope that these parts are. Raises WireError for everything else (OtherVersionError for that), LostPictureError for pixels that are not what was sent.

    stores: the picture stores that are here, by their ids. fetch: gets a picture out of another one; None: nobody can.

    >>> decode(encode(messages.Envelope((1, 2), 3, messages.Ping(True)))).body
    Ping(is_ready=True)
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise WireError(f"message: expected 1 to {MAX_PARTS} parts, got {len(parts)}")
    if len(parts[0]) > MAX_HEADER:
        raise WireError(f"header: expected at most {MAX_HEADER} bytes, got {len(parts[0])}")
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
    kind = f.one_of("kind", _KINDS)
    f.where = kind
    body = read_body(kind, f, parts[1:], stores, fetch)
    f.end()
    return messages.Envelope(connection, number, body)
