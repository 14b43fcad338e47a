"""
A child's end of the line to its supervisor: JSON objects, one a line, over a socket pair.

A child without a supervisor, started by hand, has no such line and says nothing.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

DRAIN = b'{"do": "drain"}\n'
"""Asks a child to leave once what was captured has its outcome; however often."""


class Control:
    """
    fd: the socket that it was given; None for a process started by hand.

    When the supervisor is gone its end is closed, and `is_orphan` becomes true.
    """

    def __init__(self, fd: int | None) -> None:
        self._socket = socket.socket(fileno=fd) if fd is not None else None
        self._buffer = self._unsent = b""
        self.is_orphan = False
        if self._socket is not None:
            self._socket.setblocking(False)

    @property
    def fd(self) -> int | None:
        """What to wait on; None without a supervisor."""
        return self._socket.fileno() if self._socket is not None else None

    def tell(self, event: str, **values: Any) -> None:
        """Tell the supervisor; what a full or broken line cannot take is let go, it is only news. No line is told in part."""
        if self._socket is None:
            return
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
            if not self._unsent:
                line = json.dumps({"event": event, **values}).encode() + b"\n"
                self._unsent = line[self._socket.send(line) :]
        except OSError:
            return

    def read(self, on_command: Callable[[dict[str, Any]], None]) -> None:
        """Take what has come, command by command."""
        if self._socket is None:
            return
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.is_orphan = True
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if (command := parse(line)) is not None:
                on_command(command)


def parse(line: bytes) -> dict[str, Any] | None:
    """
    What one line says; None if it is no JSON object, such as the last words of a process that was killed while it told something.

    >>> parse(b'{"event": "ready"}'), parse(b'{"event": "sta')
    ({'event': 'ready'}, None)
    """
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def pair() -> tuple[socket.socket, int]:
    """The supervisor's end, and the file descriptor to hand to the child."""
    ours, theirs = socket.socketpair()
    return ours, theirs.detach()
