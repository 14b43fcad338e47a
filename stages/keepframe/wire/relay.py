"""
A stage's side of the sessions: a relay with a memory, which the catalogue can give back at any time.

It keeps no retransmission queue and no record of what came of which input. Pure state: the work itself is taken out with
take(), done by whoever runs the process, and brought back with finish(); what comes back too late finds its session gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice
from typing import Any

from keepframe.archive import Epoch
from keepframe.frame import START, Frame, Item, Position
from keepframe.stage.line import Mark as LineMark
from keepframe.wire import messages
from keepframe.wire.bodies import MAX_EVENTS
from keepframe.wire.fetch import FetchingNode, remotes_of
from keepframe.wire.marks import MARK_EVERY, MOST_EVENTS
from keepframe.wire.port import stage_of

TOGETHER = MARK_EVERY + 1
"""How many messages that can wait go out together at most: a mark and the frames it covers, which wake the next process once."""
LOOK_AHEAD = 4
"""How many frames of a camera may have their pictures fetched before it is their turn."""


@dataclass(eq=False, slots=True)
class Session:
    """One camera's way through this process, from OPEN until it breaks."""

    camera: str
    epoch: Epoch
    up: str
    down: list[str]
    weight: Fraction
    waiting: deque[messages.Frame | messages.Mark] = field(default_factory=deque)
    marks: deque[messages.Mark] = field(default_factory=deque)
    """Marks that are in the line, in order: what the stages above have added to them waits here."""
    answered: set[str] = field(default_factory=set)
    committed: Position = START
    memory: Mapping[str, bytes] = field(default_factory=dict)
    """What this stage begins with; then what was last sent of it."""
    events: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    """What happened here and no mark has told yet; of very many the oldest are let go."""
    in_hand: bool = False
    line: Any = None
    """Whatever the worker keeps for this session."""


class RelayNode(FetchingNode):
    """The node of a stage between capture and archive."""

    def __init__(
        self,
        name: str,
        uppers: Sequence[str],
        lowers: Sequence[str],
        cameras: Sequence[str],
        nonce: Callable[[], int],
        pipeline: str = "",
    ) -> None:
        super().__init__(name, uppers, lowers, cameras, nonce, pipeline)
        self.stage = stage_of(name)
        self.sessions: dict[str, Session] = {}
        self.ended: list[Session] = []
        """Sessions that are over; the worker lets go of their lines."""

    @property
    def waiting(self) -> int:
        """How many items wait here, of all cameras."""
        return sum(len(s.waiting) for s in self.sessions.values())

    # what the worker calls

    def take(self) -> tuple[Session, Item | LineMark] | None:
        """
        The next piece of work, cameras taking turns; None if there is none. One at a time for each camera.

        A frame whose picture has to be fetched for it waits for that.
        """
        s = self._next()
        if s is None:
            return None
        self.sessions[s.camera] = self.sessions.pop(s.camera)  # to the end of the queue
        s.in_hand = True
        m = s.waiting.popleft()
        if isinstance(m, messages.Frame):
            self.hand_over(m.item.frames)
            return s, m.item
        s.marks.append(m)
        return s, LineMark(m.upto)

    @property
    def has_work(self) -> bool:
        """Whether take() has something to give."""
        return self._next() is not None

    @property
    def can_wait(self) -> bool:
        """Whether more follows at once: what has left the lines may then go out together."""
        return len(self.out) < TOGETHER and self.has_work

    def finish(
        self, s: Session, things: Sequence[Item | LineMark], events: Sequence[tuple[str, str]] = ()
    ) -> None:
        """What has left the session's line; without effect if the session is over."""
        s.in_hand = False
        if self.sessions.get(s.camera) is not s:
            return
        s.events.extend(events)
        for thing in things:
            if isinstance(thing, LineMark):
                self._pass_mark(s, thing)
            else:
                for down in s.down:
                    self.send(down, messages.Frame(s.camera, s.epoch, thing))

    def needs(self, frame: Frame) -> bool:
        """Whether the stage is going to look at the captured picture: there is nothing else to look at."""
        return frame.outcome is None and frame.working is None

    def give_up(self, s: Session) -> None:
        """A picture did not come here as it was captured: the session ends, and its frames come again."""
        if self.sessions.get(s.camera) is s:
            self._break(s.camera)

    def look_ahead(self) -> None:
        """Want the pictures of the next few frames of every camera."""
        for s in self.sessions.values():
            for m in islice(s.waiting, LOOK_AHEAD):
                self._is_here(m)

    def _next(self) -> Session | None:
        for s in self.sessions.values():
            if s.waiting and not s.in_hand and (not self.fetches or self._is_here(s.waiting[0])):
                return s
        return None

    def _is_here(self, m: messages.Frame | messages.Mark) -> bool:
        return isinstance(m, messages.Mark) or self.are_here(m.item.frames)

    def _pass_mark(self, s: Session, mark: LineMark) -> None:
        m = s.marks.popleft()
        delta = messages.changed(s.memory, mark.memory)
        memory = dict(m.memory) | ({self.stage: delta} if delta else {})
        room = MAX_EVENTS - len(m.events)
        own = tuple(
            s.events.popleft() for _ in range(min(len(s.events), room))
        )  # the others go with the next mark
        m = replace(m, memory=memory, events=m.events + own, weight=s.weight)
        s.memory = mark.memory
        for down in s.down:
            self.send(down, m)
            m = replace(m, memory={}, events=())  # one branch carries them, the archive puts them together

    # messages

    def on_open(self, peer: str, m: messages.Open) -> None:
        """Begin a session: the older one is over, and the way down is chosen."""
        old = self.sessions.get(m.camera)
        if old is not None and m.epoch <= old.epoch:
            self.send(peer, messages.Break(m.camera, m.epoch, old.epoch))
            return
        self._end(m.camera)
        down = [self.choose(m.camera, stage) for stage in self.lowers] if m.camera in self.cameras else [None]
        chosen = [d for d in down if d is not None]
        if len(chosen) < len(down):
            self.send(peer, messages.Break(m.camera, m.epoch))
            return
        weight = m.weight / len(chosen)
        self.sessions[m.camera] = Session(m.camera, m.epoch, peer, chosen, weight)
        for i, d in enumerate(chosen):
            self.send(d, replace(m, weight=weight, branch=(*m.branch, i)))

    def on_opened(self, peer: str, m: messages.Opened) -> None:
        """All branches have answered: begin with what is committed, never with what this process remembers."""
        s = self._session(m.camera, m.epoch, peer, is_down=True)
        if s is None:
            return
        s.answered.add(peer)
        if s.answered == set(s.down):
            s.memory = {k: v for k, v in m.memory.get(self.stage, {}).items() if v is not None}
            s.committed = m.committed
            rest = {stage: keys for stage, keys in m.memory.items() if stage != self.stage}
            self.send(s.up, replace(m, memory=rest))

    def on_frame(self, peer: str, m: messages.Frame) -> None:
        """Queue an item."""
        self._queue(peer, m)

    def on_mark(self, peer: str, m: messages.Mark) -> None:
        """Queue a mark, in its place among the frames."""
        self._queue(peer, m)

    def on_ack(self, peer: str, m: messages.Ack) -> None:
        """Pass up."""
        s = self._session(m.camera, m.epoch, peer, is_down=True)
        if s is not None:
            self.send(s.up, m)

    def on_break(self, peer: str, m: messages.Break) -> None:
        """End the session and pass up."""
        s = self._session(m.camera, m.epoch, peer, is_down=True)
        if s is not None:
            self._end(m.camera)
            self.send(s.up, m)

    # links

    def link_down(self, peer: str) -> None:
        """Sessions from above are forgotten, those to below are broken."""
        super().link_down(peer)
        for camera, s in list(self.sessions.items()):
            if s.up == peer:
                self._end(camera)
            elif peer in s.down:
                self._break(camera)

    def replicas_changed(self) -> None:
        """A camera whose place has changed is broken; its next session goes the new way."""
        for camera, s in list(self.sessions.items()):
            chosen = [self.choose(camera, stage) for stage in self.lowers]
            if any(c not in (d, None) for c, d in zip(chosen, s.down, strict=True)):
                self._break(camera)

    def leave(self) -> None:
        """This process goes: break every session, so that the next ones go elsewhere at once."""
        for camera in list(self.sessions):
            self._break(camera)

    def _break(self, camera: str) -> None:
        s = self._end(camera)
        if s is not None:
            self.send(s.up, messages.Break(camera, s.epoch))

    def _end(self, camera: str) -> Session | None:
        s = self.sessions.pop(camera, None)
        if s is not None:
            self.ended.append(s)
            for m in s.waiting:
                self.drop(remotes_of(m.item.frames) if isinstance(m, messages.Frame) else ())
        return s

    def _queue(self, peer: str, m: messages.Frame | messages.Mark) -> None:
        s = self._session(m.camera, m.epoch, peer, is_down=False)
        if s is not None:
            s.waiting.append(m)

    def _session(self, camera: str, epoch: Epoch, peer: str, *, is_down: bool) -> Session | None:
        s = self.sessions.get(camera)
        fits = s is not None and s.epoch == epoch and (peer in s.down if is_down else peer == s.up)
        return s if fits else None
