"""
The capture's side of the sessions: it numbers frames, holds them until their outcome is back, and alone sends again and drops.

Pure state. Whoever runs the process reads the source when `wants` says so and hands each shot to offer(); where to begin stands in
`begin` after the first session has opened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from keepframe.archive import Epoch
from keepframe.frame import START, Frame, Item, Position
from keepframe.stage.memory import pack, unpack
from keepframe.wire import messages
from keepframe.wire.codec import MAX_EVENTS, fitting
from keepframe.wire.fetch import OwningNode
from keepframe.wire.store import Store, Stored
from keepframe.wire.suspects import DEATHS, Suspects

MARK_S, MARK_EVERY = 1.0, 8
MOST_EVENTS = 64
RETRY_S, MAX_RETRY_S, ANSWER_S = 0.05, 1.0, 4.0
NAME = "capture"
"""The stage's name, under which the source's memory is committed."""
Policy = Literal["block", "latest"]


@dataclass(frozen=True, slots=True)
class Credit:
    """How much of one camera may be sent and not yet taken by the archive; one frame more than the stages hold back always may."""

    frames: int = 32
    nbytes: int = 64 << 20


class CaptureNode(OwningNode):
    """
    The node of one camera's capture.

    has_memory: whether the source can go on behind what is settled. run: which reading of the source the user asks for; a
    greater number than the committed one means all of it again; None: whichever is committed. holds: how many frames the stages
    on the way hold back at most; without one more the last of them would wait for ever.
    """

    def __init__(
        self,
        name: str,
        lowers: Sequence[str],
        cameras: Sequence[str],
        nonce: Callable[[], int],
        pipeline: str = "",
        *,
        camera: str,
        policy: Policy = "block",
        has_memory: bool = False,
        run: int | None = None,
        credit: Credit | None = None,
        store: Store | None = None,
        holds: int = 0,
    ) -> None:
        super().__init__(name, (), lowers, cameras, nonce, pipeline)
        self.camera, self.policy, self.has_memory, self.run = camera, policy, has_memory, run
        self.credit = credit or Credit()
        self.holds = holds
        if policy == "latest":
            self.credit = Credit(min(max(2, holds + 1), self.credit.frames), self.credit.nbytes)
        self.store = store or Store()
        self.epoch: Epoch = (0, 0, nonce())
        self.peers: list[str] = []
        """Where the frames of this session go: one replica of each lower stage."""
        self.is_asked = False
        """Whether OPENED is waited for: one branch may break a session before another has answered."""
        self.answered: set[str] = set()
        self.begin: Mapping[str, Any] | None = None
        """The source's memory to begin with, once a session has opened."""
        self.why = ""
        """Why this capture cannot go on, if it cannot."""
        self.is_open = self.is_ended = False
        self.retry_at, self.tries = 0.0, 0
        self.sent = self.taken = self.marked = START
        self.unmarked, self.marked_at, self.mark_every = 0, 0.0, 1
        self.in_flight: deque[tuple[Position, int]] = deque()
        self.marks: deque[Position] = deque()
        """Marks of this session that are not committed."""
        self.known: Mapping[str, bytes] = {}
        """The source's memory at the last mark: what the catalogue has once that is committed."""
        self.suspects = Suspects()
        self.points: dict[Position, Mapping[str, bytes]] = {}
        """Where this capture may find itself again: positions that may be committed, with the memory at each."""
        self.last_memory: Mapping[str, Any] | None = None
        self.events: deque[tuple[str, str]] = deque(maxlen=MOST_EVENTS)
        """What happened to the camera and no mark has told yet."""
        self.told: deque[tuple[Position, tuple[tuple[str, str], ...]]] = deque()
        """What marks have told that are not committed yet."""
        self.on_settled: Callable[[Item, str], None] = lambda _item, _outcome: None
        self.settled: dict[str, int] = {}
        """How many frames have been settled here, by outcome; for people."""
        if self.store.is_inherited:  # the old stream ends, a new one begins, with the numbers that follow
            self.begin = {}
            if self.store.next_seq:
                self.store.add(Frame(camera=camera).settled("end"))

    # what whoever reads the source calls

    @property
    def wants(self) -> bool:
        """Whether the source should be read now."""
        is_reading = self.begin is not None and not self.is_ended and not self.is_over
        return is_reading and (self.policy == "latest" or self.has_room)

    @property
    def has_room(self) -> bool:
        """Whether a further frame has room without another being dropped for it."""
        return not self.store.is_full or self._waits_for((self.store.stream, self.store.next_seq))

    def offer(self, frame: Frame, memory: Mapping[str, Any] | None = None) -> None:
        """The source has given a frame; with `latest` the newest wins. One that comes after the end was never captured."""
        if self.is_ended:
            return
        (frame,) = fitting(Item((frame,)), self.name).frames  # whatever a source says of its pictures
        self.store.add(frame, memory)
        if self.policy == "latest":
            headers = ("end", "dropped")
            unsent = [
                s.item.at
                for s in self.store.after(self.store.sent)
                if s.item.outcome not in headers and s.item.at[0] == self.store.stream
            ]
            for at in unsent[:-1]:
                self.store.drop(at)

    def retry(self, frame: Frame) -> None:
        """A frame out of quarantine is tried again, whatever the policy; cut() before and after makes a stream of such frames."""
        if not self.is_ended:
            self.store.add(frame)

    def cut(self, reason: str = "") -> None:
        """What comes next is a new stream; the one that was begun, if one was, ends here, for this reason."""
        if not self.is_ended and self.store.next_seq:
            self.store.add(Frame(camera=self.camera).settled("end", reason))

    def record(self, kind: str, detail: str) -> None:
        """Something has happened to the camera: the next mark tells the catalogue. Of very many the oldest are let go."""
        self.events.append((kind, detail))

    def end(self) -> None:
        """The source has no more: its stream, if one was begun, ends here."""
        if not self.is_ended:
            self.is_ended = True
            if self.begin is not None and self.store.next_seq:
                self.store.add(Frame(camera=self.camera).settled("end"))

    def drain(self) -> None:
        """
        Stop reading; what was captured gets its outcome. A source that can go on later keeps its stream open.

        Where stages hold frames back and no end will make them let go, what is not committed is read again later.
        """
        if self.has_memory or self.begin is None:
            self.is_over = self.is_over or (self.holds > 0 and not self.is_ended)
            self.is_ended = True
        self.end()

    def suspect(self, at: Position, killed: str = "") -> None:
        """A process has died by itself with this frame in hand; once too often, and the frame fails, to be put in quarantine."""
        stored = self.store.items.get(at)
        if stored is None or stored.item.outcome is not None:
            return
        if self.suspects.accuse(at):
            self.store.fail(at, f"poison: {killed or 'a process'} died with it in hand, {DEATHS} times")
            del self.suspects.deaths[at]

    # the session

    def tick(self, now: float) -> None:
        """Open when it is time, mark what has waited long enough."""
        super().tick(now)
        if self.is_open and self.sent > self.marked and now - self.marked_at >= MARK_S:
            self._mark()

    def pump(self, now: float) -> None:
        """Open a session, send what may be sent, and see whether all is done."""
        self.now = now
        if self.is_ended and not self.store.items:
            self.is_over = True
        if self.is_over:
            return
        if not self.is_open:
            if now >= self.retry_at:
                self._open()
            return
        runs: list[Stored] = []
        for stored in list(self.store.after(self.sent)):
            if not stored.takes_room:
                runs.append(stored)  # waits for the credit of what comes behind it, and grows until then
            elif self._may_send(stored):
                for due in (*runs, stored):
                    self._send(due)
                runs.clear()
            else:
                break
        if self.sent > self.marked and (self.suspects.deaths or (self.store.is_full and not self.marks)):
            self._mark()  # nothing can be freed, and no suspect can be alone, without it

    def on_opened(self, peer: str, m: messages.Opened) -> None:
        """Begin behind what is committed: read the source from there, or send again what is held."""
        if peer not in self.peers or m.epoch != self.epoch or not self.is_asked or self.is_over:
            return
        self.answered.add(peer)
        if self.answered != set(self.peers):
            return
        memory = {k: v for k, v in m.memory.get(NAME, {}).items() if v is not None}
        if self.begin is None:
            self._begin(m, memory)
        elif not self._goes_on(m, memory):
            self.why = (
                f"{self.camera}: another capture of this camera has gone on to {m.committed}; this one stops"
            )
            self.is_over = True
        if self.is_over:
            return
        self._book(m.outcomes)
        self._settled_upto(m.committed)
        while self.told:  # the session was over before their mark was committed
            self.events.extendleft(reversed(self.told.pop()[1]))
        self.store.free_left()
        self.known = self.points[m.committed] = memory
        self.is_open, self.is_asked, self.tries = True, False, 0
        self.sent = self.taken = self.marked = m.committed
        self.in_flight.clear()
        self.marks.clear()
        self.unmarked, self.mark_every = 0, 1

    def on_ack(self, peer: str, m: messages.Ack) -> None:
        """The archive has taken frames, which frees credit, or committed outcomes, which frees pictures."""
        if peer not in self.peers or m.epoch != self.epoch or not self.is_open:
            return
        self._book(m.outcomes)
        if m.outcomes:
            self._settled_upto(m.taken)
        self.taken = max(self.taken, m.taken)
        while self.in_flight and self.in_flight[0][0] <= self.taken:
            self.in_flight.popleft()

    def on_break(self, peer: str, m: messages.Break) -> None:
        """This session is over; a newer epoch in the way means counting on from it."""
        if m.epoch != self.epoch or peer not in self.peers:
            return
        if m.newest[0] > self.epoch[0] or (m.newest[0] == self.epoch[0] and m.newest[2] != self.epoch[2]):
            self.epoch = (m.newest[0] + 1, 0, self.epoch[2])
        if m.suspect is not None:
            self.suspect(m.suspect)
        self._closed()

    def link_down(self, peer: str) -> None:
        """The way down is broken, and the session with it."""
        if peer in self.peers:
            self._closed()

    def replicas_changed(self) -> None:
        """Open where the camera belongs now."""
        chosen = self._chosen()
        if chosen and chosen != self.peers:
            self.is_open, self.is_asked, self.retry_at = False, False, self.now

    def _chosen(self) -> list[str]:
        """A replica of each lower stage; none of all while one of them has none."""
        chosen = [self.choose(self.camera, stage) for stage in self.lowers]
        return [peer for peer in chosen if peer is not None] if None not in chosen else []

    def _open(self) -> None:
        self.peers, self.answered, self.is_asked = self._chosen(), set(), True
        self.retry_at = self.now + ANSWER_S if self.peers else float("inf")  # until a replica is there
        incarnation, attempt, nonce = self.epoch
        self.epoch = (incarnation, attempt + bool(self.peers), nonce)
        weight = Fraction(1, max(1, len(self.peers)))
        for i, peer in enumerate(self.peers):
            branch = (i,) if len(self.peers) > 1 else ()
            self.send(peer, messages.Open(self.camera, self.epoch, self.store.held, weight, branch))

    def _closed(self) -> None:
        self.is_open, self.is_asked, self.tries = False, False, self.tries + 1
        self.retry_at = self.now + min(MAX_RETRY_S, RETRY_S * 2**self.tries)
        if not self._chosen():
            self.peers = []

    def _begin(self, m: messages.Opened, memory: Mapping[str, bytes]) -> None:
        """Like a stage: from the committed memory, never from what another process may remember."""
        known = unpack(memory)
        committed_run = int(known.pop("run", 0))
        if self.run is not None and self.run < committed_run:
            self.why, self.is_over = (
                f"{self.camera}: the user has asked for a newer reading of this source",
                True,
            )
            return
        goes_on = self.has_memory and bool(memory) and self.run in (None, committed_run)
        stream, seq = m.committed
        if goes_on and not m.is_ended:
            self.store.begin((stream, seq + 1))
        else:
            if m.committed != START and not m.is_ended:  # nobody will go on with it
                self.store.begin((stream, seq + 1))
                self.store.add(
                    Frame(camera=self.camera).settled("end", "again" if self.has_memory else "store-lost")
                )
            self.store.begin((stream + 1, 0))
        self.run = committed_run if self.run is None else self.run
        self.begin = known if goes_on else {}

    def _goes_on(self, m: messages.Opened, memory: Mapping[str, bytes]) -> bool:
        """Whether what is committed is this capture's own: a mark it has sent, with the memory it had there, or the process before it."""
        if self.points.get(m.committed, memory if self._may_have_sent(m.committed) else None) != memory:
            return False
        rest = next(
            (s.item.at for s in self.store.after(m.committed)), (self.store.stream, self.store.next_seq)
        )
        stream, seq = m.committed
        return rest == ((stream + 1, 0) if m.is_ended or m.committed == START else (stream, seq + 1))

    def _may_have_sent(self, position: Position) -> bool:
        """Whether a position may be a mark of the process before, whose store this is: none was opened since."""
        return self.store.is_inherited and not self.points and position <= self.store.sent

    def _settled_upto(self, position: Position) -> None:
        self.store.free(position)
        self.suspects.settled_upto(position)
        while self.marks and self.marks[0] <= position:
            self.marks.popleft()
        while self.told and self.told[0][0] <= position:
            self.told.popleft()
        self.points = {at: memory for at, memory in self.points.items() if at >= position}

    def _waits_for(self, next_at: Position) -> bool:
        """Whether the oldest mark may wait for the frame at this position, since stages hold back what it speaks of."""
        if not self.holds or not self.marks:
            return False
        behind = self.store.after(self.marks[0])
        return sum(s.takes_room for s in behind if s.item.at < next_at) < self.holds

    def _may_send(self, stored: Stored) -> bool:
        if not self.holds and not self.suspects.allow(stored.item.at, next(iter(self.store.items))):
            return False  # where stages hold frames back none can be settled alone
        if len(self.in_flight) > self.holds:
            used = sum(nbytes for _, nbytes in self.in_flight)
            if len(self.in_flight) >= self.credit.frames or used + stored.nbytes > self.credit.nbytes:
                return False
        is_new = stored.item.at > self.store.sent
        return not (is_new and self.store.is_full_of_sent and not self._waits_for(stored.item.at))

    def _send(self, stored: Stored) -> None:
        item = stored.item
        for peer in self.peers:
            self.send(peer, messages.Frame(self.camera, self.epoch, item))
        self.sent = item.upto
        self.store.mark_sent(self.sent)
        self.last_memory = stored.memory if stored.memory is not None else self.last_memory
        self.unmarked += 1
        if stored.takes_room:
            self.in_flight.append((item.upto, stored.nbytes))
        if self.unmarked >= self.mark_every or item.outcome == "end":
            self._mark()

    def _mark(self) -> None:
        delta = {}
        if self.has_memory and self.last_memory is not None:
            memory = pack({**self.last_memory, "run": self.run or 0}, NAME)
            delta = messages.changed(self.known, memory)
            self.known = memory
        self.points[self.sent] = self.known
        self.marks.append(self.sent)
        events = tuple(self.events.popleft() for _ in range(min(len(self.events), MAX_EVENTS)))
        if events:
            self.told.append((self.sent, events))
        m = messages.Mark(self.camera, self.epoch, self.sent, {NAME: delta} if delta else {}, events)
        m = replace(m, weight=Fraction(1, len(self.peers)))
        for peer in self.peers:
            self.send(peer, m)
            m = replace(m, memory={}, events=())  # one branch carries them, the archive puts them together
        self.marked, self.marked_at, self.unmarked = self.sent, self.now, 0
        self.mark_every = min(2 * self.mark_every, MARK_EVERY)

    def _book(self, outcomes: messages.Outcomes) -> None:
        for at, outcome in outcomes:
            stored = self.store.items.get(at)
            if stored is not None:
                self.settled[outcome] = self.settled.get(outcome, 0) + stored.item.count
                self.on_settled(stored.item, outcome)
