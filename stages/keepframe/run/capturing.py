"""The process of one camera's capture: a thread reads the source when there is room, the node does the rest."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import Any

from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.config.pipeline import Store as Limits
from keepframe.frame import Frame, Position
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.run.process import Process, Seat, new_nonce, opened
from keepframe.stage import read_source
from keepframe.wire.capture import CaptureNode, Credit
from keepframe.wire.lasting_store import LastingStore
from keepframe.wire.store import Store

log = logging.getLogger("keepframe")


class Capturing(Process):
    """Capture of one camera until its source has ended and everything is settled, or it is asked to leave."""

    node: CaptureNode

    def __init__(self, seat: Seat) -> None:
        pipeline, camera = seat.pipeline, seat.name.rpartition(".")[2]
        use = pipeline.cameras[camera].source.bound
        self.source = read_source(use.contract, use.options, camera)
        self.failure: BaseException | None = None
        self.slots = opened(OwnedSlots, seat.stores[camera]) if camera in seat.stores else None
        if self.slots is not None:
            self.source.lend(self.slots.room)
        node = CaptureNode(
            seat.name,
            pipeline.lowers(CAPTURE),
            list(pipeline.cameras),
            new_nonce,
            pipeline.fingerprint,
            camera=camera,
            policy=pipeline.cameras[camera].policy,
            has_memory=self.source.has_memory,
            run=seat.run,
            credit=credit(pipeline),
            holds=max(map(pipeline.holds, pipeline.stages)),
            store=self._store(camera, pipeline.capture.store),
        )
        super().__init__(seat, node)

    def work(self) -> int:
        """Until all is settled. Returns the exit code: 0, or 70 if the source cannot be read."""
        with self.serving():
            reader = threading.Thread(target=self._read, name="source", daemon=True)
            reader.start()
            with self.shell.condition:
                self.shell.wait_for(lambda: self.node.is_over or self.failure is not None)
            self.control.tell("status", **self.status())
        if self.failure is not None:
            log.error("camera=%s event=source-failed error=%r", self.node.camera, f"{self.failure}")
            return 70
        if self.node.why:
            log.error("camera=%s event=stopped why=%r", self.node.camera, self.node.why)
            return 75
        return 0

    def leave(self) -> None:
        """Stop reading; what was captured gets its outcome."""
        super().leave()
        self.node.drain()

    def suspect(self, at: Position, killed: str) -> None:
        """Try this frame alone; when it has killed too often it fails."""
        self.node.suspect(at, killed)

    def status(self) -> dict[str, Any]:
        """What is in flight, and how far it is."""
        node = self.node
        return super().status() | {
            "in_flight": node.store.frames,
            "settled": dict(node.settled),
            "captured": sum(node.settled.values()) + node.store.frames,
            "total": self.total,
            "is_open": node.is_open,
        }

    def _read(self) -> None:
        condition, node = self.shell.condition, self.node
        self.total = None
        try:
            with condition:
                condition.wait_for(lambda: node.begin is not None or node.is_over)
                if node.begin is None:
                    return
            self.source.load(node.begin)
            self.total = self.source.total()
            for shot in self.source:
                frame = self._shared(shot.frame)
                with self.shell.turn():
                    condition.wait_for(lambda: node.wants or node.is_ended or node.is_over)
                    if node.is_ended or node.is_over:
                        return
                    node.offer(frame, shot.memory)
            with self.shell.turn():
                node.end()
        except Exception as error:  # noqa: BLE001  told by the main thread, which ends the process
            with condition:
                self.failure = error
                condition.notify_all()

    def _shared(self, frame: Frame) -> Frame:
        """The frame with its picture in memory that the other processes see too, if there is room."""
        picture = frame.picture
        if self.slots is None or picture is None or not picture.handle.is_lasting:
            return frame
        slot = self.slots.put(picture.handle.data())
        return replace(frame, picture=replace(picture, handle=slot)) if slot is not None else frame

    def _store(self, camera: str, limits: Limits) -> Store:
        """Where frames wait for their outcome: a live camera's in memory that outlives this process."""
        if self.slots is None:
            return Store(limits.frames, limits.bytes)
        if self.source.is_live:
            return LastingStore(camera, self.slots, limits.frames, limits.bytes)
        return Store(limits.frames, limits.bytes, left=[slot for slot, _ in self.slots.left()])

    total: int | None = None


def credit(pipeline: Pipeline) -> Credit:
    """The smallest queue on the path counts."""
    queues = [stage.queue for stage in pipeline.stages.values()]
    return Credit(min(q.frames for q in queues), min(q.bytes for q in queues))
