"""
One end of a link to one peer: its connection, the numbers of both directions, and how long the peer has said nothing.

Who is a peer, and what happens when a connection ends, is link.py's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from keepframe.wire.messages import Body, Connection, Envelope

DEAD_S, PING_S = 3.0, 0.5
ASK_S = 2.0
"""The longest pause between two HELLOs."""
FIRST_HELLO_S = 0.25  # until somebody has answered; libzmq's own reconnecting is the slower part


@dataclass(slots=True)
class Port:
    """
    One end of a link to one peer.

    >>> port = Port("score.0", is_receiver=False, connection=(1, 2))
    >>> [port.numbered(body).number for body in "ab"], port.takes(1), port.takes(3)
    ([1, 2], True, False)
    """

    name: str
    """The peer's name, "score.0"; known once it has said HELLO or WELCOME, till then where it was found."""
    is_receiver: bool
    """Whether this end is the receiver of frames; receivers say HELLO."""
    is_ready: bool = False
    """Whether the peer has a way down to the archive."""
    connection: Connection | None = None
    asked: int = 0
    """The nonce of the last HELLO."""
    asked_at: float = -9.0
    """Of a receiver's end: when it said HELLO last, or lost its connection; of a sender's: when the receiver came."""
    asks: int = 0
    """How many times in vain."""
    sent: int = 0
    received: int = 0
    heard: float = 0.0
    told: float = 0.0
    """When the peer was sent something last."""
    stores: frozenset[int] = frozenset()
    """The picture stores that the peer has."""

    @property
    def is_up(self) -> bool:
        """Whether messages can pass."""
        return self.connection is not None

    def numbered(self, body: Body) -> Envelope:
        """The next message to the peer."""
        self.sent += 1
        return Envelope(self.connection, self.sent, body)

    def takes(self, number: int) -> bool:
        """Whether this is the number of the next message from the peer; if not, one is missing or came twice."""
        if number != self.received + 1:
            return False
        self.received = number
        return True

    def is_silent(self, now: float) -> bool:
        """Whether the peer of a connection has said nothing for so long that it counts as dead."""
        return self.is_up and now - self.heard > DEAD_S

    def is_to_tell(self, now: float) -> bool:
        """Whether the peer of a connection has been sent nothing for so long that it needs a PING."""
        return self.is_up and now - self.told >= PING_S

    def is_to_ask(self, now: float) -> bool:
        """Whether it is time for a HELLO: soon at first, then less and less often."""
        pause_s = min(ASK_S, FIRST_HELLO_S * 2**self.asks)
        return self.is_receiver and not self.is_up and now - self.asked_at >= pause_s

    def close(self, now: float) -> None:
        """The connection has ended; asking begins anew."""
        self.connection, self.sent, self.received, self.asks = None, 0, 0, 0
        self.asked_at = now


def stage_of(peer: str) -> str:
    """
    The stage of a process that is known by its name, by where it is, or by its stage alone.

    >>> stage_of("score.0"), stage_of("score@10.0.0.2:7602"), stage_of("archive")
    ('score', 'score', 'archive')
    """
    return re.split("[@.]", peer, maxsplit=1)[0]
