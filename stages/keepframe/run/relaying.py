"""The process of a stage between capture and archive: the worker leads items through a line for each session."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from keepframe.errors import LostPictureError
from keepframe.frame import Frame, Item
from keepframe.run.exits import OK
from keepframe.run.logs import log
from keepframe.run.process import Process, Seat, new_nonce
from keepframe.stage import Line, Mark, close_shared
from keepframe.wire.item_header import fitting
from keepframe.wire.relay import RelayNode, Session


class Relaying(Process):
    """One replica of a stage, until it is asked to leave."""

    node: RelayNode

    def __init__(self, seat: Seat) -> None:
        pipeline = seat.pipeline
        self.stage = pipeline.stages[seat.stage]
        self.is_sink = self.stage.name in pipeline.sinks
        lowers = (pipeline.archive.name,) if self.is_sink else pipeline.lowers(self.stage.name)
        cameras = list(pipeline.cameras)
        node = RelayNode(seat.wire_name, seat.uppers, lowers, cameras, new_nonce, pipeline.fingerprint)
        super().__init__(seat, node, seat.read_stores())
        self.shared: dict[int, Any] = {}
        self.frames = 0
        self.since: float | None = None

    def work(self) -> int:
        """Until asked to leave. Returns the exit code."""
        with self.serving():
            while True:
                with self.shell.condition:
                    self.shell.wait_for(lambda: self.is_leaving or self.node.ended or self.node.has_work)
                    ended, self.node.ended = self.node.ended, []
                    work = None if self.is_leaving else self.node.take()
                    self.since = time.monotonic() if work else None
                for session in ended:
                    if session.line is not None:
                        self._let_go(session.line.close)
                if work is not None:
                    self._do(*work)
                elif self.is_leaving:
                    self._let_go(partial(close_shared, self.shared))
                    return OK

    def leave(self) -> None:
        """Give every camera to whoever is there."""
        super().leave()
        self.node.leave()

    def status(self) -> dict[str, Any]:
        """How much is done, how much waits, and for how long the frame in hand has been in hand."""
        in_hand_s = time.monotonic() - self.since if self.since is not None else 0.0
        return super().status() | {
            "frames": self.frames,
            "waiting": self.node.waiting,
            "in_hand_s": round(in_hand_s, 3),
        }

    def _let_go(self, close: Callable[[], object]) -> None:
        """A stage that raises at its very end costs no frame."""
        try:
            close()
        except Exception as error:  # noqa: BLE001  whatever a stage raises
            log.warning("not-closed", stage=self.stage.name, error=repr(error))

    def _do(self, session: Session, thing: Item | Mark) -> None:
        if session.line is None:
            steps = [use.bound for use in self.stage.for_camera(session.camera)]
            session.line = Line(steps, session.camera, session.memory, session.committed, self.shared)
        if isinstance(thing, Item) and thing.outcome is None:
            self.seat.hand.take(session.camera, thing.at)
        try:
            things = session.line.push(thing)
        except LostPictureError as error:
            self.seat.hand.release()
            self._tell_lost(str(error), camera=session.camera)
            with self.shell.turn():
                self.since = None
                self.node.give_up(session)
            return
        self.seat.hand.release()
        is_current = (
            self.node.sessions.get(session.camera) is session
        )  # else its pictures may be gone, and its frames come again
        left = [self._fitting(t, is_told=is_current) if isinstance(t, Item) else t for t in things]
        self.frames += isinstance(thing, Item)
        events = tuple(session.line.events)
        session.line.events.clear()  # in place: the steps of the line add to this list
        for kind, detail in events:
            log.warning(kind, stage=self.stage.name, camera=session.camera, detail=detail)
        with self.shell.turn():
            self.since = None
            self.node.finish(session, left, events)

    def _fitting(self, item: Item, *, is_told: bool = True) -> Item:
        for frame in item.frames:
            if is_told and frame.outcome == "failed" and self._is_ours(frame):
                self._tell_failed(frame)
        if self.is_sink and item.outcome != "end":  # whatever a sink makes of a frame decides nothing
            item = replace(
                item, frames=tuple(f.settled("filtered", self.stage.name) for f in item.frames[:1])
            )
        fitted = fitting(item, self.stage.name)
        if fitted is not item:
            self._tell_failed(fitted.frames[0])
        return fitted

    def _tell_failed(self, frame: Frame) -> None:
        told = {"camera": frame.camera, "frame": frame.name, "reason": frame.reason}
        log.warning("failed", stage=self.stage.name, **told)

    def _is_ours(self, frame: Frame) -> bool:
        """Whether a step of this stage has failed the frame; one that came failed was told where it did."""
        uses = (use.use for use in self.stage.for_camera(frame.camera))
        return frame.reason.startswith(tuple(f"{use}: " for use in uses))
