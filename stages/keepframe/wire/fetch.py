"""
Pictures that lie in a capture's store and are wanted elsewhere: asked for in parts beside the sessions, put together, waited for.

Pure state. Whoever runs the process connects to the owners that are strangers; what a picture is good for is the stages' business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from keepframe.errors import LostPictureError, StalePictureError
from keepframe.frame import Frame
from keepframe.picture import Remote
from keepframe.picture.remote import Place
from keepframe.picture.slots import Slots
from keepframe.wire import messages
from keepframe.wire.link import Node
from keepframe.wire.messages import CHUNK

WINDOW = 4
"""How many parts are asked of one owner at once: a megabyte, which takes less than the 3 s of silence at 3 Mbit/s."""
WITHIN_S = 5.0
"""How long an owner may say nothing; time for a restarted one to come back."""
AHEAD = 64 << 20
"""How many bytes of pictures are on their way here or wait to be taken, unless one piece of work needs more."""


@dataclass(eq=False, slots=True)
class Wanted:
    """A picture on its way here."""

    owner: str
    place: Place
    heard: float
    """When something of it has come last, or it was wanted."""
    data: bytearray = field(default_factory=bytearray)
    asked: int = 0
    """Up to where it was asked for."""
    is_gone: bool = False
    is_late: bool = False

    @property
    def nbytes(self) -> int:
        """How many bytes it has."""
        return self.place[3]

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return len(self.data) == self.nbytes or self.is_gone or self.is_late

    @property
    def under_way(self) -> int:
        """How many parts are asked for and have not come."""
        return -(-(min(self.asked, self.nbytes) - len(self.data)) // CHUNK)


class FetchingNode(Node):
    """A node that may want pictures of captures: of any stage but the capture."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.wanted: dict[tuple[str, Place], Wanted] = {}
        self.fetches = False
        """Whether pictures in stores that are not here come as places."""

    def want(self, remote: Remote) -> Wanted:
        """Have a picture fetched, once, however often it is wanted until it is taken."""
        if remote.key not in self.wanted:
            self.wanted[remote.key] = Wanted(*remote.key, heard=self.now)
        return self.wanted[remote.key]

    def taken(self, remote: Remote) -> bytearray:
        """
        The bytes of a picture that is wanted no more, for here they are.

        Raises StalePictureError if its owner has let it go, LostPictureError if it did not answer.
        """
        w = self.want(remote)
        self.drop([remote])
        if w.is_gone:
            raise StalePictureError(
                f"{w.owner} has let the picture go, since its frame is settled or comes again"
            )
        if not w.is_over or w.is_late:
            raise LostPictureError(
                f"{w.owner} has not sent a picture within {WITHIN_S:.0f} s; can this process reach it? "
                "Its frame comes again"
            )
        return w.data

    def drop(self, remotes: Iterable[Remote]) -> None:
        """These pictures are not wanted any more."""
        for remote in remotes:
            self.wanted.pop(remote.key, None)

    def are_here(self, frames: Iterable[Frame]) -> bool:
        """Whether all pictures that these frames need have come, or will not; they are on their way from now on."""
        if not self.fetches:
            return True
        remotes = [r for r in remotes_of(frame for frame in frames if self.needs(frame)) if not r.is_fetched]
        if not any(r.key in self.wanted for r in remotes):
            ahead = sum(w.nbytes for w in self.wanted.values())
            if ahead and ahead + sum(r.nbytes for r in remotes) > AHEAD:
                return False
        return not [remote for remote in remotes if not self.want(remote).is_over]

    def hand_over(self, frames: Iterable[Frame]) -> None:
        """Give the pictures that have come to these frames; here they are not wanted any more."""
        remotes = remotes_of(frames)  # parts of a frame have one picture
        for remote in remotes:
            w = self.wanted.get(remote.key)
            if w is not None and len(w.data) == remote.nbytes:
                remote.keep(w.data)
        self.drop(remote for remote in remotes if remote.is_fetched)

    def needs(self, frame: Frame) -> bool:
        """Whether the stage is going to look at the captured picture of a frame, as far as can be told; else it is fetched when it does."""
        return frame.outcome is None

    def look_ahead(self) -> None:
        """Want what the next pieces of work need."""

    @property
    def strangers(self) -> set[str]:
        """Owners of wanted pictures that this node has no link to."""
        if not self.wanted:
            return set()
        return {w.owner for w in self.wanted.values()} - {port.name for port in self.ports.values()}

    def tick(self, now: float) -> None:
        """Give up what nobody answers for."""
        super().tick(now)
        for w in self.wanted.values():
            w.is_late |= not w.is_over and now - w.heard > WITHIN_S

    def pump(self, now: float) -> None:
        """Ask for what is wanted, in order, a few parts at a time."""
        super().pump(now)
        if self.fetches:
            self.look_ahead()
        if not self.wanted:
            return  # as nearly always: this runs with every message
        peers = {port.name: peer for peer, port in self.ports.items() if port.is_receiver and port.is_up}
        free = dict.fromkeys(peers, WINDOW)
        for w in self.wanted.values():
            if w.owner in free:
                free[w.owner] -= w.under_way
        for w in self.wanted.values():
            while not w.is_over and w.asked < w.nbytes and free.get(w.owner, 0) > 0:
                self.send(peers[w.owner], messages.Fetch(w.place, w.asked))
                w.asked += CHUNK
                free[w.owner] -= 1

    def on_picture(self, peer: str, m: messages.Picture) -> None:
        """Put a part to those before it; what nobody waits for, or has, is let fall."""
        owner = self.ports[peer].name
        for w in self.wanted.values():
            if w.owner == owner:
                w.heard = self.now  # those behind it wait in a queue, not in vain
        here = self.wanted.get((owner, m.asked.place))
        if here is None or here.is_over or m.asked.offset != len(here.data):
            return
        if m.data is None:
            here.is_gone = True
        else:
            here.data += m.data

    def link_down(self, peer: str) -> None:
        """What was asked of this owner is asked again."""
        super().link_down(peer)
        port = self.ports.get(peer)
        for w in self.wanted.values():
            if port is not None and w.owner == port.name:
                w.asked = len(w.data)


def remotes_of(frames: Iterable[Frame]) -> list[Remote]:
    """The pictures of these frames that are not here."""
    handles = (frame.picture.handle for frame in frames if frame.picture is not None)
    return [handle for handle in handles if isinstance(handle, Remote)]


class OwningNode(Node):
    """A node that owns a picture store: a capture."""

    slots: Slots | None = None
    """The store; None where its pictures lie in its own memory and travel themselves."""

    def on_fetch(self, peer: str, m: messages.Fetch) -> None:
        """Send a part of a picture to whoever does not share its memory; also one that the process before this one has left."""
        self.send(peer, messages.Picture(m, part_of(self.slots, m)))


def part_of(slots: Slots | None, m: messages.Fetch) -> bytes | None:
    """
    The part of a picture that was asked for, copied; None if it is not here, or not any more.

    >>> part_of(None, messages.Fetch((77, 0, 1, 3), 0)) is None
    True
    """
    identity, *which = m.place
    if slots is None or slots.id != identity:
        return None
    try:
        slot = slots.slot(*which)
        part = bytes(slot.data()[m.offset : m.offset + m.nbytes])
        slot.check()
    except (ValueError, StalePictureError):
        return None
    return part
