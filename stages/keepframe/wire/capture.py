"""
The capture's side of the sessions: it opens them, sends what is held, marks it, and alone sends again.

Pure state. Whoever runs the process reads the source when `wants` says so and hands each shot to offer(), see intake.py; where to
begin stands in `begin` after the first session has opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile
from typing import Any

from keepframe.archive import Epoch
from keepframe.frame import START, Item, Position
from keepframe.stage.memory import pack
from keepframe.wire import messages
from keepframe.wire.credit import Credit, InFlight
from keepframe.wire.intake import Intake, IntakeNode
from keepframe.wire.marks import MARK_EVERY, Marks
from keepframe.wire.store import Stored
from keepframe.wire.suspects import DEATHS, Suspects

RETRY_S, MAX_RETRY_S, ANSWER_S = 0.05, 1.0, 4.0
NAME = "capture"
"""The stage's name, under which the source's memory is committed."""


class CaptureNode(IntakeNode):
    """
    The node of one camera's capture.

    is_patient: nobody waits for these frames, so those that a mark will cover go together, a tick later at most, and what half of the credit
    allows is acknowledged at once: each process on the way is woken once for all of them.
    """

    def __init__(
        self,
        name: str,
        lowers: Sequence[str],
        cameras: Sequence[str],
        nonce: Callable[[], int],
        pipeline: str,
        intake: Intake,
        *,
        credit: Credit | None = None,
        is_patient: bool = False,
    ) -> None:
        super().__init__(name, lowers, cameras, nonce, pipeline, intake)
        credit, holds = credit or Credit(), intake.holds
        if intake.policy == "latest":
            credit = Credit(min(max(2, holds + 1), credit.frames), credit.nbytes)
        self.in_flight = InFlight(credit, holds)
        self.is_patient, self.is_due = is_patient, False
        """is_due: frames have waited long enough for others."""
        self.epoch: Epoch = (0, 0, nonce())
        self.peers: list[str] = []
        """Where the frames of this session go: one replica of each lower stage."""
        self.is_asked = False
        """Whether OPENED is waited for: one branch may break a session before another has answered."""
        self.answered: set[str] = set()
        self.is_open = False
        self.retry_at, self.tries = 0.0, 0
        self.sent = self.taken = START
        self.marks = Marks()
        self.suspects = Suspects()
        self.last_memory: Mapping[str, Any] | None = None
        self.on_settled: Callable[[Item, str], None] = lambda _item, _outcome: None
        self.settled: dict[str, int] = {}
        """How many frames have been settled here, by outcome; for people."""

    def suspect(self, at: Position, killed: str = "") -> None:
        """A process has died by itself with this frame in hand; once too often, and the frame fails, to be put in quarantine."""
        stored = self.store.items.get(at)
        if stored is None or stored.item.outcome is not None:
            return
        if self.suspects.accuse(at):
            self.store.fail(at, f"poison: {killed or 'a process'} died with it in hand, {DEATHS} times")
            del self.suspects.deaths[at]

    @property
    def can_wait(self) -> bool:
        """Whether what is held may go out with what the source gives next."""
        if not self.is_patient or self.is_ended or self.store.is_full or self.suspects.deaths:
            return False
        return self.unsent < self.marks.every - self.marks.unmarked % self.marks.every

    @property
    def unsent(self) -> int:
        """How many items wait to be sent."""
        return sum(1 for _ in takewhile(self.sent.__lt__, reversed(self.store.items)))

    @property
    def wants(self) -> bool:
        """Whether the source should be read now. A patient one is not read far ahead: what lies here for long is in no cache when it is looked at."""
        return super().wants and not (self.is_patient and self.unsent >= 2 * MARK_EVERY)

    def tick(self, now: float) -> None:
        """Open when it is time, send and mark what has waited long enough."""
        super().tick(now)
        self.is_due = True
        if self.is_open and self.marks.is_late(now, is_last=self.is_ended):
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
        if self.can_wait and not self.is_due:
            return
        self.is_due = False
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
        if self.marks.unmarked and (self.suspects.deaths or (self.store.is_full and not self.marks.waiting)):
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
        self.store.free_left()
        self.marks.reopened(m.committed, memory)
        self.is_open, self.is_asked, self.tries = True, False, 0
        self.sent = self.taken = m.committed
        self.in_flight.clear()

    def on_ack(self, peer: str, m: messages.Ack) -> None:
        """The archive has taken frames, which frees credit, or committed outcomes, which frees pictures."""
        if peer not in self.peers or m.epoch != self.epoch or not self.is_open:
            return
        self._book(m.outcomes)
        if m.outcomes:
            self._settled_upto(m.taken)
        self.taken = max(self.taken, m.taken)
        self.marks.rest_s = m.rest_ms / 1000
        self.in_flight.taken(self.taken)

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

    def _goes_on(self, m: messages.Opened, memory: Mapping[str, bytes]) -> bool:
        """Whether what is committed is this capture's own: a mark it has sent, with the memory it had there, or the process before it."""
        if self.marks.points.get(m.committed, memory if self._may_have_sent(m.committed) else None) != memory:
            return False
        rest = next(
            (s.item.at for s in self.store.after(m.committed)), (self.store.stream, self.store.next_seq)
        )
        stream, seq = m.committed
        return rest == ((stream + 1, 0) if m.is_ended or m.committed == START else (stream, seq + 1))

    def _may_have_sent(self, position: Position) -> bool:
        """Whether a position may be a mark of the process before, whose store this is: none was opened since."""
        return self.store.is_inherited and not self.marks.points and position <= self.store.sent

    def _settled_upto(self, position: Position) -> None:
        self.store.free(position)
        self.suspects.settled_upto(position)
        self.marks.committed(position)

    def waits_for(self, next_at: Position) -> bool:
        """Whether the oldest mark may wait for the frame at this position, since stages hold back what it speaks of."""
        if not self.holds or not self.marks.waiting:
            return False
        behind = self.store.after(self.marks.waiting[0])
        return sum(s.takes_room for s in behind if s.item.at < next_at) < self.holds

    def _may_send(self, stored: Stored) -> bool:
        if not self.holds and not self.suspects.allow(stored.item.at, self.store.oldest):
            return False  # where stages hold frames back none can be settled alone
        if not self.in_flight.allows(stored.nbytes):
            return False
        is_new = stored.item.at > self.store.sent
        return not (is_new and self.store.is_full_of_sent and not self.waits_for(stored.item.at))

    def _send(self, stored: Stored) -> None:
        item = stored.item
        for peer in self.peers:
            self.send(peer, messages.Frame(self.camera, self.epoch, item))
        self.sent = item.upto
        self.store.mark_sent(self.sent)
        self.last_memory = stored.memory if stored.memory is not None else self.last_memory
        self.marks.unmarked += 1
        if stored.takes_room:
            self.in_flight.add(item.upto, stored.nbytes)
        is_crowded = self.store.is_crowded
        if self.marks.is_due(self.now, is_crowded=is_crowded) or item.outcome == "end":
            self._mark()

    def _mark(self) -> None:
        memory = self.marks.known
        if self.has_memory and self.last_memory is not None:
            memory = pack({**self.last_memory, "run": self.run or 0}, NAME)
        delta, events = self.marks.add(self.sent, memory, self.now)
        m = messages.Mark(self.camera, self.epoch, self.sent, {NAME: delta} if delta else {}, events)
        ack_every = self.in_flight.half if self.is_patient else 1
        m = replace(m, weight=Fraction(1, len(self.peers)), ack_every=ack_every)
        for peer in self.peers:
            self.send(peer, m)
            m = replace(m, memory={}, events=())  # one branch carries them, the archive puts them together

    def _book(self, outcomes: messages.Outcomes) -> None:
        for at, outcome in outcomes:
            stored = self.store.items.get(at)
            if stored is not None:
                self.settled[outcome] = self.settled.get(outcome, 0) + stored.item.count
                self.on_settled(stored.item, outcome)
