"""
The socket shell: one thread that moves bytes between a node and its ZeroMQ sockets, and nothing else.

Who decides anything is the node. The sender of a link binds ROUTER, receivers connect DEALER; a node is touched only inside
turn(), by this thread or by the worker.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import zmq

from keepframe.errors import StalePictureError, WireError
from keepframe.picture.slots import Slots
from keepframe.wire.codec import decode, encode
from keepframe.wire.endpoints import Endpoints
from keepframe.wire.link import Node
from keepframe.wire.messages import Envelope, Hello

TICK_S = 0.25
BATCH = 64


class Shell:
    """
    The sockets of one node.

    listen: where receivers come to, None for the archive. uppers: the address of each process that sends frames to this one.
    stores: the picture stores that this process can read.
    """

    def __init__(
        self, node: Node, listen: str | None, uppers: Mapping[str, str], stores: Sequence[Slots] = ()
    ) -> None:
        self.node = node
        self._stores = {slots.id: slots for slots in stores}
        node.stores = tuple(self._stores)
        self.condition = threading.Condition()
        self.rejected = 0
        """How many messages that came did not fit the protocol."""
        self.unsendable = 0
        """How many of this process's own did not, each of which has ended its connection."""
        self.failure: BaseException | None = None
        self.on_tick: Callable[[], None] = lambda: None
        """Called inside a turn, regularly, whatever the worker is busy with."""
        self._watched: dict[int, Callable[[], None]] = {}
        self._is_stopping = False
        self._endpoints = Endpoints(listen, uppers)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._router, self._dealers = self._endpoints.router, self._endpoints.dealers
        self._poller = zmq.Poller()
        for readable in (self._router, *self._dealers.values(), self._wake):
            if readable is not None:
                self._poller.register(readable, zmq.POLLIN)
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def watch(self, fd: int, callback: Callable[[], None]) -> None:
        """Call back, inside a turn, whenever this file descriptor can be read. Before start() only."""
        self._watched[fd] = callback
        self._poller.register(fd, zmq.POLLIN)

    def connect(self, upper: str, address: str) -> None:
        """Get frames from one more process. By this thread only: from a callback."""
        if upper not in self._dealers:
            self._poller.register(self._endpoints.connect(upper, address), zmq.POLLIN)
            self.node.add_upper(upper)

    def disconnect(self, upper: str) -> None:
        """Get no more frames from a process. By this thread only: from a callback."""
        self.node.drop_upper(upper)
        self._poller.unregister(self._dealers[upper])
        self._endpoints.disconnect(upper)

    def start(self) -> None:
        """Serve until stop()."""
        self._thread.start()

    def stop(self) -> None:
        """Send what is in the way out, and close."""
        self._is_stopping = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._endpoints.close()
        wake, self._wake = self._wake, -1
        os.close(wake)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Work with the node; what it has to send goes out right after."""
        with self.condition:
            yield
        self.wake()

    def wake(self) -> None:
        """Let the thread look at the node; safe in a signal handler, also after stop()."""
        if self._wake >= 0:
            os.eventfd_write(self._wake, 1)

    def wait_for(self, is_so: Callable[[], Any]) -> None:
        """Wait inside `condition` until something holds, or the thread has failed; then raises what it failed with."""
        self.condition.wait_for(lambda: self.failure is not None or is_so())
        if self.failure is not None:
            raise RuntimeError("the link thread has failed") from self.failure

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as error:  # noqa: BLE001  the worker must hear of it, or the process lives on deaf
            with self.condition:
                self.failure = error
                self.condition.notify_all()

    def _serve(self) -> None:
        next_tick = 0.0
        while True:
            wait_s = max(0.0, next_tick - time.monotonic())
            ready = dict(self._poller.poll(int(wait_s * 1000) + 1))
            with self.condition:
                if self._wake in ready:
                    os.eventfd_read(self._wake)
                for fd in self._watched.keys() & ready.keys():
                    self._watched[fd]()
                now = time.monotonic()
                if self._router is not None and self._router in ready:
                    self._receive(self._router, None, now)
                for upper, socket in self._dealers.items():
                    if socket in ready:
                        self._receive(socket, upper, now)
                if now >= next_tick:
                    self.node.tick(now)
                    self.on_tick()
                    next_tick = now + TICK_S
                self.node.pump(now)
                self._send()
                self.condition.notify_all()
                if self._is_stopping:
                    return

    def _receive(self, socket: zmq.Socket[bytes], upper: str | None, now: float) -> None:
        for _ in range(BATCH):
            try:
                frames = socket.recv_multipart(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                return
            peer = upper if upper is not None else frames.pop(0).bytes.hex()
            try:
                envelope = decode([f.buffer for f in frames], self._stores)
            except WireError:
                self.rejected += 1
                continue
            self.node.receive(now, peer, envelope)

    def _send(self) -> None:
        while self.node.out:
            out, self.node.out = self.node.out, []
            for peer, envelope in out:
                self._send_one(peer, envelope)

    def _send_one(self, peer: str, envelope: Envelope) -> None:
        socket = self._dealers.get(peer)
        try:
            parts: Sequence[Any] = encode(envelope, self.node.stores_of(peer))
        except (WireError, StalePictureError):  # a picture that was let go belongs to a session that is over
            self.unsendable += 1
            self.node.reset(peer)  # a hole in the numbers
            return
        if socket is None and self._router is not None:
            socket, parts = self._router, [bytes.fromhex(peer), *parts]
        if socket is None:
            return
        try:
            socket.send_multipart(parts, zmq.DONTWAIT, copy=False)
        except zmq.ZMQError:
            if not isinstance(envelope.body, Hello):  # nobody there to greet yet; else a hole in the numbers
                self.node.reset(peer)
