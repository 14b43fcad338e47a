"""
The picture stores of a run: one for each camera, kept by the supervisor so that it outlives the capture that writes into it.

A capture gets its own to write; every other process gets all of them to read. Where the system has no such memory there are none,
and pictures travel inline.
"""

from __future__ import annotations

import os

from keepframe.config.pipeline import CAPTURE, Pipeline, Store
from keepframe.picture.slots import Slots, read_only
from keepframe.run.logs import log


def new_store(store: Store) -> int:
    """
    The file descriptor of a store for one camera that may hold so much. Raises OSError where the system has no such memory.

    Beside what is held it has room for the picture that waits, and for gaps between pictures of different sizes.
    """
    return Slots.create(store.bytes + store.bytes // 4, 3 * store.frames + 16)


class Stores:
    """
    The file descriptors of all cameras' stores.

    One store for each camera, not one for all: each has one writer, which then needs no lock that a killed process could hold, and
    a camera with large pictures takes no room from the others. Memory is taken as it is filled, so it costs nothing.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._fds: dict[str, tuple[int, int]] = {}
        """By camera: to write and to read."""
        store = pipeline.capture.store
        try:
            for camera in pipeline.cameras:
                fd = new_store(store)
                self._fds[camera] = fd, -1
                self._fds[camera] = fd, read_only(fd)
        except OSError as error:
            self.close()
            log.warning("no-picture-store", error=str(error), detail="pictures travel inline")

    def given_to(self, process: str) -> dict[str, int]:
        """The file descriptors that a process is given, by camera."""
        stage, _, replica = process.rpartition(".")
        if stage == CAPTURE:
            return {replica: self._fds[replica][0]} if replica in self._fds else {}
        return {camera: reading for camera, (_, reading) in self._fds.items()}

    def close(self) -> None:
        """Let them go: the memory is free once no process has them."""
        for fds in self._fds.values():
            for fd in fds:
                if fd >= 0:
                    os.close(fd)
        self._fds.clear()
