"""
Who serves the sockets of a process, and who may touch its node: one thread at a time, each in its turn.

What serving is, is shell.py's. The worker serves by itself, while it waits and between two frames: handing each message from one
thread to another costs more than the message. The link thread takes over when the worker has been away for AWAY_S, so that a long
computation does not make a healthy process look dead, and goes when it is back. Sockets go from one thread to the other under a lock.

Waking a process costs more than a message, too: what can wait for what follows goes out together with it.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

AWAY_S = 0.02
"""How long a worker may be away before the link thread serves in its place; links notice a silence of 3 s only."""
LOOK_S = 4 * AWAY_S
"""How often the link thread looks for a worker that was always there: it wakes the process for it."""
TOGETHER_S = 0.05
"""For how long a worker that goes on and on may keep what can wait; one that stays away for AWAY_S may not."""


class Turns(ABC):
    """
    The two threads of a process: its worker, and the link thread that serves while the worker is busy.

    `condition` is held by whoever touches the node; it is notified after each step.
    """

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.failure: BaseException | None = None
        """What the link thread has failed with."""
        self._serving = threading.Lock()
        """Held by the thread that uses the sockets."""
        self._is_wanted = False
        """Whether the worker waits for the link thread to hand the sockets over."""
        self._is_behind = False
        """Whether the worker has left something since the last step."""
        self._served_at = self._worked_at = 0.0
        self._stopped, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    @abstractmethod
    def step(self, *, is_waiting: bool) -> bool:
        """Take what has come, do what is due, send what there is; is_waiting: for something to come. Returns whether all is over."""

    @abstractmethod
    def wake(self) -> None:
        """Let whoever serves look at the node; safe in a signal handler."""

    @property
    def can_wait(self) -> bool:
        """Whether what is left to be sent may go out with what follows."""
        return False

    def start(self) -> None:
        """Serve until stop()."""
        self._thread.start()

    def stop(self) -> None:
        """Serve once more, so that what is in the way goes out, and no more."""
        self._stopped.set()
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()
            if self.failure is None:
                with self._serving:
                    self._step(is_waiting=False)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Work with the node; what it has to send goes out right after, unless it can wait, and what has come is taken. By the worker only."""
        with self.condition:
            yield
            self._is_behind, can_wait = True, self.can_wait
        self._worked_at = time.monotonic()
        if can_wait and self._worked_at - self._served_at < TOGETHER_S and not self._serving.locked():
            return
        if self._thread.is_alive() and self._serving.acquire(blocking=False):
            try:
                self._step(is_waiting=False)
            finally:
                self._serving.release()
        else:
            self.wake()

    def wait_for(self, is_so: Callable[[], Any]) -> None:
        """
        Wait inside `condition` until something holds, serving meanwhile; by the worker only.

        Raises RuntimeError with its cause once the link thread has failed.
        """
        while not self._has_failed() and not is_so():
            self.condition.release()
            try:
                if not self._serving.acquire(blocking=False):
                    self._is_wanted = (
                        True  # taken back by this thread alone: the other may not have looked yet
                    )
                    self.wake()
                    self._serving.acquire()
                    self._is_wanted = False
                try:
                    self._step(is_waiting=True)
                finally:
                    self._serving.release()
            finally:
                self._worked_at = time.monotonic()
                self.condition.acquire()

    def wait_over(self) -> None:
        """Wait until the node is over, without serving: by whoever is not the worker. Raises RuntimeError like wait_for()."""
        self._over.wait()
        self._has_failed()

    def _has_failed(self) -> bool:
        if self.failure is not None:
            raise RuntimeError("the link thread has failed") from self.failure
        return False

    @property
    def _is_away(self) -> bool:
        """Whether the worker has been for so long that somebody else has to serve."""
        return time.monotonic() - self._worked_at > AWAY_S

    def _step(self, *, is_waiting: bool) -> None:
        is_waiting, self._is_behind = is_waiting and not self._is_behind, False
        if self.step(is_waiting=is_waiting):
            self._over.set()
        self._served_at = time.monotonic()

    def _run(self) -> None:
        pause_s = AWAY_S
        try:
            while not self._stopped.wait(pause_s):
                pause_s = min(2 * pause_s, LOOK_S)
                if self._is_away and self._serving.acquire(blocking=False):
                    try:
                        while self._is_away and not (self._is_wanted or self._stopped.is_set()):
                            self._step(is_waiting=True)
                    finally:
                        self._serving.release()
                    pause_s = AWAY_S
        except BaseException as error:  # noqa: BLE001  the worker must hear of it, or the process lives on deaf
            with self.condition:
                self.failure = error
                self.condition.notify_all()
            self._over.set()
