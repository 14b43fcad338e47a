"""
The messages of the protocol as values; PROTOCOL.md tells their grammar, codec.py turns them into bytes.

A module of its own name-space on purpose: `messages.Frame` is what goes over a link, `keepframe.frame.Frame` what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from keepframe.archive import NEVER, Epoch, MemoryDelta
from keepframe.frame import Decision, Item, Position
from keepframe.picture.remote import Place

Outcomes = list[tuple[Position, Decision]]
Connection = tuple[int, int]
"""The nonces of both ends: receiver's, sender's."""

CHUNK = 1 << 18
"""How many bytes of a picture one PICTURE carries at most: a PING behind it must not wait until this end is taken for dead."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Receiver to sender: "I am here, anew"."""

    nonce: int
    name: str
    is_ready: bool
    pipeline: str
    """Digest of what must be the same in all processes of a pipeline."""
    stores: tuple[int, ...] = ()
    """The ids of the picture stores that it shares: of a picture in one of them only the place is told."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """Sender to receiver: the connection stands; its nonces are in the envelope."""

    name: str
    """Who it is: a receiver may know no more than where it has found it."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Sender to receiver: no connection, and why, with both values."""

    nonce: int
    why: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Both ways, regularly and at once when is_ready changes."""

    is_ready: bool


@dataclass(frozen=True, slots=True)
class Open:
    """Down: a session of one camera begins; older ones of that camera are over."""

    camera: str
    epoch: Epoch
    held: tuple[Position, Position] | None
    """First and last position the capture holds and may have sent before."""
    weight: Fraction = Fraction(1)
    """Parted where the path forks; the archive has all branches when the sum is 1."""
    branch: tuple[int, ...] = ()
    """Which way at each fork: the order of the branches must not depend on replicas."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Up: what is committed. Each stage takes its own memory out and passes the rest on."""

    camera: str
    epoch: Epoch
    committed: Position
    is_ended: bool
    memory: MemoryDelta
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class Frame:
    """Down: the item at one position."""

    camera: str
    epoch: Epoch
    item: Item


@dataclass(frozen=True, slots=True)
class Mark:
    """
    Down, in its place among the frames: everything up to here has passed; each stateful stage adds its memory.

    ack_every: of how many items from here on the archive may acknowledge the last alone.
    """

    camera: str
    epoch: Epoch
    upto: Position
    memory: MemoryDelta = field(default_factory=dict)
    """By stage and key, only what has changed since the last mark of this session; None: the key is gone."""
    events: tuple[tuple[str, str], ...] = ()
    weight: Fraction = Fraction(1)
    ack_every: int = 1


@dataclass(frozen=True, slots=True)
class Ack:
    """
    Up: taken frees the way for more frames; outcomes, committed, free the pictures.

    rest_ms: how long after a mark the next one may come; 0 while something that came behind it is to be kept.
    """

    camera: str
    epoch: Epoch
    taken: Position
    outcomes: Outcomes = field(default_factory=list)
    rest_ms: int = 0


@dataclass(frozen=True, slots=True)
class Break:
    """
    Up: this session is over.

    newest: an epoch that stands in the way: another capture has taken over. suspect: the position that a process had in hand when it died by
    itself.
    """

    camera: str
    epoch: Epoch
    newest: Epoch = NEVER
    suspect: Position | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """To a capture, beside the sessions: the bytes of a picture in its store, from `offset` on."""

    place: Place
    offset: int

    @property
    def nbytes(self) -> int:
        """
        How many bytes answer it: CHUNK, at the picture's end what is left.

        >>> Fetch((77, 0, 1, CHUNK + 3), CHUNK).nbytes
        3
        """
        return min(CHUNK, self.place[3] - self.offset)


@dataclass(frozen=True, slots=True)
class Picture:
    """A capture's answer: the bytes that were asked for; None: the picture was let go."""

    asked: Fetch
    data: bytes | memoryview | None


Body = Hello | Welcome | Refuse | Ping | Open | Opened | Frame | Mark | Ack | Break | Fetch | Picture


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message on a connection; both directions count from 1, HELLO, WELCOME and REFUSE are number 0."""

    connection: Connection | None
    number: int
    body: Body


def changed(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """
    What must be sent so that `old` becomes `new`; None for a key that is gone.

    >>> changed({"a": b"1", "b": b"2"}, {"a": b"1", "c": b"3"})
    {'c': b'3', 'b': None}
    """
    delta: dict[str, bytes | None] = {k: v for k, v in new.items() if old.get(k) != v}
    return delta | {k: None for k in old if k not in new}
