"""The process of the archive: the worker does what the gathered marks ask for, one job after the other."""

from __future__ import annotations

import errno
import logging
import time
from typing import Any

from keepframe.archive import Archive
from keepframe.run.process import Process, Seat, new_nonce
from keepframe.wire.gather import ArchiveNode, CommitJob, OpenJob
from keepframe.wire.messages import Outcomes

log = logging.getLogger("keepframe")

RETRY_S = 1.0
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REPLACED = 75


class Archiving(Process):
    """The archive, until it is asked to leave, or another archive has taken its catalogue over."""

    node: ArchiveNode

    def __init__(self, seat: Seat) -> None:
        pipeline = seat.pipeline
        bound = pipeline.archive.steps[0].bound
        self.archive: Archive = bound.contract.target(**bound.options)
        cameras = list(pipeline.cameras)
        super().__init__(seat, ArchiveNode(seat.name, seat.uppers, cameras, new_nonce, pipeline.fingerprint))
        self.frames = self.commits = 0
        self.trouble = ""

    def work(self) -> int:
        """Until asked to leave. Returns the exit code: 0, or 75 if another archive has the catalogue."""
        with self.archive, self.serving():
            while True:
                with self.shell.condition:
                    self.shell.wait_for(lambda: self.is_leaving or self.node.jobs)
                    job = self.node.take()
                if job is None:
                    return 0
                if not self.archive.is_current():
                    log.error("event=replaced detail='another archive process writes into this folder now'")
                    return REPLACED
                if isinstance(job, OpenJob):
                    self._open(job)
                else:
                    self._commit(job)

    def status(self) -> dict[str, Any]:
        """How much is committed, how much waits, and what keeps it from going on."""
        return super().status() | {
            "frames": self.frames,
            "commits": self.commits,
            "waiting": self.node.waiting,
            "trouble": self.trouble,
        }

    def _open(self, job: OpenJob) -> None:
        standing = self.archive.open(job.camera, job.epoch, job.held)
        newest = self.archive.newest(job.camera)
        with self.shell.turn():
            self.node.opened(job, standing, newest)

    def _commit(self, job: CommitJob) -> None:
        outcomes = self._until_there_is_room(job)
        if outcomes is None and self.is_leaving:
            return  # not committed: the frames stay with their capture
        newest = self.archive.newest(job.camera)
        if outcomes is not None:
            self.commits += 1
            self.frames += len(outcomes)
        with self.shell.turn():
            self.node.committed(job, outcomes, newest)

    def _until_there_is_room(self, job: CommitJob) -> Outcomes | None:
        """Commit; while the disk is full nothing is committed, and it goes on by itself when there is room again."""
        while True:
            try:
                outcomes = self.archive.commit(
                    job.camera, job.epoch, job.upto, job.items, job.memory, job.events
                )
            except OSError as error:
                if error.errno not in NO_SPACE:
                    raise
                if not self.trouble:
                    log.warning(
                        "event=disk-full folder=%s detail='nothing is committed until there is room'",
                        self.archive.folder,
                    )
                self.trouble = f"disk full: {error}"
                if self._leaves_within(RETRY_S):
                    return None
                continue
            if self.trouble:
                log.warning("event=disk-has-room folder=%s", self.archive.folder)
                self.trouble = ""
            return outcomes

    def _leaves_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self.shell.condition:
            while not self.is_leaving and (left := until - time.monotonic()) > 0:
                self.shell.condition.wait(left)
        return self.is_leaving
