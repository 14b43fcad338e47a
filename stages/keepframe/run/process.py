"""
What every process of a pipeline has: a node with its sockets, a line to the supervisor, signals, and a way to leave.

What it does with frames is in capturing.py, relaying.py and archiving.py.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import cv2

from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.frame import Position
from keepframe.picture.remote import Remote
from keepframe.picture.slots import Slots
from keepframe.run.addresses import address, listening, new_site, places, processes
from keepframe.run.control import Control
from keepframe.run.exits import INTERRUPTED
from keepframe.run.finding import Finder
from keepframe.run.hand import Hand
from keepframe.run.limits import allow_files
from keepframe.run.logs import log
from keepframe.run.strangers import Strangers
from keepframe.run.unlinked import Unlinked
from keepframe.wire.fetch import FetchingNode
from keepframe.wire.keys import Keys
from keepframe.wire.link import Node
from keepframe.wire.port import stage_of
from keepframe.wire.shell import Shell

AnySlots = TypeVar("AnySlots", bound=Slots)


@dataclass(frozen=True, slots=True)
class Seat:
    """Which process of which pipeline this is, and what it was given on its way."""

    pipeline: Pipeline
    name: str
    folder: Path
    """The runtime folder."""
    control: Control
    hand: Hand
    run: int | None = None
    """Which reading of a finite source the user asks for, see CaptureNode."""
    stores: Mapping[str, int] = field(default_factory=dict)
    """The file descriptors of the cameras' picture stores, as far as it was given any, see Stores."""
    site: str = field(default_factory=new_site)
    """A few random letters that the processes of one supervisor share: what tells this machine's score.0 from another's."""

    @property
    def stage(self) -> str:
        """The stage's name: "score" of "score.0"."""
        return stage_of(self.name)

    @property
    def wire_name(self) -> str:
        """What it is called over its links."""
        return self.wire_name_of(self.name)

    def wire_name_of(self, process: str) -> str:
        """
        What a process of this site is called over links: with the site, where it is one of many machines' replicas.

        An archive never is: of two that begin, the younger counts.
        """
        stage = stage_of(process)
        if stage == CAPTURE or self.pipeline.stages[stage].is_archive:
            return process
        is_spread = any(self.pipeline.at_of(upper) for upper in self.pipeline.uppers(stage))
        return f"{process}-{self.site}" if is_spread else process

    @property
    def uppers(self) -> list[str]:
        """The names of the processes that send frames to this one, as far as they are on this machine for certain."""
        return [
            name
            for upper in self.pipeline.uppers(self.stage)
            if not self.pipeline.at_of(upper)
            for name in processes(self.pipeline, upper)
        ]

    def finder(self) -> Finder:
        """Looks for those on a network."""
        return Finder({upper: places(self.pipeline, upper) for upper in self.pipeline.uppers(self.stage)})

    def keys(self) -> Keys | None:
        """The keys that this process needs; None where it has nobody on a network, or no keys are named. Raises ConfigError."""
        pipeline = self.pipeline
        owners = () if self.stage == CAPTURE else (CAPTURE,)  # of pictures, wherever frames come from
        uppers = [upper for upper in {*pipeline.uppers(self.stage), *owners} if pipeline.at_of(upper)]
        lowers = pipeline.lowers(self.stage) if pipeline.listen_of(self.stage) is not None else ()
        if pipeline.keys is None or not (uppers or lowers):
            return None
        admits = pipeline.callers(self.stage) if lowers else ()
        return Keys(pipeline.keys, self.stage, admits, [*uppers, *lowers])

    def read_stores(self) -> list[Slots]:
        """The picture stores of all cameras, to read."""
        return [opened(Slots, fd) for fd in self.stores.values()]

    @property
    def tells_places(self) -> bool:
        """
        Whether a picture in a capture's store travels as its place also to processes that do not share it, which fetch it.

        So it is where captures can be reached from other machines; else its pixels travel.
        """
        return bool(self.pipeline.listen_of(CAPTURE) or self.pipeline.at_of(CAPTURE))

    def address_of(self, process: str) -> str:
        """Where a process of this machine is found."""
        return address(self.folder, process)

    def listens_at(self) -> str:
        """Where this one waits for those below."""
        return listening(self.pipeline, self.folder, self.name)


class Process:
    """
    One process at work. `is_leaving` becomes true when it is asked to go: by a signal, by its supervisor, or by that one's death.

    A second signal leaves at once; nothing is lost by it.
    """

    def __init__(self, seat: Seat, node: Node, stores: Sequence[Slots] = ()) -> None:
        self.seat, self.node, self.control = seat, node, seat.control
        uppers = {upper: seat.address_of(upper) for upper in node.ports}
        self.shell = Shell(node, seat.listens_at() if node.lowers else None, uppers, stores, seat.keys())
        if isinstance(node, FetchingNode) and seat.tells_places:
            node.fetches, self.shell.traffic.fetch = True, self.fetch
        node.tells_places = seat.tells_places
        self._strangers = Strangers()
        self._unlinked = Unlinked()
        self.finder = seat.finder()
        self._looks_for_captures = CAPTURE in seat.pipeline.uppers(seat.stage)
        self._follow()
        self.is_leaving = False
        self._signals = 0

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve the sockets while the block runs; leave them in order after it."""
        cv2.setNumThreads(1)  # the pipeline's processes are its parallelism
        allow_files()
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        if self.control.fd is not None:
            self.shell.watch(self.control.fd, lambda: self.control.read(self._on_command))
        self.shell.on_wake, self.shell.on_tick = self._on_wake, self._on_tick
        self.control.tell("ready")
        self.finder.start()
        self.shell.start()  # from here on its thread is the one that tells
        try:
            yield
        finally:
            self.finder.stop()
            self.shell.stop()

    def fetch(self, remote: Remote) -> bytearray:
        """A picture out of a capture's store that is not here; waits for it. By the worker only, outside a turn. See Remote."""
        node = self.node
        if not isinstance(node, FetchingNode):
            raise TypeError(f"{node.name} fetches no pictures")
        with self.shell.turn():
            wanted = node.want(remote)
        with self.shell.condition:
            self.shell.wait_for(lambda: wanted.is_over)
            return node.taken(remote)

    def leave(self) -> None:
        """Asked to go; called inside a turn."""
        self.is_leaving = True

    def suspect(self, at: Position, killed: str) -> None:
        """A process of the stage `killed` has died by itself with this frame in hand; only its capture can tell what follows."""

    def status(self) -> dict[str, Any]:
        """What the supervisor is told regularly."""
        not_let_in = self._strangers.told(time.monotonic(), self.shell.strangers())
        unknown = [f"{host}: nobody knows this name yet" for host in self.finder.unknown]
        why = [*self.node.refused.values(), *unknown, *self.shell.unmet()]
        return {
            "rejected": self.shell.traffic.rejected,
            "refused": [*self._unlinked.reasons(why), *not_let_in],
            "missing": self._unlinked.missing(self.node.absences.told(self.node.now)),
            "is_leaving": self.is_leaving,
        }

    def _on_wake(self) -> None:
        if self._signals and not self.is_leaving:
            self.leave()

    def _on_tick(self) -> None:
        if self.control.is_orphan:
            os._exit(INTERRUPTED)
        self._follow()
        while self.shell.traffic.lost:
            self._tell_lost(self.shell.traffic.lost.pop(0))
        self.control.tell("status", **self.status())

    def _follow(self) -> None:
        """Connect to what was found on the network; what is found no more is let go of once nothing comes from it."""
        if isinstance(self.node, FetchingNode) and self.node.strangers:
            self._look_for(self.node.strangers)
        found = self.finder.found()
        for upper, at in found.items():
            self.shell.connect(upper, at)
        for upper, port in list(self.node.ports.items()):
            if "@" in upper and upper not in found and not port.is_up:
                self.shell.disconnect(upper)

    def _look_for(self, owners: Iterable[str]) -> None:
        """Captures that have wanted pictures, and that this process gets no frames from."""
        if self.seat.pipeline.at_of(CAPTURE):
            if not self._looks_for_captures:
                self._looks_for_captures = True
                self.finder.look_for(CAPTURE, places(self.seat.pipeline, CAPTURE))
            return
        for owner in owners:
            self.shell.connect(owner, self.seat.address_of(owner))

    def _tell_lost(self, why: str, **told: str) -> None:
        log.error("lost-picture", **told, error=why, detail="its session ends, and its frame comes again")

    def _on_command(self, command: dict[str, Any]) -> None:
        match command.get("do"):
            case "drain" if not self.is_leaving:
                self.leave()
            case "forget":
                self.node.forget(self.seat.wire_name_of(command["name"]))
            case "uppers":
                self._on_uppers(command["stage"], command["names"])
            case "suspect":
                self.suspect((command["stream"], command["seq"]), command["killed"])

    def _on_uppers(self, stage: str, names: list[str]) -> None:
        """A stage above has been scaled: these are its processes now."""
        pipeline = self.seat.pipeline
        if stage in pipeline.uppers(self.seat.stage) and pipeline.at_of(stage):
            self.finder.look_for(stage, places(pipeline, stage, len(names)))
            return
        before = [upper for upper in self.node.ports if stage_of(upper) == stage]
        for name in names:
            self.shell.connect(name, self.seat.address_of(name))
        for name in set(before) - set(names):
            self.shell.disconnect(name)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            os._exit(INTERRUPTED)
        self.shell.wake()


def opened(kind: type[AnySlots], fd: int) -> AnySlots:
    """A picture store that this process was given; its memory stays when its descriptor is let go of."""
    try:
        return kind(fd)
    finally:
        os.close(fd)


def new_nonce() -> int:
    """A random number that no other incarnation has: 62 bits."""
    return int.from_bytes(os.urandom(8), "big") >> 2
