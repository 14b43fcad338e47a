"""
Run the real nodes of a pipeline under a seeded schedule of faults; whether all that is promised holds then is in promises.py.

    python tests/wire/simulation.py SEED [MUTATION]     one run, with a log of its faults; mutations are in broken.py

Real: capture, relay and archive nodes, the store, the lines of keepframe.stage, and the codec: every message goes through bytes.
Made up here: time, the network between processes, the cameras, and a catalogue in memory that does what keepframe.archive does.
"""

from __future__ import annotations

import heapq
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

from ledger import Ledger, Replaced
from pipelines import STAGES, Plan, shot
from promises import broken_promises

from keepframe.errors import LostPictureError, StalePictureError, WireError
from keepframe.frame import Frame, Item
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.slots import Slots
from keepframe.stage.line import Line, Mark
from keepframe.wire import messages
from keepframe.wire.capture import CaptureNode
from keepframe.wire.codec import decode, encode
from keepframe.wire.credit import Credit
from keepframe.wire.gather import ArchiveNode, CommitJob, OpenJob
from keepframe.wire.intake import Intake
from keepframe.wire.item_header import fitting
from keepframe.wire.link import Node
from keepframe.wire.payload import cannot_fetch
from keepframe.wire.relay import RelayNode, Session
from keepframe.wire.store import Store
from keepframe.wire.suspects import DEATHS

FAULTS = {  # ghosts: old processes and late messages
    "mixed": ["kill"] * 4
    + ["several", "all", "freeze", "freeze", "zombie", "cut", "cut", "one-way", "leave", "stall", "full"]
    + ["again", "drain", "mumble"],
    "ghosts": ["kill"] * 3 + ["stall"] * 4 + ["zombie"] * 4 + ["freeze", "one-way", "cut", "drain"],
}
FAULTS_UNTIL_S, DRAIN_AT_S, GIVE_UP_S, TICK_S = 25.0, 27.0, 600.0, 0.5
"""GIVE_UP_S is what "stuck" means: the model's time after which somebody still waits."""


@dataclass(frozen=True)
class Parts:
    """What a world is built of; a mutation puts something broken in the place of one of them."""

    capture: type[CaptureNode] = CaptureNode
    relay: type[RelayNode] = RelayNode
    archive: type[ArchiveNode] = ArchiveNode
    ledger: type[Ledger] = Ledger
    store: type[Store] = Store
    line: Callable[[Session, Line], Line] = lambda _session, line: line
    """Gives the line that a session starts with."""
    shots: Callable[..., list[str]] = lambda names, settled, _committed: [
        n for n in names if n not in settled
    ]
    """Which pictures of a finite source are read, given those that are settled."""


@dataclass(eq=False)
class Process:
    """One incarnation of a named process."""

    name: str
    id: str
    node: Node
    service_s: float
    is_alive: bool = True
    is_frozen: bool = False
    is_busy: bool = False
    doomed: int | None = None
    """Dies in its next step, after so many messages."""
    unread: list[str] | None = None
    names: list[str] = field(default_factory=list)
    """The files there were when it began to read."""
    settled: list[str] = field(default_factory=list)
    is_drained: bool = False
    inbox: list[Callable[[], None]] = field(default_factory=list)


class World:
    """One run: a pipeline of a random shape, random faults, and the verdict on it."""

    def __init__(
        self,
        seed: int,
        parts: Parts | None = None,
        log: Callable[[str], None] = lambda _: None,
        plan: Plan | None = None,
        ledger: Any = None,
        kill_every_s: float = 0.0,
        give_up_s: float = GIVE_UP_S,
        faults: Sequence[str] = (),
        *,
        is_spread: bool = False,
    ) -> None:
        self.rng, self.parts, self.log = random.Random(seed), parts or Parts(), log
        self.is_spread = is_spread
        self.now, self.order = 0.0, 0
        self.heap: list[tuple[float, int, Callable[[], None]]] = []
        self.plan = plan or Plan.random(self.rng)
        self.ledger = ledger if ledger is not None else self.parts.ledger()
        self.full_until, self.give_up_s = 0.0, give_up_s
        self.cut: set[tuple[str, str]] = set()
        self.stalled: dict[tuple[str, str], float] = {}
        self.mumbled: dict[tuple[str, str], int] = {}
        self.last: dict[tuple[str, str], float] = {}
        self.current: dict[str, Process] = {}
        self.by_id: dict[str, Process] = {}
        self.done: set[str] = set()
        self.gone: set[str] = set()
        self.offered: dict[str, list[str]] = {}
        self.lost: dict[str, list[Item]] = {}
        self.finished: dict[str, dict[int, list[str]]] = {}
        self.runs = dict.fromkeys(self.plan.cameras, 0)
        self.taken_over: set[str] = set()
        self.worst: dict[str, int] = {"relay": 0, "archive": 0, "store": 0}
        self.unsendable: list[str] = []
        self.sent: set[tuple[str, int, int, int]] = set()
        self.dropped_late: list[str] = []
        self.faults: Counter[str] = Counter()
        mood = self.rng.choice(["mixed", "mixed", "ghosts"])
        is_calm = self.plan.is_calm or bool(kill_every_s)
        self.plan.start(self.rng, self.at, self.start)
        many = [1, 2, 4, 8, 16, 30] if mood == "mixed" else [20, 40, 60]
        for _ in range(0 if is_calm else self.rng.choice(many)):
            self.at(self.rng.uniform(1, FAULTS_UNTIL_S), lambda: self.fault(faults or FAULTS[mood]))
        for camera in self.plan.live:
            every_s = self.rng.choice([0.05, 0.2, 0.4])
            for i in range(self.plan.cameras[camera].count):
                self.at(1 + i * every_s, lambda c=camera, n=i: self.shoot(c, f"{n:04d}"))
        for i in range(1, int(give_up_s / kill_every_s) if kill_every_s else 0):
            self.at(i * kill_every_s, lambda: self.kill_stage("score"))

    # time and the network

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do something at a time; what was asked for first is done first."""
        self.order += 1
        heapq.heappush(self.heap, (when, self.order, what))

    def outgoing(self, sender: Process) -> Iterator[tuple[str, list[bytes]]]:
        """The messages that a process has for its peers, together or one by one; one that cannot be written is a hole."""
        for peer, envelopes in sender.node.take_out().items():
            stores = sender.node.stores_of(peer)
            given = [envelopes] if self.rng.random() < 0.7 else [[envelope] for envelope in envelopes]
            try:
                for parts in chain.from_iterable(encode(some, stores) for some in given):
                    yield peer, [bytes(part) for part in parts]
            except WireError as error:
                self.unsendable.append(f"to {peer}: {error}")
                sender.node.reset(peer)
            except StalePictureError:
                sender.node.reset(peer)

    def _known(self, peer: str) -> Process | None:
        return self.by_id.get(peer) if "#" in peer else self.current.get(peer)

    def transmit(self, sender: Process, peer: str, parts: list[bytes]) -> None:
        """To a sender of frames by its name, to a receiver by its incarnation; whoever is not there gets nothing."""
        name = peer.split("#", maxsplit=1)[0]
        p = self._known(peer)
        fetch = cannot_fetch if p is None else p.node.taken if self.is_spread else None  # type: ignore[attr-defined]
        envelopes = decode(parts, fetch=fetch)
        for body in (envelope.body for envelope in envelopes):
            if isinstance(body, messages.Frame) and isinstance(sender.node, CaptureNode):
                self._note_sent(body)
        way = (sender.name, name)
        if way in self.cut or p is None or not p.is_alive:
            return
        if self.mumbled.get(way):
            self.mumbled[way] -= 1
            return
        arrive = self.now + self.rng.choice([0.001, 0.01, 0.05, 0.3])
        ends = (sender.id, p.id)
        arrive = self.last[ends] = max(arrive, self.stalled.get(way, 0), self.last.get(ends, 0) + 1e-6)
        seen_as = sender.name if "#" in peer else sender.id

        def hear() -> None:
            for envelope in envelopes:
                p.node.receive(self.now, seen_as, envelope)

        self.at(arrive, lambda: self.step(p, hear))

    def _note_sent(self, m: messages.Frame) -> None:
        who, (stream, first) = (m.camera, m.epoch[2]), m.item.at
        positions = {(*who, stream, seq) for seq in range(first, first + m.item.count)}
        if m.item.outcome != "dropped":
            self.sent |= positions
        elif self.sent & positions:
            self.dropped_late.append(f"{m.camera} {m.item.at}")

    def step(self, p: Process, handler: Callable[[], Any]) -> None:
        """One turn of a process: a handler, what is due then, and the messages; a doomed process dies among them."""
        if not p.is_alive:
            return
        if p.is_frozen:
            p.inbox.append(handler)
            return
        handler()
        sent = 0
        while True:
            for owner in sorted(getattr(p.node, "strangers", ())):
                p.node.add_upper(owner)
            p.node.pump(self.now)
            if not p.node.out:
                break
            for peer, parts in self.outgoing(p):
                if p.doomed is not None and sent >= p.doomed:
                    break
                self.transmit(p, peer, parts)
                sent += 1
        if p.doomed is not None:
            self.kill(p)
        elif p.node.is_over:
            self.over(p)
        else:
            self.after(p)

    def after(self, p: Process) -> None:
        """Start what the process can do now: read its camera, work on an item, do a job."""
        node = p.node
        if isinstance(node, CaptureNode):
            self.worst["store"] = max(self.worst["store"], len(node.store.items))
            if self.now > DRAIN_AT_S and node.camera in self.plan.live:
                self.drain(p)
            elif not p.is_busy and node.wants and node.camera not in self.plan.live:
                p.is_busy = True
                self.at(
                    self.now + self.rng.uniform(0, 2 * p.service_s),
                    lambda: self.step(p, lambda: self.read(p)),
                )
        elif isinstance(node, RelayNode):
            waiting = max((len(s.waiting) for s in node.sessions.values()), default=0)
            self.worst["relay"] = max(self.worst["relay"], waiting)
            if not p.is_busy and (work := node.take()):
                p.is_busy = True
                self.at(self._later(p), lambda: self.step(p, lambda: self.work(p, *work)))
        elif isinstance(node, ArchiveNode):
            self.worst["archive"] = max(self.worst["archive"], node.waiting)
            if not p.is_busy and (job := node.take()):
                p.is_busy = True
                self.at(self._later(p), lambda: self.step(p, lambda: self.settle(p, job)))

    def _later(self, p: Process) -> float:
        return self.now + p.service_s * self.rng.uniform(0.5, 1.5)

    # what the processes do: the loops of keepframe.run, without threads

    def read(self, p: Process) -> None:
        """One picture of a finite source."""
        p.is_busy, node = False, p.node
        if not node.wants:
            return
        if p.unread is None:
            p.settled = list(node.begin.get("settled", []))
            p.names = list(self.plan.folder[node.camera])
            p.unread = self.parts.shots(p.names, p.settled, node.store)
        if not p.unread:
            node.end()
            return
        name = p.unread.pop(0)
        p.settled.append(name)
        node.offer(self._shared(p, shot(node.camera, name)), {"settled": list(p.settled)})

    def work(self, p: Process, session: Session, thing: Item | Mark) -> None:
        """Lead one item or mark through the line of its session."""
        p.is_busy = False
        stage = STAGES[p.node.stage]
        events: Iterable[tuple[str, str]] = ()
        if session.line is None:
            line = Line(stage, session.camera, session.memory, session.committed)
            session.line = self.parts.line(session, line)
            events = line.events
        try:
            left = [fitting(t, p.name) if isinstance(t, Item) else t for t in session.line.push(thing)]
        except LostPictureError:
            p.node.give_up(session)
        else:
            p.node.finish(session, left, tuple(events))
        for ended in p.node.ended:
            if ended.line is not None:
                ended.line.close()
        p.node.ended.clear()

    def settle(self, p: Process, job: OpenJob | CommitJob) -> None:
        """Do one job of the archive: one transaction of the catalogue."""
        if (
            isinstance(job, CommitJob) and self.now < self.full_until
        ):  # the disk is full: it waits, and tries again
            self.at(self.now + 1, lambda: self.step(p, lambda: self.settle(p, job)))
            return
        p.is_busy, writer = False, p.writer  # type: ignore[attr-defined]
        if not self.ledger.is_current(writer):
            p.node.is_over = True
            return
        try:
            if isinstance(job, OpenJob):
                standing = self.ledger.open(writer, job.camera, job.epoch, job.held)
                p.node.opened(job, standing, self.ledger.newest(job.camera))
            else:
                outcomes = None
                if _has_pictures(job):
                    outcomes = self.ledger.commit(
                        writer, job.camera, job.epoch, job.upto, job.items, job.memory, job.events
                    )
                p.node.committed(job, outcomes, self.ledger.newest(job.camera))
        except Replaced:
            p.node.is_over = True

    def shoot(self, camera: str, name: str) -> None:
        """A live camera has a picture."""
        p = self.current.get(f"capture.{camera}")
        if p is None or not p.is_alive or p.is_frozen:
            return
        if p.node.wants:
            self.offered.setdefault(camera, []).append(name)
            self.step(p, lambda: p.node.offer(self._shared(p, shot(camera, name))))
        elif self.now < DRAIN_AT_S:
            self.at(self.now + 0.3, lambda: self.shoot(camera, name))

    def _shared(self, p: Process, frame: Frame) -> Frame:
        """The frame with its picture in the store of its capture, if it has one."""
        if p.node.slots is None or frame.picture is None:
            return frame
        return replace(
            frame, picture=replace(frame.picture, handle=p.node.slots.put(frame.picture.handle.data()))
        )

    def drain(self, p: Process) -> None:
        """Asked to leave; a live camera that has not begun is given the time to end the stream of the process before."""
        if not p.is_drained and (p.node.begin is not None or p.node.camera not in self.plan.live):
            p.is_drained = True
            self.step(p, p.node.drain)

    # processes come and go

    def start(self, name: str) -> None:
        """Start a process that is not there."""
        if name in self.done or name in self.gone or name in self.current:
            return
        stage, _, replica = name.rpartition(".")
        self.order += 1
        node = self._node(name, stage, replica)
        p = self.current[name] = Process(name, f"{name}#{self.order}", node, self.plan.service_s[name])
        if stage == "archive":
            p.writer = self.ledger.take_writer()  # type: ignore[attr-defined]
        self.by_id[p.id] = p
        self.tick(p)

    def _node(self, name: str, stage: str, replica: str) -> Node:
        node = self._plain_node(name, stage, replica)
        if self.is_spread:
            node.tells_places = True
            if isinstance(node, CaptureNode):
                node.slots, node.readers = new_slots(), tuple(self.plan.replicas)
            else:
                node.fetches = True  # type: ignore[attr-defined]
        return node

    def _plain_node(self, name: str, stage: str, replica: str) -> Node:
        plan, cameras = self.plan, list(self.plan.cameras)
        uppers, lowers = plan.uppers(stage), plan.lowers.get(stage, [])

        def nonce() -> int:
            return self.rng.getrandbits(40)

        if stage == "archive":
            return self.parts.archive(name, uppers, cameras, nonce, "p")
        if stage != "capture":
            return self.parts.relay(name, uppers, lowers, cameras, nonce, "p")
        camera = plan.cameras[replica]
        plan.grow(replica, self.rng)
        return self.parts.capture(
            name,
            lowers,
            cameras,
            nonce,
            "p",
            Intake(
                replica,
                camera.policy,
                has_memory=not camera.is_live,
                run=None if camera.is_live else self.runs[replica],
                store=self.parts.store(camera.store, camera.store_bytes),
                holds=plan.holds,
            ),
            credit=Credit(camera.credit, camera.credit_bytes),
        )

    def tick(self, p: Process) -> None:
        """Let its clock tick as long as it lives."""
        if p.is_alive:
            if not p.is_frozen:
                self.step(p, lambda: p.node.tick(self.now))
            self.at(self.now + TICK_S, lambda: self.tick(p))

    def over(self, p: Process) -> None:
        """A process ends by itself: all is settled, or another has taken its place."""
        self.log(f"{self.now:7.2f} {p.name} is over {getattr(p.node, 'why', '')}")
        p.is_alive = False
        is_current = self.current.get(p.name) is p
        if is_current:
            del self.current[p.name]
        if not isinstance(p.node, CaptureNode):
            self.at(self.now + 1, lambda: self.start(p.name))
            return
        node, camera = p.node, p.node.camera
        if node.why:  # a younger one has gone on; with nobody left the supervisor starts another
            self._lose(node)
            self.at(self.now + 0.5, lambda: self.start(p.name))
        elif camera not in self.plan.live and not p.is_drained:
            self.finished.setdefault(camera, {})[node.run or 0] = p.names
            again = self.plan.again[camera]
            if again:
                self.runs[camera] += again.pop() == "again"
                self.at(self.now + 0.5, lambda: self.start(p.name))
            elif is_current:
                self.done.add(p.name)
        elif p.is_drained and camera not in self.plan.live:  # the user goes on with it later
            self.at(self.now + 0.5, lambda: self.start(p.name))
        elif is_current:
            self.done.add(p.name)

    def kill(self, p: Process, *, restart: bool = True) -> None:
        """It is gone, with all it had; its supervisor may say so, and starts it again."""
        p.is_alive = False
        if isinstance(p.node, CaptureNode):
            self._lose(p.node)
        if self.current.get(p.name) is p:
            del self.current[p.name]
            if restart:
                self.at(self.now + self.rng.choice([0.05, 0.5, 2, 5]), lambda: self.start(p.name))
        if self.rng.random() < 0.5:
            self.at(self.now + self.rng.choice([0.01, 0.3]), lambda: self.tell_of(p.name))

    def tell_of(self, name: str) -> None:
        """The supervisor's word to all: this process has died."""
        for p in list(self.current.values()):
            self.step(p, lambda p=p: p.node.forget(name))

    def kill_stage(self, stage: str) -> None:
        """Kill every replica of a stage."""
        for p in [p for p in self.current.values() if p.name.startswith(f"{stage}.")]:
            self.kill(p)

    def _lose(self, node: CaptureNode) -> None:
        if node.camera in self.plan.live:
            self.lost.setdefault(node.camera, []).extend(s.item for s in node.store.items.values())

    def freeze(self, p: Process, *, is_replaced: bool) -> None:
        """Stop it, as SIGSTOP does; it comes back later, when another may have its place."""
        p.is_frozen = True
        if is_replaced:
            self.at(self.now + self.rng.uniform(0.1, 4), lambda: self.replace(p))
        self.at(self.now + self.rng.choice([0.5, 3, 6, 12]), lambda: self.thaw(p))

    def replace(self, p: Process) -> None:
        """It was taken for dead: another starts under its name."""
        if p.is_alive and p.is_frozen and self.current.get(p.name) is p:
            del self.current[p.name]
            self.start(p.name)

    def thaw(self, p: Process) -> None:
        """It goes on as if nothing had been; now and then the network finds it under its name again."""
        p.is_frozen = False
        waiting, p.inbox = p.inbox, []
        for handler in waiting:
            self.step(p, handler)
        young = self.current.get(p.name)
        if not p.is_alive or young is p:
            return
        if isinstance(p.node, CaptureNode) and p.name not in self.done and self.rng.random() < 0.5:
            self.taken_over.add(p.node.camera)
            self.current[p.name] = p
            self.at(self.now + self.rng.uniform(1, 9), lambda: self.give_back(p, young))
        else:
            self.at(self.now + self.rng.uniform(0, 20), lambda: self.kill(p) if p.is_alive else None)

    def give_back(self, old: Process, young: Process | None) -> None:
        """The network finds the younger one again, and the old one dies in the end."""
        if self.current.get(old.name) is old:
            del self.current[old.name]
            if young is not None and young.is_alive:
                self.current[old.name] = young
        if old.is_alive:
            self.kill(old)
        if old.name not in self.current:
            self.start(old.name)

    # faults

    def fault(self, kinds: Sequence[str]) -> None:
        """One fault of these kinds, at somebody who is there; "kill:score" at a process of that stage."""
        kind, _, stage = self.rng.choice(kinds).partition(":")
        there = sorted(n for n, p in self.current.items() if p.is_alive)
        targets = [n for n in there if n.startswith(stage)]
        if not targets:
            return
        p = self.current[self.rng.choice(targets)]
        self.faults[kind] += 1
        self.log(f"{self.now:7.2f} {kind} {p.name}")
        getattr(self, "_" + kind.replace("-", "_"))(p, there)

    def _kill(self, p: Process, _there: list[str]) -> None:
        if self.rng.random() < 0.5:
            p.doomed = self.rng.randint(0, 3)
        else:
            self.kill(p)

    def _blame(self, p: Process, there: list[str]) -> None:
        """A process dies with a frame in hand, and the frame is suspected; never so often that it fails."""
        captures = [node for n in there if isinstance(node := self.current[n].node, CaptureNode)]
        self.kill(p)
        for capture in captures:
            store, deaths = capture.store, capture.suspects.deaths
            in_hand = [
                at
                for at, stored in store.items.items()
                if at <= store.sent and stored.item.outcome is None and deaths.get(at, 0) < DEATHS - 1
            ]
            if in_hand:
                capture.suspect(self.rng.choice(in_hand))

    def _several(self, _p: Process, there: list[str]) -> None:
        for name in self.rng.sample(there, min(3, len(there))):
            self._kill(self.current[name], there)

    def _all(self, _p: Process, there: list[str]) -> None:
        for name in there:
            self.kill(self.current[name])

    def _freeze(self, p: Process, _there: list[str]) -> None:
        self.freeze(p, is_replaced=False)

    def _zombie(self, p: Process, _there: list[str]) -> None:
        self.freeze(p, is_replaced=True)

    def _full(self, _p: Process, _there: list[str]) -> None:
        self.full_until = self.now + self.rng.choice([1, 4, 8])

    def _again(self, _p: Process, _there: list[str]) -> None:
        """The user gives up the run of a finite source and asks for everything again."""
        finite = [] if self.plan.holds else self.plan.finite
        for camera in [c for c in finite if f"capture.{c}" not in self.done][:1]:
            self.runs[camera] += 1
            if p := self.current.get(f"capture.{camera}"):
                self.kill(p)

    def _drain(self, _p: Process, _there: list[str]) -> None:
        """The user stops a finite source in order, and goes on with it later."""
        for camera in [c for c in self.plan.finite if f"capture.{c}" in self.current][:1]:
            self.drain(self.current[f"capture.{camera}"])

    def _leave(self, p: Process, there: list[str]) -> None:
        stage = p.name.rpartition(".")[0]
        if not isinstance(p.node, RelayNode) or len([n for n in there if n.startswith(f"{stage}.")]) < 2:
            return
        self.step(p, p.node.leave)
        if p.is_alive:
            comes_back = self.rng.random() < 0.5
            self.gone |= set() if comes_back else {p.name}
            self.kill(p, restart=comes_back)

    def _ways(self, p: Process) -> list[tuple[str, str]]:
        other = self.rng.choice([peer.split("#")[0] for peer in p.node.ports] or [p.name])
        return self.rng.sample([(p.name, other), (other, p.name)], 2)

    def _stall(self, p: Process, _there: list[str]) -> None:
        self.stalled[self._ways(p)[0]] = self.now + self.rng.choice([0.5, 1, 2, 2.8, 5])

    def _mumble(self, p: Process, _there: list[str]) -> None:
        """A single message does not come through, nor does it decode."""
        self.mumbled[self._ways(p)[0]] = self.rng.choice([1, 1, 3])

    def _cut(self, p: Process, _there: list[str], ways: int = 2) -> None:
        cut = self._ways(p)[:ways]
        self.cut.update(cut)
        self.at(self.now + self.rng.choice([0.02, 0.3, 2, 8]), lambda: self.cut.difference_update(cut))

    def _one_way(self, p: Process, there: list[str]) -> None:
        self._cut(p, there, ways=1)

    # the run

    def run(self) -> list[str]:
        """Let it run until every capture is done. Returns the broken promises, in words."""
        captures = {f"capture.{camera}" for camera in self.plan.cameras}
        while self.heap and not captures <= self.done:
            self.now, _, what = heapq.heappop(self.heap)
            if self.now > self.give_up_s:
                break
            what()
        for p in self.by_id.values():  # old ones that nobody will hear of again
            if p.is_alive and isinstance(p.node, CaptureNode):
                self._lose(p.node)
        return self.problems(captures)

    def problems(self, captures: set[str]) -> list[str]:
        """What is broken of what was promised, see promises.py."""
        return broken_promises(self, captures)


def new_slots(nbytes: int = 1 << 15) -> OwnedSlots:
    """A picture store, as a capture has one that nobody supervises: it goes with its process, and no id is given twice."""
    fd = Slots.create(nbytes, 300)
    try:
        return OwnedSlots(fd)
    finally:
        os.close(fd)


def _has_pictures(job: CommitJob) -> bool:
    """Whether all that is to be kept can be looked at."""
    frames = (frame for item in job.items for frame in item.frames if frame.outcome is None and frame.picture)
    try:
        return all(frame.picture.handle.data() for frame in frames)
    except StalePictureError:
        return False


def problems(seed: int, parts: Parts | None = None, **options: Any) -> list[str]:
    """The broken promises of one run."""
    return World(seed, parts, **options).run()


if __name__ == "__main__":
    from broken import MUTATIONS

    chosen = MUTATIONS[sys.argv[2]] if len(sys.argv) > 2 else None
    print("\n".join(World(int(sys.argv[1]), chosen, print).run()) or "every promise kept")  # noqa: T201
