"""
Handshakes over a network that failed, as libzmq reports them: how often, with whom, and why, for people.

Who may come in is decided elsewhere; here it is only counted.
"""

from __future__ import annotations

import sys
from collections import Counter

import zmq

MOST, OTHERS = 256, "others"
"""So many who wanted in are counted each by its name, the rest together: who comes may choose what it is called."""
VISITORS = "a visitor"
"""Whoever comes to this process; it is not known who."""
WHY: dict[int, str] = {
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refuses the key",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "has no key, another one than it should, or speaks another language",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "went away in the middle, or said nothing",
}
EVENTS = int(zmq.EVENT_HANDSHAKE_SUCCEEDED)
for _event in WHY:
    EVENTS |= _event


def count_in(counts: Counter[str], who: str) -> None:
    """
    Count one more of somebody, as one of the others if very many are counted already.

    >>> counts = Counter(str(number) for number in range(MOST))
    >>> for who in ("7", "x", "y"):
    ...     count_in(counts, who)
    >>> counts["7"], counts[OTHERS], len(counts) - MOST
    (2, 2, 1)
    """
    counts[who if who in counts or len(counts) < MOST else OTHERS] += 1


class Handshakes:
    """Watches sockets; nothing of it shows until read() is called."""

    def __init__(self) -> None:
        self._monitors: dict[zmq.Socket[bytes], tuple[zmq.Socket[bytes], str]] = {}
        self.failed: Counter[tuple[str, str]] = Counter()
        """How many handshakes failed, by whom with and why."""
        self.last: dict[str, str] = {}
        """Why the last handshake with somebody failed; nothing of whom it has succeeded with since."""

    def watch(self, socket: zmq.Socket[bytes], who: str) -> None:
        """Watch a socket from now on; before it is bound or connected. who: the other end."""
        monitor = socket.get_monitor_socket(EVENTS)
        monitor.setsockopt(zmq.LINGER, 0)
        self._monitors[socket] = monitor, who

    def let_go(self, socket: zmq.Socket[bytes]) -> None:
        """Watch it no more; before it is closed."""
        if socket in self._monitors:
            monitor, who = self._monitors.pop(socket)
            self.last.pop(who, None)
            socket.disable_monitor()
            monitor.close()

    def close(self) -> None:
        """Watch nothing any more."""
        for socket in list(self._monitors):
            self.let_go(socket)

    def read(self) -> None:
        """Take what has been reported since."""
        for monitor, who in self._monitors.values():
            while monitor.poll(0):
                # 16 bits of event, then its value, as zmq_socket_monitor() says; zmq.utils.monitor would bring all of asyncio along
                event = int.from_bytes(monitor.recv_multipart(zmq.DONTWAIT)[0][:2], sys.byteorder)
                if why := WHY.get(event):
                    self.failed[who, why] += 1
                    self.last[who] = why
                else:
                    self.last.pop(who, None)
