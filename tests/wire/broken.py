"""
What breaks without a rule: the real nodes, each with one rule of PROTOCOL.md left out, for the simulation to find out.

MUTATIONS names them as the table in PROTOCOL.md does; which promise goes red is told in test_sessions.py.
"""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from typing import Any

from ledger import Ledger
from simulation import Parts

from keepframe.archive import Standing
from keepframe.frame import START, Item
from keepframe.wire import messages
from keepframe.wire.capture import CaptureNode
from keepframe.wire.gather import ArchiveNode, CommitJob
from keepframe.wire.link import Node
from keepframe.wire.marks import MARK_EVERY
from keepframe.wire.relay import RelayNode
from keepframe.wire.store import Store


def everywhere(mixin: type) -> Parts:
    """Parts in which every node has this fault."""

    def made(kind: type) -> type:
        return type(kind.__name__, (mixin, kind), {})

    return Parts(capture=made(CaptureNode), relay=made(RelayNode), archive=made(ArchiveNode))


class Unnumbered(Node):
    """2: a hole in the numbers goes unseen."""

    def receive(self, now, peer, envelope):
        port = self.ports.get(peer)
        if port is not None and envelope.number:
            envelope = replace(envelope, number=port.received + 1)
        super().receive(now, peer, envelope)


class Deaf(Node):
    """2: silence ends nothing."""

    def tick(self, now):
        for port in self.ports.values():
            port.heard = now
        super().tick(now)


class KeepsToItself(RelayNode):
    """3: a session that ends is forgotten and nobody hears of it."""

    def on_break(self, peer, m):
        if self._session(m.camera, m.epoch, peer, is_down=True):
            self._end(m.camera)

    def _break(self, camera):
        self._end(camera)


class ReadyAnyway(RelayNode):
    """4: a replica says that it is ready while it has no way down."""

    is_ready = True


class Wherever(CaptureNode):
    """4: which replica is chosen depends on who came first, not on the place of the camera."""

    def choose(self, camera, stage):
        return next(iter(self.ready_replicas(stage).values()), None)


class UnfencedLedger(Ledger):
    """5: an older session may begin and commit."""

    def open(self, writer, camera, epoch, held):
        self.epochs.pop(camera, None)
        return super().open(writer, camera, epoch, held)

    def commit(self, writer, camera, epoch, *rest):
        self.epochs[camera] = epoch
        return super().commit(writer, camera, epoch, *rest)


class UnfencedRelay(RelayNode):
    """5: whatever OPEN comes last is the session, however old it is."""

    def on_open(self, peer, m):
        self._end(m.camera)
        super().on_open(peer, m)


class UnfencedArchive(ArchiveNode):
    """5: sessions of several epochs live side by side."""

    def on_open(self, peer, m):
        g = self.sessions.get(m.camera)
        if g is not None and m.epoch < g.epoch:
            del self.sessions[m.camera]
        super().on_open(peer, m)


class ManyWriters(Ledger):
    """6: an archive does not notice that another has taken its catalogue over."""

    def is_current(self, writer):
        return True

    def _check(self, writer):
        pass


class LateCommit(ManyWriters):
    """6 and 11: nor does the commit look whether its session is still the newest. One of the two looks would do."""

    def commit(self, writer, camera, epoch, *rest):
        newest = self.epochs.get(camera)
        self.epochs[camera] = epoch
        try:
            return super().commit(writer, camera, epoch, *rest)
        finally:
            self.epochs[camera] = newest


class RefusesSilently(Node):
    """5: whoever refuses an OPEN does not say which epoch stands in the way."""

    def send(self, peer, body):
        if isinstance(body, messages.Break) and body.newest[0] >= 0:
            body = replace(body, newest=messages.NEVER)
        super().send(peer, body)


def remembers() -> Any:
    """7: a stage goes on with what it remembers instead of what is committed."""
    lines: dict[Any, Any] = {}
    return lambda session, line: lines.setdefault((session.up, session.camera, line.config), line)


class HalfWay(RelayNode):
    """8: what is filtered is acknowledged by the stage, and does not travel."""

    def finish(self, s, things, events=()):
        for thing in [t for t in things if isinstance(t, Item) and t.outcome == "filtered"]:
            self.send(s.up, messages.Ack(s.camera, s.epoch, thing.upto, [(thing.at, "filtered")]))
        super().finish(
            s, [t for t in things if not (isinstance(t, Item) and t.outcome == "filtered")], events
        )


class Hasty(RelayNode):
    """9: a mark overtakes the frames that wait."""

    def on_mark(self, peer, m):
        s = self._session(m.camera, m.epoch, peer, is_down=False)
        if s is not None:
            s.waiting.appendleft(m)


class Lazy(CaptureNode):
    """9: no mark comes because of time alone."""

    def tick(self, now):
        self.marks.added_at = now
        super().tick(now)


class OneMemory(RelayNode):
    """9: only the first stage adds its memory to a mark."""

    def _pass_mark(self, s, mark):
        if self.stage in ("confirm", "late"):
            mark = replace(mark, memory=dict(s.memory))
        super()._pass_mark(s, mark)


class FullSpeed(CaptureNode):
    """9: after a break marks come every eight frames at once."""

    def on_opened(self, peer, m):
        super().on_opened(peer, m)
        self.marks.every = MARK_EVERY


class OneBranch(ArchiveNode):
    """10: a mark counts as soon as it has come over one branch."""

    def on_mark(self, peer, m):
        super().on_mark(peer, m)
        g = self._session(peer, m.camera, m.epoch)
        if g is not None and m.upto in g.marks:
            marked, items = g.marks.pop(m.upto), g.best_upto(m.upto)
            self.jobs.append(CommitJob(g.camera, g.epoch, m.upto, items, marked.memory, marked.events))


class FirstCome(ArchiveNode):
    """10: of equal outcomes that of the branch which came first counts."""

    def on_open(self, peer, m):
        super().on_open(peer, replace(m, branch=(next(_COUNT),)))


_COUNT = itertools.count()


class InPieces(Ledger):
    """11: rows and memory are not one transaction: the memory comes with the next commit."""

    def remember(self, camera, memory):
        late, self.late = getattr(self, "late", (camera, {})), (camera, memory)
        super().remember(*late)


class Promises(ArchiveNode):
    """12: outcomes are told before they are committed."""

    def on_frame(self, peer, m):
        super().on_frame(peer, m)
        g = self._session(peer, m.camera, m.epoch)
        if g is not None and len(g.branches) == 1:
            self.send(
                peer, messages.Ack(m.camera, m.epoch, m.item.upto, [(m.item.at, m.item.outcome or "kept")])
            )


class TakenHalfWay(RelayNode):
    """12: a stage says "taken": credit is no longer end to end."""

    def on_frame(self, peer, m):
        super().on_frame(peer, m)
        self.send(peer, messages.Ack(m.camera, m.epoch, m.item.upto))


class NoCredit(CaptureNode):
    """12: credit does not bind the capture."""

    def _may_send(self, stored):
        return True


class KeepsCredit(CaptureNode):
    """12: what the archive has taken does not give its credit back."""

    def on_ack(self, peer, m):
        kept = copy.deepcopy(self.in_flight)
        super().on_ack(peer, m)
        self.in_flight = kept


class KeepsSlots(Store):
    """12: one settled frame in three keeps its place in the store."""

    def free(self, upto):
        for at in [at for at in self.items if at <= upto]:
            takes_room = self.items[at].takes_room
            self._pop(at)
            self.frames += takes_room and at[1] % 3 == 0


class NoAck(RelayNode):
    """12: every fifth acknowledgement of outcomes is swallowed on the way."""

    acks = 0

    def on_ack(self, peer, m):
        self.acks += bool(m.outcomes)
        if not m.outcomes or self.acks % 5:
            super().on_ack(peer, m)


class NoAckAtAll(RelayNode):
    """12: acknowledgements do not come through."""

    def on_ack(self, peer, m):
        pass


class Swaps(RelayNode):
    """8: now and then two frames change places."""

    def on_frame(self, peer, m):
        super().on_frame(peer, m)
        s = self._session(m.camera, m.epoch, peer, is_down=False)
        if s is not None and len(s.waiting) > 1 and m.item.at[1] % 3 == 0:
            last, before = s.waiting.pop(), s.waiting.pop()
            s.waiting.extend((last, before))


class SkipsFrame(RelayNode):
    """8: now and then a frame has no output."""

    def finish(self, s, things, events=()):
        super().finish(s, [t for t in things if not (isinstance(t, Item) and t.at[1] % 9 == 5)], events)


class NoHeader(Store):
    """13: a dropped frame leaves nothing in its place."""

    def drop(self, at):
        self._pop(at)


class OneByOne(Store):
    """13: each dropped frame is a header of its own."""

    def _run_before(self, at):
        return START


class DropsSent(CaptureNode):
    """13: what was sent may be dropped."""

    def offer(self, frame, memory=None):
        super().offer(frame, memory)
        if self.policy == "latest":
            for stored in [s for s in self.store.items.values() if s.item.outcome is None][:-1]:
                self.store.drop(stored.item.at)


class OwnNumbers(CaptureNode):
    """14: a live camera's new process counts from the beginning, not behind what is committed."""

    def _begin(self, m, memory):
        super()._begin(m, memory if self.has_memory else {})
        if not self.has_memory:
            self.store.items.clear()
            self.store.frames = 0
            self.store.begin((0, 0))


class NoEnd(CaptureNode):
    """14: the stream of the process before gets no end."""

    def _begin(self, m, memory):
        super()._begin(m, memory)
        if self.store.items:
            self.store.free((m.committed[0] + 1, -1))


class LeavesEarly(CaptureNode):
    """15: the capture is done when everything is sent, the end included."""

    def pump(self, now):
        super().pump(now)
        if self.is_ended and self.is_open and self.sent >= max(self.store.items, default=START):
            self.is_over = True


class Again(CaptureNode):
    """16: a finite source does not go on with its stream after a restart."""

    def _begin(self, m, memory):
        super()._begin(m, {})


def counts(names: list[str], settled: list[str], _store: Store) -> list[str]:
    """16: what is settled is known by its number, not by its name."""
    return names[len(settled) :]


class GoesOn(CaptureNode):
    """16: a capture goes on although another one has gone on with its camera."""

    def _goes_on(self, m, memory):
        return True


MUTATIONS: dict[str, Parts] = {
    "numbered": everywhere(Unnumbered),
    "silence": everywhere(Deaf),
    "relay_break": Parts(relay=KeepsToItself),
    "ready_from_below": Parts(relay=ReadyAnyway),
    "fence": Parts(ledger=UnfencedLedger, archive=UnfencedArchive, relay=UnfencedRelay),
    "one_writer, durable_epoch": Parts(ledger=LateCommit),
    "refusal_told": everywhere(RefusesSilently),
    "rollback": Parts(line=remembers()),
    "in_order": Parts(relay=Swaps),
    "one_output": Parts(relay=SkipsFrame),
    "filtered_travels": Parts(relay=HalfWay),
    "mark_in_order": Parts(relay=Hasty),
    "mark_idle": Parts(capture=Lazy),
    "mark_all_stages": Parts(relay=OneMemory),
    "slow_start": Parts(capture=FullSpeed),
    "all_branches": Parts(archive=OneBranch),
    "branch_order": Parts(archive=FirstCome),
    "atomic": Parts(ledger=InPieces),
    "ack_committed": Parts(archive=Promises),
    "credit_end_to_end": Parts(relay=TakenHalfWay),
    "credit": Parts(capture=NoCredit),
    "credit_comes_back": Parts(capture=KeepsCredit),
    "slots_come_back": Parts(store=KeepsSlots),
    "acks_come_back": Parts(relay=NoAckAtAll),
    "gap_is_item": Parts(store=NoHeader),
    "gap_is_one": Parts(store=OneByOne),
    "drops_unsent_only": Parts(capture=DropsSent),
    "own_stream": Parts(capture=OwnNumbers),
    "old_stream_ends": Parts(capture=NoEnd),
    "end_acked": Parts(capture=LeavesEarly),
    "stable_stream": Parts(capture=Again),
    "source_memory": Parts(shots=counts),
    "younger_goes_on": Parts(capture=GoesOn),
}

__all__ = ["MUTATIONS", "Standing"]
