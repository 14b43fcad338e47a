"""The process of the archive: the worker does what the gathered marks ask for, one job after the other."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from keepframe.archive import Archive
from keepframe.errors import ArchiveLockedError, LostPictureError, StalePictureError
from keepframe.run.exits import LOCKED, OK
from keepframe.run.logs import log
from keepframe.run.process import Process, Seat, new_nonce
from keepframe.wire.gather import ArchiveNode, CommitJob, OpenJob

RETRY_S = 1.0
PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EBUSY)
"""Errors of the disk that pass: it is full, or somebody else holds the catalogue for a while."""


class Archiving(Process):
    """The archive, until it is asked to leave, or another archive has taken its catalogue over."""

    node: ArchiveNode

    def __init__(self, seat: Seat) -> None:
        pipeline = seat.pipeline
        bound = pipeline.archive.steps[0].bound
        self.archive: Archive = bound.contract.target(**bound.options)
        cameras = list(pipeline.cameras)
        node = ArchiveNode(seat.wire_name, seat.uppers, cameras, new_nonce, pipeline.fingerprint)
        super().__init__(seat, node, seat.read_stores())
        self.frames = self.commits = 0
        self.trouble = ""

    def work(self) -> int:
        """Until asked to leave. Returns the exit code: 0, or 75 if another archive has the catalogue."""
        try:
            with self.serving(), ExitStack() as exits:
                if self._has_done(partial(exits.enter_context, self.archive)):
                    while (job := self._next()) is not None:
                        self._has_done(partial(self._do, job))
        except ArchiveLockedError as error:
            log.error("locked", detail=str(error))
            return LOCKED
        return OK

    def status(self) -> dict[str, Any]:
        """How much is committed, how much waits, and what keeps it from going on."""
        return super().status() | {
            "frames": self.frames,
            "commits": self.commits,
            "waiting": self.node.waiting,
            "trouble": self.trouble,
        }

    def _next(self) -> OpenJob | CommitJob | None:
        with self.shell.condition:
            self.shell.wait_for(lambda: self.is_leaving or self.node.has_work)
            return self.node.take()

    def _has_done(self, step: Callable[[], object]) -> bool:
        """
        Do a step; while the disk is full nothing is committed, and it goes on by itself when there is room again.

        False if it is asked to leave before that: what is not committed stays with its capture.
        """
        while True:
            try:
                step()
            except OSError as error:
                if error.errno not in PASSING:
                    raise
                folder = self.seat.pipeline.archive_folder
                if not self.trouble:
                    log.warning("cannot-write", folder=folder, error=str(error))
                self.trouble = f"{folder}: {error}"
                if self._leaves_within(RETRY_S):
                    return False
                continue
            if self.trouble:
                log.warning("can-write-again", folder=self.seat.pipeline.archive_folder)
                self.trouble = ""
            return True

    def _do(self, job: OpenJob | CommitJob) -> None:
        if not self.archive.is_current():
            raise ArchiveLockedError(
                f"{self.seat.pipeline.archive_folder}: another archive has taken over; stop one of the two pipelines"
            )
        if isinstance(job, OpenJob):
            standing = self.archive.open(job.camera, job.epoch, job.held)
            newest = self.archive.newest(job.camera)
            with self.shell.turn():
                self.node.opened(job, standing, newest)
            return
        try:
            outcomes = self.archive.commit(job.camera, job.epoch, job.upto, job.items, job.memory, job.events)
        except LostPictureError as error:
            self._tell_lost(str(error), camera=job.camera)
            outcomes = None
        except StalePictureError as error:
            # its capture has let it go: it has a newer session, or is about to begin one
            log.warning("stale", camera=job.camera, error=str(error))
            outcomes = None
        newest = self.archive.newest(job.camera)
        if outcomes is not None:
            self.commits += 1
            self.frames += len(outcomes)
            decided = dict(outcomes)
            for frame in (item.frames[0] for item in job.items if item.outcome is None):
                if decided.get(frame.at) == "failed":
                    told = {"camera": frame.camera, "frame": frame.name}
                    log.warning("failed", **told, detail="`keepframe why` tells the reason")
        with self.shell.turn():
            self.node.committed(job, outcomes, newest)

    def _leaves_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self.shell.condition:
            while not self.is_leaving and (left := until - time.monotonic()) > 0:
                self.shell.condition.wait(left)
        return self.is_leaving
