"""
The socket shell: it serves a node's sockets, its ticks and whoever wakes it, and nothing else.

Who decides anything is the node; bytes are traffic.py's, which thread serves is turns.py's.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import zmq

from keepframe.picture.slots import Slots
from keepframe.wire.endpoints import Endpoints
from keepframe.wire.keys import Keys
from keepframe.wire.link import Node
from keepframe.wire.renewal import Renewals
from keepframe.wire.traffic import Traffic
from keepframe.wire.turns import Turns

TICK_S = 0.25


class Shell(Turns):
    """
    The sockets of one node.

    listen: where receivers come to, None for the archive. uppers: the address of each process that sends frames to this one.
    stores: the picture stores that this process can read. keys: without them tcp is open to everybody.
    """

    def __init__(
        self,
        node: Node,
        listen: str | None,
        uppers: Mapping[str, str],
        stores: Sequence[Slots] = (),
        keys: Keys | None = None,
    ) -> None:
        super().__init__()
        self.node = node
        self.on_tick: Callable[[], None] = lambda: None
        """Called inside a turn, regularly, whatever the worker is busy with."""
        self.on_wake: Callable[[], None] = lambda: None
        """Called inside a turn when somebody has called wake()."""
        self._watched: dict[int, Callable[[], None]] = {}
        self._next_tick = 0.0
        self._endpoints = Endpoints(listen, uppers, keys)
        self._renewals = Renewals()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.traffic = Traffic(node, self._endpoints, stores)
        self._poller = zmq.Poller()
        for readable in (*self._endpoints.sockets, self._wake):
            self._poller.register(readable, zmq.POLLIN)
        if self._endpoints.door is not None:
            self._poller.register(self._endpoints.door.socket, zmq.POLLIN)

    def watch(self, fd: int, callback: Callable[[], None]) -> None:
        """Call back, inside a turn, whenever this file descriptor can be read. Before start() only."""
        self._watched[fd] = callback
        self._poller.register(fd, zmq.POLLIN)

    def connect(self, upper: str, address: str) -> None:
        """Get frames from one more process, if it can be trusted. By this thread only: from a callback."""
        if upper not in self._endpoints.dealers and self._endpoints.is_known(upper):
            self._poller.register(self._endpoints.connect(upper, address), zmq.POLLIN)
            self.node.add_upper(upper)

    def disconnect(self, upper: str) -> None:
        """Get no more frames from a process. By this thread only: from a callback."""
        self.node.drop_upper(upper)
        self.traffic.ungreeted.discard(upper)
        self._poller.unregister(self._endpoints.dealers[upper])
        self._endpoints.disconnect(upper)

    def strangers(self) -> Counter[str]:
        """How often somebody wanted in who may not, by who that is, as far as it is known."""
        return self.traffic.strangers + self._endpoints.shown_out()

    def unmet(self) -> list[str]:
        """Which processes on a network there is no link to, and why; what is wrong with a new key of this one."""
        return self._endpoints.unmet([upper for upper, port in self.node.ports.items() if not port.is_up])

    @property
    def can_wait(self) -> bool:
        """Whether what the node has to send may go out with what follows."""
        return self.node.can_wait

    def stop(self) -> None:
        """Send what is in the way out, and close."""
        super().stop()
        self._endpoints.close()
        wake, self._wake = self._wake, -1
        os.close(wake)

    def wake(self) -> None:
        """Let whoever serves look at the node; safe in a signal handler, also after stop()."""
        if self._wake >= 0:
            os.eventfd_write(self._wake, 1)

    def step(self, *, is_waiting: bool) -> bool:
        """Take what has come, do what is due, send what there is; is_waiting: for something to come. Returns whether all is over."""
        wait_s = max(0.0, self._next_tick - time.monotonic())
        ready = dict(self._poller.poll(int(wait_s * 1000) + 1 if is_waiting else 0))
        with self.condition:
            if self._wake in ready:
                os.eventfd_read(self._wake)
                self.on_wake()
            for fd in self._watched.keys() & ready.keys():
                self._watched[fd]()
            if self._endpoints.door is not None and self._endpoints.door.socket in ready:
                self._endpoints.door.answer()
            now = time.monotonic()
            self._greet(ready, now)
            self.traffic.receive(ready, now)
            if now >= self._next_tick:
                self.node.tick(now)
                self._renew(now)
                self.on_tick()
                self._next_tick = now + TICK_S
            self.node.pump(now)
            self.traffic.send()
            for upper in self.traffic.ungreeted:
                self._poller.register(self._endpoints.dealers[upper], zmq.POLLIN | zmq.POLLOUT)
            self.condition.notify_all()
            return self.node.is_over

    def _greet(self, ready: Mapping[object, int], now: float) -> None:
        """Whoever has come where nobody was is asked at once."""
        dealers = self._endpoints.dealers
        for upper in [u for u in self.traffic.ungreeted if ready.get(dealers[u], 0) & zmq.POLLOUT]:
            self.traffic.ungreeted.discard(upper)
            self._poller.register(dealers[upper], zmq.POLLIN)
            self.node.greet(now, upper)

    def _renew(self, now: float) -> None:
        """New sockets for links over a network that were lost, do not come about, or stand by a key that was taken away."""
        ends, ports = self._endpoints, self.node.ports
        ends.handshakes.read()
        for upper in ends.distant if ends.keys is not None and ends.keys.refresh() else ():
            if not ends.is_known(upper):
                self.disconnect(upper)
            elif not ends.is_trusted(upper):
                self.node.reset(upper)
        if ends.rekeyed():
            came = [p for p, port in ports.items() if ends.is_guarded and not port.is_receiver]
            for peer in (*ends.distant, *came):
                self.node.reset(peer)
        for upper, is_unanswered in self._renewals.due(
            now, {u: ports[u].is_up for u in ends.distant}
        ).items():
            self._poller.unregister(ends.dealers[upper])
            self._poller.register(ends.renewed(upper, is_unanswered=is_unanswered), zmq.POLLIN)
            self.node.not_greeted(upper)
