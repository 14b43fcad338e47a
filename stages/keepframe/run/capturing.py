"""The process of one camera's capture: a thread reads the source when there is room, the node does the rest."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.config.pipeline import Store as Limits
from keepframe.frame import START, Frame, Item, Position
from keepframe.picture import checksum
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.run.exits import FAILED, LOCKED, OK
from keepframe.run.logs import log
from keepframe.run.privacy import Privacy
from keepframe.run.process import Process, Seat, new_nonce, opened
from keepframe.run.retrying import Retries
from keepframe.run.stores import new_store
from keepframe.stage import CameraEvent, read_source
from keepframe.wire.capture import CaptureNode
from keepframe.wire.credit import Credit
from keepframe.wire.intake import Intake
from keepframe.wire.lasting_store import LastingStore
from keepframe.wire.store import Store

GOOD_NEWS, BAD_NEWS = ("found", "seeing", "moving"), ("lost", "still-lost")


class Capturing(Process):
    """Capture of one camera until its source has ended and everything is settled, or it is asked to leave."""

    node: CaptureNode

    def __init__(self, seat: Seat) -> None:
        pipeline, camera = seat.pipeline, seat.name.rpartition(".")[2]
        use = pipeline.cameras[camera].source.bound
        self.source = read_source(use.contract, use.options, camera)
        self.privacy = Privacy(pipeline.cameras[camera].privacy)
        self.failure: BaseException | None = None
        self.total: int | None = None
        self.trouble = ""
        """Why there are no pictures, while there are none."""
        self._oldest: Position | None = None
        """The oldest frame that should be settled, as far as status() has seen, and since when it is the oldest."""
        self._oldest_since = 0.0
        fd = seat.stores.get(camera)
        if fd is None and seat.tells_places:
            fd = new_store(
                pipeline.capture.store
            )  # it has no supervisor, which would keep it over all its lives
        self.slots = opened(OwnedSlots, fd) if fd is not None else None
        if self.slots is not None:
            self.source.lend(self.slots.room)
        node = CaptureNode(
            seat.name,
            pipeline.lowers(CAPTURE),
            list(pipeline.cameras),
            new_nonce,
            pipeline.fingerprint,
            Intake(
                camera,
                pipeline.cameras[camera].policy,
                has_memory=self.source.has_memory,
                run=seat.run,
                store=self._store(camera, pipeline.capture.store),
                holds=max(map(pipeline.holds, pipeline.stages)),
            ),
            credit=credit(pipeline),
            is_patient=self.source.has_memory and pipeline.cameras[camera].policy == "block",
        )
        node.slots = self.slots
        node.readers = pipeline.callers(CAPTURE) if seat.tells_places else ()
        node.on_settled = self._on_settled
        super().__init__(seat, node)

    def work(self) -> int:
        """
        Until all is settled.

        Returns the exit code: 0, 70 if the source cannot be read (what it gave before is settled first), 75 if another capture of this
        camera has taken over.
        """
        with self.serving():
            reader = threading.Thread(target=self._read, name="source", daemon=True)
            reader.start()
            self.shell.wait_over()
            with self.shell.condition:
                self.control.tell("status", **self.status())
        if self.failure is not None:
            log.error("source-failed", camera=self.node.camera, error=str(self.failure) or repr(self.failure))
            return FAILED
        if self.node.why:
            log.error("stopped", camera=self.node.camera, why=self.node.why)
            return LOCKED
        return OK

    def leave(self) -> None:
        """Stop reading; what was captured gets its outcome."""
        super().leave()
        self.node.drain()

    def suspect(self, at: Position, killed: str) -> None:
        """Try this frame alone; when it has killed too often it fails."""
        self.node.suspect(at, killed)
        stored = self.node.store.items.get(at)
        if stored is not None and stored.item.outcome == "failed":
            (frame,) = stored.item.frames
            log.error("poison", camera=frame.camera, frame=frame.name, reason=frame.reason)

    def status(self) -> dict[str, Any]:
        """What is in flight, and how far it is."""
        node, now = self.node, time.monotonic()
        waits_behind = START if node.marks.waiting else node.taken  # what has no mark yet waits for nobody
        oldest = next((stored.item.at for stored in node.store.after(waits_behind)), None)
        if oldest != self._oldest:
            self._oldest, self._oldest_since = oldest, now
        return super().status() | {
            "in_flight": node.store.frames,
            "oldest": f"{node.camera}/{oldest[0]}/{oldest[1]}" if oldest is not None else None,
            "oldest_s": round(now - self._oldest_since, 1) if oldest is not None else 0.0,
            "settled": dict(node.settled),
            "captured": sum(node.settled.values()) + node.store.frames,
            "total": self.total,
            "is_open": node.is_open,
            "trouble": self.trouble,
            "hangs_s": round(self.source.hangs_for_s, 1),
        }

    def _read(self) -> None:
        wait_for, node = self.shell.wait_for, self.node
        try:
            with self.shell.condition:
                wait_for(lambda: node.begin is not None or node.is_over)
                if node.begin is None:
                    return
            retries = Retries(self.seat.pipeline.archive_folder, node)
            self.source.load(node.begin)
            total = self.source.total()
            self.total = None if total is None else total + len(retries.entries)
            if retries.is_under_way:
                with self.shell.turn():
                    node.cut()
            is_between = node.store.next_seq == 0
            if is_between:
                self._retry(retries)
            for shot in self.source:
                if isinstance(shot, CameraEvent):
                    self._record(shot)
                    continue
                frame = self._shared(self.privacy.blackened(shot.frame))
                with self.shell.turn():
                    wait_for(lambda: node.wants or node.is_ended or node.is_over)
                    if node.is_ended or node.is_over:
                        return
                    node.offer(frame, shot.memory)
            if not is_between:  # the stream that was gone on with keeps its numbers
                with self.shell.turn():
                    node.cut()
                self._retry(retries)
            with self.shell.turn():
                node.end()
        except BaseException as error:  # noqa: BLE001  told by the main thread; sys.exit() would end this one alone
            with self.shell.turn():
                self.failure = error
                node.drain()

    def _record(self, event: CameraEvent) -> None:
        """Tell what has happened to the camera, and have it recorded."""
        tell = log.info if event.kind in GOOD_NEWS else log.warning
        tell(event.kind, camera=self.node.camera, detail=event.detail)
        with self.shell.turn():
            self.node.marks.record(event.kind, event.detail)
            if event.ends_stream:
                self.node.cut(event.kind)
        self.trouble = f"{event.kind}: {event.detail}" if event.kind in BAD_NEWS else ""

    def _on_settled(self, item: Item, outcome: str) -> None:
        """A source that looks after its files hears what is committed."""
        if self.source.settle is not None and item.outcome != "dropped":
            self.source.settle(item.frames[0], outcome)

    def _retry(self, retries: Retries) -> None:
        """Give the frames out of quarantine a stream of their own."""
        node = self.node
        for frame in map(self._shared, retries):
            with self.shell.turn():
                self.shell.wait_for(lambda: (node.wants and node.has_room) or node.is_ended or node.is_over)
                if node.is_ended or node.is_over:
                    return
                node.retry(frame)
        with self.shell.turn():
            node.cut()

    def _shared(self, frame: Frame) -> Frame:
        """The frame with its picture in memory that the other processes see too, if there is room, and with its checksum, if there shall be one."""
        picture = frame.picture
        if picture is not None and self.seat.pipeline.capture.check_pixels:
            picture = replace(picture, checksum=checksum(picture.handle.data()))
            frame = replace(frame, picture=picture)
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


def credit(pipeline: Pipeline) -> Credit:
    """The smallest queue on the path counts."""
    queues = [stage.queue for stage in pipeline.stages.values()]
    return Credit(min(q.frames for q in queues), min(q.bytes for q in queues))
