"""
The sockets of one process: a ROUTER that receivers come to, a DEALER to each sender, with the options that matter.

What goes over them is shell.py's. Types and options stand here and nowhere else; nothing of them comes from a configuration.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

import zmq

LINGER_MS = 300  # for the last BREAK of a process that leaves; durability rests on acknowledgements alone


class Endpoints:
    """
    Bind and connect at once. Raises OSError if another process listens on the same ipc path.

    listen: where receivers come to, None for the archive. uppers: the address of each process that sends frames to this one.
    """

    def __init__(self, listen: str | None, uppers: Mapping[str, str]) -> None:
        if zmq.zmq_version_info() < (4, 3, 5):
            raise RuntimeError(
                f"libzmq: expected at least 4.3.5, got {zmq.zmq_version()}; pip install -U pyzmq"
            )
        self._context = zmq.Context()
        self._guard = -1
        self.router: zmq.Socket[bytes] | None = None
        self.dealers: dict[str, zmq.Socket[bytes]] = {}
        try:
            if listen is not None:
                self._guard = guard(listen)
                self.router = self._socket(zmq.ROUTER)
                self.router.setsockopt(
                    zmq.ROUTER_MANDATORY, 1
                )  # an error for a peer that is gone, not silence
                self.router.bind(listen)
            for upper, address in uppers.items():
                self.connect(upper, address)
        except BaseException:
            self.close()
            raise

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """All of them."""
        return [*([self.router] if self.router is not None else []), *self.dealers.values()]

    def connect(self, upper: str, address: str) -> zmq.Socket[bytes]:
        """Connect to one more process that sends frames to this one."""
        dealer = self.dealers[upper] = self._socket(zmq.DEALER)
        dealer.setsockopt(zmq.ROUTING_ID, b"\1" + os.urandom(8))  # a new peer in every incarnation
        dealer.setsockopt(zmq.IMMEDIATE, 1)  # queue nothing for a peer that is not there
        dealer.connect(address)
        return dealer

    def disconnect(self, upper: str) -> zmq.Socket[bytes]:
        """Let go of a process that sends no more; its socket is closed."""
        dealer = self.dealers.pop(upper)
        dealer.close(linger=0)
        return dealer

    def close(self) -> None:
        """Send what is in the way out, and close."""
        self._context.destroy(linger=LINGER_MS)
        if self._guard >= 0:
            os.close(self._guard)

    def _socket(self, kind: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, LINGER_MS)
        socket.setsockopt(zmq.SNDHWM, 0)  # credit is the bound; a high-water mark would drop or block
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 50)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 0)  # no slower: a restarted process is back within a second
        return socket


def guard(address: str) -> int:
    """
    Hold an ipc path against a second binder: libzmq would take it over from a living process without a word.

    Returns a file descriptor that holds the lock while it is open; -1 for other addresses. Raises OSError if it is taken.
    """
    if not address.startswith("ipc://"):
        return -1
    path = Path(address.removeprefix("ipc://"))
    fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise OSError(f"another process listens on {path}; end it first") from error
    return fd
