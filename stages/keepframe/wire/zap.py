"""
The door of a process: libzmq asks here, over ZAP (rfc.zeromq.org/spec/27), whether a key may come in.

Answered by the thread that serves the sockets; while nobody answers, nobody gets in. Whether a key still may, once inside, is
looked at with each message, in traffic.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import zmq
from zmq.utils import z85

from keepframe.wire.handshakes import count_in

ADDRESS = "inproc://zeromq.zap.01"
DOMAIN = b"keepframe"
BATCH = 64


class Door:
    """
    Bound before any socket that it guards.

    context: the one of those sockets. admits: whether a public key may connect.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], admits: Callable[[str], bool]) -> None:
        self._admits = admits
        self.refused: Counter[str] = Counter()
        """How many times keys were turned away, by the machine they came from."""
        self.socket = context.socket(zmq.REP)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(ADDRESS)

    def answer(self) -> None:
        """Answer all who stand there."""
        for _ in range(BATCH):
            try:
                asked = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            self.socket.send_multipart(self._answer(asked))

    def _answer(self, asked: list[bytes]) -> list[bytes]:
        version, number, domain, host, _, mechanism, *credentials = [*asked, *[b""] * 6][: max(6, len(asked))]
        key = ""
        if (version, domain, mechanism) == (b"1.0", DOMAIN, b"CURVE") and [
            len(part) for part in credentials
        ] == [32]:
            key = z85.encode(credentials[0]).decode()
        if key and self._admits(key):
            return [b"1.0", number, b"200", b"OK", key.encode(), b""]
        count_in(self.refused, host.decode("ascii", "replace"))
        return [b"1.0", number, b"400", b"not one of the keys", b"", b""]
