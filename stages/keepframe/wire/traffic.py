"""
Bytes to messages and back between a node and its ZeroMQ sockets; what does not fit the protocol is counted here.

When it is done is the shell's business, what it means the node's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Sequence
from typing import Any

import zmq

from keepframe.errors import LostPictureError, OtherVersionError, StalePictureError, WireError
from keepframe.picture.slots import Slots
from keepframe.wire.codec import MAX_PARTS, decode, encode
from keepframe.wire.endpoints import Endpoints
from keepframe.wire.handshakes import count_in
from keepframe.wire.link import Node
from keepframe.wire.messages import Envelope, Hello, Refuse
from keepframe.wire.payload import Fetcher
from keepframe.wire.port import stage_of

BATCH = 64
"""How many messages of one socket are taken before the others have their turn."""
_LAST, _MORE = int(zmq.DONTWAIT), int(zmq.DONTWAIT | zmq.SNDMORE)


class StrangerError(Exception):
    """Somebody who may not send this; says who."""


class Traffic:
    """What goes over the sockets of one node. stores: the picture stores that this process can read."""

    def __init__(self, node: Node, endpoints: Endpoints, stores: Sequence[Slots] = ()) -> None:
        self.node, self._endpoints = node, endpoints
        self._stores = {slots.id: slots for slots in stores}
        node.stores = tuple(self._stores)
        self.rejected = 0
        """How many messages that came did not fit the protocol."""
        self.strangers: Counter[str] = Counter()
        """How many were of somebody who may not send them, by who that is."""
        self.unsendable = 0
        """How many of this process's own did not, each of which has ended its connection."""
        self.ungreeted: set[str] = set()
        """Who could not be sent a HELLO yet, since nobody is there."""
        self.fetch: Fetcher | None = None
        """Gets a picture out of a store that is not here; None: places in such stores are no part of the protocol here."""
        self.lost: list[str] = []
        """Messages with pixels that were not what was sent, in words, until somebody tells of them; each has ended its connection."""

    def receive(self, ready: Container[object], now: float) -> None:
        """Hand to the node what has come on the sockets that can be read."""
        router = self._endpoints.router
        if router is not None and router in ready:
            self._receive(router, None, now)
        for upper, dealer in self._endpoints.dealers.items():
            if dealer in ready:
                self._receive(dealer, upper, now)

    def send(self) -> None:
        """Send what the node has left to be sent."""
        while self.node.out:
            for peer, envelopes in self.node.take_out().items():
                self._send(peer, envelopes)

    def _receive(self, socket: zmq.Socket[bytes], upper: str | None, now: float) -> None:
        for _ in range(BATCH):
            try:
                frames, count = received(socket)
            except zmq.Again:
                return
            peer = upper if upper is not None else frames.pop(0).bytes.hex()
            try:
                envelopes = self._read(frames, count, upper)
            except LostPictureError as error:
                self.lost.append(str(error))
            except OtherVersionError as error:
                self.rejected += 1
                why = f"{upper or 'somebody who asks'} runs another keepframe: {error}"
                self.node.refusals.add(upper or why, why, now)
                if upper is None:  # it will understand of this what was understood of it, and tell that
                    self._send(peer, [Envelope(None, 0, Refuse(0, why))])
            except WireError:
                self.rejected += 1
            except StrangerError as error:
                count_in(self.strangers, str(error))
                self.node.reset(peer)
            else:
                for envelope in envelopes:
                    self.node.receive(now, peer, envelope)

    def _read(self, frames: Sequence[zmq.Frame], count: int, upper: str | None) -> list[Envelope]:
        """What a message of that many parts says. Raises as decode() does, StrangerError for somebody who may not say it."""
        if count > MAX_PARTS + (upper is None):
            raise WireError(f"message of {count} parts, expected at most {MAX_PARTS}")
        is_guarded = upper is None and self._endpoints.is_guarded
        if is_guarded:
            self._check_key(frames)
        envelopes = decode([f.buffer for f in frames], self._stores, self.fetch)
        if is_guarded:
            for body in (e.body for e in envelopes if isinstance(e.body, Hello)):
                self._check_name(frames, body)
        return envelopes

    def _check_key(self, frames: Sequence[zmq.Frame]) -> None:
        """Raise StrangerError if the key that a message came with was taken away since it was let in."""
        if not self._stages_of(frames):
            raise StrangerError("somebody whose key was taken away")

    def _check_name(self, frames: Sequence[zmq.Frame], hello: Hello) -> None:
        """Raise StrangerError for somebody who says to be of a stage that the key is not of."""
        if stage_of(hello.name) not in self._stages_of(frames):
            raise StrangerError(f"{hello.name} with the key of another stage")

    def _stages_of(self, frames: Sequence[zmq.Frame]) -> Collection[str]:
        keys = self._endpoints.keys
        try:
            return keys.stages_of(str(frames[0].get("User-Id"))) if keys is not None and frames else ()
        except zmq.ZMQError:  # nobody has looked at who it is
            return ()

    def _send(self, peer: str, envelopes: Sequence[Envelope]) -> None:
        """What one peer is sent, as few messages as may be; what it does not get makes a hole in the numbers, and ends the connection."""
        to: list[Any] = []
        socket = self._endpoints.dealers.get(peer)
        if socket is None and self._endpoints.router is not None:
            socket, to = self._endpoints.router, [bytes.fromhex(peer)]
        if socket is None:
            return
        try:
            for parts in encode(envelopes, self.node.stores_of(peer)):
                send_at_once(socket, to + parts)
        except (WireError, StalePictureError):  # a picture that was let go belongs to a session that is over
            self.unsendable += 1
            self.node.reset(peer)
        except zmq.ZMQError:
            if any(isinstance(envelope.body, Hello) for envelope in envelopes):
                self.ungreeted.add(peer)
                self.node.not_greeted(peer)
            else:
                self.node.reset(peer)


def send_at_once(socket: zmq.Socket[bytes], parts: Sequence[Any]) -> None:
    """
    Send the parts of one message, all or none. Raises zmq.ZMQError, zmq.Again if it would have to wait.

    As Socket.send_multipart() does, which takes twice as long: it joins its flags anew for each part, as members of an enum.
    """
    *others, last = parts
    for part in others:
        socket.send(part, _MORE, copy=False)
    socket.send(last, _LAST, copy=False)


def received(socket: zmq.Socket[bytes]) -> tuple[list[zmq.Frame], int]:
    """
    The parts of one message, and how many there were; of those beyond what a message can have none is kept.

    Raises zmq.Again if none has come. libzmq knows no limit of parts.
    """
    frames = [socket.recv(zmq.DONTWAIT, copy=False)]
    count = 1
    part = frames[0]
    while part.more:
        part = socket.recv(zmq.DONTWAIT, copy=False)
        count += 1
        if count <= MAX_PARTS + 2:
            frames.append(part)
    return frames, count
