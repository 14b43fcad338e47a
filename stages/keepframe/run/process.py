"""
What every process of a pipeline has: a node with its sockets, a line to the supervisor, signals, and a way to leave.

What it does with frames is in capturing.py, relaying.py and archiving.py.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import cv2

from keepframe.run.control import Control
from keepframe.wire.link import Node
from keepframe.wire.shell import Shell

log = logging.getLogger("keepframe")

PR_SET_PDEATHSIG = 1
INTERRUPTED = 130


class Process:
    """
    One process at work. `is_leaving` becomes true when it is asked to go: by a signal, by its supervisor, or by that one's death.

    A second signal leaves at once; nothing is lost by it.
    """

    def __init__(self, node: Node, listen: str | None, uppers: dict[str, str], control: Control) -> None:
        self.node, self.control = node, control
        self.shell = Shell(node, listen, uppers)
        self.is_leaving = False
        self._signals = 0

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve the sockets while the block runs; leave them in order after it."""
        cv2.setNumThreads(1)  # the pipeline's processes are its parallelism
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        if self.control.fd is not None:
            die_with_parent()
            self.shell.watch(self.control.fd, lambda: self.control.read(self._on_command))
        self.shell.on_tick = self._on_tick
        self.shell.start()
        self.control.tell("ready")
        try:
            yield
        finally:
            self.shell.stop()

    def leave(self) -> None:
        """Asked to go; called inside a turn."""
        self.is_leaving = True

    def status(self) -> dict[str, Any]:
        """What the supervisor is told regularly."""
        return {"rejected": self.shell.rejected, "refused": list(self.node.refused.values())}

    def _on_tick(self) -> None:
        if (self._signals or self.control.is_orphan) and not self.is_leaving:
            self.leave()
        self.control.tell("status", **self.status())

    def _on_command(self, command: dict[str, Any]) -> None:
        if command.get("do") == "drain" and not self.is_leaving:
            self.leave()
        elif command.get("do") == "forget":
            self.node.forget(str(command.get("name")))

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            os._exit(INTERRUPTED)
        self.shell.wake()


def new_nonce() -> int:
    """A random number that no other incarnation has: 62 bits."""
    return int.from_bytes(os.urandom(8), "big") >> 2


def die_with_parent() -> None:
    """Ask the kernel to end this process when the thread that started it ends: no orphan, even after kill -9."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def quoted(path: Path | str) -> str:
    """A path in a log line: quoted only if it must be."""
    text = str(path)
    return repr(text) if " " in text else text
